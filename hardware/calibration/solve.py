"""Where the camera sits on the flange, in closed form: all of OpenCV's hand-eye methods on the same views.

OpenCV speaks of "gripper" (here the flange), "target" (the board), and takes gripper-in-base and
target-in-camera poses; only this module translates.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.spatial.transform import Rotation

from hardware.calibration.errors import ParallelMotions, TooFewViews
from hardware.calibration.views import View
from hardware.geometry import inverse, pose
from hardware.types import FloatArray

METHODS = ("TSAI", "PARK", "HORAUD", "ANDREFF", "DANIILIDIS")
MIN_VIEWS = 3
"""Two motions."""
MIN_SECOND_AXIS_DEG = 5.0
"""The flange must turn this much (root mean square) about a second axis too."""
FARTHEST_M = 0.5
"""No camera on a wrist is farther from the flange; a method that says so has failed."""


def second_axis_deg(views: Sequence[View]) -> float:
    """How much the flange turned about all but its main axis, root mean square over the pairs of views."""
    poses = np.array([view.base_from_flange for view in views])[:, :3, :3]
    first, second = np.triu_indices(len(poses), 1)
    turns = Rotation.from_matrix(np.swapaxes(poses[first], 1, 2) @ poses[second]).as_rotvec()
    spread = np.linalg.eigvalsh(turns.T @ turns / max(len(turns), 1))
    return float(np.degrees(np.sqrt(max(spread[1], 0.0))))


def check_motions(views: Sequence[View]) -> None:
    """Raises TooFewViews or ParallelMotions where no method can find the camera."""
    if len(views) < MIN_VIEWS:
        raise TooFewViews(len(views), MIN_VIEWS)
    if (turned_deg := second_axis_deg(views)) < MIN_SECOND_AXIS_DEG:
        raise ParallelMotions(turned_deg, MIN_SECOND_AXIS_DEG)


def closed_form(views: Sequence[View], methods: Sequence[str] = METHODS) -> dict[str, FloatArray | None]:
    """flange_from_camera (4, 4) by each method; None where it gives no rigid transform (NaN, mirrored, far
    off). Raises TooFewViews, ParallelMotions.
    """
    check_motions(views)
    return {method: _solve(views, method) for method in methods}


def _solve(views: Sequence[View], method: str) -> FloatArray | None:
    import cv2

    base_from_flange = [view.base_from_flange for view in views]
    camera_from_board = [view.seen.camera_from_board for view in views]
    try:
        rotation, translation = cv2.calibrateHandEye(
            [matrix[:3, :3] for matrix in base_from_flange],
            [matrix[:3, 3] for matrix in base_from_flange],
            [matrix[:3, :3] for matrix in camera_from_board],
            [matrix[:3, 3] for matrix in camera_from_board],
            method=getattr(cv2, f"CALIB_HAND_EYE_{method}"),
        )
    except cv2.error:  # some methods assert on what they cannot use
        return None
    flange_from_camera = pose(rotation, np.ravel(translation))
    return flange_from_camera if _plausible(flange_from_camera) else None


def _plausible(matrix: FloatArray) -> bool:
    if not np.all(np.isfinite(matrix)):
        return False
    rotation = matrix[:3, :3]
    rigid = np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-3) and np.linalg.det(rotation) > 0.0
    return bool(rigid and np.linalg.norm(matrix[:3, 3]) < FARTHEST_M)


def apart(a: FloatArray, b: FloatArray) -> tuple[float, float]:
    """How far two poses of the same thing are apart: metres between the origins, degrees of rotation."""
    change = inverse(a) @ b
    turn = Rotation.from_matrix(change[:3, :3]).magnitude()
    return float(np.linalg.norm(change[:3, 3])), float(np.degrees(turn))
