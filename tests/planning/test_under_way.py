"""Where the arm will be in a moment: along what it was sent, however late it is; else straight on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.types import ArmState, FloatArray, Trajectory
from planning.motion.halts import halted
from planning.under_way import LOOKS, UnderWay, ahead
from tests.hardware.simulated import move_to
from tests.planning.people import REACHING, robot

SENT_S, LOOK_S = 10.0, 0.3
WAY = move_to(REACHING, REACHING + 0.6 * np.eye(7)[0], 3.0)


def arm_at(joints: FloatArray, velocities: FloatArray | float = 0.0) -> ArmState:
    state = robot(joints=joints).arm
    return replace(state, velocities=np.broadcast_to(velocities, 7))


@settings(max_examples=40, deadline=None)
@given(st.floats(0.3, 2.5), st.floats(0.0, 0.4))
def test_it_goes_on_along_its_motion_from_where_it_is(at_s: float, late_s: float) -> None:
    joints, velocities = WAY.sample(at_s)
    times_s, poses, speeds = ahead(
        UnderWay(WAY, SENT_S), arm_at(joints, velocities), SENT_S + at_s + late_s, LOOK_S
    )
    assert times_s[-1] == LOOK_S
    for time_s, pose, speed in zip(times_s, poses, speeds, strict=True):
        expected, rate = WAY.sample(at_s + time_s)
        np.testing.assert_allclose(pose, expected, atol=0.01)  # found to a sample of the motion
        np.testing.assert_allclose(speed, rate, atol=0.03)


def test_whole_turns_of_a_joint_do_not_matter() -> None:
    joints, _ = WAY.sample(1.0)
    turned = joints + 2.0 * np.pi * np.eye(7)[0]
    _, poses, _ = ahead(UnderWay(WAY, SENT_S), arm_at(turned), SENT_S + 1.0, LOOK_S)
    np.testing.assert_allclose(poses[-1], WAY.sample(1.3)[0], atol=0.02)


def test_without_a_motion_or_off_it_the_arm_goes_straight_on() -> None:
    speed = 0.2 * np.eye(7)[1]
    off = arm_at(REACHING + 0.5 * np.eye(7)[3], speed)
    for way in (None, UnderWay(WAY, SENT_S)):
        _, poses, speeds = ahead(way, off, SENT_S + 0.5, LOOK_S)
        np.testing.assert_allclose(poses[-1], off.joints + LOOK_S * speed)
        np.testing.assert_array_equal(speeds, np.tile(speed, (LOOKS, 1)))


def test_a_pose_that_comes_again_is_not_taken_for_the_later_one() -> None:
    """There and back: early on the way out, the way back lies beyond what the clock allows."""
    back = move_to(WAY.end, WAY.start, 3.0)
    there_and_back = WAY.then(back)
    joints, _ = WAY.sample(1.0)
    _, out, _ = ahead(UnderWay(there_and_back, SENT_S), arm_at(joints), SENT_S + 1.0, LOOK_S)
    assert out[-1][0] > joints[0]


def test_during_a_halt_its_own_time_tells_when_it_goes_on() -> None:
    halting: Trajectory = halted(WAY, 1.5, 1.0, 0.02)
    rest = float(halting.times_s[np.argmax(np.all(halting.velocities[50:] == 0.0, axis=1)) + 50])
    joints, _ = halting.sample(rest + 0.5)
    _, soon, _ = ahead(UnderWay(halting, SENT_S), arm_at(joints), SENT_S + rest + 0.2, LOOK_S)
    np.testing.assert_allclose(soon[-1], joints, atol=1e-3)
    _, later, _ = ahead(UnderWay(halting, SENT_S), arm_at(joints), SENT_S + rest + 1.3, LOOK_S)
    assert later[-1][0] > joints[0] + 1e-3


def test_at_its_end_it_stays() -> None:
    _, poses, speeds = ahead(UnderWay(WAY, SENT_S), arm_at(WAY.end), SENT_S + 3.0, LOOK_S)
    assert poses[-1] == pytest.approx(WAY.end, abs=1e-2)
    np.testing.assert_allclose(speeds, 0.0, atol=0.05)
