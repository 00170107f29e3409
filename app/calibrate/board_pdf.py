"""The calibration board on a sheet of paper: black rectangles at true scale, a ruler and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np

from app.errors import UsageError
from hardware.calibration.board import Board

Paper = Literal["a4", "a3"]
PAPER_MM: dict[str, tuple[float, float]] = {"a4": (210.0, 297.0), "a3": (297.0, 420.0)}
EDGE_MM = 8.0
"""What printers leave white."""
FOOT_MM = 30.0
"""For ruler and words, at the bottom."""
RULER_MM = 100.0
MM_PER_INCH = 25.4


def black_runs(board: Board) -> Iterator[tuple[float, float, float, float]]:
    """The pattern as rectangles, one per unbroken row of black modules: x, y of its lower left corner from
    the pattern's lower left corner, width, height, all in mm.
    """
    black, module = board.black(), 1000.0 * board.module_m
    edges = np.diff(np.pad(black.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    rows, starts = np.nonzero(edges == 1)
    _, ends = np.nonzero(edges == -1)
    for row, start, end in zip(rows, starts, ends, strict=True):
        yield start * module, (len(black) - 1 - row) * module, (end - start) * module, module


def write_pdf(path: Path, board: Board, paper: Paper = "a4") -> None:
    """Write the sheet. Raises UsageError for a board too large for it, OSError where it cannot write."""
    from matplotlib.backends.backend_pdf import FigureCanvasPdf
    from matplotlib.collections import PatchCollection
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    width_mm, height_mm = PAPER_MM[paper]
    across, up = (float(v) for v in 1000.0 * board.size_m)
    room = (width_mm - 2.0 * EDGE_MM, height_mm - 2.0 * EDGE_MM - FOOT_MM)
    if across > room[0] or up > room[1]:
        raise UsageError(
            f"the board of {across:g} x {up:g} mm does not fit on {paper.upper()}, which has room for "
            f"{room[0]:g} x {room[1]:g} mm; take smaller squares (--square-mm), fewer, or --paper a3"
        )
    figure = Figure(figsize=(width_mm / MM_PER_INCH, height_mm / MM_PER_INCH))
    FigureCanvasPdf(figure)
    sheet = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    sheet.set(xlim=(0.0, width_mm), ylim=(0.0, height_mm))
    sheet.axis("off")
    left, low = (width_mm - across) / 2.0, EDGE_MM + FOOT_MM + (room[1] - up) / 2.0
    runs = [Rectangle((left + x, low + y), wide, high) for x, y, wide, high in black_runs(board)]
    sheet.add_collection(PatchCollection(runs, facecolor="black", edgecolor="none", linewidth=0.0))
    start = (width_mm - RULER_MM) / 2.0
    for mark in range(0, int(RULER_MM) + 1, 10):
        sheet.plot([start + mark] * 2, [EDGE_MM + 14.0, EDGE_MM + 18.0], color="black", linewidth=0.5)
    sheet.plot([start, start + RULER_MM], [EDGE_MM + 14.0] * 2, color="black", linewidth=0.5)
    words = (
        f"{board}\nThe ruler is 100 mm long. Print at 100 %, glue flat onto a stiff plate, MEASURE the "
        "squares,\nand give their edge as --square-mm to `handover calibrate hand-eye`."
    )
    sheet.text(width_mm / 2.0, EDGE_MM + 11.0, words, ha="center", va="top", fontsize=8)
    figure.savefig(path, format="pdf", metadata={"CreationDate": None, "Title": str(board)})
