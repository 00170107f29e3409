"""`handover watch [RUN]`: follows a running handover or replays a finished one, from its record alone."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from app.arguments import UNSET
from app.record.replay import Replay, find_run
from app.views.drawing import ASCII, Marks, marks_for

RUN = tyro.conf.arg(metavar="[RUN]", help_behavior_hint="")


@dataclass(frozen=True)
class WatchCommand:
    """Look at a run: while it happens from another terminal, or afterwards.

    Keys: space pauses and resumes, left and right step, home and end jump, + and - change the speed, t shows
    the whole tree, q leaves.
    """

    run: Annotated[tyro.conf.Positional[tyro.conf.DisallowNone[str | None]], RUN] = None
    """The run's folder or its name; by default the newest."""
    runs_dir: Path = Path("runs")
    """Where runs are kept."""
    once: Annotated[bool, tyro.conf.FlagCreatePairsOff, UNSET] = False
    """Print the newest state once and leave (also done when the output is not a terminal)."""
    ascii: Annotated[bool, tyro.conf.FlagCreatePairsOff, UNSET] = False
    """Plain signs only; the default where the terminal does not speak unicode."""
    no_colour: Annotated[bool, tyro.conf.FlagCreatePairsOff, UNSET] = False
    """No colours; the environment variable NO_COLOR does the same."""


def main(arguments: Sequence[str]) -> int:
    """Show one run; returns the exit code."""
    command = tyro.cli(WatchCommand, args=list(arguments), prog="handover watch")
    replay = Replay(find_run(command.run, command.runs_dir))
    if command.no_colour:
        os.environ["NO_COLOR"] = "1"
    if command.once or not sys.stdout.isatty():
        return _print_once(replay, command.ascii)
    from rich.console import Console

    from app.views.watch_screen import WatchScreen

    WatchScreen(replay, _marks(Console(), command.ascii)).run()
    return 0


def _print_once(replay: Replay, ascii_only: bool) -> int:
    from rich.console import Console

    from app.views.moment_text import moment_lines

    console = Console(highlight=False)
    marks = _marks(console, ascii_only)
    for line in moment_lines(replay, len(replay.moments) - 1, marks, console.width):
        console.print(line, no_wrap=True, overflow="ellipsis" if marks is not ASCII else "crop")
    return 0


def _marks(console: object, ascii_only: bool) -> Marks:
    from rich.console import Console

    assert isinstance(console, Console)
    return ASCII if ascii_only else marks_for(console)
