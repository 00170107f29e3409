"""What lies between the fingers: the silhouette across the closing axis tells width, centre and edges."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hardware.gen3 import gripper
from hardware.types import BoolArray, FloatArray, IntArray
from planning.options import AntipodalOptions

_BIN_M = 0.003
_BINS = 41
"""Across the closing axis: 123 mm, more than the gripper opens to."""
_STRIPS = 4
"""Edges are compared between this many strips across the finger's width."""
_TOP_REACH_M = 0.008
"""The part's top is looked for this near the seed."""
_TOP_NOISE_M = 0.0015
"""The highest of many points, each with 1 mm of noise, stands this much over the part."""


def measure(
    cloud: FloatArray, seeds: FloatArray, axes: FloatArray, table_z_m: float, options: AntipodalOptions
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, IntArray]:
    """Where grasps with axes (C, 3, 3: closing, finger width, approach) at seeds (C, 3) come to lie.

    Returns the TCP's origin (C, 3), centred and as deep as the table allows, and (C,) each: width (inf where
    the strip is empty), overlap, the worse edge's variation, and the number of points between the pads.
    """
    # Every cloud point in every grasp's axes, from its seed: u closing, v finger width, w depth.
    # Single precision is good to 0.1 um here and halves the time.
    columns = cloud.T.astype(np.float32)
    u, v, w = (
        axes[:, :, i].astype(np.float32) @ columns
        - np.sum(seeds * axes[:, :, i], axis=1, keepdims=True, dtype=np.float32)
        for i in range(3)
    )
    strip = np.abs(v) <= gripper.PAD_WIDTH_M / 2.0
    top = _least(w, strip & (np.abs(u) <= _TOP_REACH_M))
    depth = w - top[:, None]
    slab = strip & (depth >= -_BIN_M) & (depth <= options.max_overlap_m)
    run = slab & _run_of_seed(u, slab)
    found = run.any(axis=1)
    low, high = np.where(found, _least(u, run), 0.0), np.where(found, _most(u, run), 0.0)
    centre = (low + high) / 2.0
    top = np.where(found, _least(w, run) + _TOP_NOISE_M, 0.0)
    reach = _depth_limit(seeds, axes, top, table_z_m, options)
    overlap = np.minimum(reach - top, options.max_overlap_m)
    origin = seeds + axes[:, :, 0] * centre[:, None] + axes[:, :, 2] * (top + overlap)[:, None]
    between = run & (depth <= overlap[:, None])
    edge = _edge_variation(u, v, run)
    return origin, np.where(found, high - low, np.inf), overlap, edge, np.count_nonzero(between, axis=1)


def _run_of_seed(u: NDArray[Any], slab: BoolArray) -> BoolArray:
    """Points (C, N) whose bin across the closing axis connects to the seed's, over single empty bins too."""
    rows = len(u)
    bins = np.floor(u / _BIN_M + _BINS / 2.0).astype(np.int64)
    inside = slab & (bins >= 0) & (bins < _BINS)
    flat = (np.arange(rows)[:, None] * _BINS + bins)[inside]
    filled = np.bincount(flat, minlength=rows * _BINS).reshape(rows, _BINS) > 0
    filled[:, 1:-1] |= filled[:, :-2] & filled[:, 2:]
    middle = _BINS // 2
    right = np.logical_and.accumulate(filled[:, middle:], axis=1)
    left = np.logical_and.accumulate(filled[:, middle::-1], axis=1)[:, ::-1]
    connected = np.concatenate([left, right[:, 1:]], axis=1)
    return inside & np.take_along_axis(connected, np.clip(bins, 0, _BINS - 1), axis=1)


def _edge_variation(u: NDArray[Any], v: NDArray[Any], run: BoolArray) -> FloatArray:
    """How much (C,) the worse of both edges varies between strips across the finger's width."""
    strip = np.floor((v / gripper.PAD_WIDTH_M + 0.5) * _STRIPS)
    lows, highs = [], []
    for i in range(_STRIPS):
        here = run & (strip == i)
        lows.append(_least(u, here))
        highs.append(_most(u, here))
    # A strip without points has no edge: the part ends within the finger's width.
    with np.errstate(invalid="ignore"):
        worst = np.max([np.ptp(np.array(edges), axis=0) for edges in (lows, highs)], axis=0)
    return np.where(np.isfinite(worst), worst, np.inf)


def _depth_limit(
    seeds: FloatArray, axes: FloatArray, top: FloatArray, table_z_m: float, options: AntipodalOptions
) -> FloatArray:
    """How far along the approach (C,) from the seed the fingertips may go for the table's sake."""
    fall = -axes[:, 2, 2]
    thickness = seeds[:, 2] - top * fall - table_z_m
    clearance = np.clip(
        thickness - options.needed_overlap_m, options.thin_tip_clearance_m, options.tip_clearance_m
    )
    low_corner = gripper.PAD_WIDTH_M / 2.0 * np.sqrt(np.maximum(1.0 - fall**2, 0.0))
    return (seeds[:, 2] - table_z_m - clearance - low_corner) / fall


def _least(values: NDArray[Any], where: BoolArray) -> NDArray[Any]:
    """The least value of each row where allowed, inf where nothing is."""
    return np.min(values, axis=1, where=where, initial=np.inf)


def _most(values: NDArray[Any], where: BoolArray) -> NDArray[Any]:
    """The greatest value of each row where allowed, -inf where nothing is."""
    return np.max(values, axis=1, where=where, initial=-np.inf)
