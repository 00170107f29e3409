"""How much a pixel's colour differs from a surface of one or many colours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hardware.types import BoolArray, FloatArray

SAMPLES = 2000
NEIGHBOURS = 5
LEAST_DIFFERENCE = 9.0
"""CIELAB distance below which two colours count as alike whatever the surface."""
ORDINARY_SHARE = 97.0
"""Percentile of the surface's own colour distances that is still ordinary for it."""
GAMMA = 2.2
DARKEST_SHADOW = 0.35
"""A table in shadow keeps at least this share of its light; darker things are things."""
SHADOW_TINT = 0.12
"""Off the surface's own hue by more of its length, a pixel is no shadow."""
_RGB_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
"""sRGB primaries and D65 white (IEC 61966-2-1)."""


def lab(rgb: NDArray[np.uint8]) -> FloatArray:
    """Colours in sRGB bytes (..., 3) as CIELAB (..., 3), D65."""
    share = rgb.astype(np.float64) / 255.0
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    xyz = linear @ _RGB_TO_XYZ.T / _RGB_TO_XYZ.sum(axis=1)
    root = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)], axis=-1)


def colour_distance(
    rgb: NDArray[np.uint8], wanted: BoolArray, surface: BoolArray, rng: np.random.Generator
) -> FloatArray:
    """How unlike the `surface` pixels each `wanted` pixel is (H, W): above 1 it differs; 0 elsewhere.

    The distance to the 5th nearest of up to 2000 surface colours, so that a surface may have several
    colours, over what is ordinary among the surface's own pixels. All 0 with fewer than 50 surface
    pixels.
    """
    from scipy.ndimage import uniform_filter
    from scipy.spatial import cKDTree

    distance = np.zeros(wanted.shape)
    places = np.argwhere(surface)
    if len(places) < 50 or not wanted.any():
        return distance
    colours = lab(uniform_filter(rgb, size=(3, 3, 1)))
    chosen = places[np.sort(rng.permutation(len(places))[: 2 * SAMPLES])]
    known, check = colours[tuple(chosen[0::2].T)], colours[tuple(chosen[1::2].T)]
    tree = cKDTree(known)
    near = min(NEIGHBOURS, len(known))
    ordinary = np.percentile(tree.query(check, k=[near])[0], ORDINARY_SHARE)
    limit = max(LEAST_DIFFERENCE, 1.3 * float(ordinary))
    distance[wanted] = tree.query(colours[wanted], k=[near])[0][:, 0] / limit
    return distance


def darkened(rgb: NDArray[np.uint8], surface: BoolArray) -> BoolArray:
    """Pixels (H, W) that look like the mean of the `surface` pixels with less light on it: a shadow.

    None with fewer than 50 surface pixels.
    """
    if np.count_nonzero(surface) < 50:
        return np.zeros(surface.shape, dtype=np.bool_)
    linear = (rgb.astype(np.float64) / 255.0) ** GAMMA
    lit = np.median(linear[surface], axis=0)
    share = linear @ lit / (lit @ lit)
    off = np.linalg.norm(linear - share[..., None] * lit, axis=-1) / np.linalg.norm(lit)
    return np.asarray((share > DARKEST_SHADOW) & (share < 0.95) & (off < SHADOW_TINT * share))
