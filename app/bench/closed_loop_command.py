"""`handover bench closed-loop`: whole handovers in simulation under chosen conditions, judged by physics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import tyro

from app.arguments import UNSET, parse
from app.bench.engine import Engine
from app.errors import UsageError
from app.options import Config
from hardware.sim.options import Script

MOST_CLUTTER = 4


@dataclass(frozen=True)
class ClosedLoopCommand:
    """Hand over every object with several seeds under every condition; a run that was killed goes on."""

    seeds: int = 3
    """Runs per object, instance and condition."""
    first_seed: int = 0
    """Their seeds count from here: figures on seeds nobody has looked at are worth the most."""
    objects: tuple[str, ...] = ()
    """Only these categories; all by default."""
    scripts: tuple[Script, ...] = ("takes",)
    """What the simulated person does."""
    clutter: tuple[int, ...] = (0,)
    """Numbers of other objects on the table."""
    noise: tuple[float, ...] = (1.0,)
    """Scales of the noise of depth and wrist force, 1 = as configured."""
    engine: Engine = "processes"
    """Where trials run: processes of this machine, or a Dask or Ray cluster."""
    jobs: int = 2
    """Trials at a time."""
    cluster: str = ""
    """Address of your own Dask scheduler or Ray head; one of this machine by default."""
    pictures: int = 4
    """Of how many trials without success; each is run again for it."""
    realtime: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """At real speed with jobs in worker threads, as on the robot: what the ticks cost there."""
    out: Path = Path("closed-loop")
    """Trials go here; those already there are not repeated."""
    config: Annotated[tyro.conf.DisallowNone[Path | None], UNSET] = None
    """The configuration to use; by default config.yaml in the working directory, if there is one."""
    settings: Annotated[Config, tyro.conf.arg(name="")] = Config()  # noqa: RUF009  # frozen


def main(arguments: Sequence[str]) -> int:
    """Run what is missing and report; returns the exit code."""
    command, config = parse(ClosedLoopCommand(), arguments, "handover bench closed-loop")
    _check(command, config)

    from rich.console import Console

    from app.bench.campaign import INTERRUPTED, TABLE, TRIALS, WORST, Campaign
    from app.bench.closed_loop import episodes, lost_episode, run_episode
    from app.bench.closed_loop_pictures import draw_worst
    from app.bench.closed_loop_report import sheets, unsuccessful
    from app.bench.sheet import print_sheets
    from hardware.sim.objects import categories, resolve_category

    console = Console()
    labels = [resolve_category(label) for label in command.objects] or list(categories())
    seeds = range(command.first_seed, command.first_seed + command.seeds)
    wanted = episodes(labels, command.scripts, command.clutter, command.noise, seeds)
    about = {"realtime": command.realtime, "config": asdict(config)}
    campaign = Campaign(command.out, "closed-loop", about, command.engine, command.jobs, command.cluster)
    work = partial(run_episode, config=config, realtime=command.realtime)
    rows = campaign.run(console, work, wanted, lost_episode)
    if rows:
        print_sheets(console, sheets(rows))
    if len(rows) < len(set(wanted)):
        return INTERRUPTED
    worst = [] if command.realtime else unsuccessful(rows)[: command.pictures]
    pictures = draw_worst(command.out / WORST, worst, config, command.jobs)
    files = f"{TRIALS}, {TABLE}, {len(pictures)} pictures in {WORST}/"
    console.print(f"files           {command.out}/: {files}", highlight=False, soft_wrap=True)
    return 0


def _check(command: ClosedLoopCommand, config: Config) -> None:
    if min(command.seeds, command.jobs) < 1 or min(command.first_seed, command.pictures) < 0:
        raise UsageError(
            "--seeds and --jobs need a whole number of 1 or more, "
            "--first-seed and --pictures one of 0 or more"
        )
    if not (command.scripts and command.clutter and command.noise):
        raise UsageError("--scripts, --clutter and --noise need at least one value each")
    if not all(0 <= number <= MOST_CLUTTER for number in command.clutter):
        raise UsageError(f"--clutter {' '.join(map(str, command.clutter))}: numbers from 0 to {MOST_CLUTTER}")
    if not all(0.0 <= scale <= 10.0 for scale in command.noise):
        raise UsageError(f"--noise {' '.join(map(str, command.noise))}: scales from 0 to 10")
    if config.back_ends.robot != "simulated":
        raise UsageError("the closed loop needs --back-ends.robot simulated")
    if not config.sim.person.present:
        raise UsageError("the closed loop needs somebody to hand to: set sim.person.present to true")
