"""Colours for cast rays: a sun with hard shadows, light from the viewer, sky, tiles, wood grain, textures."""

from __future__ import annotations

from collections.abc import Callable

import mujoco
import numpy as np
from numpy.typing import NDArray

from hardware.sim.scenery import FLOOR, SUN, TABLE
from hardware.sim.texture import textures
from hardware.types import BoolArray, FloatArray

AMBIENT, HEADLIGHT, SUNLIGHT, GLOSS = 0.42, 0.22, 0.50, 0.10
SHININESS = 24
SKY_LOW, SKY_HIGH = np.array([0.93, 0.94, 0.95]), np.array([0.62, 0.73, 0.86])
TILE_M = 0.5
GRAIN_PER_M = 45.0

Lit = Callable[[mujoco.MjData, FloatArray, FloatArray], BoolArray]
"""(data, light (3,), points (N, 3)) -> which points the light reaches (N,)."""


class Paint:
    """The colours of one model's geoms."""

    def __init__(self, model: mujoco.MjModel) -> None:
        rgba = model.geom_rgba.astype(np.float64)
        painted = model.geom_matid >= 0
        rgba[painted] = model.mat_rgba[model.geom_matid[painted]]
        # The last row is the colour of nothing: geom -1.
        self._albedo = np.vstack([rgba[:, :3], (SKY_LOW + SKY_HIGH) / 2.0])
        self._flat = (255.0 * self._albedo).astype(np.uint8)
        self._floor, self._table = model.geom(FLOOR).id, model.geom(TABLE).id
        self._sun = model.light(SUN).id
        self._textures = textures(model)

    def flat(self, geoms: NDArray[np.int32]) -> NDArray[np.uint8]:
        """Each geom's plain colour (N, 3): cheap, for pictures nobody looks at closely."""
        return self._flat[geoms]

    def shade(
        self,
        data: mujoco.MjData,
        eye: FloatArray,
        directions: FloatArray,
        geoms: NDArray[np.int32],
        distance_m: FloatArray,
        normals: FloatArray,
        lit: Lit,
    ) -> NDArray[np.uint8]:
        """The colours (N, 3) of what rays from `eye` (3,) along `directions` (N, 3) met."""
        colour = _sky(directions)
        seen = np.flatnonzero(geoms >= 0)
        ids, view, normal = geoms[seen], directions[seen], normals[seen]
        points = eye + distance_m[seen, None] * view
        toward_eye = np.einsum("ij,ij->i", normal, view)
        normal = np.where(toward_eye[:, None] > 0.0, -normal, normal)
        sun = data.light_xpos[self._sun].copy()
        to_sun = sun - points
        to_sun /= np.linalg.norm(to_sun, axis=1, keepdims=True)
        facing = np.einsum("ij,ij->i", normal, to_sun)
        shine = np.zeros((len(seen), 2))
        front = np.flatnonzero(facing > 0.0)
        front = front[lit(data, sun, points[front])]
        half = to_sun[front] - view[front]
        half /= np.linalg.norm(half, axis=1, keepdims=True)
        shine[front, 0] = facing[front]
        shine[front, 1] = np.clip(np.einsum("ij,ij->i", normal[front], half), 0.0, 1.0) ** SHININESS
        light = AMBIENT + HEADLIGHT * np.abs(toward_eye) + SUNLIGHT * shine[:, 0]
        albedo = self._albedo[ids] * self._pattern(ids, points)[:, None]
        for geom, texture in self._textures.items():
            on = np.flatnonzero(ids == geom)
            local = (points[on] - data.geom_xpos[geom]) @ data.geom_xmat[geom].reshape(3, 3)
            albedo[on] *= texture.colour(local)
        colour[seen] = albedo * light[:, None] + GLOSS * shine[:, 1:]
        return (255.0 * np.clip(colour, 0.0, 1.0)).astype(np.uint8)

    def _pattern(self, geoms: NDArray[np.int32], points: FloatArray) -> FloatArray:
        """Brightness (N,) of floor tiles and wood grain, 1 elsewhere."""
        brightness = np.ones(len(geoms))
        floor = np.flatnonzero(geoms == self._floor)
        tile = np.floor(points[floor, :2] / TILE_M).sum(axis=1)
        brightness[floor] = 1.0 - 0.08 * (tile % 2.0)
        table = np.flatnonzero(geoms == self._table)
        x, y = points[table, 0], points[table, 1]
        wave = np.sin(GRAIN_PER_M * (y + 0.015 * np.sin(7.0 * x) + 0.01 * np.sin(31.0 * y)) * 2.0)
        brightness[table] = 1.0 + 0.035 * wave
        return brightness


def _sky(directions: FloatArray) -> FloatArray:
    height = np.clip(directions[:, 2:] * 1.5 + 0.3, 0.0, 1.0)
    return SKY_LOW + height * (SKY_HIGH - SKY_LOW)
