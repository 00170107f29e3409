"""Cuts the thing in a box out of its picture, from height above the table, depth steps and colour together.

Height finds what stands out; colour what is too thin, too dark or too glossy for depth, such as scissors or a
shaft. Neither is right everywhere: depth is smeared at an object's rim, its own printing may look like the
table, and clutter reaches into the box. So each pixel's evidence is weighed against its neighbours'.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hardware.types import BoolArray, FloatArray, RGBDFrame
from perception.colour import colour_distance, darkened, lab
from perception.errors import SegmentationFailed
from perception.options import DetectorOptions
from perception.random_walk import object_chance
from perception.tabletop import find_table
from perception.types import Box, Detection

AROUND_SHARE, LEAST_AROUND_PX = 0.35, 12
"""The table and the neighbours are read this far around the box."""
FINEST_HEIGHT_M = 0.004
BELOW_M = -0.012
"""Pixels deeper than this under the table plane are something else."""
STEP_M = 0.008
"""Neighbouring pixels farther apart than this lie on different surfaces."""
SMEAR_PX, SMEAR_M = 5, 0.020
"""Where height changes this much over so many pixels, depth is a blend of two surfaces."""
OWN_SHARE = 0.6
"""A raised surface belongs to the object from this share inside its box on; else it is a neighbour's."""
LEAST_SURFACE_PX = 12
CORE_PX = 3
"""A surface without so many pixels of its rim surely shows the object."""
TALL_ODDS, LEVEL_ODDS, FOREIGN_ODDS, SHADOW_ODDS = 3.0, -2.0, -2.0, -1.0
"""Log-odds for the object: raised in its own surface, level with the table, raised in a neighbour's surface;
and the most that the colour of a shadow may say.
"""
COLOUR_ODDS, MOST_COLOUR_ODDS, EVEN_COLOUR = 4.0, 4.0, 0.75
"""Log-odds of a whole unit of colour distance, their bound, and the distance that says nothing."""
COLOUR_BINS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
LEAST_SAMPLE_PX = 50
BELIEF = 0.15
"""How much a pixel's own evidence counts against one neighbour of the same colour."""
COLOUR_EDGE = 7.0
"""CIELAB difference of neighbours that makes the walk from one to the other unlikely."""
LEAST_LINK = 0.003
SPECK_SHARE = 0.04
"""Pieces smaller than this share of the largest one are noise."""


@dataclass(frozen=True)
class _Window:
    """The part of a frame around a box, all (h, w): what is asked, what lies around, heights, points."""

    rgb: NDArray[np.uint8]
    inside: BoolArray
    around: BoolArray
    height: FloatArray
    points: FloatArray


class ClusterSegmenter:
    """A Segmenter by height above the table and by colour unlike the table around the box."""

    name = "height and colour"

    def __init__(self, rng: np.random.Generator, options: DetectorOptions | None = None) -> None:
        self._rng, self._options = rng, options or DetectorOptions()

    def segment(self, frame: RGBDFrame, detection: Detection) -> Detection:
        """The detection with its mask. Raises SegmentationFailed when next to nothing stands out in its
        box.
        """
        place, window = self._window(frame, detection.box)
        mask = np.zeros(frame.depth_m.shape, dtype=np.bool_)
        if window.inside.any():
            mask[place] = self._cut_out(window)
        pixels = int(np.count_nonzero(mask))
        if pixels < self._options.min_mask_px:
            raise SegmentationFailed(detection.label, pixels, self._options.min_mask_px)
        return replace(detection, mask=mask, source=f"{detection.source}, {self.name}")

    def _window(self, frame: RGBDFrame, box: Box) -> tuple[tuple[slice, slice], _Window]:
        """The window around `box` and where in the frame it lies."""
        shape = frame.depth_m.shape
        inside = _box_mask(box, shape, grow=0.0, least_px=2)
        around = _box_mask(box, shape, grow=AROUND_SHARE, least_px=LEAST_AROUND_PX)
        rows, columns = np.flatnonzero(around.any(axis=1)), np.flatnonzero(around.any(axis=0))
        if len(rows) == 0:
            place = (slice(0, 0), slice(0, 0))
        else:
            place = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
        scene = find_table(frame, self._options, self._rng)
        if scene is None:
            points = np.full((*shape, 3), np.nan)
            height = points[..., 2]
        else:
            points, height = scene.points, scene.height
        return place, _Window(
            frame.rgb[place], inside[place], ~inside[place], height[place], np.asarray(points[place])
        )

    def _cut_out(self, window: _Window) -> BoolArray:
        from scipy import ndimage

        height = window.height
        known = np.isfinite(height)
        level = np.abs(height) < self._options.plane_tolerance_m
        near = height[window.around & level]
        base = float(np.median(near)) if len(near) > 50 else 0.0
        spread = 1.4826 * float(np.median(np.abs(near - base))) if len(near) > 50 else 0.002
        least = max(FINEST_HEIGHT_M, 3.0 * spread)
        tall = known & (height - base > least) & (height < self._options.max_height_m)
        own, foreign = _surfaces(tall, window)
        smeared = _smeared(height)
        table = window.around & (level | ~known)
        unlike = colour_distance(window.rgb, window.inside | table, table, self._rng)
        core = ndimage.binary_erosion(own & ~smeared, iterations=CORE_PX)
        odds = _colour_odds(unlike, core, table)
        shadow = level & darkened(window.rgb, window.around & level)
        odds = np.where(shadow, np.minimum(odds, SHADOW_ODDS), odds)
        beside, doubtful = foreign & ~window.inside, ~own & ~level & window.inside
        if np.count_nonzero(beside) >= LEAST_SAMPLE_PX:
            unlike = colour_distance(window.rgb, doubtful, beside, self._rng)
            odds = np.where(doubtful, np.minimum(_colour_odds(unlike, core, beside), odds), odds)
        odds += np.where(foreign, FOREIGN_ODDS, 0.0)
        odds += np.where(own & ~smeared, TALL_ODDS, 0.0)
        odds += np.where(level & ~tall & ~smeared, LEVEL_ODDS, 0.0)
        prior = 1.0 / (1.0 + np.exp(-odds))
        belief = BELIEF * np.abs(2.0 * prior - 1.0) + 1e-4

        wanted = window.inside & ~(height < BELOW_M)
        prior = np.where(wanted, prior, 0.0)
        across, down = _links(window)
        chance = object_chance(prior, belief, across, down, wanted)
        return _tidied(wanted & (chance > 0.5))


def _colour_odds(unlike: FloatArray, core: BoolArray, others: BoolArray) -> FloatArray:
    """Log-odds (h, w) for the object from each pixel's distance to the colours of the `others`.

    How often such distances occur in the object's `core` counts, too: a wooden box on a wooden table has the
    table's colours, and then these are no evidence against it.
    """
    odds = COLOUR_ODDS * (unlike - EVEN_COLOUR)
    if min(np.count_nonzero(core), np.count_nonzero(others)) >= LEAST_SAMPLE_PX:
        bins = np.digitize(unlike, COLOUR_BINS)
        share = [np.bincount(bins[of], minlength=len(COLOUR_BINS) + 1) for of in (core, others)]
        own, other = ((count + 0.02 * count.sum()) / count.sum() for count in share)
        odds = (odds + 2.0 * np.log(own / other)[bins]) / 2.0
    return np.clip(odds, -MOST_COLOUR_ODDS, MOST_COLOUR_ODDS)


def _surfaces(tall: BoolArray, window: _Window) -> tuple[BoolArray, BoolArray]:
    """The raised pixels that lie on surfaces of the object, and those that lie on its neighbours' (h, w)."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    number = np.full(tall.shape, -1, dtype=np.int64)
    count = int(np.count_nonzero(tall))
    number[tall] = np.arange(count)
    pairs = []
    for a, b in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        apart = np.linalg.norm(window.points[a] - window.points[b], axis=-1)
        joined = tall[a] & tall[b] & (apart < STEP_M)
        pairs.append(np.stack([number[a][joined], number[b][joined]]))
    row, column = np.concatenate(pairs, axis=1)
    graph = coo_matrix((np.ones(len(row), dtype=np.bool_), (row, column)), shape=(count, count))
    surface = connected_components(graph, directed=False)[1]
    size = np.bincount(surface, minlength=1)
    inside = np.bincount(surface, window.inside[tall], minlength=1)
    own = (inside >= OWN_SHARE * size) & (size >= LEAST_SURFACE_PX)
    foreign = (inside < OWN_SHARE * size) & (size >= LEAST_SURFACE_PX)
    pictures = np.zeros((2, *tall.shape), dtype=np.bool_)
    pictures[:, tall] = own[surface], foreign[surface]
    return pictures[0], pictures[1]


def _smeared(height: FloatArray) -> BoolArray:
    """Pixels (h, w) beside a step in height: there depth is a blend."""
    from scipy import ndimage

    unknown = ~np.isfinite(height)
    highest = ndimage.maximum_filter(np.where(unknown, -np.inf, height), SMEAR_PX)
    lowest = ndimage.minimum_filter(np.where(unknown, np.inf, height), SMEAR_PX)
    with np.errstate(invalid="ignore"):
        return np.asarray(highest - lowest > SMEAR_M)


def _links(window: _Window) -> tuple[FloatArray, FloatArray]:
    """How easily a walk goes to the right (h, w-1) and down (h-1, w): hardly over steps and colour edges."""
    colours = lab(window.rgb)
    links = []
    for a, b in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        contrast = np.linalg.norm(colours[a] - colours[b], axis=-1) / COLOUR_EDGE
        apart = np.linalg.norm(window.points[a] - window.points[b], axis=-1) / STEP_M
        apart = np.where(np.isfinite(apart), apart, 0.0)
        links.append(np.maximum(np.exp(-(contrast**2) - np.maximum(apart - 0.5, 0.0)), LEAST_LINK))
    return links[0], links[1]


def _tidied(mask: BoolArray) -> BoolArray:
    """The mask without specks and pinholes."""
    from scipy import ndimage

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
