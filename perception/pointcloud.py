"""Point clouds from depth: back-projection, thinning, planes, outliers and clusters (numpy and scipy
only).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hardware.geometry import transform, unit
from hardware.types import BoolArray, FloatArray, IntArray, RGBDFrame, readonly

MIN_RANGE_M = 0.15
MAX_RANGE_M = 4.0
"""Readings nearer than the D435i's nearest distance are false matches, farther ones are noise."""

STEEPEST = 5.0  # 79 degrees off the view


def rays(frame: RGBDFrame) -> FloatArray:
    """Per pixel the camera-frame direction (H, W, 3) with z = 1."""
    k = frame.intrinsics
    u, v = np.meshgrid(np.arange(k.width), np.arange(k.height))
    return np.stack([(u - k.cx) / k.fx, (v - k.cy) / k.fy, np.ones_like(u, dtype=np.float64)], axis=-1)


def valid_depth(
    frame: RGBDFrame, min_range_m: float = MIN_RANGE_M, max_range_m: float = MAX_RANGE_M
) -> BoolArray:
    """The pixels (H, W) whose depth can be believed."""
    return (frame.depth_m >= min_range_m) & (frame.depth_m <= max_range_m)


def frame_points(
    frame: RGBDFrame, min_range_m: float = MIN_RANGE_M, max_range_m: float = MAX_RANGE_M
) -> FloatArray:
    """The point of every pixel (H, W, 3) in the base frame; NaN without a reading in range."""
    points = transform(frame.base_from_camera, rays(frame) * frame.depth_m[..., None])
    points[~valid_depth(frame, min_range_m, max_range_m)] = np.nan
    return points


def masked_points(
    frame: RGBDFrame,
    mask: BoolArray | None = None,
    min_range_m: float = MIN_RANGE_M,
    max_range_m: float = MAX_RANGE_M,
) -> FloatArray:
    """The points (N, 3) in the base frame of the pixels of `mask` (H, W; None = all) with a reading in
    range.
    """
    wanted = valid_depth(frame, min_range_m, max_range_m)
    if mask is not None:
        wanted &= mask
    v, u = np.nonzero(wanted)
    k = frame.intrinsics
    z = frame.depth_m[v, u].astype(np.float64)
    return transform(
        frame.base_from_camera, np.stack([(u - k.cx) / k.fx * z, (v - k.cy) / k.fy * z, z], axis=1)
    )


def without_smears(frame: RGBDFrame) -> RGBDFrame:
    """The frame without the readings that stereo makes up between a thing and what lies behind it.

    There depth changes by more than `STEEPEST` pixel widths from one pixel to the next: a real surface so
    steep is seen by next to no pixels.
    """
    depth = frame.depth_m.astype(np.float64)
    known = depth > 0.0
    steep = np.zeros_like(known)
    for axis, focal in ((0, frame.intrinsics.fy), (1, frame.intrinsics.fx)):
        change = np.zeros_like(depth)
        inner = [slice(None), slice(None)]
        before, after = list(inner), list(inner)
        inner[axis], before[axis], after[axis] = slice(1, -1), slice(None, -2), slice(2, None)
        both = known[tuple(before)] & known[tuple(after)]
        change[tuple(inner)] = np.abs(depth[tuple(after)] - depth[tuple(before)]) / 2.0 * both
        steep |= change * focal > STEEPEST * depth
    return replace(frame, depth_m=np.where(steep, 0.0, frame.depth_m).astype(np.float32))


def voxel_labels(points: FloatArray, size_m: float) -> IntArray:
    """For each point (N,) the number of its voxel, 0..V-1 in lexicographic order of the voxels."""
    cells = np.floor(points / size_m).astype(np.int64)
    return np.unique(cells, axis=0, return_inverse=True)[1].reshape(-1)


def voxel_downsample(points: FloatArray, size_m: float) -> FloatArray:
    """One point per voxel (V, 3): the mean of its points; the same points in any order give the same
    cloud.
    """
    if len(points) == 0:
        return points.reshape(0, 3)
    return voxel_means(points, voxel_labels(points, size_m))


def voxel_means(points: FloatArray, labels: IntArray) -> FloatArray:
    """The mean point (V, 3) of every label 0..V-1 of `labels` (N,)."""
    count = np.bincount(labels)
    return np.stack([np.bincount(labels, points[:, i]) / count for i in range(3)], axis=1)


@dataclass(frozen=True)
class Plane:
    """normal (3,) of length 1 and offset: `normal . x + offset` is the height of x above the plane, in
    metres.
    """

    normal: FloatArray
    offset_m: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "normal", readonly(self.normal, (3,)))

    def height(self, points: ArrayLike) -> FloatArray:
        """Heights (...,) of points (..., 3) above the plane."""
        return np.asarray(points, dtype=np.float64) @ self.normal + self.offset_m


def fit_plane(points: FloatArray, toward: ArrayLike = (0.0, 0.0, 1.0)) -> Plane:
    """The least-squares plane through points (N >= 3, 3), its normal pointing along `toward`."""
    if len(points) < 3:
        raise ValueError(f"a plane needs three points, got {len(points)}")
    centre = points.mean(axis=0)
    normal = np.linalg.svd(points - centre, full_matrices=False)[2][2]
    if normal @ np.asarray(toward) < 0.0:
        normal = -normal
    return Plane(normal, -float(normal @ centre))


def fit_table(
    points: FloatArray,
    rng: np.random.Generator,
    *,
    tolerance_m: float = 0.006,
    up: ArrayLike = (0.0, 0.0, 1.0),
    max_tilt_deg: float = 25.0,
    rounds: int = 300,
) -> Plane | None:
    """The plane within `max_tilt_deg` of level that most points (N, 3) lie on, or None (RANSAC, then
    least squares).

    The normal points up. Thin the cloud first (`voxel_downsample`): near surfaces would outvote far ones.
    """
    if len(points) < 3:
        return None
    up = unit(up)
    corners = points[rng.integers(0, len(points), (rounds, 3))]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(normals, axis=1)
    upright = np.abs(normals @ up) > np.cos(np.deg2rad(max_tilt_deg)) * length
    usable = upright & (length > 1e-9)
    normals, corners = normals[usable] / length[usable, None], corners[usable, 0]
    if len(normals) == 0:
        return None
    votes = [
        np.count_nonzero(np.abs((points - corner) @ normal) < tolerance_m)
        for normal, corner in zip(normals, corners, strict=True)
    ]
    best = int(np.argmax(votes))
    near = np.abs((points - corners[best]) @ normals[best]) < tolerance_m
    for _ in range(3):
        plane = fit_plane(points[near], up)
        near = np.abs(plane.height(points)) < tolerance_m
    return plane


def without_outliers(points: FloatArray, radius_m: float = 0.01, neighbours: int = 4) -> BoolArray:
    """True (N,) where at least `neighbours` other points lie within `radius_m`: flying pixels fail."""
    from scipy.spatial import cKDTree

    if len(points) == 0:
        return np.zeros(0, dtype=np.bool_)
    # The point itself is the first of its neighbours. Counting all within the radius takes 20 times as long.
    away = cKDTree(points).query(points, [neighbours + 1], distance_upper_bound=radius_m)[0][:, 0]
    return np.asarray(np.isfinite(away))


def cluster_labels(points: FloatArray, gap_m: float) -> NDArray[np.int32]:
    """The cluster (N,) of each point, numbered from the largest; clusters are farther apart than `gap_m`."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    count = len(points)
    if count == 0:
        return np.zeros(0, dtype=np.int32)
    pairs = cKDTree(points).query_pairs(gap_m, output_type="ndarray")
    links = coo_matrix(
        (np.ones(len(pairs), dtype=np.bool_), (pairs[:, 0], pairs[:, 1])), shape=(count, count)
    )
    labels = connected_components(links, directed=False)[1]
    order = np.argsort(-np.bincount(labels), kind="stable")
    rank = np.empty(len(order), dtype=np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return rank[labels]
