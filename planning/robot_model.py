"""The Gen3's kinematics in plain numpy: poses, Jacobians, link capsules, limits and turns of the joints.

All functions take joints (..., 7) in rad and broadcast over the leading axes, so a whole trajectory is one
call.
"""

from __future__ import annotations

import numpy as np

from hardware.gen3 import facts, gripper
from hardware.gen3.kinematics import LINK_NAMES, flange_pose, link_poses
from hardware.types import BoolArray, FloatArray, IntArray
from planning.types import Capsule

__all__ = [
    "capsule_segments",
    "flange_pose",
    "flange_pose_and_jacobian",
    "jacobian",
    "link_capsules",
    "link_poses",
    "nearest_turn",
    "tcp_pose",
    "within_limits",
]

_CONTINUOUS = np.array(facts.CONTINUOUS)

# Both fingers swept over the whole stroke, in the flange frame (facts of the published finger meshes).
_FINGERS = tuple(
    facts.CapsuleFacts(
        "end_effector_link", (sign * 0.0296, 0.0, 0.1369), (sign * 0.0393, 0.0, 0.0736), 0.0402
    )
    for sign in (1.0, -1.0)
)
_CAPSULES = (*facts.CAPSULES, facts.PALM_CAPSULE, *_FINGERS)
_CAPSULE_NAMES = (*(c.link for c in facts.CAPSULES), "palm", "right finger", "left finger")
_CAPSULE_FRAME: IntArray = np.array([LINK_NAMES.index(c.link) for c in _CAPSULES])
_CAPSULE_ENDS = np.array([(c.start, c.end) for c in _CAPSULES])
_CAPSULE_RADII = np.array([c.radius_m for c in _CAPSULES])


def tcp_pose(joints: FloatArray, width_m: float) -> FloatArray:
    """base_from_tcp (..., 4, 4) for fingers open by `width_m`."""
    return flange_pose(joints) @ gripper.flange_from_tcp(width_m)


def jacobian(
    joints: FloatArray, point: FloatArray | tuple[float, float, float] = (0.0, 0.0, 0.0)
) -> FloatArray:
    """Velocity of a point of the tool per joint velocity (..., 6, 7): m/rad above, rad/rad below, base frame.

    point (3,): fixed to the flange, in the flange frame.
    """
    frames = link_poses(joints)
    return _jacobian(frames, frames[..., -1, :3, :3] @ np.asarray(point) + frames[..., -1, :3, 3])


def _jacobian(frames: FloatArray, position: FloatArray) -> FloatArray:
    axes = frames[..., 1:8, :3, 2]
    arms = position[..., None, :] - frames[..., 1:8, :3, 3]
    return np.concatenate([np.swapaxes(np.cross(axes, arms), -1, -2), np.swapaxes(axes, -1, -2)], axis=-2)


def flange_pose_and_jacobian(joints: FloatArray) -> tuple[FloatArray, FloatArray]:
    """base_from_flange (..., 4, 4) and the flange's Jacobian (..., 6, 7) from one pass along the chain."""
    frames = link_poses(joints)
    return frames[..., -1, :, :], _jacobian(frames, frames[..., -1, :3, 3])


def capsule_segments(joints: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The axes of the arm's and gripper's capsules: starts and ends (..., 11, 3), base frame; radii as in
    `CAPSULE_RADII`.
    """
    frames = link_poses(joints)[..., _CAPSULE_FRAME, :, :]
    ends = np.einsum("...kij,ksj->...ksi", frames[..., :3, :3], _CAPSULE_ENDS) + frames[..., None, :3, 3]
    return ends[..., 0, :], ends[..., 1, :]


CAPSULE_RADII: FloatArray = _CAPSULE_RADII
"""Radii (11,) in m of the capsules of `capsule_segments`."""


def link_capsules(joints: FloatArray) -> tuple[Capsule, ...]:
    """The robot as capsules in the base frame at joints (7,): eight links, the palm, both fingers at any
    opening.
    """
    starts, ends = capsule_segments(joints)
    return tuple(
        Capsule(name, start, end, float(radius))
        for name, start, end, radius in zip(_CAPSULE_NAMES, starts, ends, _CAPSULE_RADII, strict=True)
    )


def nearest_turn(joints: FloatArray, near: FloatArray) -> FloatArray:
    """The same arm pose with every continuous joint within half a turn of `near`; other joints unchanged."""
    q = np.asarray(joints, dtype=np.float64)
    turns = np.round((np.asarray(near) - q) / (2.0 * np.pi))
    return q + np.where(_CONTINUOUS, 2.0 * np.pi * turns, 0.0)


def within_limits(joints: FloatArray, tolerance_rad: float = 0.0) -> BoolArray:
    """Whether joints (..., 7) keep the position limits -> (...,)."""
    q = np.asarray(joints)
    inside = (q >= facts.POSITION_LOWER - tolerance_rad) & (q <= facts.POSITION_UPPER + tolerance_rad)
    return np.all(inside, axis=-1)
