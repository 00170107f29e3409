"""Grounding by a numbered grid: draw it, ask a vision-language model, check its answer, cut two masks."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hardware.types import BoolArray, IntArray, RGBDFrame, readonly
from perception.cross_check import check_agreement, second_cells
from perception.errors import RegionsNotFound, VlmError, VlmParseError
from perception.grid import backward_label, cell_shares, cells_mask, draw_grid, grid_cells
from perception.options import GridOptions
from perception.prompt import repair_text, system_text, user_text
from perception.protocols import VisionLanguageModel
from perception.types import Box, Detection, Message, Picture, RegionCells, Regions, Reply
from perception.vlm_parse import parse_regions

DEFAULTS = GridOptions()
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class GridView:
    """The picture shown to the model, its cells (n*n, 4) in pixels of the frame, row by row from the top
    left, and which of them show the object (n*n,).
    """

    picture: Picture
    cells: IntArray
    on_object: BoolArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "cells", readonly(self.cells, (None, 4), np.int64))
        object.__setattr__(self, "on_object", readonly(self.on_object, (len(self.cells),), np.bool_))

    @property
    def labels(self) -> tuple[int, ...]:
        """The labels, as drawn, of the cells that show the object."""
        labels = [int(i) + 1 for i in np.flatnonzero(self.on_object)]
        n = self.picture.grid_n
        return tuple(sorted(backward_label(i, n) for i in labels) if self.picture.backward else labels)


def grid_box(box: Box, shape: tuple[int, int], n: int) -> Box:
    """`box` in whole pixels inside a picture of `shape` (H, W), at least n pixels a side."""
    sides = []
    for low, high, size in ((box[0], box[2], shape[1]), (box[1], box[3], shape[0])):
        start, end = max(int(np.floor(low)), 0), min(int(np.ceil(high)), size)
        missing = max(n - (end - start), 0)
        start = max(min(start - missing // 2, size - n), 0)
        sides.append((start, max(end, start + n)))
    (x0, x1), (y0, y1) = sides
    return (float(x0), float(y0), float(x1), float(y1))


def numbered_grid(
    frame: RGBDFrame,
    detection: Detection,
    n: int = DEFAULTS.n,
    *,
    options: GridOptions = DEFAULTS,
    backward: bool = False,
) -> GridView:
    """The numbered grid over a segmented object; backward: its labels run from the bottom right.

    A cell counts as on the object from `options.min_share` of its pixels on; where that leaves too few
    cells for both roles (a thin object lying across its box), from one pixel on. Raises ValueError
    without a mask.
    """
    if detection.mask is None:
        raise ValueError("the grid needs a segmented object")
    box = grid_box(detection.box, detection.mask.shape, n)
    cells = grid_cells(box, n)
    share = cell_shares(cells, detection.mask)
    on_object = share >= options.min_share
    if np.count_nonzero(on_object) < 2 * options.cells_per_role:
        on_object = share > 0.0
    png = draw_grid(frame.rgb, box, n, options.crop_px, options.min_cell_px, backward=backward)
    return GridView(Picture(png, box, n, frame.stamp_s, backward), cells, on_object)


def first_messages(label: str, grid: GridView, options: GridOptions = DEFAULTS) -> tuple[Message, ...]:
    """The conversation that asks for both regions. Raises RegionsNotFound when the object covers too few
    cells.
    """
    needed = 2 * options.cells_per_role
    if len(grid.labels) < needed:
        raise RegionsNotFound(
            f"{label!r} covers {len(grid.labels)} of {len(grid.cells)} cells, {needed} are needed for "
            "both regions; look from nearer"
        )
    return (
        Message(
            "system",
            system_text(grid.picture.grid_n, options.cells_per_role, backward=grid.picture.backward),
        ),
        Message("user", user_text(label, grid.labels), (grid.picture,)),
    )


def backward_messages(
    label: str, frame: RGBDFrame, detection: Detection, options: GridOptions = DEFAULTS
) -> tuple[Message, ...]:
    """The same question with the labels running backward, for `perception.cross_check`."""
    grid = numbered_grid(frame, detection, options.n, options=options, backward=True)
    return first_messages(label, grid, options)


def repair_messages(previous: Sequence[Message], reply: Reply, fault: str) -> tuple[Message, ...]:
    """The conversation continued: the unusable reply, and what to mend in it."""
    answer = reply.text.strip()[:2000] or "(no answer)"
    return (*previous, Message("assistant", answer), Message("user", repair_text(fault)))


def regions_from_reply(
    reply: Reply, grid: GridView, detection: Detection, options: GridOptions = DEFAULTS
) -> Regions:
    """The two regions a reply names: its merged cells cut down to the object's mask.

    Raises VlmParseError when the reply cannot be read, or names cells that do not exist, repeat, overlap
    or show none of the object. Raises ValueError without a mask.
    """
    if detection.mask is None:
        raise ValueError("regions need a segmented object")
    cells = parse_regions(reply.text, grid.picture.grid_n, options.cells_per_role)
    _check_on_object(cells, grid, reply.text)
    shape = detection.mask.shape
    return Regions(
        robot_mask=cells_mask(grid.cells, cells.robot, shape) & detection.mask,
        human_mask=cells_mask(grid.cells, cells.human, shape) & detection.mask,
        cells=cells,
        source=reply.source,
    )


def _check_on_object(cells: RegionCells, grid: GridView, text: str) -> None:
    faults = []
    for role, labels in (("human", cells.human), ("robot", cells.robot)):
        if empty := [label for label in labels if not grid.on_object[label - 1]]:
            faults.append(f"For the {role} you named {_joined(empty)}, which shows only background.")
    if faults:
        faults.append(f"The object is seen in the cells {_joined(grid.labels)}.")
        raise VlmParseError(" ".join(faults), text)


def _joined(labels: Sequence[int]) -> str:
    return ", ".join(str(label) for label in labels)


class GridGrounder:
    """A RegionGrounder that asks a vision-language model, and asks again with the fault named."""

    def __init__(self, vlm: VisionLanguageModel, options: GridOptions = DEFAULTS) -> None:
        self.name = f"grid with {vlm.name}"
        self._vlm = vlm
        self._options = options

    def ground(self, frame: RGBDFrame, detection: Detection) -> Regions:
        """Two regions after at most `options.asks` questions, one more to cross-check. Raises VlmError,
        RegionsNotFound, or the VlmParseError of the last reply.
        """
        options = self._options
        grid = numbered_grid(frame, detection, options.n, options=options)
        messages = first_messages(detection.label, grid, options)
        second: RegionCells | None = None
        for asked in range(1, options.asks + 1):
            reply = self._vlm.ask(messages)
            try:
                regions = regions_from_reply(reply, grid, detection, options)
                if options.ask_twice:
                    second = second or self._second(frame, detection)
                    self._check(regions, second, grid, reply)
                return regions
            except VlmParseError as error:
                if asked == options.asks:
                    raise
                messages = repair_messages(messages, reply, error.fault)
        raise ValueError(f"perception.grid.asks is {options.asks}; at least one question is needed")

    def _second(self, frame: RGBDFrame, detection: Detection) -> RegionCells | None:
        """The second opinion; None where the model has none, which is no disagreement."""
        try:
            reply = self._vlm.ask(backward_messages(detection.label, frame, detection, self._options))
            return second_cells(reply.text, self._options.n, self._options.cells_per_role)
        except (VlmError, VlmParseError) as error:
            logger.warning("the answer of %s was not cross-checked: %s", self._vlm.name, error)
            return None

    def _check(self, regions: Regions, second: RegionCells | None, grid: GridView, reply: Reply) -> None:
        if second is not None and regions.cells is not None:
            check_agreement(regions.cells, second, grid.cells, reply.text)
