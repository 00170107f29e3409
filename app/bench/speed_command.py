"""`handover bench speed`: what each stage costs as it grows, against what one would use instead."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from app.arguments import parse
from app.errors import UsageError
from app.options import Config

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class SpeedCommand:
    """Time every stage at growing sizes in one thread, then the ticks of a whole handover at real speed."""

    repeats: int = 15
    """Of every step, after one to warm up."""
    budget_s: float = 2.0
    """No more repeats of a step once they took so long together; three at least."""
    seed: int = 0
    """Of inputs and the simulated view."""
    ticks: bool = True
    """Run a handover at real speed and look at its ticks; takes most of a minute."""
    ompl: bool = True
    """Compare the path search with OMPL's."""
    out: Path = Path("speed")
    """speed.json and speed.png go here."""
    config: tyro.conf.DisallowNone[Path | None] = None
    """The configuration to use; by default config.yaml in the working directory, if there is one."""
    settings: Annotated[Config, tyro.conf.arg(name="")] = Config()  # noqa: RUF009  # frozen


def main(arguments: Sequence[str]) -> int:
    """Time, print, write and draw; returns 1 where an answer differs from what it should equal."""
    one_thread = _single_thread()
    command, config = parse(SpeedCommand(), arguments, "handover bench speed")
    if command.repeats < 3 or command.seed < 0 or not 0.0 < command.budget_s <= 600.0:
        raise UsageError("--repeats needs 3 or more, --seed 0 or more, --budget-s more than 0, at most 600")

    from rich.console import Console

    from app.bench import speed_motion, speed_rules, speed_tree, speed_view
    from app.bench.speed import Row, race
    from app.bench.speed_report import PICTURE, RESULTS, draw, print_rows, print_ticks, write
    from app.factory import build
    from perception.types import HandoverRequest

    if command.ompl:
        speed_motion.require_ompl()
    try:
        command.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--out {command.out}: cannot be made ({error.strerror})") from error
    console, rows = Console(), list[Row]()
    services = build(config, HandoverRequest("hammer"), command.seed).services
    with speed_view.stages(config, services) as view:
        stages = [
            *speed_rules.stages(),
            *view,
            *speed_motion.stages(config, services.planner, command.ompl),
            *speed_tree.stages(),
        ]
        with console.status("timing") as status:
            for row in race(stages, command.seed, command.repeats, command.budget_s):
                rows.append(row)
                status.update(f"timing {row.stage}, {row.size} {row.grows}")
    print_rows(console, rows)
    ticks: dict[str, Any] | None = None
    if command.ticks:
        with console.status("a handover at real speed"):
            ticks = speed_tree.busy_ticks(config, command.seed)
        print_ticks(console, ticks, config)
    threads = "one thread" if one_thread else "threads as the libraries chose: they were loaded before"
    console.print(f"{threads}; medians of up to {command.repeats} repeats after one to warm up")
    write(command.out / RESULTS, rows, ticks, {"seed": command.seed, "threads": threads})
    draw(command.out / PICTURE, rows, ticks, config)
    console.print(f"results          {command.out / RESULTS}\ncurves           {command.out / PICTURE}")
    return 0 if all(row.equal for row in rows) else 1


def _single_thread() -> bool:
    """Hold linear algebra to one thread, which works before it is loaded only; whether it is held."""
    held = "numpy" not in sys.modules or all(os.environ.get(name) == "1" for name in THREADS[:1])
    for name in THREADS:
        os.environ.setdefault(name, "1")
    return held and all(os.environ[name] == "1" for name in THREADS)
