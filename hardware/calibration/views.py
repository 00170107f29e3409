"""What one stop of the arm gives: where the flange was, and where the board's corners were in the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hardware.types import CameraIntrinsics, FloatArray, readonly


@dataclass(frozen=True)
class Sighting:
    """The board in one picture, or in the median of several.

    camera_from_board (4, 4); points (N, 3) corners in the board's frame, pixels (N, 2) where they were seen;
    error_px: root mean square distance between these and where camera_from_board puts them.
    """

    camera_from_board: FloatArray
    points: FloatArray
    pixels: FloatArray
    error_px: float

    def __post_init__(self) -> None:
        count = len(self.points)
        object.__setattr__(self, "camera_from_board", readonly(self.camera_from_board, (4, 4)))
        object.__setattr__(self, "points", readonly(self.points, (count, 3)))
        object.__setattr__(self, "pixels", readonly(self.pixels, (count, 2)))


@dataclass(frozen=True)
class View:
    """One stop: base_from_flange (4, 4) by forward kinematics, and the board as seen from there."""

    base_from_flange: FloatArray
    seen: Sighting

    def __post_init__(self) -> None:
        object.__setattr__(self, "base_from_flange", readonly(self.base_from_flange, (4, 4)))

    def base_from_board(self, flange_from_camera: FloatArray) -> FloatArray:
        """Where the board is (4, 4), if the camera is mounted so."""
        return self.base_from_flange @ flange_from_camera @ self.seen.camera_from_board


def project(camera_points: FloatArray, intrinsics: CameraIntrinsics) -> FloatArray:
    """Pixels (..., 2) of points (..., 3) in the camera's frame; whole numbers are pixel centres."""
    focal = np.array([intrinsics.fx, intrinsics.fy])
    centre = np.array([intrinsics.cx, intrinsics.cy])
    return camera_points[..., :2] / camera_points[..., 2:] * focal + centre
