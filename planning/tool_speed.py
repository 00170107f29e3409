"""How fast the points of the robot move that a person would meet: TCP, elbow, wrist, ends of what is held."""

from __future__ import annotations

import numpy as np

from hardware.types import FloatArray
from planning.motion.timing import tool_points
from planning.types import HeldObject, PlanningScene

_H_S = 1e-3


def tool_speed(
    joints: FloatArray, velocities: FloatArray, held: HeldObject | None, gripper_width_m: float
) -> FloatArray:
    """Of the fastest point (N,) in m/s, at joints (N, 7) that move with velocities (N, 7) rad/s."""
    scene = PlanningScene(held=held, gripper_width_m=gripper_width_m)
    both = tool_points(np.concatenate([joints, joints + _H_S * velocities]), scene)
    here, later = np.split(both, 2)
    return np.asarray(np.max(np.linalg.norm(later - here, axis=-1), axis=-1) / _H_S)
