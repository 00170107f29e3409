"""Whether the gripper, open and closing, has room at a grasp: sampled against a height map of the scene."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hardware.gen3 import gripper
from hardware.types import BoolArray, FloatArray

_CELL_M = 0.004
_TABLE_NOISE_M = 0.006
"""Points lower than this over the table are the table."""
_TOLERANCE_M = 0.002
_SIDE_ROOM_M = 0.006
"""Nearer to the pads than this the height map, of 4 mm cells, cannot tell part from neighbour."""
_FINGER_M = 0.050
"""Length of a finger's straight end; above it the knuckles spread."""
_KNUCKLE_HALF_M, _KNUCKLE_GAP_M, _KNUCKLE_TOP_M = 0.080, 0.060, 0.095
_PALM_RADIUS_M, _PALM_M = 0.045, 0.100
"""The palm begins this far behind the fingertips."""
_PAD_HALF_M = gripper.PAD_WIDTH_M / 2.0
_CHUNK = 64


@dataclass(frozen=True)
class HeightMap:
    """The highest point (I, J) of each cell, -inf where nothing was seen; `corner` (2,) is its least x and y.

    Everything below the highest point seen counts as solid: that stands in for the side no view shows.
    """

    heights: FloatArray
    corner: FloatArray

    @classmethod
    def of(cls, object_points: FloatArray, scene_points: FloatArray, table_z_m: float) -> HeightMap:
        """From the object's (N, 3) and the scene's (M, 3) points, within a gripper's reach of the object."""
        reach = 0.15
        low, high = object_points[:, :2].min(axis=0) - reach, object_points[:, :2].max(axis=0) + reach
        points = np.concatenate([object_points, np.reshape(scene_points, (-1, 3))])
        inside = np.all((points[:, :2] > low) & (points[:, :2] < high), axis=1)
        points = points[inside & (points[:, 2] > table_z_m + _TABLE_NOISE_M)]
        low = low - _CELL_M
        heights = np.full(np.ceil((high - low) / _CELL_M).astype(int) + 2, -np.inf)
        cells = np.floor((points[:, :2] - low) / _CELL_M).astype(np.int64)
        np.maximum.at(heights, (cells[:, 0], cells[:, 1]), points[:, 2])
        return cls(heights, low)

    def at(self, points: FloatArray) -> FloatArray:
        """The height (...,) of the cell that each point (..., 3) stands in; -inf outside the map."""
        rows, columns = self.heights.shape
        i = ((points[..., 0] - self.corner[0]) / _CELL_M).astype(np.int64)
        j = ((points[..., 1] - self.corner[1]) / _CELL_M).astype(np.int64)
        # The outermost cells are empty by construction: what falls outside the map reads one of them.
        flat = np.clip(i, 0, rows - 1) * columns + np.clip(j, 0, columns - 1)
        return np.asarray(self.heights.ravel()[flat])


def gripper_fits(
    axes: FloatArray, origin: FloatArray, width_m: FloatArray, height_map: HeightMap
) -> BoolArray:
    """Which grasps (C,) keep palm, knuckles and the fingers' way from open to contact out of all solid.

    axes (C, 3, 3) and origin (C, 3) of the TCP in the base frame, width_m (C,) at contact.
    """
    fits = np.ones(len(origin), dtype=np.bool_)
    for i in range(0, len(origin), _CHUNK):
        part = slice(i, i + _CHUNK)
        local = _gripper_samples(width_m[part])
        points = local @ np.swapaxes(axes[part], 1, 2) + origin[part, None, :]
        fits[part] = np.all(height_map.at(points) <= points[..., 2] + _TOLERANCE_M, axis=1)
    return fits


def _gripper_samples(width_m: FloatArray) -> FloatArray:
    """Points (C, K, 3) in the TCP frame: the fingers' swept way beside the part, then knuckles and palm."""
    outer = gripper.MAX_WIDTH_M / 2.0 + gripper.FINGER_THICKNESS_M
    inner = np.minimum(width_m / 2.0 + _SIDE_ROOM_M, outer - gripper.FINGER_THICKNESS_M + _SIDE_ROOM_M)
    share, v, w = _grid((0.0, 1.0, 9), (-_PAD_HALF_M, _PAD_HALF_M, 5), (-_FINGER_M, 0.0, 7))
    u = inner[:, None] + share * (outer - inner)[:, None]
    fingers = [
        np.stack([side * u, np.broadcast_to(v, u.shape), np.broadcast_to(w, u.shape)], axis=-1)
        for side in (1.0, -1.0)
    ]
    behind = np.broadcast_to(_BEHIND, (len(width_m), *_BEHIND.shape))
    return np.concatenate([*fingers, behind], axis=1)


def _grid(*axes: tuple[float, float, int]) -> FloatArray:
    """Points (3, K) that fill a box: least, greatest and number of samples along each axis."""
    return np.stack(np.meshgrid(*(np.linspace(*axis) for axis in axes), indexing="ij")).reshape(3, -1)


def _behind_the_fingers() -> FloatArray:
    """Points (K, 3) of the knuckles, which leave the middle free, and of the palm's face, TCP frame."""
    knuckles = _grid(
        (-_KNUCKLE_HALF_M, _KNUCKLE_HALF_M, 17),
        (-_PAD_HALF_M, _PAD_HALF_M, 4),
        (-_KNUCKLE_TOP_M, -_FINGER_M, 5),
    )
    palm = _grid(
        (-_PALM_RADIUS_M, _PALM_RADIUS_M, 13), (-_PALM_RADIUS_M, _PALM_RADIUS_M, 13), (-_PALM_M, -_PALM_M, 1)
    )
    knuckles = knuckles[:, np.abs(knuckles[0]) > _KNUCKLE_GAP_M / 2]
    palm = palm[:, np.hypot(palm[0], palm[1]) <= _PALM_RADIUS_M]
    return np.concatenate([knuckles, palm], axis=1).T


_BEHIND = _behind_the_fingers()
