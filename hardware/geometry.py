"""Rigid transforms as 4x4 matrices and the few vector helpers every layer needs (pure numpy)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from hardware.types import FloatArray


def pose(rotation: ArrayLike | None = None, translation: ArrayLike = (0.0, 0.0, 0.0)) -> FloatArray:
    """A 4x4 pose from a 3x3 rotation (identity when None) and a translation (3,) in metres."""
    result = np.eye(4)
    if rotation is not None:
        result[:3, :3] = rotation
    result[:3, 3] = translation
    return result


def inverse(a_from_b: FloatArray) -> FloatArray:
    """b_from_a of a rigid a_from_b; also for stacks (..., 4, 4)."""
    rotation = np.swapaxes(a_from_b[..., :3, :3], -1, -2)
    result = np.zeros_like(a_from_b)
    result[..., :3, :3] = rotation
    result[..., :3, 3] = -np.einsum("...ij,...j->...i", rotation, a_from_b[..., :3, 3])
    result[..., 3, 3] = 1.0
    return result


def transform(a_from_b: FloatArray, points_b: ArrayLike) -> FloatArray:
    """Points (..., 3) of frame b in frame a."""
    points = np.asarray(points_b, dtype=np.float64)
    return points @ a_from_b[:3, :3].T + a_from_b[:3, 3]


def rotation_about(axis: ArrayLike, angle_rad: float) -> FloatArray:
    """The 3x3 rotation by `angle_rad` about `axis` (3,), which need not be normalised (Rodrigues)."""
    x, y, z = unit(axis)
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.eye(3) + np.sin(angle_rad) * cross + (1.0 - np.cos(angle_rad)) * (cross @ cross)


def rotation_from_rpy(roll: float, pitch: float, yaw: float) -> FloatArray:
    """URDF convention: Rz(yaw) Ry(pitch) Rx(roll), radians."""
    return rotation_about((0, 0, 1), yaw) @ rotation_about((0, 1, 0), pitch) @ rotation_about((1, 0, 0), roll)


def unit(vector: ArrayLike) -> FloatArray:
    """`vector` scaled to length 1. Raises ValueError for a vector of no length."""
    v = np.asarray(vector, dtype=np.float64)
    length = np.linalg.norm(v)
    if length < 1e-12:
        raise ValueError("a vector of no length has no direction")
    return v / length


def lies_under(point: ArrayLike, other: ArrayLike) -> bool:
    """Whether `point` (3,) lies below `other` (3,) rather than beside it, z up: then it has no side."""
    way = np.subtract(point, other)
    return bool(-way[2] > np.hypot(way[0], way[1]))


def angle_between(a: ArrayLike, b: ArrayLike) -> float:
    """The angle between two vectors in [0, pi] rad."""
    return float(np.arccos(np.clip(np.dot(unit(a), unit(b)), -1.0, 1.0)))
