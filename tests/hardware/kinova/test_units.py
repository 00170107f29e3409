"""Degrees, turns and gripper shares: there and back, and never a jump by a turn between two feedbacks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.gen3 import facts
from hardware.gen3.gripper import MAX_WIDTH_M
from hardware.kinova import units

ANGLES = st.lists(st.floats(-20.0, 20.0), min_size=7, max_size=7).map(np.array)


@given(ANGLES)
def test_feedback_is_within_one_turn_and_comes_back_in_the_turn_asked_for(joints: np.ndarray) -> None:
    limited = ~np.array(facts.CONTINUOUS)
    joints = np.where(limited, np.clip(joints, -3.1, 3.1), joints)
    reported = units.feedback_deg(joints)
    assert np.all((reported >= 0.0) & (reported < 360.0 + 1e-9))
    np.testing.assert_allclose(units.joints_rad(reported, near=joints), joints, atol=1e-9)


def test_a_joint_that_passes_zero_does_not_jump() -> None:
    before = np.zeros(7)
    after = units.joints_rad(np.array([359.0] * 7), near=before)
    np.testing.assert_allclose(after, np.radians(-1.0) * np.ones(7))


def test_limited_joints_come_out_signed_whatever_is_near() -> None:
    reported = np.array([0.0, 230.0, 0.0, 230.0, 0.0, 250.0, 0.0])
    joints = units.joints_rad(reported, near=np.full(7, 10.0))
    np.testing.assert_allclose(np.degrees(joints[[1, 3, 5]]), [-130.0, -130.0, -110.0])


def test_commands_keep_their_turns() -> None:
    np.testing.assert_allclose(units.joints_deg(np.full(7, 3.0 * np.pi)), 540.0)


@given(st.floats(0.0005, MAX_WIDTH_M))
def test_a_width_survives_the_gripper_s_share(width_m: float) -> None:
    share = units.fraction(width_m)
    assert 0.0 <= share <= 1.0
    assert units.width_m(share) == pytest.approx(width_m, abs=2e-5)


def test_open_is_zero_and_closed_is_one() -> None:
    assert units.fraction(MAX_WIDTH_M) == pytest.approx(0.0, abs=1e-6)
    assert units.fraction(0.0) == pytest.approx(1.0, abs=0.01)
