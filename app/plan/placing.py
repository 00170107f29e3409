"""Where a recording's camera stood, which it does not say.

The table is found first, as the largest plane near the object whatever its tilt; then the camera is placed
so that this plane is the configured table and the object lies at a chosen place on it, seen from the robot's
side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from app.errors import UsageError
from app.options import Config
from hardware.geometry import pose, unit
from hardware.types import BoolArray, FloatArray, RGBDFrame
from perception.pointcloud import Plane, fit_table, masked_points, voxel_downsample
from perception.types import Box

TABLE_VOXEL_M = 0.012
FARTHEST_TABLE_M = 2.0


def table_plane(frame: RGBDFrame, config: Config, rng: np.random.Generator, box: Box | None = None) -> Plane:
    """The largest plane around `box`, or in the picture's middle, in the camera frame, normal toward it.

    A floor beside the table may be larger than the table: so not the whole picture counts.
    Raises UsageError when the depth holds no plane.
    """
    in_camera = replace(frame, base_from_camera=np.eye(4))
    seen = masked_points(in_camera, _surroundings(frame, box), max_range_m=FARTHEST_TABLE_M)
    points = voxel_downsample(seen, TABLE_VOXEL_M)
    tolerance_m = config.perception.detector.plane_tolerance_m
    plane = fit_table(points, rng, tolerance_m=tolerance_m, up=(0.0, 0.0, -1.0), max_tilt_deg=89.0)
    if plane is None or np.sum(np.abs(plane.height(points)) < tolerance_m) < 100:
        raise UsageError(
            f"{frame.source}: no table is to be seen; a plane nearer than {FARTHEST_TABLE_M:g} m is needed"
        )
    if plane.offset_m < 0.0:
        plane = Plane(-plane.normal, -plane.offset_m)
    return plane


def _surroundings(frame: RGBDFrame, box: Box | None) -> BoolArray:
    """The pixels (H, W) up to a box' size (at least a tenth of the picture) around it; else the middle."""
    height, width = frame.depth_m.shape
    x0, y0, x1, y1 = box or (0.375 * width, 0.375 * height, 0.625 * width, 0.625 * height)
    across, down = max(x1 - x0, 0.1 * width), max(y1 - y0, 0.1 * height)
    mask = np.zeros((height, width), dtype=np.bool_)
    mask[max(round(y0 - down), 0) : round(y1 + down), max(round(x0 - across), 0) : round(x1 + across)] = True
    return mask


def placed(
    frame: RGBDFrame, plane: Plane, table_z_m: float, spot: FloatArray, place_xy: FloatArray
) -> RGBDFrame:
    """The frame with its camera where `plane` is level at `table_z_m` and `spot` (3,), a point in the camera
    frame, lies over `place_xy` (2,); up in the picture is away from the robot.
    """
    up = plane.normal
    away = -np.array([0.0, 1.0, 0.0])
    away = away - (away @ up) * up
    if np.linalg.norm(away) < 0.2:  # the camera looks along the table
        away = np.array([0.0, 0.0, 1.0]) - up[2] * up
    x = unit(away)
    rotation = np.stack([x, np.cross(up, x), up])
    at = rotation @ spot
    shift = np.array([place_xy[0] - at[0], place_xy[1] - at[1], table_z_m - float(-plane.offset_m)])
    return replace(frame, base_from_camera=pose(rotation, shift))


def box_of(values: Sequence[float] | None, frame: RGBDFrame) -> Box | None:
    """The box typed by the user. Raises UsageError when it is not inside the picture."""
    if values is None:
        return None
    x0, y0, x1, y1 = (float(value) for value in values)
    width, height = frame.intrinsics.width, frame.intrinsics.height
    if not (0.0 <= x0 < x1 <= width and 0.0 <= y0 < y1 <= height):
        raise UsageError(
            f"--box {x0:g} {y0:g} {x1:g} {y1:g} is no box in a picture of {width} x {height} pixels: "
            "left, top, right, bottom are needed, in pixels"
        )
    return x0, y0, x1, y1
