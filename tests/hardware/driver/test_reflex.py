"""The reflex lets go for a strong, lasting pull at rest, and for nothing else."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hardware.driver.reflex import ReflexState, ReflexTerms, step

TARE = np.array([0.0, 0.0, -5.0])
TOWARD_ROBOT = np.array([-1.0, 0.0, 0.0])
TERMS = ReflexTerms(TARE, TOWARD_ROBOT, pull_n=10.0, lasting_s=0.3)


def after(change: tuple[float, float, float], lasting_s: float, at_rest: bool = True) -> ReflexState:
    """The state after this change of force has lasted so long, read at 100 Hz."""
    state = ReflexState(TERMS)
    for k in range(round(lasting_s * 100) + 1):
        state = step(state, TARE + np.array(change), at_rest, 5.0 + k / 100)
    return state


def test_a_pull_away_from_the_robot_or_upwards_lets_go_once_it_lasted() -> None:
    assert not after((12.0, 0.0, 0.0), 0.28).fired
    assert after((12.0, 0.0, 0.0), 0.31).fired
    assert after((0.0, 0.0, 12.0), 0.31).fired


def test_a_push_toward_the_robot_never_lets_go() -> None:
    assert not after((-40.0, 0.0, 0.0), 2.0).fired
    assert not after((-40.0, 20.0, 0.0), 2.0).fired


def test_a_moving_arm_never_lets_go() -> None:
    assert not after((30.0, 0.0, 0.0), 2.0, at_rest=False).fired


def test_a_break_in_the_pull_starts_the_time_anew() -> None:
    state = after((12.0, 0.0, 0.0), 0.25)
    state = step(state, TARE, True, 5.26)
    state = step(state, TARE + np.array([12.0, 0.0, 0.0]), True, 5.27)
    assert not step(state, TARE + np.array([12.0, 0.0, 0.0]), True, 5.5).fired


@given(st.tuples(*[st.floats(-5.7, 5.7)] * 3))
def test_no_change_below_the_threshold_lets_go(change: tuple[float, float, float]) -> None:
    assert not after(change, 1.0).fired
