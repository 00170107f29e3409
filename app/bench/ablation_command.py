"""`handover bench ablation`: what regions and ranking are worth, by the paper's metric and by trying."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from app.arguments import UNSET, parse
from app.errors import UsageError
from app.options import Config

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from app.bench.trials import Trial

TRIALS, WORST = "trials.jsonl", "worst"


@dataclass(frozen=True)
class AblationCommand:
    """The paper's ablation on simulated pictures, or on recorded ones; a run that was killed goes on."""

    trials: int = 10
    """Per object, at a random place and heading each."""
    first_seed: int = 0
    """Seeds count from here, one of its own for every trial."""
    objects: tuple[str, ...] = ()
    """Only these categories; all by default."""
    regions: Literal["labels", "shape", "vlm"] = "labels"
    """Who says which part is whose: the part labels through grid and parser, the shape rule, or the
    configured model."""
    label_errors: float = 0.0
    """Share of trials in which the labels name the parts the wrong way round."""
    execute: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Also carry every grasp out in physics: close, lift, hold."""
    jobs: int = 2
    """Processes at a time."""
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
    if command.regions == "vlm" and config.back_ends.vlm == "none":
        raise UsageError("--regions vlm needs a model: set back_ends.vlm")
    if command.recorded is None and config.back_ends.robot != "simulated":
        raise UsageError("the ablation needs --back-ends.robot simulated, or --recorded FOLDER")


def _simulated(command: AblationCommand, config: Config, console: Console) -> int:
    from app.bench.ablation import Setup, ablation_trials, run_trial
    from app.bench.ablation_report import draw_worst, print_tables
    from app.bench.results_file import ResultsFile
    from hardware.sim.objects import categories, resolve_category

    labels = [resolve_category(label) for label in command.objects] or list(categories())
    wanted = ablation_trials(labels, command.trials, command.first_seed)
    setup = Setup(command.regions, command.label_errors, command.execute)
    about = {"setup": asdict(setup), "config": asdict(config)}
    with ResultsFile(command.out / TRIALS, about, ("label", "instance", "seed")) as results:
        missing = [t for t in wanted if (t.label, t.instance, t.seed) not in results.rows]
        work = partial(run_trial, setup=setup, config=config)
        try:
            with _progress(console) as progress:
                bar = progress.add_task("trials", total=len(wanted), completed=len(wanted) - len(missing))
                for row in in_processes(work, missing, command.jobs):
                    results.add(row)
                    progress.advance(bar)
        except KeyboardInterrupt:
            console.print("interrupted; the same command goes on from here")
        keys = [(t.label, t.instance, t.seed) for t in wanted]
        rows = [results.rows[key] for key in keys if key in results.rows]
    if rows:
        print_tables(console, rows, command.execute)
    if len(rows) < len(wanted):
        return 130
    pictures = draw_worst(command.out / WORST, rows, setup, config, command.pictures)
    console.print(f"files           {command.out}/: {TRIALS}, {len(pictures)} pictures in {WORST}/")
    return 0


def _progress(console: Console) -> Progress:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        """Trials a minute."""

        def render(self, task: Task) -> Text:
            return Text("" if task.speed is None else f"{60 * task.speed:.0f} a minute")

    return Progress(
        "trials", BarColumn(), MofNCompleteColumn(), Rate(), TimeRemainingColumn(), console=console
    )


def in_processes(
    work: Callable[[Trial], dict[str, Any]], trials: Sequence[Trial], jobs: int
) -> Iterator[dict[str, Any]]:
    """The rows as they come, in any order."""
    if jobs == 1:
        yield from map(work, trials)
        return
    # One thread of linear algebra per process; set before the children load it.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        try:
            for future in as_completed([pool.submit(work, trial) for trial in trials]):
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)
