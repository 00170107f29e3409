"""Finds the board in pictures: OpenCV's ChArUco corners, the median of several pictures, and its pose."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hardware.calibration.board import Board
from hardware.calibration.errors import Unclear
from hardware.calibration.views import Sighting, project
from hardware.geometry import pose, transform
from hardware.types import CameraIntrinsics, FloatArray, IntArray

MIN_CORNERS = 8
"""Fewer corners leave the board's tilt to chance."""
MAX_ERROR_PX = 0.5
"""A pose that fits its own corners worse than this comes of blur, a bent board or wrong intrinsics."""
PULLED_SPREADS = 4.0
"""A corner this many times farther off than the median (and than `MAX_ERROR_PX`) was pulled away ..."""
FITTING_SHARE = 0.8
"""... but at most a fifth of them: more, and it is not the corners that are wrong."""
SEEN_SHARE = 0.5
"""A corner counts when it was found in more than this share of the pictures."""
_SPREAD = 0.02
"""Corners whose second extent is less than this share of the first lie on one line."""


@dataclass(frozen=True)
class Corners:
    """Corner numbers (N,) and where they are in one picture (N, 2)."""

    numbers: IntArray
    pixels: FloatArray


class BoardDetector:
    """Finds one board in the pictures of one camera (rectified: no distortion)."""

    def __init__(self, board: Board, intrinsics: CameraIntrinsics) -> None:
        import cv2

        self._cv2 = cv2
        self._board, self._intrinsics = board, intrinsics
        self._detector = cv2.aruco.CharucoDetector(board.charuco)
        self._matrix = np.array(
            [[intrinsics.fx, 0.0, intrinsics.cx], [0.0, intrinsics.fy, intrinsics.cy], [0.0, 0.0, 1.0]]
        )

    def corners(self, rgb: NDArray[np.uint8]) -> Corners:
        """The board's corners in a picture (H, W, 3); none where it is not seen."""
        grey = self._cv2.cvtColor(np.ascontiguousarray(rgb), self._cv2.COLOR_RGB2GRAY)
        pixels, numbers, _, _ = self._detector.detectBoard(grey)
        if numbers is None or pixels is None:
            return Corners(np.empty(0, dtype=np.int64), np.empty((0, 2)))
        return Corners(numbers.ravel().astype(np.int64), pixels.reshape(-1, 2).astype(np.float64))

    def sighting(self, pictures: Sequence[NDArray[np.uint8]]) -> Sighting:
        """The board in pictures (H, W, 3) of one standing camera. Raises Unclear where too few corners are
        seen, or where they fit no pose to `MAX_ERROR_PX`.
        """
        found = median_corners([self.corners(rgb) for rgb in pictures])
        points = self._board.corners[found.numbers]
        if len(points) < MIN_CORNERS or _on_one_line(points):
            raise Unclear(f"{len(points)} corners are seen, {MIN_CORNERS} in two directions are needed")
        return self._posed(points, found.pixels)

    def _posed(self, points: FloatArray, pixels: FloatArray) -> Sighting:
        """The pose that fits the corners, less those that a shadow's edge or a finger pulled away."""
        least = max(MIN_CORNERS, math.ceil(FITTING_SHARE * len(points)))
        camera_from_board, off = self._fitted(points, pixels)
        fits = off < max(PULLED_SPREADS * float(np.median(off)), MAX_ERROR_PX)
        if not fits.all() and fits.sum() >= least and not _on_one_line(points[fits]):
            points, pixels = points[fits], pixels[fits]
            camera_from_board, off = self._fitted(points, pixels)
        error_px = float(np.sqrt(np.mean(off**2)))
        if error_px > MAX_ERROR_PX:
            raise Unclear(f"the corners fit their pose to {error_px:.2f} px, {MAX_ERROR_PX:g} are allowed")
        return Sighting(camera_from_board, points, pixels, error_px)

    def _fitted(self, points: FloatArray, pixels: FloatArray) -> tuple[FloatArray, FloatArray]:
        """camera_from_board (4, 4), and how far (N,) in px each corner is from where that puts it."""
        cv2 = self._cv2
        done, turn, place = cv2.solvePnP(points, pixels, self._matrix, None, flags=cv2.SOLVEPNP_IPPE)
        if not done:
            raise Unclear("no pose fits the corners")
        turn, place = cv2.solvePnPRefineLM(points, pixels, self._matrix, None, turn, place)
        camera_from_board = pose(cv2.Rodrigues(turn)[0], place.ravel())
        in_camera = transform(camera_from_board, points)
        if np.any(in_camera[:, 2] <= 0.0):
            raise Unclear("the corners fit a board behind the camera only")
        return camera_from_board, np.linalg.norm(project(in_camera, self._intrinsics) - pixels, axis=1)


def median_corners(found: Sequence[Corners]) -> Corners:
    """Each corner where it was in the median of the pictures that show it, if more than `SEEN_SHARE` do."""
    places: dict[int, list[FloatArray]] = {}
    for corners in found:
        for number, pixel in zip(corners.numbers, corners.pixels, strict=True):
            places.setdefault(int(number), []).append(pixel)
    kept = sorted(number for number, pixels in places.items() if len(pixels) > SEEN_SHARE * len(found))
    medians = [np.median(places[number], axis=0) for number in kept]
    return Corners(np.array(kept, dtype=np.int64), np.array(medians).reshape(-1, 2))


def _on_one_line(points: FloatArray) -> bool:
    spread = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
    return bool(spread[1] < _SPREAD * spread[0])
