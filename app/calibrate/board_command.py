"""`handover calibrate board`: writes the calibration board as a PDF, at true scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from app.errors import UsageError
from hardware.calibration.board_options import BoardOptions
from hardware.errors import BadFile


@dataclass(frozen=True)
class BoardCommand:
    """Write the ChArUco board as a PDF to print at 100 %, with a ruler to check the print by."""

    out: Path = Path("board.pdf")
    """The PDF."""
    paper: Literal["a4", "a3"] = "a4"
    board: Annotated[BoardOptions, tyro.conf.arg(name="")] = BoardOptions()  # noqa: RUF009  # frozen


def main(arguments: Sequence[str]) -> int:
    """Write the PDF; returns the exit code."""
    command = tyro.cli(BoardCommand, args=list(arguments), prog="handover calibrate board")
    if command.out.suffix.lower() != ".pdf":
        raise UsageError(f"--out {command.out}: a name that ends in .pdf is needed")

    from app.calibrate.packages import check_opencv

    check_opencv()

    from app.calibrate.board_pdf import write_pdf
    from hardware.calibration.board import Board

    board = Board.of(command.board)
    try:
        write_pdf(command.out, board, command.paper)
    except OSError as error:
        raise BadFile(
            command.out, f"it cannot be written ({error.strerror})", "name another place"
        ) from error
    print(f"{command.out}: {board}")
    print(
        "Print it at 100 % (not fit to page), glue it flat onto a plate, and MEASURE it: the ruler, then\n"
        "a row of squares from edge to edge, divided by their number. Give that as --square-mm to\n"
        "handover calibrate hand-eye."
    )
    return 0
