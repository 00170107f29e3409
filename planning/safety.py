"""What the robot may do right now, given where the person is: a pure step from readings to a verdict.

Guarantees:
1. Every verdict names its reason with numbers; a stop also has a code and caps the speed at 0.
2. Nearer is never more permissive: the speed cap does not rise as the distance to the person shrinks.
3. Distances use the unfiltered joints, less the tracker's uncertainty; nobody seen is not nobody there.
4. What counts is the robot's pose now and those it reaches within `look_ahead_s`: whatever it will do wrong
   there, it is stopped for now.
5. A person who follows does not keep the robot from leaving, slowly; while it offers the object, the
   receiving forearm and hand may come to 0.
6. A stop by contact, by a fast hand or by a silent camera lasts a while, it does not vanish with the next
   reading.

Risk-reduction measures, not a safety function: the force-limited arm, its emergency stop and a trained
supervisor remain what protects people.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from hardware.types import FloatArray, RobotState
from perception.types import HumanPose
from planning.nearness import Body, Distances, Nearness, body_of, distances
from planning.options import SafetyOptions
from planning.safety_contact import ContactState, watch_contact
from planning.safety_person import LEAVING, Hands, rushing_hand, too_near
from planning.safety_verdict import LASTING, SafetyVerdict, StopCode, stopping
from planning.tool_speed import tool_speed
from planning.types import HeldObject, Phase
from planning.under_way import UnderWay, ahead

NOTHING_READ = SafetyVerdict(False, 0.0, "nothing read yet")
_TOWARD_PERSON = (Phase.TRANSPORT, Phase.HANDOVER)


@dataclass(frozen=True)
class SafetyState:
    """What the safety layer remembers between two steps."""

    verdict: SafetyVerdict = NOTHING_READ
    stamp_s: float | None = None
    phase: Phase | None = None
    contact: ContactState = field(default_factory=ContactState)
    human: HumanPose | None = None
    body: Body | None = None
    """Of that person: it is made once per pose."""
    near: Nearness | None = None
    """To the person, at the step before."""
    hands: Hands = ()
    blind_since_s: float | None = None
    """Since when the robot moves near the person without seeing them."""
    held_until_s: float = -np.inf
    held: SafetyVerdict | None = None
    """The stop that holds until then."""


@dataclass(frozen=True)
class _Ahead:
    """The robot at present (index 0) and ahead: speeds (K + 1,) of the tool in m/s, distances to the person
    (None where there is none), times_s (K,) of what is ahead.
    """

    times_s: FloatArray
    speeds_m_s: FloatArray
    near: Distances | None


def speed_cap(distance_m: float, options: SafetyOptions) -> float:
    """The tool speed in m/s allowed at this distance to the person: never rises as the distance shrinks."""
    return float(np.interp(distance_m, options.distances_m, options.speeds_m_s))


def person_cap(distance_m: float, age_s: float, options: SafetyOptions) -> float:
    """The same for a person seen `age_s` ago: one forgotten counts as nobody seen, and never for more."""
    cap = speed_cap(distance_m, options)
    return min(cap, options.unseen_speed_m_s) if age_s > options.forget_s else cap


def step(
    state: SafetyState,
    robot: RobotState,
    human: HumanPose | None,
    phase: Phase,
    now_s: float,
    options: SafetyOptions,
    held: HeldObject | None = None,
    way: UnderWay | None = None,
    camera_silent_s: float = 0.0,
) -> SafetyState:
    """The state after one reading of the robot and the newest known pose of the person (None: never seen).

    way: the motion sent last, None for none. The held object counts for the speed and the head only: it goes
    to the person on purpose.
    """
    if human is not state.human:
        state = replace(state, human=human, body=None if human is None else body_of(human))
    seen = _looked_ahead(robot, way, state.body, held, now_s, options)
    near = None if seen.near is None else seen.near.at(0)
    state, alarms = _watch(state, robot, human, near, phase, now_s, options)
    if alarms:
        state = replace(state, held_until_s=now_s + options.contact_hold_s, held=alarms)
    verdict = (
        _robot_verdict(robot, now_s, options)
        or (state.held if now_s < state.held_until_s else None)
        or _moving_verdict(state, robot, seen, phase, now_s, options, camera_silent_s)
        or _speed_verdict(seen, human, phase, now_s, options)
    )
    if verdict.code in LASTING and verdict is not state.held:
        state = replace(state, held_until_s=now_s + options.contact_hold_s, held=verdict)
    return replace(state, verdict=verdict, stamp_s=now_s, phase=phase, near=near)


def _looked_ahead(
    robot: RobotState,
    way: UnderWay | None,
    body: Body | None,
    held: HeldObject | None,
    now_s: float,
    options: SafetyOptions,
) -> _Ahead:
    arm = robot.arm
    times_s, joints, velocities = ahead(way, arm, now_s, options.look_ahead_s)
    joints, velocities = np.vstack([arm.joints, joints]), np.vstack([arm.velocities, velocities])
    speeds = tool_speed(joints, velocities, held, robot.gripper.width_m)
    near = None if body is None else distances(joints, body, held, options.uncertainty_m)
    return _Ahead(times_s, speeds, near)


def _watch(
    state: SafetyState,
    robot: RobotState,
    human: HumanPose | None,
    near: Nearness | None,
    phase: Phase,
    now_s: float,
    options: SafetyOptions,
) -> tuple[SafetyState, SafetyVerdict | None]:
    """What is remembered moved on, and what alarms on its way."""
    known = state.stamp_s is not None and phase is state.phase
    elapsed_s = max(now_s - state.stamp_s, 0.0) if known and state.stamp_s is not None else None
    contact, alarm = watch_contact(state.contact, robot.arm, phase, elapsed_s, now_s, options)
    hands = state.hands
    if human is not None:
        hands, fast_hand = rushing_hand(hands, robot.arm.joints, human, phase, options)
        alarm = alarm or fast_hand
    # What the robot carries may hide the person a while.
    blind = (
        human is not None
        and near is not None
        and now_s - human.stamp_s > options.fresh_s
        and near.body_m < options.blind_distance_m
        and _moving(robot, options)
    )
    since_s = now_s if state.blind_since_s is None else state.blind_since_s
    return replace(state, contact=contact, hands=hands, blind_since_s=since_s if blind else None), alarm


def _robot_verdict(robot: RobotState, now_s: float, options: SafetyOptions) -> SafetyVerdict | None:
    if robot.arm.fault is not None:
        return stopping(StopCode.ARM_FAULT, f"the arm reports a fault: {robot.arm.fault}")
    age_s, allowed = now_s - robot.stamp_s, f"{options.robot_age_s:.3f} s are allowed"
    if age_s > options.robot_age_s:
        return stopping(StopCode.ARM_SILENT, f"the robot's state is {age_s:.3f} s old, {allowed}")
    if age_s < -options.robot_age_s:
        return stopping(StopCode.CLOCK, f"the robot's state is {-age_s:.3f} s ahead of now, {allowed}")
    return None


def _moving_verdict(
    state: SafetyState,
    robot: RobotState,
    seen: _Ahead,
    phase: Phase,
    now_s: float,
    options: SafetyOptions,
    camera_silent_s: float,
) -> SafetyVerdict | None:
    """Why a robot that moves must not; one that stands has nothing to stop."""
    if not _moving(robot, options):
        return None
    if phase in _TOWARD_PERSON and camera_silent_s > options.camera_s:
        words = f"no picture for {camera_silent_s:.2f} s on the way to a person, {options.camera_s:.2f} s are"
        return stopping(StopCode.CAMERA_SILENT, f"{words} allowed")
    if seen.near is None:
        return None
    if stop := too_near(seen.near, seen.times_s, state.near, phase, options):
        return stop
    blind_s = 0.0 if state.blind_since_s is None else now_s - state.blind_since_s
    if phase in LEAVING or blind_s <= options.blind_s:
        return None
    words = f"{blind_s:.1f} s of moving {seen.near.body_m[0]:.2f} m from a person out of sight"
    return stopping(StopCode.OUT_OF_SIGHT, words)


def _speed_verdict(
    seen: _Ahead, human: HumanPose | None, phase: Phase, now_s: float, options: SafetyOptions
) -> SafetyVerdict:
    """The lowest cap, now and ahead; a stop where the tool is, or will be, much faster than its cap there."""
    if human is None or seen.near is None:
        caps, reason = (
            np.full(len(seen.speeds_m_s), options.unseen_speed_m_s),
            "nobody seen, which is not nobody there",
        )
    else:
        along = seen.near.toward_person(receiving_counts=phase is not Phase.HANDOVER)
        age_s = now_s - human.stamp_s
        caps = np.array([person_cap(float(distance_m), age_s, options) for distance_m in along])
        when = f"{age_s:.1f} s ago the person was" if age_s > options.fresh_s else "the person is"
        reason = f"{when} {along[0]:.2f} m away"
    over = seen.speeds_m_s > options.overspeed * caps + options.overspeed_m_s
    if np.any(over):
        k = int(np.argmax(over))
        moves = "the tool moves at" if k == 0 else f"in {seen.times_s[k - 1]:.1f} s the tool would move at"
        words = f"{reason}: {caps[k]:.2f} m/s at most, {moves} {seen.speeds_m_s[k]:.2f} m/s"
        return stopping(StopCode.OVERSPEED, words)
    return SafetyVerdict(False, float(caps.min()), f"{reason}: {caps.min():.2f} m/s at most")


def _moving(robot: RobotState, options: SafetyOptions) -> bool:
    return float(np.max(np.abs(robot.arm.velocities))) > options.rest_rad_s
