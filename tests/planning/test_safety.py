"""The safety step: what stops the robot, what slows it, and what must do neither."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.geometry import pose
from hardware.types import FloatArray, RobotState, readonly
from perception.types import HumanPose, Keypoint
from planning.nearness import nearness
from planning.options import SafetyOptions
from planning.robot_model import tcp_pose
from planning.safety import SafetyState, person_cap, speed_cap, step
from planning.safety_verdict import SafetyVerdict, StopCode
from planning.types import Cuboid, HeldObject, Phase
from tests.planning.people import REACHING, person, reaching_out, robot

OPTIONS = SafetyOptions()
TICK_S = 0.02
TCP = tcp_pose(REACHING, 0.03)[:3, 3]


def beside(ahead_m: float) -> FloatArray:
    """A point that far beyond the fingertips."""
    return np.asarray(TCP + np.array([ahead_m, 0.0, 0.0]))


def verdicts(
    robots: Callable[[float], RobotState],
    humans: Callable[[float], HumanPose | None],
    phase: Phase = Phase.TRANSPORT,
    ticks: int = 20,
    options: SafetyOptions = OPTIONS,
) -> list[SafetyVerdict]:
    """The verdicts of some ticks; robot and person are told per time."""
    state, result = SafetyState(), []
    for tick in range(ticks):
        now_s = 10.0 + TICK_S * tick
        state = step(state, robots(now_s), humans(now_s), phase, now_s, options)
        result.append(state.verdict)
    return result


def moving(now_s: float) -> RobotState:
    return robot(stamp_s=now_s)


def coming(start_m: float, metres_per_s: float) -> Callable[[float], HumanPose]:
    return lambda now_s: person(start_m - metres_per_s * (now_s - 10.0), now_s)


def test_far_person_leaves_the_full_speed() -> None:
    verdict = verdicts(moving, lambda t: person(2.6, t))[-1]
    assert not verdict.stop
    assert verdict.speed_cap_m_s == 0.5


def test_nobody_seen_is_not_nobody_there() -> None:
    verdict = verdicts(moving, lambda t: None)[-1]
    assert (verdict.stop, verdict.speed_cap_m_s) == (False, 0.25)
    assert "nobody seen" in verdict.reason


def test_coming_closer_than_the_keep_out_stops() -> None:
    result = verdicts(moving, coming(1.4, 0.5), ticks=60)
    assert not result[0].stop
    first = next(v for v in result if v.stop)
    assert "m to keep" in first.reason
    assert first.code is StopCode.PERSON_NEAR
    assert first.speed_cap_m_s == 0.0


@pytest.mark.parametrize("phase", [Phase.RETREAT, Phase.RECOVER])
def test_leaving_is_always_allowed(phase: Phase) -> None:
    result = verdicts(moving, coming(1.25, 0.3), phase, ticks=40)
    assert not any(v.stop for v in result)
    assert result[-1].speed_cap_m_s == OPTIONS.speeds_m_s[0]


def test_growing_distance_and_a_standing_robot_do_not_stop() -> None:
    assert not verdicts(moving, coming(1.0, -0.2), ticks=9)[-1].stop
    still = lambda t: robot(stamp_s=t, speed_rad_s=0.0)  # noqa: E731
    assert not any(v.stop for v in verdicts(still, coming(1.2, 0.3), ticks=40))


def test_receiving_hand_may_come_only_while_handing_over() -> None:
    def humans(now_s: float) -> HumanPose:
        return reaching_out(person(1.6, now_s), beside(0.02 - 0.05 * (now_s - 10.0)))

    handing = verdicts(moving, humans, Phase.HANDOVER)
    assert not any(v.stop for v in handing)
    stops = [v for v in verdicts(moving, humans, Phase.TRANSPORT) if v.stop]
    assert any("receiving arm" in v.reason and v.code is StopCode.RECEIVER_NEAR for v in stops)


@pytest.mark.parametrize(
    ("robots", "reason", "code"),
    [
        (lambda t: robot(stamp_s=t, fault="joint 3 overheated"), "joint 3 overheated", StopCode.ARM_FAULT),
        (lambda t: robot(stamp_s=t - 0.2), "0.200 s old", StopCode.ARM_SILENT),
        (lambda t: robot(stamp_s=t + 0.2), "0.200 s ahead of now", StopCode.CLOCK),
    ],
)
def test_robot_faults_stop_at_once(
    robots: Callable[[float], RobotState], reason: str, code: StopCode
) -> None:
    verdict = verdicts(robots, lambda t: person(2.6, t), ticks=1)[-1]
    assert verdict.stop
    assert reason in verdict.reason
    assert verdict.code is code


def bumped(newtons: float, ticks: int) -> Callable[[float], RobotState]:
    def robots(now_s: float) -> RobotState:
        hit = 10.1 <= now_s + 1e-9 < 10.1 + TICK_S * ticks - 1e-9
        return robot(stamp_s=now_s, force=(newtons * hit, 0.0, -3.0))

    return robots


@pytest.mark.parametrize(
    ("newtons", "ticks", "phase", "stops"),
    [
        (50.0, 1, Phase.PICK, True),
        (30.0, 1, Phase.PICK, False),
        (30.0, 4, Phase.PICK, True),
        (15.0, 30, Phase.PICK, False),
        (25.0, 30, Phase.HANDOVER, False),
        (60.0, 1, Phase.HANDOVER, True),
    ],
)
def test_unexpected_force(newtons: float, ticks: int, phase: Phase, stops: bool) -> None:
    result = verdicts(bumped(newtons, ticks), lambda t: person(2.6, t), phase, ticks=60)
    assert any(v.stop for v in result) is stops
    if stops:
        assert result[-1].stop, "a collision is not over with the next reading"
        assert result[-1].code is StopCode.CONTACT


def test_stop_by_force_ends_after_its_time() -> None:
    result = verdicts(bumped(50.0, 1), lambda t: person(2.6, t), ticks=170)
    assert not result[-1].stop


def test_slowly_changing_force_is_expected() -> None:
    heavier = lambda t: robot(stamp_s=t, force=(0, 0, -8.0 * (t - 10.0)))  # noqa: E731
    assert not any(v.stop for v in verdicts(heavier, lambda t: person(2.6, t), ticks=250))


def test_hand_rushing_at_the_robot_stops_and_noise_does_not() -> None:
    def rushing(now_s: float) -> HumanPose:
        return reaching_out(person(1.9, now_s), beside(0.7 - 1.6 * (now_s - 10.0)))

    stops = [v for v in verdicts(moving, rushing, ticks=15) if v.stop]
    assert any("comes at the robot" in v.reason and v.code is StopCode.FAST_HAND for v in stops)
    rng = np.random.default_rng(0)

    def noisy(now_s: float) -> HumanPose:
        return reaching_out(person(1.9, now_s), beside(0.4) + rng.normal(0, 0.015, 3))

    assert not any(v.stop for v in verdicts(moving, noisy, ticks=500))


def test_moving_blind_near_the_person_has_an_end() -> None:
    ticks = round(1.2 * OPTIONS.blind_s / TICK_S)
    assert not verdicts(moving, lambda t: person(2.6, 1.0), ticks=ticks)[-1].stop
    near = verdicts(moving, lambda t: person(1.35, 1.0), ticks=ticks)
    first = next(i for i, verdict in enumerate(near) if verdict.stop)
    assert first * TICK_S == pytest.approx(OPTIONS.blind_s, abs=2 * TICK_S)
    assert "out of sight" in near[first].reason
    assert near[first].code is StopCode.OUT_OF_SIGHT
    glimpsed = verdicts(moving, lambda t: person(1.35, max(1.0, t // 3.0 * 3.0)), ticks=ticks)
    assert not any(verdict.stop for verdict in glimpsed)


def test_tool_faster_than_its_cap_stops() -> None:
    def fast(now_s: float) -> RobotState:
        state = robot(stamp_s=now_s)
        return replace(state, arm=replace(state.arm, velocities=np.array([0.9, 0, 0, 0, 0, 0, 0])))

    verdict = verdicts(fast, lambda t: None)[-1]
    assert verdict.stop
    assert verdict.code is StopCode.OVERSPEED
    assert re.search(r"0.25 m/s at most, the tool moves at 0.\d\d m/s", verdict.reason)
    assert not verdicts(fast, lambda t: person(3.5, t))[-1].stop  # far away: 0.5 m/s


def test_the_elbow_and_the_end_of_what_is_held_count_too() -> None:
    """The wrist turns the object about: the flange hardly moves, its end does."""

    def nodding(now_s: float) -> RobotState:
        state = robot(stamp_s=now_s)
        return replace(state, arm=replace(state.arm, velocities=0.9 * np.eye(7)[5]))

    bar = Cuboid("bar", pose(translation=(0.0, 0.0, 0.3)), readonly((0.03, 0.03, 0.6)))
    held = HeldObject("bar", 0.03, (bar,), np.zeros(3), np.eye(3)[2])

    def verdict(held: HeldObject | None) -> SafetyVerdict:
        far = person(3.5, 10.0)
        return step(SafetyState(), nodding(10.0), far, Phase.TRANSPORT, 10.0, OPTIONS, held).verdict

    assert not verdict(None).stop
    assert verdict(held).code is StopCode.OVERSPEED


def test_the_head_is_kept_clear_by_0_35_m_from_its_middle() -> None:
    """Whatever the hand may do: the head's sphere of 0.15 m, the distance to keep, the uncertainty."""
    assert OPTIONS.stop_distance_m + OPTIONS.uncertainty_m + 0.15 == pytest.approx(0.35)
    for phase in (Phase.TRANSPORT, Phase.HANDOVER, Phase.PICK):
        seen = person(1.2, 10.0)
        head = seen.joints[Keypoint.NOSE]
        shift = TCP + np.array([0.30, 0.0, 0.0]) - head
        near = replace(seen, joints=seen.joints + shift, raw=seen.raw + shift)
        verdict = step(SafetyState(), robot(stamp_s=10.0), near, phase, 10.0, OPTIONS).verdict
        assert verdict.code is StopCode.PERSON_NEAR, phase


def test_distances_use_the_raw_joints() -> None:
    filtered = person(2.6, 10.0)
    ahead = replace(filtered, raw=person(1.3, 10.0).joints)
    assert nearness(REACHING, ahead).body_m < nearness(REACHING, filtered).body_m - 1.0
    lost = np.array(filtered.raw)
    lost[Keypoint.LEFT_WRIST] = np.nan
    assert nearness(REACHING, replace(filtered, raw=lost)) == nearness(REACHING, filtered)


def test_unknown_joints_make_no_distance_up() -> None:
    empty = replace(person(1.2), joints=np.full((17, 3), np.nan), raw=np.full((17, 3), np.nan))
    assert nearness(REACHING, empty).body_m == np.inf


@given(st.floats(0, 3), st.floats(0, 3))
def test_cap_never_rises_as_the_distance_shrinks(one: float, other: float) -> None:
    near, far = sorted((one, other))
    assert speed_cap(near, OPTIONS) <= speed_cap(far, OPTIONS)


@given(st.floats(0, 3), st.floats(0, 200), st.floats(0, 200))
def test_an_older_view_never_allows_more(distance_m: float, one_s: float, other_s: float) -> None:
    young, old = sorted((one_s, other_s))
    assert person_cap(distance_m, old, OPTIONS) <= person_cap(distance_m, young, OPTIONS)


def test_a_person_seen_too_long_ago_counts_as_nobody_seen() -> None:
    seen_s = 10.0 - OPTIONS.forget_s
    assert verdicts(moving, lambda t: person(2.6, seen_s + 1.0), ticks=1)[-1].speed_cap_m_s == 0.5
    assert verdicts(moving, lambda t: person(2.6, seen_s - 1.0), ticks=1)[-1].speed_cap_m_s == 0.25
    near = verdicts(moving, lambda t: person(1.45, seen_s - 1.0), ticks=1)[-1]
    assert near.speed_cap_m_s < 0.25, "what was known of a person who is near is not given up"


@settings(max_examples=60)
@given(st.floats(0.9, 2.5), st.floats(0.0, 1.0), st.sampled_from(Phase), st.floats(0.0, 6.0))
def test_nearer_person_is_never_more_permissive(
    distance_m: float, nearer_m: float, phase: Phase, age_s: float
) -> None:
    def verdict(at_m: float) -> SafetyVerdict:
        return step(
            SafetyState(), robot(stamp_s=10.0), person(at_m, 10.0 - age_s), phase, 10.0, OPTIONS
        ).verdict

    far, near = verdict(distance_m), verdict(max(distance_m - nearer_m, 0.85))
    assert near.speed_cap_m_s <= far.speed_cap_m_s
    assert near.stop or not far.stop
    assert all(v.reason and v.speed_cap_m_s == 0.0 for v in (far, near) if v.stop)
    assert all(v.reason and v.stop == (v.code is not None) for v in (far, near))
    assert any(character.isdigit() for character in near.reason)
