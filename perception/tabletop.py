"""Objects on a table by geometry alone: what stands out from the plane is found and boxed.

Geometry knows no names. With one cluster on the table, that is taken for the object asked for; with
several, NotFound lists them all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hardware.types import BoolArray, FloatArray, RGBDFrame
from perception.errors import NotFound
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
    """An ObjectDetector for the one thing on a table."""

    name = "tabletop clusters"

    def __init__(self, rng: np.random.Generator, options: DetectorOptions | None = None) -> None:
        self._rng, self._options = rng, options or DetectorOptions()

    def detect(self, frame: RGBDFrame, label: str) -> Detection:
        """The only cluster, score 1. Raises NotFound, naming the clusters seen."""
        scene = find_table(frame, self._options, self._rng)
        if scene is None:
            raise NotFound(label, 0.0, self._options.score_threshold, ("no table",))
        clusters = find_clusters(scene, self._options)
        if len(clusters) != 1:
            seen = tuple(str(cluster) for cluster in clusters) or ("an empty table",)
            raise NotFound(label, 1.0 / len(clusters) if clusters else 0.0, 1.0, seen)
        return Detection(label, 1.0, clusters[0].box, None, self.name)
