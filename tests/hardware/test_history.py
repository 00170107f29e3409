"""The arm's place at a picture's moment: between two readings, not the newest one."""

from __future__ import annotations

import numpy as np
import pytest

from hardware.history import JointHistory, NoSuchMoment
from hardware.types import ArmState


def reading(stamp_s: float, angle: float) -> ArmState:
    return ArmState(np.full(7, angle), np.zeros(7), np.zeros(7), np.zeros(6), None, stamp_s)


def moving() -> JointHistory:
    """1 rad/s from 0 at 10.0 s, read every 10 ms until 11.0 s."""
    history = JointHistory(span_s=0.5)
    for k in range(101):
        history.add(reading(10.0 + k / 100, k / 100))
    return history


def test_between_readings_it_interpolates() -> None:
    np.testing.assert_allclose(moving().at(10.755), 0.755)


def test_just_beyond_the_ends_the_nearest_reading_counts() -> None:
    history = moving()
    np.testing.assert_allclose(history.at(11.04), 1.0)
    np.testing.assert_allclose(history.at(10.48), 0.5, atol=0.02)


@pytest.mark.parametrize("stamp_s", [10.3, 11.2, 0.0])
def test_farther_away_it_is_not_known(stamp_s: float) -> None:
    with pytest.raises(NoSuchMoment, match="same clock"):
        moving().at(stamp_s)


def test_without_readings_nothing_is_known() -> None:
    with pytest.raises(NoSuchMoment):
        JointHistory().at(1.0)


def test_a_single_reading_counts_around_its_moment() -> None:
    history = JointHistory()
    history.add(reading(5.0, 0.3))
    np.testing.assert_allclose(history.at(5.03), 0.3)


def test_old_stamps_are_ignored() -> None:
    history = moving()
    history.add(reading(10.9, 77.0))
    np.testing.assert_allclose(history.at(11.0), 1.0)


def test_travel_is_the_widest_swing_of_a_joint_since_then() -> None:
    history = JointHistory()
    for index, turned in enumerate([0.0, 0.0, 0.3, -0.1, 0.0]):
        history.add(reading(5.0 + 0.1 * index, turned))
    assert history.travel_rad(5.0) == pytest.approx(0.4)
    assert history.travel_rad(5.25) == pytest.approx(0.1)
    assert history.travel_rad(5.4) == 0.0


def test_travel_from_before_the_first_reading_is_not_known() -> None:
    assert JointHistory().travel_rad(1.0) == np.inf
    assert moving().travel_rad(5.0) == np.inf
