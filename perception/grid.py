"""The numbered grid over an object's box: its cells, which of them show the object, and its picture."""

from __future__ import annotations

import io
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from hardware.types import BoolArray, IntArray
from perception.types import Box

CONTEXT = 0.06
"""Margin around the box in the picture, as a share of the box's long side, but at most half of the side it
widens: an object cut at its edge is harder to recognise.
"""
LARGEST_SENT_PX = 512
"""No picture with a longer side is sent to another machine."""
LABEL_SHARE = 0.46
"""Height of a label as a share of the short side of a cell, between the two sizes below."""
SMALLEST_LABEL_PX, LARGEST_LABEL_PX = 11.0, 28.0


def grid_cells(box: Box, n: int = 5) -> IntArray:
    """The cells of an n x n grid over `box` (pixels): (n*n, 4) rows x0, y0, x1, y1, ends exclusive, row-major
    from the top left; row i carries the label i + 1.

    The cells tile the rounded box without gap or overlap. Raises ValueError for a box smaller than one
    pixel per cell.
    """
    x0, y0, x1, y1 = (round(float(side)) for side in box)
    if n < 1 or x1 - x0 < n or y1 - y0 < n:
        raise ValueError(f"a box of {x1 - x0} x {y1 - y0} px cannot be cut into {n} x {n} cells")
    columns = np.rint(np.linspace(x0, x1, n + 1)).astype(np.int64)
    rows = np.rint(np.linspace(y0, y1, n + 1)).astype(np.int64)
    top, left = np.divmod(np.arange(n * n), n)
    return np.stack([columns[left], rows[top], columns[left + 1], rows[top + 1]], axis=1)


def cells_mask(cells: IntArray, indices: Iterable[int], shape: tuple[int, int]) -> BoolArray:
    """The merged cells named by `indices` (labels from 1, as printed and as in `RegionCells`) as a mask
    (H, W).

    Parts outside the picture are left out. Raises ValueError for a label that does not exist.
    """
    mask = np.zeros(shape, dtype=np.bool_)
    for label in indices:
        if not 1 <= label <= len(cells):
            raise ValueError(f"there is no cell {label}; the labels are 1 to {len(cells)}")
        x0, y0, x1, y1 = np.maximum(cells[label - 1], 0)
        mask[y0:y1, x0:x1] = True
    return mask


def cell_shares(cells: IntArray, mask: BoolArray) -> NDArray[np.float64]:
    """The share (n*n,) of each cell's pixels that belong to `mask` (H, W)."""
    inside = np.zeros(len(cells))
    for i, (x0, y0, x1, y1) in enumerate(cells):
        inside[i] = np.count_nonzero(mask[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)])
    return inside / ((cells[:, 2] - cells[:, 0]) * (cells[:, 3] - cells[:, 1]))


def backward_label(label: int, n: int) -> int:
    """The label of the same cell when the labels of an n x n grid run from the bottom right, and back."""
    return n * n + 1 - label


def draw_grid(
    rgb: NDArray[np.uint8], box: Box, n: int, crop_px: int, min_cell_px: int, *, backward: bool = False
) -> bytes:
    """The crop around `box` (pixels of `rgb` (H, W, 3)) as a PNG with thin lines and the labels 1..n*n.

    The long side has exactly `crop_px`; across a slender object the crop is stretched until the short side
    of a cell has `min_cell_px`. Labels stand in the top left corner of their cells, white with a black
    outline, so that they hide little of the object; backward: they run from the bottom right.
    """
    from PIL import Image, ImageDraw, ImageFont

    height, width = rgb.shape[:2]
    cells = grid_cells(box, n)
    x0, y0, x1, y1 = cells[0, 0], cells[0, 1], cells[-1, 2], cells[-1, 3]
    beside, above = (round(min(CONTEXT * max(x1 - x0, y1 - y0), side / 2)) for side in (x1 - x0, y1 - y0))
    left, top = max(x0 - beside, 0), max(y0 - above, 0)
    right, bottom = min(x1 + beside, width), min(y1 + above, height)
    crop = Image.fromarray(np.ascontiguousarray(rgb[top:bottom, left:right]))
    scale = _scale((right - left, bottom - top), (x1 - x0, y1 - y0), n, crop_px, min_cell_px)
    size = np.maximum(np.rint(np.array(crop.size) * scale).astype(int), 1)
    crop = crop.resize((int(size[0]), int(size[1])), Image.Resampling.LANCZOS)

    draw = ImageDraw.Draw(crop)
    corners = np.rint((cells - [left, top, left, top]) * np.tile(scale, 2)).astype(int)
    corners = np.minimum(corners, np.tile(size - 1, 2))
    for x0, y0, x1, y1 in corners.tolist():
        draw.rectangle((x0, y0, x1, y1), outline=(0, 0, 0), width=2)
    for x0, y0, x1, y1 in corners.tolist():
        draw.rectangle((x0, y0, x1, y1), outline=(255, 255, 255), width=1)
    short = int(min((corners[:, 2] - corners[:, 0]).min(), (corners[:, 3] - corners[:, 1]).min()))
    font_px = float(np.clip(LABEL_SHARE * short, SMALLEST_LABEL_PX, LARGEST_LABEL_PX))
    font = ImageFont.load_default(size=font_px)
    outline = max(1, round(font_px / 9))
    for label, (x0, y0, _, _) in enumerate(corners.tolist(), start=1):
        draw.text(
            (x0 + 3 + outline, y0 + 2 + outline),
            str(backward_label(label, n) if backward else label),
            font=font,
            fill=(255, 255, 255),
            stroke_width=outline,
            stroke_fill=(0, 0, 0),
            anchor="lt",
        )
    png = io.BytesIO()
    crop.save(png, format="PNG")
    return png.getvalue()


def _scale(
    crop: tuple[int, int], box: tuple[int, int], n: int, crop_px: int, min_cell_px: int
) -> NDArray[np.float64]:
    """Picture pixels per pixel of the frame, across and down (2,): equal, unless cells would get too thin."""
    even = crop_px / max(crop)
    most = crop_px / np.array(crop)
    return np.minimum(np.maximum(even, min_cell_px * n / np.array(box)), most)
