"""`handover bench handover-point`: the predicted handover point against recorded handovers between people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from app.errors import UsageError

DATA = tyro.conf.arg(metavar="FOLDER", help_behavior_hint="(required)")


@dataclass(frozen=True)
class HandoverPointCommand:
    """Judge both modes of Eq. 5 on recorded handovers, and the bounds fitted on one half on the other."""

    data: Annotated[tyro.conf.DisallowNone[Path | None], DATA] = None
    """A folder with motions.npz and index.json."""
    heading: Literal["body", "giver"] = "body"
    """What is forward for the fitted rules: where the receiver's chest points, or the way to the giver."""
    seed: int = 0
    """Of the split in halves and of the bootstrap."""
    out: Path = Path("handover-point")
    """Where table and picture go."""


def main(arguments: Sequence[str]) -> int:
    """Judge and print; returns the exit code."""
    command = tyro.cli(HandoverPointCommand, args=list(arguments), prog="handover bench handover-point")
    if command.data is None:
        raise UsageError("--data FOLDER is missing: the folder with motions.npz and index.json")
    if command.seed < 0:
        raise UsageError(f"--seed {command.seed}: a whole number of 0 or more is needed")

    import numpy as np
    from rich.console import Console

    from app.bench.handover_motions import Heading, read_passings
    from app.bench.handover_point import BOUNDED, PAPER, Judgement, crossed, judged
    from app.bench.handover_point_report import PICTURE, draw, figures, print_rows, write_results

    passings, heading = read_passings(command.data), command.heading
    headings: tuple[Heading, ...] = ("body", "giver")
    rows = [
        figures(judged(passings, rule, way), way, command.seed)
        for way in headings
        for rule in (PAPER, BOUNDED)
    ]
    panels = [(f"mode {rule.name}", [judged(passings, rule, heading)]) for rule in (PAPER, BOUNDED)]
    for spaced in (False, True):
        halves = crossed(passings, heading, command.seed, spaced)
        rows += [figures(half, heading, command.seed) for half in halves]
        axes, names = np.concatenate([half.axes for half in halves]), halves[0].names + halves[1].names
        both = figures(Judgement(halves[0].rule, axes, names, halves[0].fitted_on), heading, command.seed)
        # Two rules made this row: it has no parameters of its own.
        rows.append(
            both | {"lowest_share": None, "forward_share": None, "rule": f"{both['rule']}, both ways"}
        )
        panels.append((f"{halves[0].rule.name},\njudged on the other half", list(halves)))
    console = Console()
    print_rows(console, rows)
    about = {"data": command.data.name, "motions": len(passings), "seed": command.seed}
    write_results(command.out, rows, about)
    draw(command.out / PICTURE, passings, panels, heading)
    console.print(f"files  {command.out}/", highlight=False)
    return 0
