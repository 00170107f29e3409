"""What the robot may do right now, given where the person is: a pure step from readings to a verdict.

Guarantees:
1. Every verdict names its reason with numbers; a stop also has a code and caps the speed at 0.
2. Nearer is never more permissive: the speed cap does not rise as the distance to the person shrinks.
3. Distances use the unfiltered joints, less the tracker's uncertainty; nobody seen is not nobody there.
4. Moving away is always allowed, slowly; while handing over, the receiving forearm and hand may come to 0.
5. A stop by force or by a fast hand lasts a while, it does not vanish with the next reading.

Risk-reduction measures, not a safety function: the force-limited arm, its emergency stop and a trained
supervisor remain what protects people.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from hardware.types import FloatArray, RobotState
from perception.types import HumanPose, Keypoint
from planning.nearness import Nearness, nearness, to_robot
from planning.options import SafetyOptions
from planning.safety_verdict import SafetyVerdict, StopCode, stopping
from planning.tool_speed import tool_speed
from planning.types import HeldObject, Phase

NOTHING_READ = SafetyVerdict(False, 0.0, "nothing read yet")
_LEAVING = (Phase.RETREAT, Phase.RECOVER)


@dataclass(frozen=True)
class SafetyState:
    """What the safety layer remembers between two steps."""

    verdict: SafetyVerdict = NOTHING_READ
    stamp_s: float | None = None
    phase: Phase | None = None
    force: FloatArray | None = None
    """The force (3,) expected on the tool: a slow mean of the readings."""
    force_since_s: float | None = None
    near: Nearness | None = None
    """To the person, at the step before."""
    hands: tuple[tuple[float, FloatArray], ...] = field(default=())
    """Stamps and both wrists (2, 3) over the last moments."""
    blind_since_s: float | None = None
    """Since when the robot moves near the person without seeing them."""
    held_until_s: float = -np.inf
    held: SafetyVerdict | None = None
    """The stop that holds until then."""


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
) -> SafetyState:
    """The state after one reading of the robot and the newest known pose of the person (None: never seen).

    The held object counts for the speed only: it goes to the person on purpose.
    """
    near = None if human is None else nearness(robot.arm.joints, human, held, options.uncertainty_m)
    state, alarm = _watch_force(state, robot, phase, now_s, options)
    state, fast_hand = _watch_hands(state, robot, human, phase, options)
    state = _watch_blind(state, robot, human, near, now_s, options)
    alarm = alarm or fast_hand
    if alarm:
        state = replace(state, held_until_s=now_s + options.contact_hold_s, held=alarm)
    verdict = (
        _robot_verdict(robot, now_s, options)
        or _held_verdict(state, now_s)
        or _person_verdict(state, robot, human, near, phase, now_s, options, held)
    )
    return replace(state, verdict=verdict, stamp_s=now_s, phase=phase, near=near)


def _robot_verdict(robot: RobotState, now_s: float, options: SafetyOptions) -> SafetyVerdict | None:
    if robot.arm.fault is not None:
        return stopping(StopCode.ARM_FAULT, f"the arm reports a fault: {robot.arm.fault}")
    age_s, allowed = now_s - robot.stamp_s, f"{options.robot_age_s:.3f} s are allowed"
    if age_s > options.robot_age_s:
        return stopping(StopCode.ARM_SILENT, f"the robot's state is {age_s:.3f} s old, {allowed}")
    if age_s < -options.robot_age_s:
        return stopping(StopCode.CLOCK, f"the robot's state is {-age_s:.3f} s ahead of now, {allowed}")
    return None


def _held_verdict(state: SafetyState, now_s: float) -> SafetyVerdict | None:
    return state.held if now_s < state.held_until_s else None


def _person_verdict(
    state: SafetyState,
    robot: RobotState,
    human: HumanPose | None,
    near: Nearness | None,
    phase: Phase,
    now_s: float,
    options: SafetyOptions,
    held: HeldObject | None,
) -> SafetyVerdict:
    if human is None or near is None:
        cap, reason = options.unseen_speed_m_s, "nobody seen, which is not nobody there"
    else:
        if _moving(robot, options) and phase not in _LEAVING:
            stop = _too_near(near, state.near, phase, options) or _too_long_blind(state, near, now_s, options)
            if stop:
                return stop
        distance_m = near.reach_m if phase is Phase.HANDOVER else min(near.reach_m, near.receiving_m)
        age_s = now_s - human.stamp_s
        cap, reason = person_cap(distance_m, age_s, options), f"the person is {distance_m:.2f} m away"
        if age_s > options.fresh_s:
            reason = f"{age_s:.1f} s ago {reason.replace('is', 'was')}"
    arm, gripper = robot.arm, robot.gripper
    speed = float(tool_speed(arm.joints[None], arm.velocities[None], held, gripper.width_m)[0])
    if speed > options.overspeed * cap + options.overspeed_m_s:
        words = f"{reason}: {cap:.2f} m/s at most, the tool moves at {speed:.2f} m/s"
        return stopping(StopCode.OVERSPEED, words)
    return SafetyVerdict(False, cap, f"{reason}: {cap:.2f} m/s at most")


def _moving(robot: RobotState, options: SafetyOptions) -> bool:
    return float(np.max(np.abs(robot.arm.velocities))) > options.rest_rad_s


def _too_near(
    near: Nearness, before: Nearness | None, phase: Phase, options: SafetyOptions
) -> SafetyVerdict | None:
    """Why the robot must not come closer, or None; moving away is always allowed."""
    body_closing = before is None or near.body_m <= before.body_m
    if body_closing and near.body_m < options.stop_distance_m:
        keep_m = options.stop_distance_m
        words = f"{near.body_part} {near.body_m:.2f} m from the robot, {keep_m:.2f} m to keep"
        return stopping(StopCode.PERSON_NEAR, words)
    hand_closing = before is None or near.receiving_m <= before.receiving_m
    keep_m = options.receiving_stop_distance_m
    if phase is not Phase.HANDOVER and hand_closing and near.receiving_m < keep_m:
        words = f"receiving arm {near.receiving_m:.2f} m from the robot, {keep_m:.2f} m to keep in this phase"
        return stopping(StopCode.RECEIVER_NEAR, words)
    return None


def _watch_blind(
    state: SafetyState,
    robot: RobotState,
    human: HumanPose | None,
    near: Nearness | None,
    now_s: float,
    options: SafetyOptions,
) -> SafetyState:
    """Since when the robot moves near the person without a view: what it carries may hide them a while."""
    blind = (
        human is not None
        and near is not None
        and now_s - human.stamp_s > options.fresh_s
        and near.body_m < options.blind_distance_m
        and _moving(robot, options)
    )
    since_s = now_s if state.blind_since_s is None else state.blind_since_s
    return replace(state, blind_since_s=since_s if blind else None)


def _too_long_blind(
    state: SafetyState, near: Nearness, now_s: float, options: SafetyOptions
) -> SafetyVerdict | None:
    blind_s = 0.0 if state.blind_since_s is None else now_s - state.blind_since_s
    if blind_s <= options.blind_s:
        return None
    words = f"{blind_s:.1f} s of moving {near.body_m:.2f} m from a person out of sight"
    return stopping(StopCode.OUT_OF_SIGHT, words)


def _watch_force(
    state: SafetyState, robot: RobotState, phase: Phase, now_s: float, options: SafetyOptions
) -> tuple[SafetyState, SafetyVerdict | None]:
    """The expected force moved on, and what is alarming about the present one."""
    force = robot.arm.force
    if state.force is None or state.stamp_s is None or phase is not state.phase:
        return replace(state, force=force, force_since_s=None), None
    elapsed = max(now_s - state.stamp_s, 0.0)
    # A force that only ceases is no collision: expected is anything from none to the mean.
    kept = np.clip(force @ state.force / max(float(state.force @ state.force), 1e-9), 0.0, 1.0)
    size_n = float(np.linalg.norm(force - kept * state.force))
    # People pull at what they are handed: while handing over only the hard limit is unexpected.
    above = size_n > options.force_n and phase not in (Phase.HANDOVER, Phase.GRIP)
    since_s = None if not above else now_s if state.force_since_s is None else state.force_since_s
    share = elapsed / (elapsed + options.force_memory_s)
    state = replace(state, force=state.force + share * (force - state.force), force_since_s=since_s)
    lasted = since_s is not None and now_s - since_s >= options.force_s - 1e-9
    hard_n = options.grip_force_n if phase is Phase.GRIP else options.hard_force_n
    if size_n > hard_n:
        limit = f"{hard_n:.0f} N at once"
    elif lasted:
        limit = f"{options.force_n:.0f} N for {options.force_s:.2f} s"
    else:
        return state, None
    words = f"unexpected force of {size_n:.0f} N, {limit} are a collision"
    return state, stopping(StopCode.CONTACT, words)


def _watch_hands(
    state: SafetyState, robot: RobotState, human: HumanPose | None, phase: Phase, options: SafetyOptions
) -> tuple[SafetyState, SafetyVerdict | None]:
    """The wrists remembered, and which of them rushes at the robot."""
    if human is None or (state.hands and human.stamp_s <= state.hands[-1][0]):
        return state, None
    wrists = human.raw[[Keypoint.LEFT_WRIST, Keypoint.RIGHT_WRIST]]
    kept = [h for h in state.hands if human.stamp_s - h[0] <= 3.0 * options.hand_window_s]
    older = [h for h in kept if human.stamp_s - h[0] >= options.hand_window_s - 1e-9]
    state = replace(state, hands=(*kept, (human.stamp_s, wrists)))
    if not older:
        return state, None
    stamp_s, before = older[-1]
    ranges = to_robot(robot.arm.joints, np.array([wrists, before]))
    speeds = (ranges[1] - ranges[0]) / (human.stamp_s - stamp_s)
    for side, range_m, speed in zip(("left", "right"), ranges[0], speeds, strict=True):
        exempt = phase is Phase.HANDOVER and side == human.arm
        if not exempt and range_m < options.hand_range_m and speed > options.hand_speed_m_s:
            words = f"{side} hand comes at the robot with {speed:.1f} m/s, {range_m:.2f} m away"
            return state, stopping(StopCode.FAST_HAND, words)
    return state, None
