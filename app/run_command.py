"""`handover run OBJECT`: runs one handover under record and view, and says how it ended."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import tyro

from app.arguments import parse
from app.config import as_values
from app.errors import UsageError
from app.options import Config
from app.ticks import Observer
from behaviours.keys import Outcome
from hardware.sim.options import Script
from perception.types import HandoverRequest

LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _-]{0,39}")
"""What may be asked for: the label reaches models as data, so it stays short and plain."""

EXIT_CODES = {Outcome.HANDED_OVER: 0, Outcome.INTERRUPTED: 130}
OTHERWISE = 1


@dataclass(frozen=True)
class RunCommand:
    """Hand one object to the person who asks for it. The options after these are those of config.yaml."""

    object: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="OBJECT")]
    """What to hand over, in plain words: hammer, mug, "red mug"."""
    seed: tyro.conf.DisallowNone[int | None] = None
    """Makes a simulated run repeatable; drawn and recorded when not given."""
    realtime: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Let the simulation take the time it stands for, with jobs in a worker thread as on the robot."""
    person: tyro.conf.DisallowNone[Script | Literal["none"] | None] = None
    """What the simulated person does (sim.person.script), or none for an empty room."""
    clutter: tyro.conf.DisallowNone[int | None] = None
    """How many other objects lie on the simulated table (sim.clutter)."""
    object_file: tyro.conf.DisallowNone[Path | None] = None
    """Your own object for the simulation, an MJCF file."""
    view: tyro.conf.DisallowNone[Literal["tree", "lines", "none"] | None] = None
    """What the terminal shows; by default the tree, or lines when the output is not a terminal."""
    video: tyro.conf.DisallowNone[Path | None] = None
    """Write a video of the simulation here (.mp4 or .gif)."""
    runs_dir: tyro.conf.DisallowNone[Path | None] = None
    """Where the run's folder goes (run.runs_dir)."""
    config: tyro.conf.DisallowNone[Path | None] = None
    """The configuration to use; by default config.yaml in the working directory, if there is one."""
    settings: Annotated[Config, tyro.conf.arg(name="")] = Config()  # noqa: RUF009  # frozen


def main(arguments: Sequence[str]) -> int:
    """Run one handover; returns the exit code."""
    command, config = parse(RunCommand(tyro.MISSING), arguments, "handover run", _shorthands)
    request = parse_request(command.object)
    seed = secrets.randbelow(2**32) if command.seed is None else command.seed
    if command.seed is not None and command.seed < 0:
        raise UsageError(f"--seed {command.seed}: a whole number of 0 or more is needed")
    if command.video is not None:
        from app.views.video import check_video_path

        check_video_path(command.video)
    return _run(command, config, request, seed)


def parse_request(label: str) -> HandoverRequest:
    """The request for `label`; raises UsageError for anything but a few plain words."""
    words = " ".join(label.split())
    if not LABEL.fullmatch(words):
        raise UsageError(
            f"{label!r} cannot be asked for: up to 40 letters, digits, blanks, - and _ are allowed"
        )
    return HandoverRequest(words)


def run_folder(runs_dir: Path, label: str, now: datetime) -> Path:
    """A new folder's name: runs/20261124-043300-hammer, with a number when that exists already."""
    name = f"{now:%Y%m%d-%H%M%S}-{label.lower().replace(' ', '-')}"
    folder, number = runs_dir / name, 1
    while folder.exists():
        number += 1
        folder = runs_dir / f"{name}-{number}"
    return folder


def _shorthands(command: RunCommand, config: Config) -> Config:
    """The configuration with the command's own short options put where they belong."""
    sim = config.sim
    if command.person == "none":
        sim = replace(sim, person=replace(sim.person, present=False))
    elif command.person is not None:
        sim = replace(sim, person=replace(sim.person, present=True, script=command.person))
    if command.clutter is not None:
        sim = replace(sim, clutter=command.clutter)
    run = config.run
    if command.runs_dir is not None:
        run = replace(run, runs_dir=str(command.runs_dir))
    return replace(config, sim=sim, run=run)


def _run(command: RunCommand, config: Config, request: HandoverRequest, seed: int) -> int:
    from rich.console import Console

    from app.factory import build
    from app.record.album import Album
    from app.record.writer import Recorder
    from app.runner import run_handover
    from app.summary import print_summary, run_log
    from app.views.live import create_view
    from app.views.video import create_video
    from trees.handover import create_root

    console = Console()
    assembly = build(
        config,
        request,
        seed,
        realtime=command.realtime,
        object_file=command.object_file,
        looks=command.video is not None,
    )
    root = partial(create_root, assembly.mission, vlm=assembly.services.vlm is not None)
    folder = run_folder(Path(config.run.runs_dir), request.label, datetime.now())
    about = {
        "request": request.label,
        "seed": seed,
        "realtime": command.realtime,
        "back_ends": dict(assembly.back_ends),
        "config": as_values(config),
    }
    with closing(Album(folder)) as album, run_log(console, folder):
        recorder = Recorder(folder, about, config.run.telemetry_hz, album.on_key_written)
        observers: list[Observer] = [recorder, *create_view(command.view, console)]
        if command.video is not None:
            observers.append(create_video(command.video, assembly))
        result = run_handover(assembly, root, request, config.run, observers)
    print_summary(console, result, folder, assembly.back_ends, command.video)
    return EXIT_CODES.get(result.outcome, OTHERWISE)
