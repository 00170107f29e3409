"""`handover bench sim`: whole handovers in simulation, every object with several seeds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from app.arguments import parse
from app.errors import UsageError
from app.options import Config


@dataclass(frozen=True)
class SimCommand:
    """Hand over every object with several seeds in simulation and report how it went."""

    seeds: int = 3
    """Runs per object."""
    first_seed: int = 0
    """Their seeds count from here: figures on seeds nobody has looked at are worth the most."""
    objects: tuple[str, ...] = ()
    """Only these categories; all by default."""
    jobs: int = 2
    """Processes at a time."""
    realtime: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """At real speed with jobs in worker threads, as on the robot: what the ticks cost there."""
    out: tyro.conf.DisallowNone[Path | None] = None
    """Write every trial into this JSON file."""
    config: tyro.conf.DisallowNone[Path | None] = None
    """The configuration to use; by default config.yaml in the working directory, if there is one."""
    settings: Annotated[Config, tyro.conf.arg(name="")] = Config()  # noqa: RUF009  # frozen


def main(arguments: Sequence[str]) -> int:
    """Run the trials and report; returns the exit code."""
    command, config = parse(SimCommand(), arguments, "handover bench sim")
    if command.seeds < 1 or command.jobs < 1 or command.first_seed < 0:
        raise UsageError("--seeds and --jobs need a whole number of 1 or more, --first-seed one of 0 or more")

    from rich.console import Console
    from rich.progress import track

    from app.bench.report import print_report
    from app.bench.trials import TrialResult, all_trials, run_trials
    from hardware.sim.objects import categories, resolve_category

    labels = [resolve_category(label) for label in command.objects] or list(categories())
    trials = all_trials(labels, (1, 2), range(command.first_seed, command.first_seed + command.seeds))
    console, results = Console(), list[TrialResult]()
    try:
        running = run_trials(trials, config, command.jobs, command.realtime)
        for result in track(running, "trials", len(trials), console=console):
            results.append(result)
    except KeyboardInterrupt:
        console.print(f"interrupted: {len(results)} of {len(trials)} trials are done")
    results.sort(key=lambda result: (result.trial.label, result.trial.instance, result.trial.seed))
    print_report(console, results)
    if command.out is not None:
        rows = [result.as_row() for result in results]
        command.out.write_text(json.dumps(rows, indent=1, default=float) + "\n", encoding="utf-8")
        console.print(f"trials           {command.out}", highlight=False)
    return 0 if len(results) == len(trials) else 130
