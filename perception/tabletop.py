"""Objects on a table by geometry alone: what stands out from the plane is found, boxed and cut out.

Geometry knows no names. With one cluster on the table, that is taken for the object asked for; with
several, the one in the `box` given at construction; else NotFound lists them all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hardware.types import BoolArray, FloatArray, RGBDFrame
from perception.colour import colour_distance
from perception.errors import NotFound, SegmentationFailed
from perception.options import DetectorOptions
from perception.pointcloud import (
    Plane,
    cluster_labels,
    fit_table,
    frame_points,
    voxel_downsample,
    voxel_labels,
    voxel_means,
)
from perception.types import Box, Detection

TABLE_VOXEL_M = 0.012
MIN_TABLE_POINTS = 200
RIM_PX = 3
"""Depth edges are fat by a few pixels: there a pixel counts only when its colour differs from the table,
too.
"""
SURELY_TABLE = 0.5
"""Share of the colour threshold below which a pixel looks like the table."""
BELOW_M = -0.012
"""Coloured pixels deeper than this under the table plane are something else."""
SPECK_SHARE = 0.04
"""Pieces smaller than this share of the largest one are noise."""
FINEST_HEIGHT_M = 0.004


@dataclass(frozen=True)
class TableScene:
    """A frame with its table: points (H, W, 3) in the base frame (NaN unknown) and their heights (H, W)
    above it.
    """

    points: FloatArray
    height: FloatArray
    plane: Plane


@dataclass(frozen=True)
class Cluster:
    """One thing on the table: its pixels (H, W), its box in pixels, and its middle and extent (3,) in
    metres.
    """

    mask: BoolArray
    box: Box
    middle: FloatArray
    size_m: FloatArray

    def __str__(self) -> str:
        x, y, _ = self.middle
        length, width = sorted(100.0 * self.size_m[:2], reverse=True)
        box = " ".join(f"{side:.0f}" for side in self.box)
        return f"{length:.0f} x {width:.0f} cm at x {x:.2f}, y {y:.2f} m (box {box})"


def find_table(frame: RGBDFrame, options: DetectorOptions, rng: np.random.Generator) -> TableScene | None:
    """The table in a frame, or None when no level plane of some size is in view."""
    points = frame_points(frame, max_range_m=options.max_range_m)
    thinned = voxel_downsample(points[np.isfinite(points[..., 0])], TABLE_VOXEL_M)
    plane = fit_table(
        thinned, rng, tolerance_m=options.plane_tolerance_m, max_tilt_deg=options.max_plane_tilt_deg
    )
    if plane is None or np.sum(np.abs(plane.height(thinned)) < options.plane_tolerance_m) < MIN_TABLE_POINTS:
        return None
    return TableScene(points, plane.height(points), plane)


def find_clusters(scene: TableScene, options: DetectorOptions) -> list[Cluster]:
    """The things standing on the table, the largest first."""
    above = (scene.height > options.min_height_m) & (scene.height < options.max_height_m)
    above &= _over_table(scene, options)
    labels = cluster_picture(scene.points, above, options)
    found = [labels == number for number in range(int(labels.max(initial=-1)) + 1)]
    return [_cluster(mask, scene.points) for mask in found]


def cluster_picture(points: FloatArray, chosen: BoolArray, options: DetectorOptions) -> NDArray[np.int32]:
    """The number of the cluster each chosen pixel (H, W) belongs to, from the largest; -1 for none or a
    tiny one.
    """
    picture = np.full(chosen.shape, -1, dtype=np.int32)
    cloud = points[chosen]
    if len(cloud) == 0:
        return picture
    voxels = voxel_labels(cloud, options.voxel_m)
    clusters = cluster_labels(voxel_means(cloud, voxels), options.cluster_gap_m)
    large = np.bincount(clusters) >= options.min_cluster_points
    picture[chosen] = np.where(large[clusters], clusters, -1)[voxels]
    return picture


def _over_table(scene: TableScene, options: DetectorOptions) -> BoolArray:
    """The pixels whose points lie above the table's outline (the convex hull of what is seen of its top)."""
    from scipy.spatial import Delaunay

    known = np.isfinite(scene.height)
    top = known & (np.abs(scene.height) < options.plane_tolerance_m)
    outline = Delaunay(voxel_downsample(scene.points[top], TABLE_VOXEL_M)[:, :2])
    over = np.zeros(known.shape, dtype=np.bool_)
    over[known] = outline.find_simplex(scene.points[known][:, :2]) >= 0
    return over


def _cluster(mask: BoolArray, points: FloatArray) -> Cluster:
    rows, columns = np.nonzero(mask)
    low, high = np.percentile(points[mask], [2, 98], axis=0)
    box = (float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1))
    return Cluster(mask, box, (low + high) / 2.0, high - low)


def overlap(a: Box, b: Box) -> float:
    """Intersection over union of two boxes."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(width, 0.0) * max(height, 0.0)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return shared / (areas - shared) if shared else 0.0


class TabletopDetector:
    """An ObjectDetector for one thing on a table, or for the thing in a given box."""

    name = "tabletop clusters"

    def __init__(
        self, rng: np.random.Generator, options: DetectorOptions | None = None, box: Box | None = None
    ) -> None:
        self._rng, self._options, self._box = rng, options or DetectorOptions(), box

    def detect(self, frame: RGBDFrame, label: str) -> Detection:
        """The only cluster (score 1), or the one that fits the given box best (score: their overlap).

        Raises NotFound, naming the clusters seen.
        """
        scene = find_table(frame, self._options, self._rng)
        if scene is None:
            raise NotFound(label, 0.0, self._options.score_threshold, ("no table",))
        clusters = find_clusters(scene, self._options)
        scores = [1.0 / len(clusters) if self._box is None else overlap(c.box, self._box) for c in clusters]
        needed = 1.0 if self._box is None else self._options.score_threshold
        best = int(np.argmax(scores)) if scores else -1
        if best < 0 or scores[best] < needed:
            seen = tuple(str(cluster) for cluster in clusters) or ("an empty table",)
            raise NotFound(label, max(scores, default=0.0), needed, seen)
        return Detection(label, scores[best], clusters[best].box, None, self.name)


class ClusterSegmenter:
    """A Segmenter that joins height above the table with colour unlike the table around the box.

    Height finds what stands out, colour what is too thin or too glossy for depth, such as scissors or a
    shaft.
    """

    name = "height and colour"

    def __init__(self, rng: np.random.Generator, options: DetectorOptions | None = None) -> None:
        self._rng, self._options = rng, options or DetectorOptions()

    def segment(self, frame: RGBDFrame, detection: Detection) -> Detection:
        """The detection with its mask. Raises SegmentationFailed when next to nothing stands out in its
        box.
        """
        scene = find_table(frame, self._options, self._rng)
        inside = _box_mask(detection.box, frame.depth_m.shape, grow=0.0, least_px=2)
        around = _box_mask(detection.box, frame.depth_m.shape, grow=0.35, least_px=12) & ~inside
        height = np.full(frame.depth_m.shape, np.nan) if scene is None else scene.height
        tall, flat = self._by_height(scene, height, inside, around)
        table = around & (flat | np.isnan(height))
        unlike = colour_distance(frame.rgb, inside, table, self._rng)
        coloured = inside & (unlike > 1.0) & ~(height < BELOW_M)
        mask = _joined(tall, coloured, unlike > SURELY_TABLE) & inside
        pixels = int(np.count_nonzero(mask))
        if pixels < self._options.min_mask_px:
            raise SegmentationFailed(detection.label, pixels, self._options.min_mask_px)
        source = f"{detection.source}, {self.name}"
        return Detection(detection.label, detection.score, detection.box, mask, source, detection.runner_up)

    def _by_height(
        self, scene: TableScene | None, height: FloatArray, inside: BoolArray, around: BoolArray
    ) -> tuple[BoolArray, BoolArray]:
        """The pixels of the box's main cluster, and the pixels level with the table (both (H, W))."""
        level = np.abs(height) < self._options.plane_tolerance_m
        if scene is None:
            return np.zeros_like(inside), np.zeros_like(inside)
        near = height[around & level]
        spread = 1.4826 * float(np.median(np.abs(near - np.median(near)))) if len(near) > 50 else 0.002
        base = float(np.median(near)) if len(near) > 50 else 0.0
        standing = inside & (height - base > max(FINEST_HEIGHT_M, 3.0 * spread))
        clusters = cluster_picture(scene.points, standing, self._options)
        if clusters.max(initial=-1) < 0:
            return np.zeros_like(inside), level
        rows, columns = np.nonzero(inside)
        middle = np.zeros_like(inside)
        h, w = np.ptp(rows) // 5, np.ptp(columns) // 5
        middle[rows.min() + h : rows.max() - h + 1, columns.min() + w : columns.max() - w + 1] = True
        votes = np.bincount(clusters[(clusters >= 0) & middle], minlength=int(clusters.max()) + 1)
        return clusters == int(np.argmax(votes)), level


def _joined(tall: BoolArray, coloured: BoolArray, not_table: BoolArray) -> BoolArray:
    """One mask from the core of `tall`, its rim where the colour agrees, and `coloured`, without specks
    and pinholes.
    """
    from scipy import ndimage

    core = ndimage.binary_erosion(tall, iterations=RIM_PX)
    mask = core | (tall & not_table) | ndimage.binary_opening(coloured)
    mask = ndimage.binary_closing(mask, iterations=2) | mask
    labels, count = ndimage.label(mask, structure=np.ones((3, 3)))
    if count == 0:
        return np.asarray(mask)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return np.asarray((sizes >= SPECK_SHARE * sizes.max())[labels] & (labels > 0))


def _box_mask(box: Box, shape: tuple[int, ...], grow: float, least_px: int) -> BoolArray:
    """The pixels (H, W) of `box` grown on each side by a share of its size, at least `least_px`."""
    wide = max(grow * (box[2] - box[0]), least_px)
    high = max(grow * (box[3] - box[1]), least_px)
    x0, y0, x1, y1 = box[0] - wide, box[1] - high, box[2] + wide, box[3] + high
    mask = np.zeros(shape, dtype=np.bool_)
    mask[max(round(y0), 0) : max(round(y1), 0), max(round(x0), 0) : max(round(x1), 0)] = True
    return mask
