"""How fast the arm stops, for each way the program that commands it can die: the real processes, measured.

A victim (`app.bench.stop_victim`) moves the simulated arm through its driver process; what happened comes
from the driver's journal, which outlives the victim. Both processes stamp by the machine's monotonic clock.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.bench.stop_victim import READY
from hardware.clock import SystemClock
from hardware.errors import HardwareError

CAUSES = ("killed", "frozen", "raising", "interrupted", "interrupted twice", "terminated")
WITHIN_S = 30.0


@dataclass(frozen=True)
class Death:
    """One victim: what happened to it, seconds until the driver stopped the arm and until it stood still."""

    cause: str
    stop_s: float
    rest_s: float
    events: tuple[Mapping[str, Any], ...]
    """The driver's whole journal."""


def die(cause: str) -> Death:
    """Start a victim, let `cause` happen to it in mid-motion, and read what became of the arm.

    Raises HardwareError when the arm did not come to rest.
    """
    clock = SystemClock()
    with tempfile.TemporaryDirectory() as folder:
        journal = Path(folder) / "driver.jsonl"
        words = [sys.executable, "-m", "app.bench.stop_victim", str(journal)]
        words += ["raise"] if cause == "raising" else []
        victim = subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
        )
        try:
            assert victim.stdout is not None  # a pipe was asked for
            word, _, moment = victim.stdout.readline().partition(" ")
            if word != READY:
                raise HardwareError(f"the victim did not begin to move: {word or 'it ended'}")
            happened_s = float(moment) if cause == "raising" else clock.now()
            _ACTIONS[cause](victim)
            events = _until(journal, "at_rest", clock)
        finally:
            victim.kill()
            victim.wait()
        events = _until(journal, "end", clock) or events
    stopped = next(event for event in events if event["event"] in ("stop", "emergency_stop"))
    rested = next(event for event in events if event["event"] == "at_rest")
    return Death(cause, stopped["t_s"] - happened_s, rested["since_s"] - happened_s, tuple(events))


def _nothing(victim: subprocess.Popen[str]) -> None:
    """It does it to itself."""


def _twice(victim: subprocess.Popen[str]) -> None:
    victim.send_signal(signal.SIGINT)
    assert victim.stdout is not None  # a pipe was asked for
    SystemClock().sleep(0.1)  # two signals at the same moment would be one
    victim.send_signal(signal.SIGINT)


_ACTIONS: Mapping[str, Callable[[subprocess.Popen[str]], None]] = {
    "killed": lambda victim: victim.kill(),
    "frozen": lambda victim: os.kill(victim.pid, signal.SIGSTOP),
    "raising": _nothing,
    "interrupted": lambda victim: victim.send_signal(signal.SIGINT),
    "interrupted twice": _twice,
    "terminated": lambda victim: victim.terminate(),
}


def _until(journal: Path, event: str, clock: SystemClock) -> list[dict[str, Any]]:
    """The journal once it holds `event`."""
    end_s = clock.now() + WITHIN_S
    while clock.now() < end_s:
        lines = journal.read_text(encoding="utf-8").splitlines() if journal.is_file() else []
        events = [json.loads(line) for line in lines]
        if any(each["event"] == event for each in events):
            return events
        clock.sleep(0.02)
    raise HardwareError(f"no {event!r} in the driver's journal within {WITHIN_S:g} s")


def print_stops(deaths: Sequence[Death]) -> None:
    """Median, p99 and worst per cause, in milliseconds."""
    import numpy as np
    from rich.console import Console
    from rich.table import Table

    table = Table(title="from the cause to the arm's stop and to its standstill, ms", title_justify="left")
    for column in ("cause", "n", "stop p50", "p99", "still p50", "p99", "worst"):
        table.add_column(column, justify="left" if column == "cause" else "right")
    for cause in dict.fromkeys(death.cause for death in deaths):
        stops = [1e3 * death.stop_s for death in deaths if death.cause == cause]
        rests = [1e3 * death.rest_s for death in deaths if death.cause == cause]
        figures = (*np.percentile(stops, (50, 99)), *np.percentile(rests, (50, 99, 100)))
        table.add_row(cause, str(len(stops)), *(f"{figure:.0f}" for figure in figures))
    Console().print(table)
