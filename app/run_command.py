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
from typing import Annotated, Literal, cast, get_args

import tyro

from app.arguments import UNSET, parse
from app.config import as_values
from app.errors import UsageError
from app.options import Config
from app.ticks import Observer
from behaviours.keys import Outcome
from hardware.errors import BadFile, UnknownName
from hardware.sim.options import Script
from perception.types import HandoverRequest

LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _-]{0,39}")
"""What may be asked for: the label reaches models as data, so it stays short and plain."""

PEOPLE = (*get_args(Script), "none")
"""What `--person` may be."""

EXIT_CODES = {Outcome.HANDED_OVER: 0, Outcome.PLANNED: 0, Outcome.INTERRUPTED: 130}
OTHERWISE = 1
OPERATOR_S = 600.0
"""A motion's deadline in a run with --step: it includes the operator's time."""
REMEDY = "choose another place with --runs-dir"


@dataclass(frozen=True)
class RunCommand:
    """Hand one object to the person who asks for it; in simulation, unless configured otherwise."""

    object: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="OBJECT")]
    """What to hand over, in plain words: hammer, mug, "red mug"."""
    seed: Annotated[tyro.conf.DisallowNone[int | None], UNSET] = None
    """Makes a simulated run repeatable; drawn and recorded when not given."""
    realtime: Annotated[bool, tyro.conf.FlagCreatePairsOff, UNSET] = False
    """Let the simulation take the time it stands for, with jobs in a worker thread as on the robot."""
    person: Annotated[
        tyro.conf.DisallowNone[str | None],
        tyro.conf.arg(
            metavar="SCRIPT",
            help=f"What the simulated person does: {', '.join(PEOPLE[:-1])}, or none for an empty room.",
            help_behavior_hint="",
        ),
    ] = None
    clutter: Annotated[tyro.conf.DisallowNone[int | None], UNSET] = None
    """How many other objects lie on the simulated table, up to 4."""
    object_file: Annotated[tyro.conf.DisallowNone[Path | None], UNSET] = None
    """Your own object for the simulation, an MJCF file."""
    view: Literal["auto", "tree", "lines", "none"] = "auto"
    """What the terminal shows; auto is the tree, or lines when the output is not a terminal."""
    video: Annotated[tyro.conf.DisallowNone[Path | None], UNSET] = None
    """Write a video of the simulation here (.mp4 or .gif)."""
    runs_dir: Annotated[tyro.conf.DisallowNone[Path | None], UNSET] = None
    """Where the run's folder goes; runs unless the configuration says otherwise."""
    offline: Annotated[bool, tyro.conf.FlagCreatePairsOff, UNSET] = False
    """Ask the vision-language model nothing new: only replies kept from earlier runs are used."""
    robot: Annotated[tyro.conf.DisallowNone[Literal["simulated", "kinova"] | None], UNSET] = None
    """Which robot: kinova moves the real arm (kinova.address says where it is)."""
    dry_run: Annotated[bool, tyro.conf.FlagCreatePairsOff, UNSET] = False
    """Resolve the configuration and build everything; connect to nothing, start nothing."""
    plan_only: Annotated[bool, tyro.conf.FlagCreatePairsOff, UNSET] = False
    """Look from where the arm stands and plan; nothing moves."""
    step: Annotated[bool, tyro.conf.FlagCreatePairsOff, UNSET] = False
    """Ask at the terminal before each phase of the arm's motion."""
    yes: Annotated[bool, tyro.conf.FlagCreatePairsOff, UNSET] = False
    """The real arm may move: the question before the first motion is answered."""
    config: Annotated[tyro.conf.DisallowNone[Path | None], UNSET] = None
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
        if command.person not in PEOPLE:
            raise UnknownName("person's script", command.person, PEOPLE)
        script = cast(Script, command.person)
        sim = replace(sim, person=replace(sim.person, present=True, script=script))
    if command.clutter is not None:
        sim = replace(sim, clutter=command.clutter)
    run = config.run
    if command.runs_dir is not None:
        run = replace(run, runs_dir=str(command.runs_dir))
    perception = config.perception
    if command.offline:
        perception = replace(perception, vlm=replace(perception.vlm, offline=True))
    back_ends = config.back_ends
    if command.robot is not None:
        back_ends = replace(back_ends, robot=command.robot)
    if command.plan_only:
        # A real arm stays where it is; a simulated one begins where it sees the table.
        sim = replace(sim, start_deg=config.tree.views.table_deg[0])
    config = replace(config, back_ends=back_ends, sim=sim, run=run, perception=perception)
    return patient(config) if command.step else config


def patient(config: Config) -> Config:
    """The configuration with deadlines that leave an operator time to say yes."""
    deadlines = replace(config.tree.deadlines, motion_s=OPERATOR_S)
    return replace(config, tree=replace(config.tree, deadlines=deadlines))


def _run(command: RunCommand, config: Config, request: HandoverRequest, seed: int) -> int:
    from rich.console import Console

    from app.factory import build
    from app.gate import print_dry_run, require_consent, require_doctor, require_operator
    from app.record.album import Album
    from app.record.writer import Recorder
    from app.runner import run_handover
    from app.stepping import TerminalOperator, stepped
    from app.summary import print_summary, run_log
    from app.views.live import create_view
    from app.views.video import create_video
    from trees.handover import create_root
    from trees.rehearsal import create_planning_root

    console = Console()
    if not (command.plan_only or command.dry_run):
        require_doctor(config)
        if command.step:
            require_operator()
    folder = run_folder(Path(config.run.runs_dir), request.label, datetime.now())
    realtime = command.realtime or command.step or config.back_ends.robot == "kinova"
    assembly = build(
        config,
        request,
        seed,
        realtime=realtime,
        object_file=command.object_file,
        journal=folder / "driver.jsonl",
    )
    create = create_planning_root if command.plan_only else create_root
    services = assembly.services
    root = partial(create, assembly.mission, vlm=services.vlm is not None, ahead=services.ahead)
    if command.dry_run:
        print_dry_run(console, root(), assembly.back_ends, config)
        return 0
    if not command.plan_only:
        require_consent(config, console, command.yes)
    if command.step:
        assembly = stepped(assembly, TerminalOperator(console.print))
    about = {
        "request": request.label,
        "seed": seed,
        "realtime": realtime,
        "back_ends": dict(assembly.back_ends),
        "config": as_values(config),
    }
    with closing(Album(folder)) as album, run_log(console, folder):
        try:
            recorder = Recorder(folder, about, config.run.telemetry_hz, album.on_key_written)
        except OSError as error:
            raise BadFile(folder, f"no record can be written ({error.strerror})", REMEDY) from error
        view = "lines" if command.step and command.view == "auto" else command.view
        observers: list[Observer] = [recorder, *create_view(view, console)]
        if command.video is not None:
            observers.append(create_video(command.video, assembly, console))
        done = Outcome.PLANNED if command.plan_only else Outcome.HANDED_OVER
        result = run_handover(assembly, root, request, config.run, observers, done)
    print_summary(console, result, folder, assembly.back_ends, command.video)
    return EXIT_CODES.get(result.outcome, OTHERWISE)
