"""What stops the robot beyond plain distances: its way ahead, the head's room, loads, pushes, a camera."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hardware.gen3.statics import gravity_torques
from hardware.geometry import pose
from hardware.types import FloatArray, RobotState, readonly
from perception.types import HumanPose
from planning.errors import PersonInTheWay
from planning.governor import paced
from planning.nearness import nearness
from planning.options import SafetyOptions
from planning.robot_model import tcp_pose
from planning.safety import SafetyState, step
from planning.safety_verdict import SafetyVerdict, StopCode
from planning.types import Cuboid, HeldObject, Phase
from planning.under_way import UnderWay
from tests.hardware.simulated import move_to
from tests.planning.people import REACHING, person, robot

OPTIONS = SafetyOptions()
TICK_S, NOW_S = 0.02, 10.0
FAR = person(3.5, NOW_S)


def shifted(human: HumanPose, by: FloatArray) -> HumanPose:
    return replace(human, joints=human.joints + by, raw=human.raw + by)


def with_torques(now_s: float, extra: FloatArray) -> RobotState:
    state = robot(stamp_s=now_s)
    torques = gravity_torques(state.arm.joints) + extra
    return replace(state, arm=replace(state.arm, torques=torques))


def felt(loads: list[FloatArray], phase: Phase = Phase.PICK, told: bool = True) -> list[SafetyVerdict]:
    """Verdicts of some ticks in which the joints feel `loads` (7,)."""
    state, result = SafetyState(), []
    for tick, load in enumerate(loads):
        now_s = NOW_S + TICK_S * tick
        reading = with_torques(now_s, load) if told else robot(stamp_s=now_s)
        state = step(state, reading, replace(FAR, stamp_s=now_s), phase, now_s, OPTIONS)
        result.append(state.verdict)
    return result


QUIET, BUMP = 0.5 * np.ones(7), 20.0 * np.eye(7)[1]


def test_a_load_that_the_wrist_does_not_feel_stops() -> None:
    stops = [v for v in felt([QUIET] * 5 + [QUIET + BUMP] * 8) if v.stop]
    assert stops[0].code is StopCode.CONTACT
    assert "Nm on joint 2, 15 Nm for 0.10 s" in stops[0].reason


@pytest.mark.parametrize(
    ("loads", "phase", "told"),
    [
        ([QUIET] * 5 + [QUIET + BUMP] * 3 + [QUIET] * 10, Phase.PICK, True),  # a knock, shorter than 0.1 s
        ([QUIET] * 5 + [QUIET + 0.5 * BUMP] * 20, Phase.PICK, True),
        ([QUIET] * 5 + [QUIET + BUMP] * 8, Phase.HANDOVER, True),  # people pull at what they are handed
        ([QUIET] * 20, Phase.PICK, False),
        ([QUIET + BUMP] * 5 + [QUIET] * 20, Phase.PICK, True),  # fingers lifted off what they pressed on
    ],
)
def test_what_is_no_unexpected_load(loads: list[FloatArray], phase: Phase, told: bool) -> None:
    assert not any(verdict.stop for verdict in felt(loads, phase, told))


def pushed(newtons: FloatArray) -> list[SafetyVerdict]:
    """Verdicts while a force (3,) grows within 4 s and stays, on an object of 3 N offered at rest."""
    state, result = SafetyState(), []
    for tick in range(300):
        now_s = NOW_S + TICK_S * tick
        phase = Phase.TRANSPORT if tick < 10 else Phase.HANDOVER
        force = np.array([0.0, 0.0, -3.0]) + min(max(tick - 10, 0) / 200, 1.0) * newtons
        reading = robot(stamp_s=now_s, force=tuple(force), speed_rad_s=0.0)
        state = step(state, reading, replace(FAR, stamp_s=now_s), phase, now_s, OPTIONS)
        result.append(state.verdict)
    return result


@pytest.mark.parametrize("force", [(-36.0, 0.0, 0.0), (0.0, 0.0, -36.0)])
def test_a_slow_push_while_offering_stops(force: tuple[float, float, float]) -> None:
    stops = [v for v in pushed(np.array(force)) if v.stop]
    assert stops
    assert stops[0].code is StopCode.PUSHED


@pytest.mark.parametrize("force", [(36.0, 0.0, 0.0), (0.0, 0.0, 36.0), (-25.0, 0.0, 0.0)])
def test_a_pull_and_a_light_push_do_not(force: tuple[float, float, float]) -> None:
    assert not any(verdict.stop for verdict in pushed(np.array(force)))


@pytest.mark.parametrize(
    ("phase", "silent_s", "speed_rad_s", "stops"),
    [
        (Phase.TRANSPORT, 0.6, 0.05, True),
        (Phase.TRANSPORT, 0.4, 0.05, False),
        (Phase.TRANSPORT, np.inf, 0.0, False),
        (Phase.PICK, np.inf, 0.05, False),
        (Phase.RECOVER, np.inf, 0.05, False),
    ],
)
def test_a_silent_camera_stops_only_what_moves_toward_a_person(
    phase: Phase, silent_s: float, speed_rad_s: float, stops: bool
) -> None:
    reading = robot(stamp_s=NOW_S, speed_rad_s=speed_rad_s)
    verdict = step(SafetyState(), reading, FAR, phase, NOW_S, OPTIONS, camera_silent_s=silent_s).verdict
    assert verdict.stop is stops
    assert (verdict.code is StopCode.CAMERA_SILENT) is stops


def test_a_stop_by_the_camera_lasts() -> None:
    reading = robot(stamp_s=NOW_S)
    state = step(SafetyState(), reading, FAR, Phase.TRANSPORT, NOW_S, OPTIONS, camera_silent_s=1.0)
    later_s = NOW_S + TICK_S
    state = step(state, robot(stamp_s=later_s), FAR, Phase.TRANSPORT, later_s, OPTIONS)
    assert state.verdict.code is StopCode.CAMERA_SILENT


def test_with_a_silent_camera_motions_are_sent_at_the_slowest_speed() -> None:
    way = move_to(REACHING, REACHING + 0.4 * np.eye(7)[0], 3.0)
    usual, blind = (
        paced(way, FAR, Phase.RECOVER, NOW_S, OPTIONS, camera_silent_s=silent_s) for silent_s in (0.0, 9.0)
    )
    assert usual.factor == 1.0
    assert blind.factor > 1.0
    assert "no picture for 9.0 s" in blind.reason


def ahead_of(gap_m: float) -> HumanPose:
    """A person whose body is `gap_m` from the robot at REACHING (uncertainty taken off), straight ahead."""
    human = person(1.6, NOW_S)
    off = nearness(REACHING, human, None, OPTIONS.uncertainty_m).body_m
    for _ in range(20):
        human = shifted(human, np.array([0.5 * (gap_m - off), 0.0, 0.0]))
        off = nearness(REACHING, human, None, OPTIONS.uncertainty_m).body_m
    return human


FORWARD = move_to(REACHING, REACHING + 0.35 * np.eye(7)[3], 2.0)
"""The forearm stretches toward the person."""


@pytest.mark.parametrize("phase", [Phase.TRANSPORT, Phase.RECOVER])
def test_what_it_will_do_within_the_next_moment_counts(phase: Phase) -> None:
    joints, _ = FORWARD.sample(1.0)
    soon, _ = FORWARD.sample(1.3)
    human = ahead_of(0.2)
    here, there = (nearness(q, human, None, OPTIONS.uncertainty_m).body_m for q in (joints, soon))
    human = shifted(human, np.array([OPTIONS.stop_distance_m + 0.01 - here, 0.0, 0.0]))
    assert there < here - 0.02, "the way leads closer"
    slow = replace(OPTIONS, overspeed_m_s=9.0)
    way = UnderWay(FORWARD, NOW_S - 1.0)
    reading = robot(joints=joints, stamp_s=NOW_S)
    verdict = step(SafetyState(), reading, human, phase, NOW_S, slow, way=way).verdict
    assert verdict.code is StopCode.PERSON_NEAR
    assert verdict.reason.startswith("in 0.")
    blind = replace(slow, look_ahead_s=1e-6)
    assert not step(SafetyState(), reading, human, phase, NOW_S, blind, way=way).verdict.stop


def test_the_room_over_the_shoulders_is_kept() -> None:
    """The hand over a person's head, too high for the distances to the head to speak."""
    high = np.radians([0.0, 20.0, 180.0, -40.0, 0.0, -30.0, 90.0])
    tcp = tcp_pose(high, 0.03)[:3, 3]
    human = person(1.2, NOW_S)
    head = human.joints[0]
    under = shifted(human, np.array([tcp[0] - head[0], tcp[1] - head[1], tcp[2] - 0.8 - head[2]]))
    near = nearness(high, under, None, OPTIONS.uncertainty_m)
    assert near.body_m > OPTIONS.stop_distance_m
    assert near.column_m < OPTIONS.column_m
    verdict = step(
        SafetyState(), robot(joints=high, stamp_s=NOW_S), under, Phase.TRANSPORT, NOW_S, OPTIONS
    ).verdict
    assert "over the shoulders" in verdict.reason
    aside = shifted(under, np.array([0.0, 1.5, 0.0]))
    assert nearness(high, aside, None, OPTIONS.uncertainty_m).column_m > OPTIONS.column_m


def test_what_is_held_is_kept_from_the_head() -> None:
    rod = Cuboid("rod", pose(translation=(0.0, 0.0, 0.25)), readonly((0.02, 0.02, 0.5)))
    held = HeldObject("rod", 0.03, (rod,), np.zeros(3), np.eye(3)[2])
    tip = (tcp_pose(REACHING, 0.03) @ np.array([0.0, 0.0, 0.6, 1.0]))[:3]
    human = person(1.2, NOW_S)
    human = shifted(human, tip - human.joints[0])
    near = nearness(REACHING, human, held, OPTIONS.uncertainty_m)
    assert near.held_head_m < OPTIONS.held_head_distance_m
    assert nearness(REACHING, human, None, OPTIONS.uncertainty_m).held_head_m == np.inf


def test_a_motion_into_the_persons_room_is_not_sent_and_one_that_leaves_is() -> None:
    human = ahead_of(OPTIONS.stop_distance_m + 0.02)
    with pytest.raises(PersonInTheWay, match=r"m to keep"):
        paced(FORWARD, human, Phase.TRANSPORT, NOW_S, OPTIONS)
    assert paced(FORWARD, human, Phase.RETREAT, NOW_S, OPTIONS).factor > 1.0
    back = move_to(FORWARD.end, FORWARD.start, 2.0)
    assert paced(back, human, Phase.TRANSPORT, NOW_S, OPTIONS).trajectory.duration_s >= back.duration_s
