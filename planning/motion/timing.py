"""Makes a timed path gentle: tool speed capped near the person, jerk limited, at rest at both ends.

- Slows down only where a cap asks for it; the path itself stays, up to a smoothing of a tenth of a second.
- What comes out is measured: joint speed, acceleration and jerk, and the speed of tool, elbow and held
  object. As long as one exceeds its limit, the whole motion is stretched by that much.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hardware.gen3 import gripper
from hardware.geometry import transform
from hardware.types import FloatArray, Trajectory
from planning.distances import person_distance
from planning.motion.options import MotionOptions
from planning.robot_model import link_poses
from planning.types import PlanningScene

SUBSTEPS = 4
"""Inner samples per output sample."""
_MARGIN = 0.98
_ELBOW, _WRIST = 4, 6
_WINDOW_S = 0.15
"""Slowing down begins this long before the cap falls."""


@dataclass(frozen=True)
class SpeedLimits:
    """All speed limits of one motion; scale slows the tool caps, line_m_s is the cap of the TCP on a line."""

    scene: PlanningScene
    options: MotionOptions
    scale: float = 1.0
    line_m_s: float = np.inf

    def excess(self, positions: FloatArray, dt_s: float) -> FloatArray:
        """Speed at positions (N, 7), `dt_s` apart, as a multiple (N,) of what the tool caps allow."""
        points = tool_points(positions, self.scene)
        return self._excess(positions, np.linalg.norm(np.gradient(points, dt_s, axis=0), axis=-1))

    def _excess(self, positions: FloatArray, speeds: FloatArray) -> FloatArray:
        cap = self.scale * person_speed_cap(positions, self.scene, self.options)
        tcp = speeds[:, 0] / np.minimum(cap, self.scale * self.line_m_s)
        return np.maximum(np.max(speeds, axis=1) / cap, tcp)

    def least_time(self, positions: FloatArray) -> float:
        """Seconds along positions (N, 7) at the highest speeds allowed, as if acceleration were free."""
        steps = np.diff(positions, axis=0)
        joints = np.max(np.abs(steps) / self.options.joint_speed_rad_s, axis=1) / self.scale
        points = np.linalg.norm(np.diff(tool_points(positions, self.scene), axis=0), axis=-1)
        return float(np.sum(np.maximum(joints, self._excess(positions[1:], points))))


def person_speed_cap(positions: FloatArray, scene: PlanningScene, options: MotionOptions) -> FloatArray:
    """Allowed speed (N,) in m/s of the robot at positions (N, 7), by its distance to the person."""
    if not scene.person:
        return np.full(len(positions), options.unseen_speed_m_s)
    distance = person_distance(positions, scene.person, scene.held)
    return np.interp(distance, options.person_distance_m, options.person_speed_m_s)


def tool_points(positions: FloatArray, scene: PlanningScene) -> FloatArray:
    """Points (N, K, 3) whose speed counts: TCP, elbow, wrist, then the ends of the held object."""
    frames = link_poses(positions)
    width = scene.gripper_width_m if scene.held is None else scene.held.width_m
    in_tcp = [np.zeros(3)]
    for cuboid in () if scene.held is None else scene.held.cuboids:
        in_tcp += cuboid.axis[:2]
    in_flange = transform(gripper.flange_from_tcp(width), np.array(in_tcp))
    flange = frames[:, -1]
    tool = np.einsum("nij,kj->nki", flange[:, :3, :3], in_flange) + flange[:, None, :3, 3]
    joints = frames[:, [_ELBOW, _WRIST]][..., :3, 3]
    return np.concatenate([tool[:, :1], joints, tool[:, 1:]], axis=1)


def gentle(positions: FloatArray, limits: SpeedLimits) -> Trajectory:
    """A trajectory from positions (N, 7) taken `sample_time_s / SUBSTEPS` apart, from rest to rest."""
    options = limits.options
    dt = options.sample_time_s / SUBSTEPS
    stretch = _widen(np.maximum(limits.excess(positions, dt) / _MARGIN, 1.0), round(_WINDOW_S / dt))
    while True:  # ends: the slower the motion, the less it exceeds
        fine = _smooth(_stretched(positions, stretch), dt, options)
        worst = max(float(np.max(limits.excess(fine, dt))), _joint_excess(fine, dt, options))
        if worst <= 1.0:
            return _sampled(fine, options)
        stretch = stretch * (worst / _MARGIN)


def _widen(factor: FloatArray, window: int) -> FloatArray:
    """The largest factor within `window` samples on either side, averaged so that it changes smoothly."""
    padded = np.pad(factor, 2 * window, mode="edge")
    size = 2 * window + 1
    largest = np.lib.stride_tricks.sliding_window_view(padded, size).max(axis=-1)
    return np.convolve(largest, np.full(size, 1.0 / size), mode="valid")


def _stretched(positions: FloatArray, stretch: FloatArray) -> FloatArray:
    """Positions resampled evenly after each step took `stretch` times as long; the end is kept exactly."""
    times = np.concatenate([[0.0], np.cumsum((stretch[1:] + stretch[:-1]) / 2.0)])
    even = np.arange(int(np.ceil(times[-1])) + 1)
    return np.stack([np.interp(even, times, column) for column in positions.T], axis=-1)


def _smooth(positions: FloatArray, dt: float, options: MotionOptions) -> FloatArray:
    """Two moving averages: the first limits jerk (an acceleration turns round within it), the second rounds
    it.
    """
    acceleration, jerk = np.array(options.joint_acceleration_rad_s2), np.array(options.joint_jerk_rad_s3)
    first = max(2, round(float(np.max(2.0 * acceleration / jerk)) / dt))
    for count in (first, max(2, first // 4)):
        padded = np.concatenate(
            [np.repeat(positions[:1], count, 0), positions, np.repeat(positions[-1:], count, 0)]
        )
        sums = np.cumsum(padded, axis=0)
        positions = (sums[count:] - sums[:-count]) / count
        positions[0], positions[-1] = padded[0], padded[-1]
    return positions


def _joint_excess(positions: FloatArray, dt: float, options: MotionOptions) -> float:
    """The factor by which time must be stretched to keep joint speed, acceleration and jerk."""
    speed = np.diff(positions, axis=0) / dt
    acceleration = np.diff(speed, axis=0) / dt
    jerk = np.diff(acceleration, axis=0) / dt
    return max(
        float(np.max(np.abs(speed) / options.joint_speed_rad_s)),
        float(np.max(np.abs(acceleration) / options.joint_acceleration_rad_s2)) ** (1 / 2),
        float(np.max(np.abs(jerk) / options.joint_jerk_rad_s3)) ** (1 / 3),
    )


def _sampled(fine: FloatArray, options: MotionOptions) -> Trajectory:
    """Every `SUBSTEPS`-th sample, ending with the last one at rest."""
    extra = -(len(fine) - 1) % SUBSTEPS
    fine = np.concatenate([fine, np.repeat(fine[-1:], extra, axis=0)])
    velocities: FloatArray = np.zeros_like(fine)
    velocities[1:-1] = (fine[2:] - fine[:-2]) / (2.0 * options.sample_time_s / SUBSTEPS)
    times = options.sample_time_s * np.arange((len(fine) - 1) // SUBSTEPS + 1, dtype=np.float64)
    return Trajectory(times, fine[::SUBSTEPS], velocities[::SUBSTEPS])


def resting(joints: FloatArray, options: MotionOptions) -> Trajectory:
    """The motion of an arm that is already there: one sample time at rest."""
    return Trajectory(np.array([0.0, options.sample_time_s]), np.array([joints, joints]), np.zeros((2, 7)))
