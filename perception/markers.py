"""Finds printed square markers (black frame, white cells, white border) that are stuck on an object.

They are raised, high in contrast and no part of the thing itself: nobody should grip one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hardware.types import BoolArray, FloatArray
from perception.colour import lab

PRINT_CHROMA = 24.0
"""Black and white print has less colour than this (CIELAB), whatever the light."""
LEAST_CONTRAST = 30.0
"""Lightness between black and white of one print."""
LEAST_SIDE_PX = 14
SQUARE_SHARE = 0.85
"""A square fills this much of the smallest rectangle around it."""
MAX_ASPECT = 1.5
"""Seen from aside a square is shorter one way."""
BRIGHT_SHARE = (0.08, 0.75)
"""White cells inside the black frame, as a share of its area: neither a plain patch nor a line."""
BORDER_SHARE = 0.75
"""Share of a line around the frame that is white where there still is a border."""
LARGEST_BORDER = 1.5
"""The border's side over the frame's at most."""


def find_markers(rgb: NDArray[np.uint8], mask: BoolArray) -> BoolArray:
    """The pixels (H, W) of all markers that touch `mask`, their white borders included."""
    from scipy import ndimage

    found = np.zeros_like(mask)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if len(rows) == 0:
        return found
    margin = LEAST_SIDE_PX
    window = (
        slice(max(rows[0] - margin, 0), rows[-1] + 1 + margin),
        slice(max(columns[0] - margin, 0), columns[-1] + 1 + margin),
    )
    colours = lab(rgb[window])
    light, chroma = colours[..., 0], np.linalg.norm(colours[..., 1:], axis=-1)
    # Print is judged against its own white: the brightest near by.
    white = ndimage.percentile_filter(light, 90, size=2 * LEAST_SIDE_PX + 1)
    dark = (light < white - LEAST_CONTRAST) & (chroma < PRINT_CHROMA)
    bright = (light > white - LEAST_CONTRAST / 2.0) & (chroma < PRINT_CHROMA)
    pieces, _ = ndimage.label(dark)
    for number, place in enumerate(ndimage.find_objects(pieces), 1):
        if min(part.stop - part.start for part in place) < LEAST_SIDE_PX:
            continue
        frame = np.zeros_like(dark)
        frame[place] = ndimage.binary_fill_holes(pieces[place] == number)
        outline = _marker(frame, bright)
        if outline is not None and np.any(outline & mask[window]):
            found[window] |= outline
    return found


def _marker(frame: BoolArray, bright: BoolArray) -> BoolArray | None:
    """The filled marker around a filled black `frame` (h, w), or None when this is no marker."""
    places = np.argwhere(frame).astype(np.float64)
    middle, axes, size = _rectangle(places)
    if len(places) < SQUARE_SHARE * np.prod(size) or max(size) > MAX_ASPECT * min(size):
        return None
    if not BRIGHT_SHARE[0] < float(np.mean(bright[frame])) < BRIGHT_SHARE[1]:
        return None
    grid = np.moveaxis(np.indices(frame.shape), 0, -1) - middle
    reach = np.max(2.0 * np.abs(grid @ axes) / size, axis=-1)
    step = 2.0 / float(min(size))
    outer = 1.0 + step  # the line between black and white is neither
    while outer < LARGEST_BORDER:
        line = (reach >= outer) & (reach < outer + step)
        if np.mean(bright[line]) < BORDER_SHARE:
            break
        outer += step
    return reach < outer + step if outer > 1.0 + step else None


def _rectangle(places: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The smallest rectangle around pixels (N, 2): its middle (2,), axes as columns (2, 2), sides (2,)."""
    best: tuple[FloatArray, FloatArray, FloatArray] | None = None
    for angle in np.radians(np.arange(0.0, 90.0, 2.0)):
        axes = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        along = places @ axes
        low, high = along.min(axis=0), along.max(axis=0)
        if best is None or np.prod(high - low) < np.prod(best[2]):
            best = axes @ ((low + high) / 2.0), axes, high - low
    assert best is not None
    return best[0], best[1], best[2] + 1.0
