"""The metric of the paper: the share of the person's part ahead of the gripper."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.bench.metrics import share_text, success_proportion, wilson_interval
from planning.types import Grasp


def grasp(contact: tuple[float, float, float] = (0, 0, 0)) -> Grasp:
    far_behind = np.eye(4)
    far_behind[:3, 3] = 0.0, 0.0, 5.0
    return Grasp(far_behind, 0.03, np.array(contact, dtype=float))


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_counts_from_the_contact_along_the_approach() -> None:
    points = np.array([[9, 9, 0.1], [0, 0, 2.0], [0, 0, -0.1], [5, 0, -3.0]])
    assert success_proportion(grasp(), points, rng()) == 0.5
    assert success_proportion(grasp((0, 0, 1.0)), points, rng()) == 0.25


def test_a_point_on_the_plane_does_not_count() -> None:
    assert success_proportion(grasp(), np.array([[1.0, 2.0, 0.0]]), rng()) == 0.0


def test_draws_without_replacement() -> None:
    points = np.array([[0, 0, 1.0]] * 30 + [[0, 0, -1.0]] * 70)
    assert success_proportion(grasp(), points, rng()) == 0.30
    assert success_proportion(grasp(), points, rng(), n=500) == 0.30
    assert success_proportion(grasp(), points, rng(), n=10) in np.arange(11) / 10


@given(st.integers(1, 300), st.integers(0, 20))
def test_sample_estimates_the_share(count: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    points = generator.normal(size=(count, 3))
    share = success_proportion(grasp(), points, generator)
    assert abs(share - np.mean(points[:, 2] > 0)) <= (0.0 if count <= 100 else 0.2)


def test_nothing_to_count_is_refused() -> None:
    with pytest.raises(ValueError, match="no points"):
        success_proportion(grasp(), np.zeros((0, 3)), rng())


def test_wilson_interval_agrees_with_published_figures() -> None:
    assert wilson_interval(27, 30) == pytest.approx((0.7438, 0.9654), abs=1e-3)
    assert wilson_interval(0, 0) == (0.0, 1.0)
    assert wilson_interval(10, 10)[1] == pytest.approx(1.0)
    assert share_text(27, 30) == "90.0 (74.4 to 96.5)"
