"""The arm through Kortex: what counts as arrived, what as failed, and that it always comes to rest."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from hardware.errors import DeviceFault, HardwareError, LimitViolation, StaleData
from hardware.gen3.facts import HOME
from hardware.kinova.arm import waypoint_times
from hardware.kinova.errors import KortexRefused
from hardware.kinova.loopback.mischief import Close, Drop, Late, Refuse, Split
from hardware.types import FloatArray, Trajectory
from tests.hardware.kinova.rig import CLIENTS, Rig, rig


@pytest.fixture(params=CLIENTS)
def arm_rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    with rig(client=request.param) as made:
        yield made


def resting(joints: FloatArray, seconds: float) -> Trajectory:
    """A trajectory that stays where it is."""
    return Trajectory(np.array([0.0, seconds]), np.stack([joints, joints]), np.zeros((2, 7)))


def test_a_motion_arrives_where_it_should(arm_rig: Rig) -> None:
    trajectory = arm_rig.swing()
    motion = arm_rig.arm.follow(trajectory)
    assert motion.poll().running
    assert arm_rig.end_of(motion).succeeded
    np.testing.assert_allclose(arm_rig.plant.state().joints[0], trajectory.end[0], atol=1e-3)
    motion.cancel()
    assert motion.poll().succeeded  # the last answer stays the answer
    assert arm_rig.count("Stop") == 0


def test_the_arm_validates_every_motion_before_it_begins(arm_rig: Rig) -> None:
    arm_rig.end_of(arm_rig.arm.follow(arm_rig.swing()))
    calls = arm_rig.controller.calls
    assert calls.index("ValidateWaypointList") < calls.index("ExecuteAction")


def test_what_is_no_motion_is_not_sent(arm_rig: Rig) -> None:
    here = arm_rig.arm.state().joints
    motion = arm_rig.arm.follow(resting(here, 0.5))
    assert arm_rig.end_of(motion).succeeded
    assert arm_rig.count("ExecuteAction") == 0


def test_too_fast_for_the_arm_s_limits_is_the_arm_s_refusal_by_joint_and_value() -> None:
    with rig(max_joint_speed_deg_s=10.0) as slow:
        with pytest.raises(KortexRefused, match=r"LARGE_SPEED at waypoint \d+, joint 1"):
            slow.arm.follow(slow.swing(0.6, 1.5))
        assert slow.count("ExecuteAction") == 0


def test_a_wrong_start_is_refused_here(arm_rig: Rig) -> None:
    away = arm_rig.arm.state().joints + 0.5
    with pytest.raises(LimitViolation, match="nothing was sent"):
        arm_rig.arm.follow(resting(away, 1.0))
    assert arm_rig.count("ValidateWaypointList") == 0


@pytest.mark.parametrize("what", ["cancel", "stop"])
def test_a_stop_comes_through_at_any_moment_and_once_is_enough(arm_rig: Rig, what: str) -> None:
    motion = arm_rig.arm.follow(arm_rig.swing(0.5, 4.0))
    arm_rig.until(lambda: not arm_rig.stands())
    (motion.cancel if what == "cancel" else arm_rig.arm.stop)()
    arm_rig.arm.stop()
    assert not motion.poll().running
    arm_rig.until(arm_rig.stands)
    assert arm_rig.plant.state().joints[0] < HOME[0] + 0.5


def test_a_stop_goes_on_until_the_arm_is_seen_at_rest(arm_rig: Rig) -> None:
    arm_rig.arm.follow(arm_rig.swing(0.5, 4.0))
    arm_rig.until(lambda: not arm_rig.stands())
    arm_rig.controller.mischief.answers["Stop"].extend([Refuse("METHOD_TIMEOUT"), Refuse("METHOD_TIMEOUT")])
    arm_rig.arm.stop()
    arm_rig.until(arm_rig.stands)
    assert arm_rig.count("Stop") >= 3


@pytest.mark.parametrize("call", ["ValidateWaypointList", "ExecuteAction"])
def test_a_stop_while_a_motion_is_being_handed_over_is_never_lost(
    arm_rig: Rig, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    base, trajectory = arm_rig.session.base, arm_rig.swing()
    ask = getattr(base, call)

    def stopped_before(*words: object, **named: object) -> object:
        arm_rig.arm.stop()
        arm_rig.until(lambda: arm_rig.count("Stop") > 0)  # the arm still stands: one Stop, and no more
        return ask(*words, **named)

    monkeypatch.setattr(base, call, stopped_before)
    motion = arm_rig.arm.follow(trajectory)
    assert not motion.poll().running
    assert not motion.poll().succeeded
    arm_rig.until(lambda: arm_rig.count("Stop") > 1)
    arm_rig.until(arm_rig.stands)
    assert abs(arm_rig.plant.state().joints[0] - trajectory.end[0]) > 0.1
    assert arm_rig.count("ExecuteAction") == (call == "ExecuteAction")


def test_after_a_stop_the_next_motion_goes(arm_rig: Rig) -> None:
    arm_rig.arm.follow(arm_rig.swing(0.5, 4.0))
    arm_rig.until(lambda: not arm_rig.stands())
    arm_rig.arm.stop()
    arm_rig.until(lambda: arm_rig.stands() and arm_rig.arm_is_ready())
    assert arm_rig.end_of(arm_rig.arm.follow(arm_rig.swing())).succeeded


def stopped(made: Rig) -> None:
    """Begin a motion and stop it while it goes."""
    made.arm.follow(made.swing(0.5, 4.0))
    made.until(lambda: not made.stands())
    made.arm.stop()


@pytest.mark.parametrize("earlier", ["ended", "aborted"])
def test_a_late_event_of_an_earlier_action_does_not_end_the_next_motion(arm_rig: Rig, earlier: str) -> None:
    arm_rig.controller.mischief.late_ends = 1
    if earlier == "aborted":
        stopped(arm_rig)
    else:
        assert arm_rig.end_of(arm_rig.arm.follow(arm_rig.swing(0.1, 1.0))).succeeded
    arm_rig.until(lambda: arm_rig.stands() and arm_rig.arm_is_ready())
    status = arm_rig.end_of(arm_rig.arm.follow(arm_rig.swing()))
    assert not arm_rig.controller.robot._late, "the late event was told"
    assert status.succeeded
    assert "did not announce" not in status.reason


def test_a_late_abort_that_cannot_be_told_apart_fails_with_its_reason_and_the_arm_at_rest(
    arm_rig: Rig,
) -> None:
    arm_rig.controller.mischief.nameless = True
    assert arm_rig.end_of(arm_rig.arm.follow(arm_rig.swing(0.1, 1.0))).succeeded
    arm_rig.controller.mischief.late_ends = 1
    stopped(arm_rig)
    arm_rig.until(lambda: arm_rig.stands() and arm_rig.arm_is_ready())
    status = arm_rig.end_of(arm_rig.arm.follow(arm_rig.swing()))
    assert "CONTROL_MANUAL_STOP" in status.reason
    arm_rig.until(arm_rig.stands)


def test_no_motion_begins_before_the_stop_before_it_is_confirmed(arm_rig: Rig) -> None:
    arm_rig.arm.follow(arm_rig.swing(0.5, 4.0))
    arm_rig.until(lambda: not arm_rig.stands())
    arm_rig.controller.mischief.answers["Stop"].append(Late(0.3))
    arm_rig.arm.stop()
    arm_rig.until(lambda: arm_rig.count("Stop") > 0)
    assert arm_rig.arm._stopper.settled(0.0) is False
    arm_rig.arm._await_settled()
    assert arm_rig.stands(), "it had to wait for the stop"
    assert arm_rig.end_of(arm_rig.arm.follow(arm_rig.swing(0.1))).succeeded


def test_a_stop_that_reaches_the_arm_late_fails_the_motion_it_hits_with_its_reason(arm_rig: Rig) -> None:
    arm_rig.controller.mischief.answers["Stop"].append(Late(1.0))  # given up after 0.5 s, sent again
    stopped(arm_rig)
    motion = arm_rig.arm.follow(arm_rig.swing(0.5, 8.0))
    assert "CONTROL_MANUAL_STOP" in arm_rig.end_of(motion).reason
    arm_rig.until(arm_rig.stands)


def test_a_stop_that_is_not_seen_to_work_is_a_fault_of_the_arm(arm_rig: Rig) -> None:
    arm_rig.controller.mischief.answers["Stop"].extend([Refuse("METHOD_TIMEOUT")] * 60)
    arm_rig.arm.follow(arm_rig.swing(0.5, 20.0))
    arm_rig.arm.stop()
    arm_rig.until(lambda: arm_rig.arm.state().fault is not None)
    assert "emergency stop" in str(arm_rig.arm.state().fault)
    with pytest.raises(DeviceFault, match="not seen at rest"):
        arm_rig.arm.follow(arm_rig.swing())
    arm_rig.controller.mischief.answers["Stop"].clear()


def test_an_end_without_arrival_is_a_failure_with_the_joint_and_the_angle(arm_rig: Rig) -> None:
    arm_rig.controller.mischief.motions.append("end without arrival")
    status = arm_rig.end_of(arm_rig.arm.follow(arm_rig.swing(0.5)))
    assert not status.succeeded
    assert "joint 1 is" in status.reason
    arm_rig.until(lambda: arm_rig.count("Stop") >= 1)


def test_an_abort_is_a_failure_in_the_arm_s_words(arm_rig: Rig) -> None:
    arm_rig.controller.mischief.motions.append("abort")
    status = arm_rig.end_of(arm_rig.arm.follow(arm_rig.swing()))
    assert "CONTROL_WAYPOINT_TRAJECTORY_ABORTED" in status.reason


def test_a_fault_ends_the_motion_is_never_cleared_and_refuses_the_next(arm_rig: Rig) -> None:
    arm_rig.controller.mischief.motions.append("fault")
    status = arm_rig.end_of(arm_rig.arm.follow(arm_rig.swing()))
    assert not status.succeeded
    arm_rig.until(lambda: arm_rig.arm.state().fault is not None)
    with pytest.raises(DeviceFault, match="in fault"):
        arm_rig.arm.follow(arm_rig.swing())
    assert arm_rig.count("ClearFaults") == 0


def test_a_motion_whose_events_are_lost_counts_once_it_is_seen_to_have_arrived(arm_rig: Rig) -> None:
    arm_rig.controller.mischief.motions.append("silence")
    status = arm_rig.end_of(arm_rig.arm.follow(arm_rig.swing()))
    assert status.succeeded
    assert "did not announce" in status.reason


def test_a_motion_whose_confirmation_is_lost_is_stopped(arm_rig: Rig) -> None:
    arm_rig.controller.mischief.answers["ExecuteAction"].append(Late(20.0))
    arm_rig.arm._session.call = _quick(arm_rig)  # type: ignore[method-assign]
    with pytest.raises(HardwareError, match="did not answer"):
        arm_rig.arm.follow(arm_rig.swing(0.5, 6.0))
    arm_rig.until(arm_rig.stands)
    assert arm_rig.count("ExecuteAction") == 1  # never repeated
    arm_rig.until(lambda: arm_rig.count("Stop") >= 1)


def _quick(made: Rig):  # type: ignore[no-untyped-def]
    call = made.session.call
    return lambda function, *request, deadline_s=None: call(function, *request, deadline_s=0.3)


def test_another_master_is_named(arm_rig: Rig) -> None:
    arm_rig.controller.mischief.other_master = True
    with pytest.raises(KortexRefused, match="web application"):
        arm_rig.arm.follow(arm_rig.swing())


def test_a_stray_notification_does_not_end_reception(arm_rig: Rig) -> None:
    arm_rig.controller.mischief.stray_notifications = 3
    assert arm_rig.end_of(arm_rig.arm.follow(arm_rig.swing())).succeeded


def test_a_split_header_and_a_late_answer_lose_nothing(arm_rig: Rig) -> None:
    arm_rig.controller.mischief.answers["ValidateWaypointList"].extend([Split(), Late(0.1)])
    for _ in range(2):
        assert arm_rig.end_of(arm_rig.arm.follow(arm_rig.swing(0.1))).succeeded


def test_a_dropped_answer_to_a_question_is_a_timeout_with_its_name(arm_rig: Rig) -> None:
    arm_rig.controller.mischief.answers["GetArmState"].append(Drop())
    with pytest.raises(HardwareError, match="GetArmState within"):
        arm_rig.session.call(arm_rig.session.base.GetArmState)


def test_lost_datagrams_are_survived_and_a_silent_link_is_stale(arm_rig: Rig) -> None:
    arm_rig.controller.mischief.lost_datagrams = 2
    assert arm_rig.end_of(arm_rig.arm.follow(arm_rig.swing())).succeeded
    motion = arm_rig.arm.follow(arm_rig.swing(0.3, 20.0))
    arm_rig.controller.mischief.lost_datagrams = 10**6
    status = arm_rig.end_of(motion)
    assert "reading" in status.reason
    with pytest.raises(StaleData):
        arm_rig.arm.state()
    arm_rig.until(arm_rig.stands)


def test_a_closed_connection_fails_the_call_and_stops_the_arm(arm_rig: Rig) -> None:
    arm_rig.arm.follow(arm_rig.swing(0.5, 6.0))
    arm_rig.until(lambda: not arm_rig.stands())
    arm_rig.controller.mischief.answers["GetArmState"].append(Close())
    with pytest.raises(HardwareError):
        arm_rig.session.call(arm_rig.session.base.GetArmState)
    arm_rig.until(arm_rig.stands)


def test_an_emergency_stop_latches_and_is_sent_twice(arm_rig: Rig) -> None:
    motion = arm_rig.arm.follow(arm_rig.swing(0.5, 4.0))
    arm_rig.arm.emergency_stop()
    assert not motion.poll().running
    arm_rig.until(lambda: arm_rig.count("ApplyEmergencyStop") == 2)
    assert "emergency stop" in str(arm_rig.arm.state().fault)
    with pytest.raises(DeviceFault):
        arm_rig.arm.follow(arm_rig.swing())


@pytest.mark.parametrize(("duration_s", "count"), [(0.01, 1), (1.0, 10), (0.96, 10), (30.0, 300)])
def test_waypoints_are_even_and_end_with_the_motion(duration_s: float, count: int) -> None:
    times_s = waypoint_times(duration_s, 0.1)
    assert len(times_s) == count
    assert times_s[-1] == pytest.approx(duration_s)
    np.testing.assert_allclose(np.diff(times_s, prepend=0.0), duration_s / count)
