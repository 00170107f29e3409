"""Views of a board without pictures: exact geometry, then the errors of an arm and of a detector."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.spatial.transform import Rotation

from hardware.calibration.board import Board
from hardware.calibration.poses import dome, most_different
from hardware.calibration.views import Sighting, View, project
from hardware.geometry import inverse, pose, rotation_from_rpy, transform
from hardware.types import CameraIntrinsics, FloatArray

BOARD = Board(5, 7, 0.035, "4x4_50")
LENS = CameraIntrinsics(848, 480, 605.8, 605.8, 423.5, 239.5)
MOUNT = pose(rotation_from_rpy(0.03, -0.02, np.pi + 0.02), (0.003, 0.058, 0.035))
BASE_FROM_BOARD = pose(rotation_from_rpy(np.pi, 0.0, 0.3), (0.42, 0.0, -0.075))
PIXELS, ARM_M, ARM_DEG = 0.1, 0.001, 0.1


def cameras(count: int, rng: np.random.Generator) -> list[FloatArray]:
    """base_from_camera (4, 4) of poses that differ much."""
    poses = dome(BASE_FROM_BOARD, BOARD.corners, LENS, rng, 3 * count, np.array([1.0, 0.0, 0.0]))
    return [poses[i] for i in most_different(poses, count)]


def views(
    poses: Sequence[FloatArray],
    rng: np.random.Generator,
    pixels: float = PIXELS,
    arm_m: float = ARM_M,
    arm_deg: float = ARM_DEG,
) -> list[View]:
    """The board from each camera pose (4, 4): corners off by `pixels` each way, the flange by the arm's."""
    return [_view(base_from_camera, rng, pixels, arm_m, arm_deg) for base_from_camera in poses]


def _view(
    base_from_camera: FloatArray, rng: np.random.Generator, pixels: float, arm_m: float, arm_deg: float
) -> View:
    import cv2

    seen = project(transform(inverse(base_from_camera) @ BASE_FROM_BOARD, BOARD.corners), LENS)
    seen = seen + rng.normal(0.0, pixels, seen.shape)
    matrix = np.array([[LENS.fx, 0.0, LENS.cx], [0.0, LENS.fy, LENS.cy], [0.0, 0.0, 1.0]])
    _, turn, place = cv2.solvePnP(BOARD.corners, seen, matrix, None)
    camera_from_board = pose(cv2.Rodrigues(turn)[0], place.ravel())
    turned = Rotation.from_rotvec(np.radians(arm_deg) * rng.normal(size=3) / np.sqrt(3.0)).as_matrix()
    off = pose(turned, arm_m * rng.normal(size=3) / np.sqrt(3.0))
    base_from_flange = base_from_camera @ inverse(MOUNT) @ off
    return View(base_from_flange, Sighting(camera_from_board, BOARD.corners, seen, pixels))


def knocked(view: View, shift_m: float) -> View:
    """The view after somebody moved the board, or the arm's reading was wrong."""
    return View(pose(translation=(shift_m, shift_m / 2.0, 0.0)) @ view.base_from_flange, view.seen)
