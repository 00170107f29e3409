"""Pictures by casting one ray per pixel: exact depth and ids without graphics, repeatable bit for bit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from hardware.sim.shading import Paint
from hardware.types import CameraIntrinsics, FloatArray

MAX_DISTANCE_M = 12.0
BLOCK = 131072
"""Rays cast and shaded at once: few enough for the memory, enough not to compete for Python's lock much."""


@dataclass(frozen=True)
class Shot:
    """What one camera sees: rgb (H, W, 3), exact depth along z (H, W) m with 0 = nothing, geom ids (H, W)
    with -1 = nothing.
    """

    rgb: NDArray[np.uint8]
    depth_m: NDArray[np.float32]
    geoms: NDArray[np.int32]


@dataclass(frozen=True)
class Hits:
    """What rays from one origin met: geom ids (N,), -1 = nothing; distances (N,) m; normals (N, 3)."""

    geoms: NDArray[np.int32]
    distance_m: FloatArray
    normals: FloatArray


def optical_rotation(data: mujoco.MjData, camera: int) -> FloatArray:
    """Rotation (3, 3) of a camera's optical frame (x right, y down, z forward) in the world."""
    return data.cam_xmat[camera].reshape(3, 3) * np.array([1.0, -1.0, -1.0])


def group_mask(groups: Sequence[int]) -> NDArray[np.uint8]:
    """MuJoCo's six flags for the geom groups to see."""
    return np.isin(np.arange(6), groups).astype(np.uint8)


def cast(
    model: mujoco.MjModel,
    data: mujoco.MjData,
    origin: FloatArray,
    directions: FloatArray,
    groups: NDArray[np.uint8],
    exclude_body: int = -1,
    max_distance_m: float = MAX_DISTANCE_M,
) -> Hits:
    """Cast rays from `origin` (3,) along unit `directions` (N, 3) in the world frame."""
    count = len(directions)
    geoms = np.empty(count, dtype=np.int32)
    distance_m, normals = np.empty(count), np.empty(3 * count)
    mujoco.mj_multiRay(
        model,
        data,
        np.ascontiguousarray(origin),
        np.ascontiguousarray(directions).ravel(),
        groups,
        True,
        exclude_body,
        geoms,
        distance_m,
        normals,
        count,
        max_distance_m,
    )
    return Hits(geoms, distance_m, normals.reshape(-1, 3))


class RayRenderer:
    """Draws one camera of the model; not for use by two threads at once."""

    def __init__(
        self,
        model: mujoco.MjModel,
        camera: str,
        intrinsics: CameraIntrinsics,
        groups: Sequence[int],
        *,
        exclude_body: int = -1,
        shaded: bool = True,
    ) -> None:
        self._model, self._camera = model, model.camera(camera).id
        self._size = (intrinsics.height, intrinsics.width)
        self._groups, self._exclude_body = group_mask(groups), exclude_body
        self._paint, self._shaded = Paint(model), shaded
        rays = _pixel_rays(intrinsics)
        self._per_depth = np.linalg.norm(rays, axis=1)
        self._directions = rays / self._per_depth[:, None]

    def draw(self, data: mujoco.MjData) -> Shot:
        """Draw `data`, whose kinematics are computed."""
        count = len(self._directions)
        rgb = np.empty((count, 3), dtype=np.uint8)
        depth_m, geoms = np.empty(count, dtype=np.float32), np.empty(count, dtype=np.int32)
        origin = data.cam_xpos[self._camera].copy()
        world_from_optical = optical_rotation(data, self._camera)
        for first in range(0, count, BLOCK):
            block = slice(first, min(first + BLOCK, count))
            directions = self._directions[block] @ world_from_optical.T
            hits = cast(self._model, data, origin, directions, self._groups, self._exclude_body)
            geoms[block] = hits.geoms
            depth_m[block] = np.where(hits.geoms >= 0, hits.distance_m / self._per_depth[block], 0.0)
            rgb[block] = self._colours(data, origin, directions, hits)
        return Shot(rgb.reshape(*self._size, 3), depth_m.reshape(self._size), geoms.reshape(self._size))

    def _colours(
        self, data: mujoco.MjData, origin: FloatArray, directions: FloatArray, hits: Hits
    ) -> NDArray[np.uint8]:
        if not self._shaded:
            return self._paint.flat(hits.geoms)
        return self._paint.shade(
            data, origin, directions, hits.geoms, hits.distance_m, hits.normals, self._lit
        )

    def _lit(self, data: mujoco.MjData, light: FloatArray, points: FloatArray) -> NDArray[np.bool_]:
        """Which of `points` (N, 3) the light at `light` (3,) reaches."""
        way = points - light
        distance_m = np.linalg.norm(way, axis=1)
        hits = cast(self._model, data, light, way / distance_m[:, None], self._groups)
        return (hits.geoms < 0) | (hits.distance_m > distance_m - 0.004)


def _pixel_rays(intrinsics: CameraIntrinsics) -> FloatArray:
    """Direction of each pixel (H*W, 3) in the optical frame with z = 1; whole numbers are pixel centres."""
    u, v = np.meshgrid(np.arange(intrinsics.width), np.arange(intrinsics.height))
    x = (u - intrinsics.cx) / intrinsics.fx
    y = (v - intrinsics.cy) / intrinsics.fy
    return np.stack([x, y, np.ones_like(x)], axis=-1).reshape(-1, 3)
