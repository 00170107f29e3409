"""An object's outline in metres: lengths in the picture plane at the object's distance, and heights above
what it rests on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hardware.geometry import inverse, transform
from hardware.types import BoolArray, FloatArray, RGBDFrame
from perception.pointcloud import MAX_RANGE_M, MIN_RANGE_M, frame_points

RING_PX = (4, 14)
"""The table is read in this ring around the mask: outside the fat depth edges, still near."""
MIN_DEPTH_PX = 20
BRIDGE_PX = 3
SPECK_SHARE = 0.12
"""Pieces of a mask smaller than this share of the largest, and apart from it, are left out."""


@dataclass(frozen=True)
class Silhouette:
    """What the shape rule looks at.

    pixels (N, 2): row, column of the mask's pixels; plane (N, 2): the same in metres, x right, y down,
    from the middle, which lies at origin (2,); height_m (N,): above the table, NaN unknown; up (2,): the
    picture's direction of "up", as long as a metre of height appears (0 seen from straight above);
    extent_m: the largest horizontal size of the visible surface.
    """

    mask: BoolArray
    pixels: FloatArray
    plane: FloatArray
    origin: FloatArray
    height_m: FloatArray
    up: FloatArray
    extent_m: float
    middle_m: FloatArray
    pixel_m: float

    @property
    def tall_m(self) -> float:
        """How far the object stands up from the table."""
        known = self.height_m[np.isfinite(self.height_m)]
        return float(np.percentile(known, 98)) if len(known) else 0.0

    def picture(self, chosen: BoolArray) -> BoolArray:
        """The chosen (N,) pixels as a mask (H, W)."""
        mask = np.zeros_like(self.mask)
        rows, columns = self.pixels[chosen].T.astype(np.int64)
        mask[rows, columns] = True
        return mask


def silhouette(frame: RGBDFrame, mask: BoolArray) -> Silhouette | None:
    """The outline of `mask` (H, W), or None when too few of its pixels have a depth."""
    from scipy import ndimage

    mask = _without_specks(mask)
    points = frame_points(frame, MIN_RANGE_M, MAX_RANGE_M)
    known = mask & np.isfinite(points[..., 2])
    if np.count_nonzero(known) < MIN_DEPTH_PX:
        return None
    near = ndimage.binary_dilation(mask, iterations=RING_PX[0])
    ring = ndimage.binary_dilation(near, iterations=RING_PX[1] - RING_PX[0]) & ~near
    ring_z = points[..., 2][ring & np.isfinite(points[..., 2])]
    table_z = float(np.median(ring_z)) if len(ring_z) else float(np.percentile(points[known][:, 2], 2))

    pixel_m = float(np.median(frame.depth_m[known])) / frame.intrinsics.fx
    pixels = np.argwhere(mask).astype(np.float64)
    plane = pixels[:, ::-1] * pixel_m
    origin = plane.mean(axis=0)
    horizontal = points[known][:, :2] - points[known][:, :2].mean(axis=0)
    along = horizontal @ np.linalg.svd(horizontal, full_matrices=False)[2].T
    return Silhouette(
        mask=mask,
        pixels=pixels,
        plane=plane - origin,
        origin=origin,
        height_m=(points[..., 2] - table_z)[mask],
        up=frame.base_from_camera[2, :2].copy(),
        extent_m=float(np.ptp(np.percentile(along, [2, 98], axis=0), axis=0).max()),
        middle_m=transform(inverse(frame.base_from_camera), points[known].mean(axis=0)),
        pixel_m=pixel_m,
    )


def _without_specks(mask: BoolArray) -> BoolArray:
    from scipy import ndimage

    pieces, _ = ndimage.label(ndimage.binary_dilation(mask, iterations=BRIDGE_PX))
    sizes = np.bincount(pieces[mask], minlength=int(pieces.max()) + 1)
    return np.asarray(mask & (sizes >= SPECK_SHARE * sizes.max(initial=0))[pieces])


def main_axis(plane: FloatArray) -> tuple[FloatArray, float]:
    """The longest direction (2,) of points (N, 2) around 0, and how much longer it is than the other."""
    _, size, axes = np.linalg.svd(plane - plane.mean(axis=0), full_matrices=False)
    axis = axes[0]
    if axis[np.argmax(np.abs(axis))] < 0.0:
        axis = -axis
    return axis, float(size[0] / max(size[1], 1e-9))


@dataclass(frozen=True)
class Profile:
    """An outline cut across its long axis into slices.

    along (N,): its pixels' places from one end in metres; per slice (B,): place_m, width_m across,
    filled: the share of that width that belongs to the object, hollow: the area of holes in it over the
    object's own, height_m above the table (NaN unknown).
    """

    along: FloatArray
    place_m: FloatArray
    width_m: FloatArray
    filled: FloatArray
    hollow: FloatArray
    height_m: FloatArray

    @property
    def length_m(self) -> float:
        return float(self.along.max())


def profile(shape: Silhouette, axis: FloatArray, slices: int = 32) -> Profile:
    """The slices of a silhouette along `axis` (2,)."""
    from scipy import ndimage

    along, across = shape.plane @ axis, shape.plane @ np.array([-axis[1], axis[0]])
    start = along.min()
    along = along - start
    step = max(float(along.max()) / slices, 1e-9)
    number = np.minimum((along / step).astype(np.int64), slices - 1)

    holes = np.argwhere(ndimage.binary_fill_holes(shape.mask) & ~shape.mask)[:, ::-1] * shape.pixel_m
    hole_number = (((holes - shape.origin) @ axis - start) / step).astype(np.int64)
    hole_count = np.bincount(np.clip(hole_number, 0, slices - 1), minlength=slices)

    table: FloatArray = np.full((slices, 4), np.nan)
    for i in range(slices):
        inside = number == i
        count = int(np.count_nonzero(inside))
        if count == 0:
            continue
        wide = float(np.ptp(across[inside])) + shape.pixel_m
        heights = shape.height_m[inside]
        known = heights[np.isfinite(heights)]
        table[i] = (
            wide,
            min(count * shape.pixel_m**2 / (wide * step), 1.0),
            hole_count[i] / count,
            np.median(known) if len(known) else np.nan,
        )
    place: FloatArray = (np.arange(slices, dtype=np.float64) + 0.5) * step
    empty = np.isnan(table[:, 0])
    table[empty, 0] = np.interp(place[empty], place[~empty], table[~empty, 0])
    table[empty, 1:3] = 1.0, 0.0
    width, filled, hollow, height = table.T
    return Profile(along, place, width, filled, hollow, height)
