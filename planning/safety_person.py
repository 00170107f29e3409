"""Whether the robot comes too near to the person, now or in a moment; and whether a hand rushes at it.

Near is judged by what the robot is about to do: by its pose now, and by those ahead on its way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from hardware.types import FloatArray
from perception.types import HumanPose, Keypoint
from planning.nearness import NOBODY, Distances, Nearness, to_robot
from planning.options import SafetyOptions
from planning.safety_verdict import SafetyVerdict, StopCode, stopping
from planning.types import Phase

LEAVING = (Phase.RETREAT, Phase.RECOVER)
OWN_WAY_M = 0.01
"""The robot's own way leads closer where it gets nearer than it is by more than this."""
_HANDS = [Keypoint.LEFT_WRIST, Keypoint.RIGHT_WRIST]

Hands = tuple[tuple[float, FloatArray], ...]
"""Stamps and both wrists (2, 3) over the last moments."""


@dataclass(frozen=True)
class Keep:
    """A distance to keep: at_m (K,) at present and further on, before_m at the reading before; words say it
    with {part} and {m}.
    """

    at_m: FloatArray
    before_m: float
    keep_m: float
    words: str
    code: StopCode = StopCode.PERSON_NEAR


def too_near(
    near: Distances, times_s: FloatArray, before: Nearness | None, phase: Phase, options: SafetyOptions
) -> SafetyVerdict | None:
    """Why a robot that moves must not go on, or None.

    near: at present (index 0), and `times_s` (K,) from now. While it leaves, a person who follows is no
    reason to stop; its own way toward them is one in every phase.
    """
    for keep in _keeps(near, before or NOBODY, phase, options):
        now_m = float(keep.at_m[0])
        if phase not in LEAVING and now_m < keep.keep_m and now_m <= keep.before_m:
            return stopping(keep.code, _words(keep, near, 0))
        if (k := _leads_closer(keep)) is not None:
            return stopping(keep.code, f"in {times_s[k - 1]:.1f} s {_words(keep, near, k)}")
    return None


def leads_too_near(near: Distances, phase: Phase, options: SafetyOptions) -> str:
    """What is wrong with a way, given the distances along it (N,) with its start first; empty when nothing.

    The receiving arm does not count: it comes and goes, and is watched while the robot moves.
    """
    for keep in _keeps(near, NOBODY, phase, options):
        if keep.code is not StopCode.RECEIVER_NEAR and (k := _leads_closer(keep)) is not None:
            return _words(keep, near, k)
    return ""


def _keeps(near: Distances, before: Nearness, phase: Phase, options: SafetyOptions) -> Iterator[Keep]:
    yield Keep(near.body_m, before.body_m, options.stop_distance_m, "{part} {m:.2f} m from the robot")
    middle = "over the shoulders {m:.2f} m from the middle of the head"
    yield Keep(near.column_m, before.column_m, options.column_m, middle)
    held = "held object {m:.2f} m from the head"
    yield Keep(near.held_head_m, before.held_head_m, options.held_head_distance_m, held)
    if phase is not Phase.HANDOVER and phase not in LEAVING:
        receiver = "receiving arm {m:.2f} m from the robot"
        keep_m, code = options.receiving_stop_distance_m, StopCode.RECEIVER_NEAR
        yield Keep(near.receiving_m, before.receiving_m, keep_m, receiver, code)


def _leads_closer(keep: Keep) -> int | None:
    """The first pose at which the way has led closer than is kept, and closer than at present."""
    closer = (keep.at_m < keep.keep_m) & (keep.at_m < keep.at_m[0] - OWN_WAY_M)
    return int(np.argmax(closer)) if np.any(closer) else None


def _words(keep: Keep, near: Distances, k: int) -> str:
    said = keep.words.format(part=near.names[near.parts[k]], m=keep.at_m[k])
    return f"{said}, {keep.keep_m:.2f} m to keep"


def rushing_hand(
    hands: Hands, joints: FloatArray, human: HumanPose, phase: Phase, options: SafetyOptions
) -> tuple[Hands, SafetyVerdict | None]:
    """The wrists remembered, and which of them comes at the robot (joints (7,)) too fast."""
    if hands and human.stamp_s <= hands[-1][0]:
        return hands, None
    wrists = human.raw[_HANDS]
    kept = [h for h in hands if human.stamp_s - h[0] <= 3.0 * options.hand_window_s]
    older = [h for h in kept if human.stamp_s - h[0] >= options.hand_window_s - 1e-9]
    hands = (*kept, (human.stamp_s, wrists))
    if not older:
        return hands, None
    stamp_s, before = older[-1]
    ranges = to_robot(joints, np.array([wrists, before]))
    speeds = (ranges[1] - ranges[0]) / (human.stamp_s - stamp_s)
    for side, range_m, speed in zip(("left", "right"), ranges[0], speeds, strict=True):
        exempt = phase is Phase.HANDOVER and side == human.arm
        if not exempt and range_m < options.hand_range_m and speed > options.hand_speed_m_s:
            words = f"{side} hand comes at the robot with {speed:.1f} m/s, {range_m:.2f} m away"
            return hands, stopping(StopCode.FAST_HAND, words)
    return hands, None
