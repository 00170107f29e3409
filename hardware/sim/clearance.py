"""Distances between groups of geoms in the running simulation."""

from __future__ import annotations

import mujoco
import numpy as np

from hardware.types import FloatArray, IntArray


def least_distance(
    model: mujoco.MjModel, data: mujoco.MjData, ones: IntArray, others: IntArray, limit_m: float
) -> float:
    """The least distance in m between two groups of geoms (negative where they overlap), `limit_m` if none
    is nearer.
    """
    between = data.geom_xpos[ones][:, None] - data.geom_xpos[others][None]
    radii = model.geom_rbound[ones][:, None] + model.geom_rbound[others][None]
    gaps = np.linalg.norm(between, axis=2) - radii  # bounding spheres: never more than the distance
    for i, j in zip(*np.nonzero(gaps < limit_m), strict=True):
        if gaps[i, j] < limit_m:
            found = mujoco.mj_geomDistance(model, data, int(ones[i]), int(others[j]), limit_m, None)
            limit_m = min(limit_m, found)
    return float(limit_m)


def distance_to_box(model: mujoco.MjModel, data: mujoco.MjData, geom: int, point: FloatArray) -> float:
    """From `point` (3,) to the geom's bounding box in m, 0 inside."""
    axes = data.geom_xmat[geom].reshape(3, 3)
    local = axes.T @ (point - data.geom_xpos[geom]) - model.geom_aabb[geom, :3]
    return float(np.linalg.norm(np.maximum(np.abs(local) - model.geom_aabb[geom, 3:], 0.0)))
