"""What the joint servos are told at each physics step: a trajectory, a brake ramp or standing still."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hardware.gen3.facts import ACCELERATION_LIMITS
from hardware.types import FloatArray, Trajectory


@dataclass
class Course:
    """Reference positions (N, 7) rad and velocities (N, 7) rad/s per physics step; the last row is held."""

    positions: FloatArray
    velocities: FloatArray
    index: int = 0

    @property
    def finished(self) -> bool:
        """True once the last row is the one in force."""
        return self.index >= len(self.positions) - 1

    @property
    def position(self) -> FloatArray:
        """The reference now (7,) rad."""
        return self.positions[self.index]

    @property
    def velocity(self) -> FloatArray:
        """The reference velocity now (7,) rad/s."""
        return self.velocities[self.index]


def hold(joints: FloatArray) -> Course:
    """Stand still at `joints` (7,) rad."""
    return Course(joints[None, :].copy(), np.zeros((1, len(joints))))


def along(trajectory: Trajectory, present: FloatArray, timestep_s: float, blend_s: float = 0.3) -> Course:
    """Follow `trajectory` (turns already matched) from the present reference (7,).

    What separates the present reference from the trajectory's start fades out smoothly within `blend_s`, so
    that the servos never see a step.
    """
    count = max(1, int(np.ceil(trajectory.duration_s / timestep_s - 1e-9)))
    times_s = np.minimum(np.arange(count + 1) * timestep_s, trajectory.duration_s)
    positions = _interpolate(times_s, trajectory.times_s, trajectory.positions)
    velocities = _interpolate(times_s, trajectory.times_s, trajectory.velocities)
    share = np.clip(times_s / min(blend_s, trajectory.duration_s), 0.0, 1.0)
    fade = 1.0 - share**2 * (3.0 - 2.0 * share)
    positions += fade[:, None] * (present - trajectory.start)
    return Course(positions, velocities)


def brake(course: Course, timestep_s: float) -> Course:
    """Come to rest from where `course` is, all joints together, as fast as the acceleration limits allow.

    Duration at full joint speed: 0.27 s. The joints keep their direction, so the path stays the one that was
    planned until it ends.
    """
    speed = course.velocity
    duration_s = float(np.max(np.abs(speed) / ACCELERATION_LIMITS))
    if duration_s < timestep_s:
        return hold(course.position)
    times_s = np.arange(int(np.ceil(duration_s / timestep_s)) + 1) * timestep_s
    left = np.clip(1.0 - times_s / duration_s, 0.0, 1.0)
    travel_s = duration_s / 2.0 * (1.0 - left**2)
    return Course(course.position + travel_s[:, None] * speed, left[:, None] * speed)


def _interpolate(times_s: FloatArray, sample_s: FloatArray, samples: FloatArray) -> FloatArray:
    return np.column_stack([np.interp(times_s, sample_s, column) for column in samples.T])
