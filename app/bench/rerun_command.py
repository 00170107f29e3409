"""`handover bench rerun TRIAL`: plays one trial of a benchmark again, alone, and compares what comes out."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from app.arguments import UNSET
from app.bench.closed_loop import WALL
from app.bench.engine import run_all
from app.bench.results_file import trial_name
from app.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from app.assembly import Assembly
    from app.ticks import Observer

Row = dict[str, Any]
DIFFERENT = 1
"""The exit code where another row came out."""
MACHINES = (WALL, "versions")
"""Of a row, what is the machine's and not the trial's."""


@dataclass(frozen=True)
class RerunCommand:
    """Play one trial of a benchmark again, with the configuration it had."""

    trial: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="TRIAL")]
    """Its name as the report prints it (hammer/1/takes/0/1/7), or its number in the file, from 1."""
    results: Path = Path("closed-loop")
    """The folder of the benchmark, or its trials.jsonl."""
    video: Annotated[tyro.conf.DisallowNone[Path | None], UNSET] = None
    """Write a video of a closed-loop trial here (.mp4 or .gif)."""


def main(arguments: Sequence[str]) -> int:
    """Play the trial; returns 0 where the same row came out, bit for bit."""
    command: RerunCommand = tyro.cli(RerunCommand, args=list(arguments), prog="handover bench rerun")
    from rich.console import Console

    from app.bench.campaign import TRIALS
    from app.bench.results_file import read_results

    path = command.results / TRIALS if command.results.is_dir() else command.results
    about, rows = read_results(path)
    if about.get("benchmark") not in _PLAYERS:
        known = ", ".join(_PLAYERS)
        raise UsageError(f"{path}: its trials are of {about.get('benchmark')}; rerun plays those of {known}")
    if about.get("realtime"):
        raise UsageError(f"{path}: its trials ran at real speed, which no second run repeats")
    row, console = find(command.trial, rows), Console()
    return _compare(console, row, _PLAYERS[about["benchmark"]](row, about, command.video))


def find(word: str, rows: Sequence[Row]) -> Row:
    """The row of that name or number. Raises UsageError."""
    if word.isdecimal():
        if 1 <= int(word) <= len(rows):
            return rows[int(word) - 1]
        raise UsageError(f"there is no trial {word}: the file holds trials 1 to {len(rows)}")
    for row in rows:
        if trial_name(row) == word:
            return row
    example = f", for example {trial_name(rows[0])}" if rows else ""
    raise UsageError(f"there is no trial {word!r} among the {len(rows)} of the file{example}")


def _closed_loop(row: Row, about: Row, video: Path | None) -> Row:
    from app.bench.closed_loop import Episode, lost_episode, run_episode
    from app.config import checked
    from app.views.video import check_video_path

    if video is not None:
        check_video_path(video)
    film = None if video is None else partial(_film, path=video.absolute())
    episode = Episode(*(row[name] for name in Episode.__dataclass_fields__))
    config = checked(about["config"], "results file")
    return _play(partial(run_episode, config=config, film=film), episode, lost_episode)


def _film(assembly: Assembly, path: Path) -> Observer:
    from multiprocessing import set_start_method

    from app.views.video import create_video

    # The film's own processes would begin as this worker did, in a way that only joblib knows.
    set_start_method("spawn", force=True)
    return create_video(path, assembly)


def _ablation(row: Row, about: Row, video: Path | None) -> Row:
    from app.bench.ablation import Setup, lost_trial, run_trial
    from app.bench.replies import replies_of
    from app.bench.trials import Trial
    from app.config import checked

    _without(video)
    trial = Trial(*(row[name] for name in Trial.__dataclass_fields__))
    config = checked(about["config"], "results file")
    setup = Setup(**about["setup"])
    # A real model may answer otherwise the next time: the trial has the replies it had.
    replies = replies_of(row) if setup.regions == "vlm" else None
    work = partial(run_trial, setup=setup, config=config, replies=replies)
    return _play(work, trial, lost_trial)


def _methods(row: Row, about: Row, video: Path | None) -> Row:
    from app.bench.ablation import Setup
    from app.bench.methods import lost_trial, run_trial
    from app.bench.trials import Trial
    from app.config import checked

    _without(video)
    trial, names = Trial(*(row[name] for name in Trial.__dataclass_fields__)), tuple(about["methods"])
    config = checked(about["config"], "results file")
    work = partial(run_trial, names=names, setup=Setup(**about["setup"]), config=config)
    return _play(work, trial, partial(lost_trial, names=names))


def _without(video: Path | None) -> None:
    if video is not None:
        raise UsageError("--video goes with trials of closed-loop: nothing moves in those on single pictures")


def _play(work: Callable[[Any], Row], trial: Any, otherwise: Callable[[Any], Row]) -> Row:
    """The trial's row as its file would hold it, from a worker like those of a benchmark: the last bits of
    linear algebra may hang on its number of threads.
    """
    (row,) = run_all(work, [trial], "processes", 1, otherwise=otherwise)
    return dict(json.loads(json.dumps(row)))


_PLAYERS: dict[str, Callable[[Row, Row, Path | None], Row]] = {
    "closed-loop": _closed_loop,
    "ablation": _ablation,
    "methods": _methods,
}


def _compare(console: Console, before: Row, after: Row) -> int:
    """Print what the trial gave, and every figure that came out otherwise."""
    from app.bench.parquet import columns

    olds, news = (
        dict(columns({name: value for name, value in row.items() if name not in MACHINES}))
        for row in (before, after)
    )
    different = [name for name in {**olds, **news} if olds.get(name) != news.get(name)]
    for name in different:
        console.print(
            f"  {name}: {olds.get(name)} before, {news.get(name)} now", highlight=False, markup=False
        )
    if different and before.get("versions") != after.get("versions"):
        console.print("  other versions: what the packages compute may differ", highlight=False)
    word = "the same row, bit for bit" if not different else f"{len(different)} figures differ"
    console.print(f"{trial_name(after)}: {word}", highlight=False, markup=False)
    return DIFFERENT if different else 0
