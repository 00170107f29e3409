"""Turns pictures the way people stand, in quarter turns, and what was found in them back.

A wrist camera sees people on their side or on their head; pose models know them standing. The camera's pose
says how the picture is turned. Points count pixel centres as whole numbers, boxes count pixel edges.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hardware.types import FloatArray

MIN_TILT = 0.3
"""Sine of the least angle between the camera's view and the vertical at which a picture has an up."""


def quarter_turns(base_from_camera: FloatArray) -> int:
    """How many quarter turns to the left make the picture of a camera (4, 4) upright: 0 to 3.

    0 for a camera that looks straight down or up.
    """
    x, y = -base_from_camera[2, :2]  # the base's down, along the picture's right and down
    if np.hypot(x, y) < MIN_TILT:
        return 0
    # From down along -x, a quarter turn to the left brings it to +y.
    return round(float(np.arctan2(-x, y)) / (np.pi / 2)) % 4


def turned(rgb: NDArray[np.uint8], turns: int) -> NDArray[np.uint8]:
    """A picture (H, W, 3) after so many quarter turns to the left."""
    return np.ascontiguousarray(np.rot90(rgb, turns))


def points_back(points: FloatArray, turns: int, width: int, height: int) -> FloatArray:
    """Points (..., 2 or more: u, v, rest) of the turned picture in the original one, width x height."""
    return _back(points, turns, width - 1, height - 1)


def boxes_back(boxes: FloatArray, turns: int, width: int, height: int) -> FloatArray:
    """Boxes (N, 4) of the turned picture in the original one, width x height."""
    corners = _back(boxes.reshape(-1, 2, 2), turns, width, height)
    return np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)


def _back(points: FloatArray, turns: int, right: float, bottom: float) -> FloatArray:
    u, v = points[..., 0], points[..., 1]
    back = points.copy()
    if turns == 1:
        back[..., 0], back[..., 1] = right - v, u
    elif turns == 2:
        back[..., 0], back[..., 1] = right - u, bottom - v
    elif turns == 3:
        back[..., 0], back[..., 1] = v, bottom - u
    return back
