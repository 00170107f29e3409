"""Says at the end of a run what happened and where to look."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from rich.console import Console
from rich.logging import RichHandler
from rich.table import Table
from rich.text import Text

from app.ticks import Result
from behaviours.keys import Outcome

WORDS: dict[Outcome, str] = {
    Outcome.HANDED_OVER: "handed over: the person has it",
    Outcome.PLANNED: "planned: pick, lift and delivery are possible; nothing was moved",
    Outcome.NOT_TAKEN: "not taken: nobody took it, so it went back",
    Outcome.DROPPED: "dropped: the object left the hand on the way",
    Outcome.NOT_FOUND: "not found",
    Outcome.NOT_GRASPABLE: "not graspable",
    Outcome.NOT_REACHABLE: "not reachable",
    Outcome.UNSAFE: "unsafe: the guard ended it",
    Outcome.INTERRUPTED: "interrupted: the arm holds its pose, the gripper its grip",
    Outcome.ERROR: "error",
}

LONGEST_JOBS = 4
"""So many are told; run.json has all."""


class _OneLine(logging.Formatter):
    """What happened without its traceback, which log.txt keeps."""

    def format(self, record: logging.LogRecord) -> str:
        return record.getMessage()


class _LogFile(logging.FileHandler):
    """A log that a full disk or a vanished folder silences; the console has the warnings too."""

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(OSError):
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's name
        pass


@contextmanager
def run_log(console: Console, folder: Path) -> Iterator[None]:
    """While entered, warnings go to the console, among whatever a view draws there, and into log.txt."""
    written = _LogFile(folder / "log.txt", encoding="utf-8", delay=True)
    written.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    shown = RichHandler(console=console, show_time=False, show_path=False)
    shown.setFormatter(_OneLine())
    handlers = (written, shown)
    root = logging.getLogger()
    for handler in handlers:
        handler.setLevel(logging.WARNING)
        root.addHandler(handler)
    try:
        yield
    finally:
        for handler in handlers:
            root.removeHandler(handler)
            handler.close()


def print_summary(
    console: Console, result: Result, folder: Path, back_ends: Mapping[str, str], video: Path | None = None
) -> None:
    """The outcome with its reason, the times, who answered, and the paths of record, pictures and video."""
    good = result.outcome in (Outcome.HANDED_OVER, Outcome.PLANNED)
    console.print()
    console.print(Text(WORDS[result.outcome], style="bold green" if good else "bold red"))
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim")
    facts.add_column(overflow="fold")
    if result.reason:
        said = f"{result.leaf}: {result.reason}" if result.leaf else result.reason
        facts.add_row("but" if good else "why", said)
    facts.add_row("took", _times(result))
    if result.slow_ticks:
        worst = f"slowest {1e3 * result.slowest_tick_s:.1f} ms in {result.slowest_leaf}"
        facts.add_row("slow ticks", f"{result.slow_ticks} of {result.ticks}, {worst}")
    if result.jobs:
        facts.add_row("computing", _computing(result))
    facts.add_row("back ends", ", ".join(f"{step}: {name}" for step, name in back_ends.items()))
    facts.add_row("record", str(folder))
    pictures = sorted(path.name for path in folder.glob("*.png"))
    if pictures:
        facts.add_row("pictures", f"{folder}/: {', '.join(pictures)}")
    if video is not None and video.is_file():
        facts.add_row("video", str(video))
    console.print(facts)
    console.print(f"look again: handover watch {folder}", style="dim", highlight=False)


def _computing(result: Result) -> str:
    """The jobs that took longest, and what of them ran behind others."""
    longest = sorted(result.jobs.items(), key=lambda item: -item[1]["total_s"])[:LONGEST_JOBS]
    texts = []
    for name, job in longest:
        times = f" in {job['count']:.0f}" if job["count"] > 1 else ""
        behind = f", {job['hidden_s']:.1f} s of them behind other jobs" if "hidden_s" in job else ""
        texts.append(f"{name} {job['total_s']:.1f} s{times}{behind}")
    return "; ".join(texts)


def _times(result: Result) -> str:
    text = f"{result.duration_s:.1f} s"
    if abs(result.wall_s - result.duration_s) > 0.5:
        text += f" simulated, in {result.wall_s:.1f} s"
    if result.first_motion_s is not None:
        text += f"; first motion after {result.first_motion_s:.1f} s"
    return f"{text}; ticks {1e3 * result.tick_p50_s:.1f} ms (99 % below {1e3 * result.tick_p99_s:.1f} ms)"
