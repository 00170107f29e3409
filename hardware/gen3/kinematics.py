"""Where the Gen3's links are for given joints: forward kinematics in plain numpy.

All functions take joints (..., 7) in rad and broadcast over the leading axes, so a whole trajectory is one
call.
"""

from __future__ import annotations

import numpy as np

from hardware.gen3 import facts
from hardware.geometry import pose, rotation_from_rpy
from hardware.types import FloatArray

FK_MODEL = "hardware.gen3 (Kinova's gen3_macro.xacro, ros2_kortex 1fdbef345954)"
"""Names this kinematics, for what was measured with it."""
LINK_NAMES: tuple[str, ...] = ("base_link", *(j.child for j in facts.JOINTS), "end_effector_link")

_ORIGINS = np.array([pose(rotation_from_rpy(*j.origin_rpy), j.origin_xyz) for j in facts.JOINTS])
_FLANGE = pose(rotation_from_rpy(*facts.FLANGE_ORIGIN_RPY), facts.FLANGE_ORIGIN_XYZ)


def link_poses(joints: FloatArray) -> FloatArray:
    """base_from_link (..., 9, 4, 4) of `LINK_NAMES`: the base, the seven moving links, the flange."""
    q = np.asarray(joints, dtype=np.float64)
    turns = np.zeros((*q.shape, 4, 4))
    cosine, sine = np.cos(q), np.sin(q)
    turns[..., 0, 0], turns[..., 0, 1] = cosine, -sine
    turns[..., 1, 0], turns[..., 1, 1] = sine, cosine
    turns[..., 2, 2] = turns[..., 3, 3] = 1.0
    steps = _ORIGINS @ turns
    result = np.empty((*q.shape[:-1], len(LINK_NAMES), 4, 4))
    result[..., 0, :, :] = np.eye(4)
    for i in range(q.shape[-1]):
        result[..., i + 1, :, :] = result[..., i, :, :] @ steps[..., i, :, :]
    result[..., -1, :, :] = result[..., -2, :, :] @ _FLANGE
    return result


def flange_pose(joints: FloatArray) -> FloatArray:
    """base_from_end_effector_link (..., 4, 4); facts: Kinova's gen3 description."""
    return link_poses(joints)[..., -1, :, :]
