"""`handover calibrate WORD`: finds and checks where the camera sits on the robot's wrist."""

from __future__ import annotations

from collections.abc import Sequence

from app.words import carry_out

COMMANDS: dict[str, tuple[str, str]] = {
    "board": ("app.calibrate.board_command", "write the calibration board as a PDF to print"),
    "hand-eye": (
        "app.calibrate.hand_eye_command",
        "look at the board from many poses, find the camera's place",
    ),
    "check": (
        "app.calibrate.check_command",
        "look at the board from two poses: does the calibration still hold?",
    ),
}
"""Word -> (module with `main(arguments) -> exit code`, what it does)."""

HELP = """\
usage: handover calibrate WORD [OPTIONS]

{commands}

  handover calibrate board                         print it at 100 %, glue it onto a plate, measure a square
  handover calibrate hand-eye --square-mm 34.9     with the edge of a square as measured; moves the robot of
                                                   back_ends.robot: kinova, or a simulated one
  handover calibrate WORD --help                   its options
"""


def main(arguments: Sequence[str]) -> int:
    """Carry out one word; returns the exit code."""
    return carry_out(arguments, COMMANDS, HELP, "word of `handover calibrate`")
