"""Where the arm will be a moment from now: along the motion it was sent, else as fast as it moves now."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hardware.gen3 import facts
from hardware.types import ArmState, FloatArray, Trajectory

LOOKS = 3
"""Poses ahead, evenly over the time looked ahead; at 0.5 m/s the tool goes 5 cm between two of them."""
OFF_WAY_RAD = 0.15
"""An arm farther off its motion than this (it follows to 0.09 rad or stops) is doing something else."""
EARLY_S = 0.1
"""An arm may be this much ahead of its motion's own time, never more: the same pose may come again later."""

SAME_RAD = 1e-3

_CONTINUOUS = np.array(facts.CONTINUOUS)


@dataclass(frozen=True)
class UnderWay:
    """A motion as it was sent, and when."""

    trajectory: Trajectory
    sent_s: float


def ahead(
    way: UnderWay | None, arm: ArmState, now_s: float, look_s: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """When (K,) in s from now, and the joints (K, 7) rad and their speeds (K, 7) rad/s then."""
    times_s = look_s * np.arange(1, LOOKS + 1) / LOOKS
    here_s = None if way is None else _place(way, arm.joints, now_s)
    if way is None or here_s is None:
        return times_s, arm.joints + times_s[:, None] * arm.velocities, np.tile(arm.velocities, (LOOKS, 1))
    samples = [way.trajectory.sample(here_s + float(time_s)) for time_s in times_s]
    return times_s, np.array([joints for joints, _ in samples]), np.array([speeds for _, speeds in samples])


def _place(way: UnderWay, joints: FloatArray, now_s: float) -> float | None:
    """How far (s) along its motion the arm is, by where it stands: a device may begin late or take longer."""
    trajectory = way.trajectory
    count = int(np.searchsorted(trajectory.times_s, now_s - way.sent_s + EARLY_S, side="right"))
    off = joints - trajectory.positions[: max(count, 1)]
    off -= np.where(_CONTINUOUS, 2.0 * np.pi * np.round(off / (2.0 * np.pi)), 0.0)
    largest = np.max(np.abs(off), axis=1)
    if largest.min() > OFF_WAY_RAD:
        return None
    # Where it stands for a while, as far on as its time says.
    return float(trajectory.times_s[np.flatnonzero(largest <= largest.min() + SAME_RAD)[-1]])
