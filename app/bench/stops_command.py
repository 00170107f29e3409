"""`handover bench stops`: how fast the arm stands still, for each way the program that moves it can die."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import tyro

from app.errors import UsageError


@dataclass(frozen=True)
class StopsCommand:
    """Kill, freeze and interrupt a program that moves the simulated arm through its driver process."""

    repeats: int = 10
    """How often each."""


def main(arguments: Sequence[str]) -> int:
    """Measure and print; returns the exit code."""
    command = tyro.cli(StopsCommand, args=list(arguments), prog="handover bench stops")
    if command.repeats < 1:
        raise UsageError(f"--repeats {command.repeats}: a whole number of 1 or more is needed")

    from rich.progress import track

    from app.bench.stops import CAUSES, die, print_stops

    causes = [cause for cause in CAUSES for _ in range(command.repeats)]
    print_stops([die(cause) for cause in track(causes, "deaths")])
    return 0
