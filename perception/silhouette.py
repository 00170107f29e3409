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
"""Pieces of a mask farther apart than twice BRIDGE_PX and smaller than this share of the largest are left out."""


@dataclass(frozen=True)
class Silhouette:
    """What the shape rule looks at.

    pixels (N, 2): row, column of the mask's pixels; plane (N, 2): the same in metres, x right, y down,
    from the middle; height_m (N,): above the table, NaN unknown; up (2,): the picture's direction of
    "up", as long as a metre of height appears (0 seen from straight above); extent_m: the largest
    horizontal size of the visible surface.
    """

    mask: BoolArray
    pixels: FloatArray
    plane: FloatArray
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
    horizontal = points[known][:, :2] - points[known][:, :2].mean(axis=0)
    along = horizontal @ np.linalg.svd(horizontal, full_matrices=False)[2].T
    return Silhouette(
        mask=mask,
        pixels=pixels,
        plane=plane - plane.mean(axis=0),
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
    """An outline cut across its long axis into slices: place (B,) from one end in metres, width_m (B,)
    across, filled (B,) the share of that width that belongs to the object, height_m (B,) above the table
    (NaN unknown).
    """

    along: FloatArray
    place_m: FloatArray
    width_m: FloatArray
    filled: FloatArray
    height_m: FloatArray

    @property
    def length_m(self) -> float:
        return float(self.along.max())


def profile(shape: Silhouette, axis: FloatArray, slices: int = 32) -> Profile:
    """The slices of a silhouette along `axis` (2,); `along` (N,) are its pixels' places."""
    along = shape.plane @ axis
    along = along - along.min()
    across = shape.plane @ np.array([-axis[1], axis[0]])
    step = float(along.max()) / slices
    number = np.minimum((along / max(step, 1e-9)).astype(np.int64), slices - 1)
    width, filled, height = (np.full(slices, np.nan, dtype=np.float64) for _ in range(3))
    for i in range(slices):
        inside = number == i
        if not inside.any():
            continue
        width[i] = np.ptp(across[inside]) + shape.pixel_m
        filled[i] = np.count_nonzero(inside) * shape.pixel_m**2 / (width[i] * step)
        heights = shape.height_m[inside]
        if np.isfinite(heights).any():
            height[i] = np.nanmedian(heights)
    place = (np.arange(slices) + 0.5) * step
    empty = np.isnan(width)
    width[empty], filled[empty] = np.interp(place[empty], place[~empty], width[~empty]), 1.0
    return Profile(along, place, width, np.minimum(filled, 1.0), height)
