"""Boxes in pixels, x0 y0 x1 y1 with x1 and y1 exclusive: overlap, suppression, clipping, COCO's format."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from hardware.types import FloatArray, IntArray


def overlap(boxes: ArrayLike, others: ArrayLike) -> FloatArray:
    """Intersection over union (N, M) of boxes (N, 4) and (M, 4); 0 for boxes of no area."""
    a, b = np.asarray(boxes, dtype=np.float64), np.asarray(others, dtype=np.float64)
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = np.prod(np.clip(high - low, 0.0, None), axis=2)
    union = area(a)[:, None] + area(b)[None, :] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0.0)


def area(boxes: ArrayLike) -> FloatArray:
    """The area (N,) of boxes (N, 4) in square pixels, 0 for those turned inside out."""
    sides = np.asarray(boxes, dtype=np.float64)
    return np.asarray(np.prod(np.clip(sides[:, 2:] - sides[:, :2], 0.0, None), axis=1))


def suppress(boxes: FloatArray, scores: FloatArray, max_iou: float, most: int | None = None) -> IntArray:
    """Indices, best first, of the boxes (N, 4) that no better one overlaps by more than `max_iou`; at most
    `most`.
    """
    left = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while len(left) and (most is None or len(kept) < most):
        best, left = int(left[0]), left[1:]
        kept.append(best)
        left = left[overlap(boxes[[best]], boxes[left])[0] <= max_iou]
    return np.array(kept, dtype=np.int64)


def clip(boxes: FloatArray, width: int, height: int) -> FloatArray:
    """The parts (N, 4) of the boxes inside a picture."""
    return np.clip(boxes, 0.0, np.array([width, height, width, height], dtype=np.float64))


def coco(boxes: FloatArray) -> FloatArray:
    """COCO's x, y, width, height (N, 4), which the pose models take."""
    return np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
