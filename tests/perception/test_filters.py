"""The One Euro filter is calm at rest, quick in motion, and unmoved by gaps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perception.filters import OneEuroFilter


def make(beta: float = 3.0, forget_s: float = 0.2) -> OneEuroFilter:
    return OneEuroFilter(1.0, beta, 1.0, forget_s)


def reach(fs: float, beta: float, noise_m: float = 0.008) -> tuple[float, float]:
    """Jitter at rest (standard deviation) and the worst error of a 0.4 m reach in 0.9 s."""
    rng, smooth = np.random.default_rng(0), make(beta)
    times = np.arange(0.0, 6.0, 1.0 / fs)
    share = np.clip((times - 3.0) / 0.9, 0.0, 1.0)
    truth = 0.4 * (10 * share**3 - 15 * share**4 + 6 * share**5)
    seen = truth + rng.normal(0.0, noise_m, len(times))
    out = np.array([smooth.update(np.array([[x]]), t)[0, 0] for x, t in zip(seen, times, strict=True)])
    rest = (times > 1.0) & (times < 3.0)
    return float(np.std(out[rest])), float(np.abs(out - truth)[times >= 3.0].max())


@pytest.mark.parametrize(("fs", "beta", "jitter", "error"), [(30, 5.0, 0.004, 0.04), (15, 5.0, 0.005, 0.05)])
def test_a_reach_is_followed_and_rest_is_calm(fs: float, beta: float, jitter: float, error: float) -> None:
    calm, worst = reach(fs, beta)
    assert calm < jitter
    assert worst < error


def test_a_beta_made_for_pixels_lags_far_behind() -> None:
    assert reach(30, 0.007)[1] > 0.08


@given(st.floats(-5, 5), st.lists(st.floats(0.005, 0.5), min_size=1, max_size=20))
def test_a_still_value_stays(value: float, steps: list[float]) -> None:
    smooth, now = make(), 0.0
    for step in steps:
        now += step
        assert smooth.update(np.array([[value]]), now)[0, 0] == pytest.approx(value)


def test_rows_do_not_disturb_each_other() -> None:
    together, alone = make(), make()
    for i in range(10):
        both = together.update(np.array([[0.1 * i], [np.nan if i % 2 else 3.0]]), 0.1 * i)
        assert both[0] == pytest.approx(alone.update(np.array([[0.1 * i]]), 0.1 * i)[0])
        assert np.isnan(both[1, 0]) == bool(i % 2)


def test_after_a_long_gap_the_filter_starts_afresh() -> None:
    smooth = make(forget_s=0.2)
    smooth.update(np.array([[0.0]]), 0.0)
    assert smooth.update(np.array([[1.0]]), 0.1)[0, 0] < 0.9
    assert smooth.update(np.array([[2.0]]), 1.0)[0, 0] == 2.0


def test_time_that_stands_still_changes_nothing() -> None:
    smooth = make()
    smooth.update(np.array([[0.0]]), 1.0)
    assert smooth.update(np.array([[5.0]]), 1.0)[0, 0] == 0.0
