"""The last step to the hand-eye transform: corners back-projected into every picture, all at once.

Pixels are weighted by what the arm's own inaccuracy does to them: a millimetre or a tenth of a degree at the
flange moves the whole board by a pixel or more, far beyond the detector's noise. On poses with such errors
(20, tilted by 25 to 40 degrees) that gives 0.3 mm, PARK 0.4 mm, and pixels that all weigh the same 1.3 mm.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from hardware.calibration.views import View, project
from hardware.geometry import inverse, pose, transform
from hardware.types import CameraIntrinsics, FloatArray

PIXEL_NOISE = 0.2
"""Standard deviation in px of a corner in the median of several pictures."""
ARM_NOISE = np.repeat((np.radians(0.1), 0.001), 3)
"""The same of the flange's pose, about (rad) and along (m) each of its axes: what a calibrated arm keeps."""
MOST_STEPS = 50
"""A start as near as a closed form's takes five."""
_STEP = 1e-5
_BEHIND_M = 0.01


def refine(
    views: Sequence[View],
    intrinsics: CameraIntrinsics,
    flange_from_camera: FloatArray,
    base_from_board: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """flange_from_camera and base_from_board (4, 4) each, near the given ones, that put the board's corners
    where they were seen: generalised least squares over both poses.
    """
    whiten = [_whitening(view, intrinsics, flange_from_camera, base_from_board) for view in views]

    def residuals(change: FloatArray) -> FloatArray:
        camera, board = _moved(flange_from_camera, change[:6]), _moved(base_from_board, change[6:])
        off = [
            solve_triangular(lower, _off(view, view.base_from_flange, intrinsics, camera, board), lower=True)
            for view, lower in zip(views, whiten, strict=True)
        ]
        return np.concatenate(off)

    # Radians and metres are of one size here: a tenth of either is a large change.
    found = least_squares(residuals, np.zeros(12), max_nfev=MOST_STEPS)
    return _moved(flange_from_camera, found.x[:6]), _moved(base_from_board, found.x[6:])


def mean_pose(poses: Sequence[FloatArray], middle: FloatArray) -> FloatArray:
    """The pose (4, 4) in the midst of several of one board: mean rotation, `middle` (3,) at the median."""
    stack = np.asarray(poses)
    rotation = Rotation.from_matrix(stack[:, :3, :3]).mean().as_matrix()
    place = np.median(stack[:, :3, :3] @ middle + stack[:, :3, 3], axis=0)
    return pose(rotation, place - rotation @ middle)


def _off(
    view: View,
    base_from_flange: FloatArray,
    intrinsics: CameraIntrinsics,
    flange_from_camera: FloatArray,
    base_from_board: FloatArray,
) -> FloatArray:
    """How far (2 N,) in px the view's corners would be from where they were seen."""
    points = transform(inverse(base_from_flange @ flange_from_camera) @ base_from_board, view.seen.points)
    # A step that puts the board behind the camera must not be worth anything.
    points[:, 2] = np.maximum(points[:, 2], _BEHIND_M)
    return np.ravel(project(points, intrinsics) - view.seen.pixels)


def _whitening(
    view: View, intrinsics: CameraIntrinsics, flange_from_camera: FloatArray, base_from_board: FloatArray
) -> FloatArray:
    """The lower Cholesky factor (2 N, 2 N) of the corners' covariance: the detector's noise and the arm's."""

    def off(change: FloatArray) -> FloatArray:
        flange = view.base_from_flange @ pose(Rotation.from_rotvec(change[:3]).as_matrix(), change[3:])
        return _off(view, flange, intrinsics, flange_from_camera, base_from_board)

    steps = _STEP * np.eye(6)
    jacobian = np.column_stack([(off(step) - off(-step)) / (2.0 * _STEP) for step in steps])
    moved = jacobian * ARM_NOISE
    return np.asarray(cholesky(PIXEL_NOISE**2 * np.eye(len(moved)) + moved @ moved.T, lower=True))


def _moved(matrix: FloatArray, change: FloatArray) -> FloatArray:
    """`matrix` turned by the rotation vector change[:3] about its own origin, and moved by change[3:]."""
    turned = Rotation.from_rotvec(change[:3]).as_matrix() @ matrix[:3, :3]
    return pose(turned, matrix[:3, 3] + change[3:])
