"""`handover bench ablation`: what regions and ranking are worth, by the paper's metric and by trying."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from app.arguments import UNSET, parse
from app.bench.engine import Engine
from app.errors import UsageError
from app.options import Config

if TYPE_CHECKING:
    from rich.console import Console

    from app.bench.trials import Trial


@dataclass(frozen=True)
class AblationCommand:
    """The paper's ablation on simulated pictures, or on recorded ones; a run that was killed goes on."""

    trials: int = 10
    """Per object, at a random place and heading each."""
    first_seed: int = 0
    """Seeds count from here, one of its own for every trial."""
    objects: tuple[str, ...] = ()
    """Only these categories; all by default."""
    regions: Literal["labels", "shape", "vlm", "recorded"] = "labels"
    """Who says which part is whose: the part labels through grid and parser, the shape rule, the configured
    model, or its replies as an earlier run left them."""
    replies: Annotated[tyro.conf.DisallowNone[Path | None], UNSET] = None
    """With --regions recorded: the replies.jsonl of that run."""
    label_errors: float = 0.0
    """Share of trials in which the labels name the parts the wrong way round."""
    execute: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Also carry every grasp out in physics: close, lift, hold."""
    engine: Engine = "processes"
    """Where trials run: processes of this machine, or a Dask or Ray cluster."""
    jobs: int = 2
    """Trials at a time."""
    cluster: str = ""
    """Address of your own Dask scheduler or Ray head; one of this machine by default."""
    pictures: int = 6
    """Of how many worst trials."""
    recorded: Annotated[tyro.conf.DisallowNone[Path | None], UNSET] = None
    """Instead: a folder of recordings with annotation.json, annotated regions beside the shape rule."""
    out: Path = Path("ablation")
    """Trials and pictures go here; trials already there are not repeated."""
    config: Annotated[tyro.conf.DisallowNone[Path | None], UNSET] = None
    """The configuration to use; by default config.yaml in the working directory, if there is one."""
    settings: Annotated[Config, tyro.conf.arg(name="")] = Config()  # noqa: RUF009  # frozen


def main(arguments: Sequence[str]) -> int:
    """Run what is missing and report; returns the exit code."""
    command, config = parse(AblationCommand(), arguments, "handover bench ablation")
    _check(command, config)

    from rich.console import Console

    console = Console()
    if command.recorded is not None:
        from app.bench.ablation_recorded import judge_folder, print_judgements

        print_judgements(console, judge_folder(command.recorded, config, command.first_seed))
        return 0
    return _simulated(command, config, console)


def _check(command: AblationCommand, config: Config) -> None:
    if min(command.trials, command.jobs) < 1 or min(command.first_seed, command.pictures) < 0:
        raise UsageError(
            "--trials and --jobs need a whole number of 1 or more, "
            "--first-seed and --pictures one of 0 or more"
        )
    if not 0.0 <= command.label_errors <= 1.0:
        raise UsageError(f"--label-errors {command.label_errors:g}: a share from 0 to 1 is needed")
    if command.label_errors and command.regions != "labels":
        raise UsageError("--label-errors goes with --regions labels only")
    if (command.regions == "recorded") != (command.replies is not None):
        raise UsageError("--regions recorded and --replies FILE go together")
    if command.regions == "vlm" and config.back_ends.vlm == "none":
        raise UsageError("--regions vlm needs a model: set back_ends.vlm")
    if command.recorded is None and config.back_ends.robot != "simulated":
        raise UsageError("the ablation needs --back-ends.robot simulated, or --recorded FOLDER")


def _simulated(command: AblationCommand, config: Config, console: Console) -> int:
    from app.bench.ablation import Setup, ablation_trials, lost_trial, run_trial
    from app.bench.ablation_report import draw_worst, sheets
    from app.bench.campaign import INTERRUPTED, TABLE, TRIALS, WORST, Campaign
    from app.bench.replies import REPLIES, write_replies
    from app.bench.sheet import print_sheets
    from hardware.sim.objects import categories, resolve_category

    labels = [resolve_category(label) for label in command.objects] or list(categories())
    wanted = ablation_trials(labels, command.trials, command.first_seed)
    setup, about = Setup(command.regions, command.label_errors, command.execute), dict[str, Any]()
    if command.replies is not None:
        setup = replace(setup, replies=str(command.replies.absolute()))
        about = {"replies": _checked_replies(command.replies, wanted)}
    about |= {"setup": asdict(setup), "config": asdict(config)}
    campaign = Campaign(command.out, "ablation", about, command.engine, command.jobs, command.cluster)
    work = partial(run_trial, setup=setup, config=config)
    rows = campaign.run(console, work, wanted, lost_trial)
    if rows:
        print_sheets(console, sheets(rows, executed=command.execute))
    if len(rows) < len(wanted):
        return INTERRUPTED
    pictures = draw_worst(command.out / WORST, rows, setup, config, command.pictures)
    kept = f"{REPLIES}, " if write_replies(command.out / REPLIES, rows) else ""
    files = f"{TRIALS}, {TABLE}, {kept}{len(pictures)} pictures in {WORST}/"
    console.print(f"files           {command.out}/: {files}", highlight=False, soft_wrap=True)
    return 0


def _checked_replies(path: Path, trials: Sequence[Trial]) -> str:
    """The file's digest. Raises BadFile, or UsageError where it lacks a trial."""
    from app.bench.replies import read_replies
    from app.bench.results_file import trial_name

    found = read_replies(path.absolute())
    missing = [name for trial in trials if (name := trial_name(asdict(trial))) not in found]
    if missing:
        raise UsageError(
            f"--replies {path}: it has no replies for {len(missing)} of {len(trials)} trials, for example "
            f"{missing[0]}; ask for the trials of the run that left it (--trials, --first-seed, --objects)"
        )
    return hashlib.sha256(path.read_bytes()).hexdigest()
