"""Many trials as one piece of work: what is missing is run, what is finished is kept, a bar tells how long.

A campaign's folder holds trials.jsonl (each trial on disk when it is counted, see `ResultsFile`) and, once
all are there, the same as trials.parquet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from app.bench.engine import Engine, check_engine, run_all
from app.bench.results_file import ResultsFile

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

TRIALS, TABLE = "trials.jsonl", "trials.parquet"
WORST = "worst"
"""The folder, in a campaign's, with pictures of the worst trials (`picture_name`)."""
INTERRUPTED = 130
"""The exit code of a campaign that Ctrl-C ended."""

T = TypeVar("T")
Row = dict[str, Any]


@dataclass(frozen=True)
class Campaign:
    """Where trials run and what becomes of them.

    benchmark: its word on the command line; about: all that the trials share; a folder is only continued with
    the same.
    """

    folder: Path
    benchmark: str
    about: Mapping[str, Any]
    engine: Engine = "processes"
    jobs: int = 2
    cluster: str = ""

    def run(
        self,
        console: Console,
        work: Callable[[T], Row],
        trials: Sequence[T],
        otherwise: Callable[[T], Row],
    ) -> list[Row]:
        """The rows of `trials` (dataclasses, whose fields begin their rows) in their order, as far as there
        are any; fewer than trials means that Ctrl-C came between. Raises BadFile, MissingPackage.
        """
        from app.bench.parquet import check_parquet, write_parquet

        check_engine(self.engine, self.cluster)
        check_parquet()
        keys = tuple(asdict(trials[0])) if trials else ()  # type: ignore[call-overload]  # dataclasses
        about = {"benchmark": self.benchmark, **self.about}
        with ResultsFile(self.folder / TRIALS, about, keys) as results:
            by_key = {results.key(asdict(trial)): trial for trial in trials}  # type: ignore[call-overload]
            missing = [trial for key, trial in by_key.items() if key not in results.rows]
            running = run_all(
                work, missing, self.engine, self.jobs, address=self.cluster, otherwise=otherwise
            )
            try:
                with closing(running), progress(console) as bar:
                    task = bar.add_task("", total=len(by_key), completed=len(by_key) - len(missing))
                    for row in running if missing else ():
                        results.add(row)
                        bar.advance(task)
            except KeyboardInterrupt:
                console.print("interrupted; the same command goes on from here")
            rows = [results.rows[key] for key in by_key if key in results.rows]
        if len(rows) == len(by_key):
            write_parquet(self.folder / TABLE, rows, about)
        return rows


def progress(console: Console) -> Progress:
    """A bar with the trials done, their rate and the time left."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TimeRemainingColumn
    from rich.progress import Task as BarTask
    from rich.text import Text

    class Rate(ProgressColumn):
        """Trials a minute."""

        def render(self, task: BarTask) -> Text:
            return Text("" if task.speed is None else f"{60 * task.speed:.0f} a minute")

    return Progress(
        "trials", BarColumn(), MofNCompleteColumn(), Rate(), TimeRemainingColumn(), console=console
    )
