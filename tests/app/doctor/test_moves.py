"""What doctor says of an arm that stops, stops late, does not stop or does not move; and of the fingers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from app.doctor.findings import Finding
from app.doctor.moves import AT_REST_RAD_S, TURN_RAD, TURN_S, gripper_findings, stop_finding, turn
from hardware.gen3.facts import HOME
from hardware.kinova.loopback.plant import IdealArm, IdealGripper
from hardware.protocols import Motion
from hardware.types import ArmState, Trajectory
from tests.fakes import FakeClock


class Deaf(IdealArm):
    """Stops `late_s` after it is told to."""

    def __init__(self, clock: FakeClock, late_s: float) -> None:
        super().__init__(clock, HOME)
        self._time, self._late_s = clock, late_s
        self._told_s = np.inf

    def stop(self) -> None:
        self._told_s = min(self._told_s, self._time.now())

    def state(self) -> ArmState:
        if self._time.now() >= self._told_s + self._late_s:
            super().stop()
        return super().state()


class Stuck(IdealArm):
    """Takes commands and stays where it is."""

    def follow(self, trajectory: Trajectory) -> Motion:  # type: ignore[override]  # any motion will do
        rest = np.tile(trajectory.start, (2, 1))
        return super().follow(Trajectory(np.array([0.0, trajectory.duration_s]), rest, np.zeros((2, 7))))


class Twitching(IdealArm):
    """Comes to rest, then moves on by itself."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock, HOME)
        self._stopped = False

    def stop(self) -> None:
        super().stop()
        self._stopped = True

    def state(self) -> ArmState:
        state = super().state()
        creep = np.full(
            7, 2.0 * AT_REST_RAD_S if self._stopped and int(50.0 * state.stamp_s) % 3 == 0 else 0.0
        )
        return ArmState(
            state.joints, state.velocities + creep, state.torques, state.wrench, None, state.stamp_s
        )


def clocked(arm: Callable[[FakeClock], IdealArm]) -> Finding:
    clock = FakeClock()
    return stop_finding("robot", arm(clock), clock)


def test_a_stop_in_mid_motion_is_seen() -> None:
    clock = FakeClock()
    arm = IdealArm(clock, HOME)
    finding = stop_finding("robot", arm, clock)
    assert finding.state == "OK"
    assert "at rest after" in finding.detail
    turned_rad = float(arm.state().joints[-1] - HOME[-1])
    assert 0.45 * TURN_RAD < turned_rad < 0.6 * TURN_RAD, "stopped about half-way"
    np.testing.assert_array_equal(arm.state().joints[:-1], HOME[:-1])


@pytest.mark.parametrize(
    ("arm", "state", "words"),
    [
        (lambda clock: Deaf(clock, 0.3), "OK", "at rest after 3"),
        (lambda clock: Deaf(clock, 0.8), "WARN", "under 500 ms are usual"),
        (lambda clock: Deaf(clock, np.inf), "FAIL", "still moves 1.5 s after it; press the emergency stop"),
        (lambda clock: Stuck(clock, HOME), "FAIL", "did not move as told"),
        (Twitching, "FAIL", "still moves"),
    ],
    ids=["soon", "late", "never", "stuck", "twitching"],
)
def test_every_other_stop_is_told_as_it_is(
    arm: Callable[[FakeClock], IdealArm], state: str, words: str
) -> None:
    finding = clocked(arm)
    assert (finding.state, words in finding.detail) == (state, True), finding.detail


def test_the_turn_is_slow_and_of_the_last_joint_only() -> None:
    way = turn(HOME)
    assert way.duration_s == TURN_S
    assert np.max(np.abs(way.velocities)) < np.radians(12.0)
    np.testing.assert_array_equal(np.ptp(way.positions, axis=0) > 0.0, np.arange(7) == 6)


def fingers(act: Callable[[IdealGripper], None]) -> tuple[list[Finding], IdealGripper]:
    clock = FakeClock()
    gripper = IdealGripper(clock)
    act(gripper)
    return list(gripper_findings("robot", gripper, clock)), gripper


def test_an_empty_gripper_opens_closes_and_opens() -> None:
    findings, gripper = fingers(lambda gripper: None)
    assert [finding.state for finding in findings] == ["OK"] * 3
    assert gripper.state().width_m > 0.08


def test_a_gripper_that_holds_something_is_left_alone() -> None:
    def hold(gripper: IdealGripper) -> None:
        gripper.object_width_m = 0.03
        gripper.move(0.0, 20.0)
        gripper._clock.sleep(5.0)

    findings, gripper = fingers(hold)
    assert [finding.state for finding in findings] == ["FAIL"]
    assert "take it out by hand" in findings[0].detail
    assert gripper.state().holding


def test_something_between_the_fingers_is_no_closed_gripper() -> None:
    def place(gripper: IdealGripper) -> None:
        gripper.object_width_m = 0.03

    findings, gripper = fingers(place)
    assert [(finding.subject, finding.state) for finding in findings] == [
        ("gripper opens", "OK"),
        ("gripper closes", "FAIL"),
    ]
    assert "between the fingers" in findings[-1].detail
    assert gripper.state().holding, "what it caught it keeps"
