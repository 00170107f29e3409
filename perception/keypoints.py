"""From 2-D keypoints and aligned depth to joints in metres.

Depth is read robustly (median of a window, near side for thin wrists), must be valid over enough of the
window, may not jump between frames unless it insists, and is pushed from the skin or cloth to the joint
inside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from hardware.geometry import inverse, transform
from hardware.types import FloatArray, RGBDFrame, readonly
from perception.options import TrackerOptions
from perception.types import Keypoint

COUNT = len(Keypoint)
WRISTS = (Keypoint.LEFT_WRIST, Keypoint.RIGHT_WRIST)
_PARTS = ("NOSE", "EYE", "EAR", "SHOULDER", "ELBOW", "WRIST", "HIP", "KNEE", "ANKLE")
_WIDTH_M = dict(zip(_PARTS, (0.05, 0.05, 0.05, 0.12, 0.09, 0.06, 0.14, 0.11, 0.08), strict=True))
_DEPTH_M = dict(zip(_PARTS, (0.0, 0.0, 0.0, 0.05, 0.035, 0.025, 0.08, 0.05, 0.035), strict=True))
"""Width of the limb at a keypoint, and how deep its joint lies below the surface the camera sees."""
NEAR_MODE_M = 0.12
"""A wrist's depth is taken among the readings this close to the nearest one in its window."""
_MIN_RADIUS_PX = 2
_MAX_RADIUS_PX = 12


@dataclass(frozen=True)
class Keypoints2D:
    """COCO-17 keypoints of one person in one picture: points (17, 3) of u, v in pixels and score 0..1."""

    points: FloatArray
    stamp_s: float
    source: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", readonly(self.points, (COUNT, 3)))


@runtime_checkable
class KeypointEstimator(Protocol):
    """Finds the person who asked in a picture."""

    name: str

    def estimate(self, frame: RGBDFrame) -> Keypoints2D | None:
        """The person's keypoints, or None (or HumanLost with the reason) when nobody is seen; may take
        seconds.
        """
        ...


def part_of(keypoint: Keypoint) -> str:
    """SHOULDER for LEFT_SHOULDER, and so on."""
    return keypoint.name.rsplit("_", 1)[-1]


def window_depth(
    frame: RGBDFrame, u: float, v: float, width_m: float, near: bool, options: TrackerOptions
) -> float | None:
    """The depth in metres at a keypoint, or None when too few readings of its window are valid.

    The window's radius is 0.15 limb widths (at least 2 px). `near` takes the 25th percentile of the
    readings within 0.12 m of the nearest, for limbs thinner than the window.
    """
    height, width = frame.depth_m.shape
    column, row = round(u), round(v)
    if not (0 <= column < width and 0 <= row < height):
        return None
    radius = _MIN_RADIUS_PX
    for _ in range(2):  # the window's size needs a depth, and the depth a window
        rows = slice(max(row - radius, 0), row + radius + 1)
        columns = slice(max(column - radius, 0), column + radius + 1)
        window = frame.depth_m[rows, columns].astype(np.float64).ravel()
        valid = window[(window > options.min_depth_m) & (window < options.max_depth_m)]
        if len(valid) < options.min_valid_share * len(window):
            return None
        if near:
            valid = valid[valid < np.percentile(valid, 5) + NEAR_MODE_M]
        depth = float(np.percentile(valid, 25 if near else 50))
        radius = int(np.clip(0.15 * width_m * frame.intrinsics.fx / depth, _MIN_RADIUS_PX, _MAX_RADIUS_PX))
    return depth


class JointLifter:
    """Lifts keypoints to joints in the base frame; remembers depths to refuse sudden jumps."""

    def __init__(self, options: TrackerOptions) -> None:
        self._options = options
        self._last = np.full((COUNT, 3), np.nan)
        self._jumps = np.zeros(COUNT, dtype=np.int64)

    def lift(self, keypoints: Keypoints2D, frame: RGBDFrame) -> FloatArray:
        """The joints (17, 3) in the base frame, NaN where score or depth do not allow one."""
        joints = np.full((COUNT, 3), np.nan)
        previous = transform(inverse(frame.base_from_camera), self._last)
        for keypoint in Keypoint:
            u, v, score = keypoints.points[keypoint]
            wrist = keypoint in WRISTS
            if not score >= (self._options.min_wrist_score if wrist else self._options.min_score):
                continue
            part = part_of(keypoint)
            depth = window_depth(frame, u, v, _WIDTH_M[part], wrist, self._options)
            if depth is None:
                continue
            ray = ray_at(frame, u, v)
            point = ray * (depth + _DEPTH_M[part] / np.linalg.norm(ray))
            if self._believed(keypoint, float(point[2] - previous[keypoint, 2])):
                joints[keypoint] = transform(frame.base_from_camera, point)
        self._last = np.where(np.isfinite(joints), joints, self._last)
        return joints

    def forget(self) -> None:
        """Start afresh, for another person."""
        self._last[:] = np.nan
        self._jumps[:] = 0

    def _believed(self, keypoint: Keypoint, change_m: float) -> bool:
        if abs(change_m) > self._options.max_jump_m:
            self._jumps[keypoint] += 1
            if self._jumps[keypoint] < self._options.jump_repeats:
                return False
        self._jumps[keypoint] = 0
        return True


def ray_at(frame: RGBDFrame, u: float, v: float) -> FloatArray:
    """The camera-frame direction (3,) with z = 1 through a pixel."""
    k = frame.intrinsics
    return np.array([(u - k.cx) / k.fx, (v - k.cy) / k.fy, 1.0])
