"""The tests of the study's report against scipy and published worked examples."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import friedmanchisquare, wilcoxon

from app.study.statistics import friedman, holm, least_p, pairs


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def test_friedman_agrees_with_scipy_where_there_are_ties() -> None:
    scores = np.random.default_rng(1).integers(1, 6, (12, 3)).astype(float)
    expected = friedmanchisquare(*scores.T)
    found = friedman(scores, rng())
    assert found.chi_square == pytest.approx(expected.statistic)
    assert found.kendall_w == pytest.approx(expected.statistic / (12 * 2))
    assert found.p == pytest.approx(expected.pvalue, abs=0.05)


def test_friedman_of_three_who_agree_is_exact_and_not_the_table_for_many() -> None:
    found = friedman(np.array([[1.0, 2.0, 3.0]] * 3), rng())
    assert found.kendall_w == pytest.approx(1.0)
    # 6 of the 6^3 orders are as far from chance; the chi-square table would say 0.0498.
    assert found.p == pytest.approx(6 / 216, abs=0.005)


def test_friedman_of_people_who_make_no_difference() -> None:
    found = friedman(np.full((4, 3), 3.0), rng())
    assert (found.chi_square, found.p, found.kendall_w) == (0.0, 1.0, 0.0)
    with pytest.raises(ValueError, match="2 participants"):
        friedman(np.ones((1, 3)), rng())


def test_pairs_agree_with_scipys_exact_test() -> None:
    first, second = np.array([4.1, 3.0, 4.7, 2.2, 5.0, 3.3]), np.array([3.0, 3.4, 2.5, 1.0, 3.1, 3.1])
    (pair,) = pairs(np.column_stack([first, second]), ("a", "b"))
    assert pair.p == pytest.approx(wilcoxon(first, second, method="exact").pvalue)
    assert pair.mean_difference == pytest.approx(np.mean(first - second))
    # Differences 1.1 -0.4 2.2 1.2 1.9 0.2: ranks 3 2 6 4 5 1, so (19 - 2) / 21.
    assert pair.r == pytest.approx(17 / 21)


def test_ties_and_zeros_are_counted_out_exactly() -> None:
    differences = np.array([1.0, 1.0, 1.0, 1.0, -1.0, 0.0])
    (pair,) = pairs(np.column_stack([differences, np.zeros(6)]), ("a", "b"))
    # One sign test of 5: at most one minus on either side, 2 (1 + 5) / 32.
    assert pair.p == pytest.approx(12 / 32)
    assert pair.r == pytest.approx(3 / 5)


def test_conditions_rated_alike_differ_in_nothing() -> None:
    (pair,) = pairs(np.full((5, 2), 4.0), ("a", "b"))
    assert (pair.p, pair.p_holm, pair.r) == (1.0, 1.0, 0.0)


def test_a_preference_for_the_second_is_negative() -> None:
    (pair,) = pairs(np.array([[1.0, 2.0], [1.0, 3.0], [2.0, 5.0]]), ("a", "b"))
    assert pair.r == -1.0
    assert pair.p == pytest.approx(0.25)


def test_holm_steps_down_and_never_back() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx((0.03, 0.06, 0.06))
    assert holm([0.5, 0.9]) == pytest.approx((1.0, 1.0))
    assert holm([]) == ()


def test_the_least_p_is_what_people_of_one_mind_get() -> None:
    scores = np.column_stack([np.arange(5.0) + 2.0 + np.arange(5) / 10, np.arange(5.0)])
    (pair,) = pairs(scores, ("a", "b"))
    assert pair.p == pytest.approx(least_p(5, 1)) == pytest.approx(0.0625)
