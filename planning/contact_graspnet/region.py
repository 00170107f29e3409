"""What the network looks at: a cube around the object, cut from the whole picture, in camera axes.

The network was trained on whole scenes 0.9 to 1.3 m away; a bare object, without the table it stands on, is
nothing it knows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hardware.geometry import inverse, transform
from hardware.types import BoolArray, FloatArray
from perception.pointcloud import masked_points
from planning.contact_graspnet.options import ContactGraspNetOptions
from planning.errors import NoGrasp
from planning.types import GraspView

POINTS = 20_000
"""Points of a cloud, as in training."""
RANGE_M = (0.2, 1.8)
"""Depths that count."""
_STRAY_M = 0.4
"""Object points farther (L1) than this from their median do not count for the cube."""
_SAME_POINT_M = 1e-4
_TURN = np.array([-1.0, -1.0, 1.0])
"""From the camera's axes (x right, y down) to the network's (x left, y up)."""


@dataclass(frozen=True)
class Region:
    """The cloud (POINTS, 3) as the network takes it, float32, and `base_from_cloud` (4, 4), its way back."""

    cloud: NDArray[np.float32]
    base_from_cloud: FloatArray


def local_region(view: GraspView, options: ContactGraspNetOptions, rng: np.random.Generator) -> Region:
    """The cube around the object with everything in it, in random order; points are left out or repeated to
    make up their number. Raises NoGrasp where too little but the object is seen.
    """
    base_from_camera = view.frame.base_from_camera
    camera_from_base = inverse(base_from_camera)
    scene = transform(camera_from_base, masked_points(view.frame, None, *RANGE_M))
    item = transform(camera_from_base, view.object_points)
    item = item[np.abs(item - np.median(item, axis=0)).sum(axis=1) < _STRAY_M]
    low, high = item.min(axis=0), item.max(axis=0)
    side = np.clip(2.0 * np.max(high - low), options.min_region_m, options.max_region_m)
    inside = np.all(np.abs(scene - (low + high) / 2.0) < side / 2.0, axis=1)
    seen = np.flatnonzero(inside)
    chosen = scene[rng.permutation(seen)[:POINTS]]
    context = np.count_nonzero(~on_object(chosen, item)) / max(len(chosen), 1)
    if context < options.min_context_share:
        raise NoGrasp(
            f"only {context:.0%} of the {len(seen)} points around the object are something else than "
            f"it, Contact-GraspNet needs {options.min_context_share:.0%}: give it the whole depth picture"
        )
    repeated = chosen[rng.integers(0, len(chosen), POINTS - len(chosen))]
    cloud = np.concatenate([chosen, repeated]) * _TURN
    middle = cloud.mean(axis=0)
    camera_from_cloud = np.eye(4)
    camera_from_cloud[:3, :3] = np.diag(_TURN)
    camera_from_cloud[:3, 3] = _TURN * middle
    return Region((cloud - middle).astype(np.float32), base_from_camera @ camera_from_cloud)


def on_object(points: FloatArray, item: FloatArray) -> BoolArray:
    """Which points (N, 3) are points of the object (M, 3), same frame: (N,) bool."""
    from scipy.spatial import cKDTree

    if len(points) == 0 or len(item) == 0:
        return np.zeros(len(points), dtype=np.bool_)
    nearest, _ = cKDTree(item).query(points, distance_upper_bound=_SAME_POINT_M)
    return np.asarray(np.isfinite(nearest))
