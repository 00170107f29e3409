"""A second opinion from the same model: the same picture with its labels running backward.

A model that reads the picture points at the same places; one that favours certain numbers does not.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hardware.types import FloatArray, IntArray
from perception.errors import VlmParseError
from perception.grid import backward_label
from perception.types import RegionCells
from perception.vlm_parse import parse_regions

AGREE_SHARE = 0.5
"""Two answers agree when their middles are nearer than this share of the way from one role to the other."""


def second_cells(text: str, n: int, count: int) -> RegionCells:
    """The cells that a reply to the backward question names, as labels of the forward one. Raises
    VlmParseError.
    """
    cells = parse_regions(text, n, count)
    human, robot = (tuple(backward_label(i, n) for i in labels) for labels in (cells.human, cells.robot))
    return RegionCells(human, robot)


def check_agreement(first: RegionCells, second: RegionCells, cells: IntArray, text: str = "") -> None:
    """Raises VlmParseError, quoting the first answer's `text`, unless both mean the same places; cells:
    (n*n, 4) of the grid.
    """
    human, robot = _middle(first.human, cells), _middle(first.robot, cells)
    near_px = AGREE_SHARE * float(np.linalg.norm(human - robot))
    moved = [
        float(np.linalg.norm(_middle(labels, cells) - middle)) > near_px
        for labels, middle in ((second.human, human), (second.robot, robot))
    ]
    if any(moved):
        raise VlmParseError(
            f"Asked again with other numbers, you meant {_joined(second.human)} for the human and "
            f"{_joined(second.robot)} for the robot, other places. Decide which end the hand needs.",
            text,
        )


def _middle(labels: Sequence[int], cells: IntArray) -> FloatArray:
    """The middle (2,) of some cells, in pixels."""
    corners = cells[np.asarray(labels) - 1].astype(np.float64)
    return np.asarray((corners[:, :2] + corners[:, 2:]).mean(axis=0) / 2.0)


def _joined(labels: Sequence[int]) -> str:
    return ", ".join(str(label) for label in labels)
