"""Distances between capsules and from a robot to a person, for single poses and whole trajectories."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hardware.gen3 import gripper
from hardware.types import BoolArray, FloatArray, Trajectory
from planning.robot_model import CAPSULE_RADII, capsule_segments, flange_pose
from planning.types import Capsule, HeldObject, PlanningScene


def segment_distance(a0: FloatArray, a1: FloatArray, b0: FloatArray, b1: FloatArray) -> FloatArray:
    """Shortest distance between segments a0-a1 and b0-b1, each (..., 3), broadcasting -> (...,) in m.

    Closest points of two lines, clamped to the segments (Ericson, Real-Time Collision Detection, 5.1.9).
    """
    a, b, r = a1 - a0, b1 - b0, a0 - b0
    aa, bb = np.maximum(np.sum(a * a, -1), 1e-12), np.maximum(np.sum(b * b, -1), 1e-12)
    ab, ar, br = np.sum(a * b, -1), np.sum(a * r, -1), np.sum(b * r, -1)
    s = np.clip((ab * br - ar * bb) / np.maximum(aa * bb - ab * ab, 1e-12), 0.0, 1.0)
    t = np.clip((ab * s + br) / bb, 0.0, 1.0)
    s = np.clip((ab * t - ar) / aa, 0.0, 1.0)
    return np.linalg.norm(r + s[..., None] * a - t[..., None] * b, axis=-1)


def above(a: FloatArray, b: FloatArray, height_m: float) -> tuple[FloatArray, FloatArray, BoolArray]:
    """What of segments a-b, each (..., 3), is not below a height: new ends (..., 3), and which (...,) have
    anything there.
    """
    rise = b[..., 2] - a[..., 2]
    share = np.clip((height_m - a[..., 2]) / np.where(np.abs(rise) < 1e-9, 1e-9, rise), 0.0, 1.0)
    cut = a + share[..., None] * (b - a)
    start = np.where(a[..., 2:] < height_m, cut, a)
    end = np.where(b[..., 2:] < height_m, cut, b)
    return start, end, np.maximum(a[..., 2], b[..., 2]) >= height_m


def robot_segments(joints: FloatArray, held: HeldObject | None) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Arm, gripper and held object as capsules at joints (N, 7): starts, ends (N, K, 3) and radii (K,)."""
    starts, ends = capsule_segments(joints)
    if held is None or not held.cuboids:
        return starts, ends, CAPSULE_RADII
    tool = flange_pose(joints) @ gripper.flange_from_tcp(held.width_m)
    axes = [cuboid.axis for cuboid in held.cuboids]
    first, last = (np.array([axis[i] for axis in axes]) for i in (0, 1))
    in_base = [
        np.einsum("nij,kj->nki", tool[:, :3, :3], ends) + tool[:, None, :3, 3] for ends in (first, last)
    ]
    radii = np.concatenate([CAPSULE_RADII, [axis[2] for axis in axes]])
    return np.concatenate([starts, in_base[0]], 1), np.concatenate([ends, in_base[1]], 1), radii


def person_distance(
    joints: FloatArray, person: Sequence[Capsule], held: HeldObject | None = None
) -> FloatArray:
    """Distance (N,) in m from the robot at joints (N, 7) to the person's body, margins left out; inf without
    one.
    """
    if not person:
        return np.full(len(joints), np.inf)
    starts, ends, radii = robot_segments(joints, held)
    body0, body1 = np.array([c.start for c in person]), np.array([c.end for c in person])
    body_radii = np.array([c.radius_m - c.margin_m for c in person])
    gaps = segment_distance(starts[:, :, None], ends[:, :, None], body0, body1) - radii[:, None] - body_radii
    return np.asarray(gaps.min(axis=(1, 2)))


def seconds_near(way: Trajectory, scene: PlanningScene, distance_m: float) -> float:
    """How long the robot moves on end within `distance_m` of the person's body; a halt begins anew, and what
    may be touched is left out.
    """
    body = [part for part in scene.person if part.name not in scene.allow_contact]
    near = person_distance(way.positions, body)[1:] < distance_m
    moves = np.any(np.diff(way.positions, axis=0) != 0.0, axis=1)
    longest_s = on_end_s = 0.0
    for step_s, counts in zip(np.diff(way.times_s), near & moves, strict=True):
        on_end_s = on_end_s + step_s if counts else 0.0
        longest_s = max(longest_s, on_end_s)
    return float(longest_s)
