"""Runs what moves the arm round the board, and turns every expected end into words and an exit code."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import Console

from app.gate import is_real, require_consent
from app.options import Config
from app.signals import Interrupted
from hardware.calibration.errors import CalibrationError

NOT_GOOD, INTERRUPTED = 1, 130


def consent(config: Config, console: Console, yes: bool) -> Callable[[], None]:
    """Asks once, before a real arm moves; raises UsageError without consent."""

    def ask() -> None:
        if is_real(config):
            console.print("The arm will go round the board, which lies flat and alone on the table.")
        require_consent(config, console, yes)

    return ask


def attempted(work: Callable[[], int], console: Console) -> int:
    """`work`'s exit code; 1 where nothing could be made of what was seen, 130 where a person stopped it."""
    try:
        return work()
    except CalibrationError as error:
        console.print(f"given up: {error}", style="bold red", markup=False)
        return NOT_GOOD
    except Interrupted:
        console.print("interrupted: the arm has stopped, nothing was written")
        return INTERRUPTED
