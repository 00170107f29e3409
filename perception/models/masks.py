"""From the masks a promptable segmenter proposes to one clean mask of the object in the box."""

from __future__ import annotations

import math

import numpy as np

from hardware.types import BoolArray, FloatArray
from perception.errors import SegmentationFailed
from perception.models.boxes import overlap
from perception.types import Box, Detection

EDGE_PX = 2
"""A detector's box cuts this much off an object's outline."""
MIN_QUALITY = 1e-3
"""A predicted quality is a regressed number and may fall below zero."""


def detection_with_mask(
    detection: Detection,
    masks: BoolArray,
    quality: FloatArray,
    max_hole_share: float,
    min_mask_px: int,
    name: str,
) -> Detection:
    """The detection with the best of `masks` (N, H, W), whose predicted quality (N,) is given.

    Raises SegmentationFailed when the best one has fewer than `min_mask_px` pixels in the box.
    """
    mask = best_mask(masks, quality, detection.box, max_hole_share)
    pixels = int(np.count_nonzero(mask))
    if pixels < max(min_mask_px, 1):
        raise SegmentationFailed(detection.label, pixels, min_mask_px)
    source = f"{detection.source}, {name}"
    return Detection(detection.label, detection.score, detection.box, mask, source, detection.runner_up)


def best_mask(masks: BoolArray, quality: FloatArray, box: Box, max_hole_share: float) -> BoolArray:
    """The cleaned mask (H, W) with the largest product of predicted quality and agreement with the box.

    A box around the whole object is spanned by the whole object, not by its head or a screw of it: agreement
    is the overlap of the mask's own box with `box`.
    """
    clean = [cleaned(mask, box, max_hole_share) for mask in masks]
    certain = np.clip(quality, MIN_QUALITY, 1.0)
    merit = [float(q) * agreement(mask, box) for mask, q in zip(clean, certain, strict=True)]
    return clean[int(np.argmax(merit))]


def agreement(mask: BoolArray, box: Box) -> float:
    """Overlap (0..1) of a mask's own box with `box`."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return 0.0
    own = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    return float(overlap([own], [box])[0, 0])


def cleaned(mask: BoolArray, box: Box, max_hole_share: float) -> BoolArray:
    """The largest piece of a mask (H, W) inside the box, its small holes filled."""
    from scipy import ndimage

    inside = np.zeros_like(mask)
    x0, y0 = (max(math.floor(side) - EDGE_PX, 0) for side in box[:2])
    x1, y1 = (max(math.ceil(side) + EDGE_PX, 0) for side in box[2:])
    inside[y0:y1, x0:x1] = mask[y0:y1, x0:x1]
    pieces, count = ndimage.label(inside, structure=np.ones((3, 3)))
    if count == 0:
        return inside
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    piece = np.asarray(pieces == int(np.argmax(sizes)))
    holes, _ = ndimage.label(ndimage.binary_fill_holes(piece) & ~piece)
    hole_sizes = np.bincount(holes.ravel())
    small = hole_sizes <= max_hole_share * np.count_nonzero(piece)
    small[0] = False
    return np.asarray(piece | small[holes])
