"""What a command must keep to before it is sent, whichever arm and gripper it goes to."""

from __future__ import annotations

import numpy as np

from hardware.errors import LimitViolation
from hardware.gen3 import facts
from hardware.gen3 import gripper as linkage
from hardware.types import FloatArray, Trajectory

START_TOLERANCE_RAD = 0.05
WIDTH_TOLERANCE_M = 0.001
MAX_FORCE_N = 235.0
"""Robotiq's data sheet: 20 to 235 N per pad."""


def match_turns(trajectory: Trajectory, joints: FloatArray) -> Trajectory:
    """The same motion, its continuous joints moved by whole turns to start where `joints` (7,) are."""
    turns = np.round((joints - trajectory.start) / (2.0 * np.pi)) * facts.CONTINUOUS
    return Trajectory(trajectory.times_s, trajectory.positions + 2.0 * np.pi * turns, trajectory.velocities)


def check_limits(trajectory: Trajectory, joints: FloatArray) -> None:
    """Raise LimitViolation unless the motion starts at `joints` (7,) and stays within speed and position
    limits.
    """
    for i, name in enumerate(facts.JOINT_NAMES):
        start = trajectory.start[i]
        if abs(start - joints[i]) > START_TOLERANCE_RAD:
            lower, upper = joints[i] - START_TOLERANCE_RAD, joints[i] + START_TOLERANCE_RAD
            raise LimitViolation(f"the trajectory's start of {name}", start, lower, upper, "rad")
        steps = np.diff(trajectory.positions[:, i]) / np.diff(trajectory.times_s)
        speed = max(np.max(np.abs(trajectory.velocities[:, i])), np.max(np.abs(steps)))
        limit = facts.VELOCITY_LIMITS[i]
        if speed > limit * 1.001:
            raise LimitViolation(f"the speed of {name}", speed, -limit, limit, "rad/s")
        lower, upper = facts.POSITION_LOWER[i], facts.POSITION_UPPER[i]
        for position in (np.min(trajectory.positions[:, i]), np.max(trajectory.positions[:, i])):
            if not lower - 1e-6 <= position <= upper + 1e-6:
                raise LimitViolation(f"the position of {name}", position, lower, upper, "rad")


def check_opening(width_m: float, force_n: float) -> None:
    """Raise LimitViolation unless the gripper can go to `width_m` with at most `force_n` per pad."""
    if not 0.0 <= width_m <= linkage.MAX_WIDTH_M + WIDTH_TOLERANCE_M:
        raise LimitViolation("the gripper's opening", width_m, 0.0, linkage.MAX_WIDTH_M, "m")
    if not 0.0 < force_n <= MAX_FORCE_N:
        raise LimitViolation("the gripper's force", force_n, 0.0, MAX_FORCE_N, "N")
