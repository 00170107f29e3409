"""Straight lines of the TCP as dense joint poses that stay on one branch."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from hardware.gen3 import gripper
from hardware.geometry import inverse, pose
from hardware.types import FloatArray
from planning.errors import Unreachable
from planning.motion.inverse_kinematics import POSITION_TOLERANCE_M, ROTATION_TOLERANCE_RAD, refine
from planning.motion.options import MotionOptions
from planning.robot_model import tcp_pose, within_limits
from planning.types import ToolGoal

_TURN_STEP_RAD = 0.05
_JUMP_RAD = 0.25
"""More than this between neighbours is another branch, or a singular pose passed too fast."""


def line_joints(start: FloatArray, goal: ToolGoal, options: MotionOptions, words: str) -> FloatArray:
    """Joints (N, 7) from `start` (7,), TCP position and orientation interpolated to the goal.

    Raises Unreachable with how far the line goes.
    """
    first = tcp_pose(start, goal.width_m)
    last = goal.base_from_tcp
    turn = Rotation.from_matrix(first[:3, :3].T @ last[:3, :3]).as_rotvec()
    length = float(np.linalg.norm(last[:3, 3] - first[:3, 3]))
    steps = max(length / options.line_step_m, float(np.linalg.norm(turn)) / _TURN_STEP_RAD)
    count = max(2, int(np.ceil(steps)) + 1)
    tcp_from_flange = inverse(gripper.flange_from_tcp(goal.width_m))
    joints = [np.asarray(start, dtype=np.float64)]
    for share in np.linspace(0.0, 1.0, count)[1:]:
        rotation = first[:3, :3] @ Rotation.from_rotvec(share * turn).as_matrix()
        tcp = pose(rotation, first[:3, 3] + share * (last[:3, 3] - first[:3, 3]))
        step, error_m, error_rad = refine(joints[-1][None], tcp @ tcp_from_flange)
        done = f"the straight line ends at {1e3 * share * length:.0f} of {1e3 * length:.0f} mm"
        if error_m[0] > POSITION_TOLERANCE_M or error_rad[0] > ROTATION_TOLERANCE_RAD:
            raise Unreachable(
                words, f"{done}, out of the arm's reach", float(error_m[0]), float(error_rad[0])
            )
        if not within_limits(step[0]):
            raise Unreachable(words, f"{done}, at a joint limit")
        if np.max(np.abs(step[0] - joints[-1])) > _JUMP_RAD:
            raise Unreachable(words, f"{done}, at a pose where the arm would have to swing round")
        joints.append(step[0])
    return np.array(joints)
