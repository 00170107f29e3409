"""One run of the real program for a study: a process of its own, what it says kept in a file.

The participant must not learn the condition from the screen: the run shows nothing there.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from app.errors import UsageError
from app.study.errors import Stopped

RUNS = "runs"
_BAD_INPUT, _INTERRUPTED = 2, 130
_LAST_CHARACTERS = 600
_POLL_S = 0.1
SUCCESS = "handed_over"
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Program:
    """How runs are made: `options` go to every one of them, after the condition's own; `wants_stop` tells
    while one is under way that it shall end now.
    """

    folder: Path
    options: tuple[str, ...] = ()
    wants_stop: Callable[[], bool] = lambda: False

    def run(self, name: str, label: str, seed: int, settings: Sequence[str]) -> dict[str, Any]:
        """Hand over `label`; the objective record of that run.

        Raises UsageError where the program refused to begin, Stopped where it was interrupted: the run then
        counts as not made.
        """
        place = self.folder / RUNS / name
        place.mkdir(parents=True, exist_ok=True)
        before = set(place.iterdir())
        words = [sys.executable, "-m", "app.study.bound", str(os.getpid())]
        words += ["run", label, "--seed", str(seed), "--view", "none"]
        words += ["--runs-dir", str(place), *settings, *self.options]
        said = place / "said.txt"
        with said.open("w", encoding="utf-8") as file:
            # A session of its own: Ctrl-C in this terminal comes here, and is passed on once.
            process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            code, asked = _finish(process, self.wants_stop)
        text = said.read_text(encoding="utf-8", errors="replace")[-_LAST_CHARACTERS:].strip()
        if code == _BAD_INPUT:
            raise UsageError(f"the program refused to run {name}: {text.removeprefix('handover: ')}")
        if code == _INTERRUPTED:
            raise Stopped
        new = sorted(path for path in set(place.iterdir()) - before if (path / "run.json").is_file())
        if not new and asked:  # it had not even begun
            raise Stopped
        if not new:
            return {
                "outcome": "error",
                "reason": f"no record was left (exit code {code}): {text}",
                "seed": seed,
            }
        return objective(json.loads((new[-1] / "run.json").read_text(encoding="utf-8"))) | {
            "record": str(new[-1].relative_to(self.folder))
        }


def _finish(process: subprocess.Popen[bytes], wants_stop: Callable[[], bool]) -> tuple[int, bool]:
    """The exit code of the run, and whether it was asked to stop. The participant's stop, Ctrl-C, SIGTERM and
    a closed terminal are passed on to it, which stops the arm and holds in its own time; a second Ctrl-C is
    its emergency stop.
    """
    asked = False

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if number == signal.SIGHUP and asked:
            return  # a closing terminal hangs up more than once, and means no emergency stop
        asked = True
        process.send_signal(signal.SIGINT)

    # What is ignored (nohup does that) stays so.
    heard = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, ask) for number in heard}
    try:
        while True:
            try:
                return process.wait(_POLL_S), asked
            except subprocess.TimeoutExpired:
                if wants_stop() and not asked:
                    asked = True
                    process.send_signal(signal.SIGINT)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def objective(record: dict[str, Any]) -> dict[str, Any]:
    """What a run's record says of the trial: outcome, times in s, forces in N, what physics says (simulation
    only), safety stops, failures by leaf, versions.
    """
    score = record.get("score") or {}
    timings = record["timings"]
    physical = score.get("outcome")
    return {
        "outcome": record["outcome"],
        "physical_outcome": physical,
        "success": record["outcome"] == SUCCESS and physical in (None, SUCCESS),
        "leaf": record["leaf"],
        "reason": record["reason"],
        "seed": record["seed"],
        "duration_s": timings["duration_s"],
        "first_motion_s": timings["first_motion_s"],
        "times_s": {key[:-2]: value for key, value in score.items() if key.endswith("_s")},
        "contact_n": max(score.get("contact_n", {}).values(), default=0.0) if score else None,
        "pull_n": score.get("pull_n"),
        "drops": score.get("drops"),
        "held_part": score.get("held_part"),
        "fingers_in_the_way": score.get("fingers_in_the_way"),
        "failures": record["counts"]["failures"],
        "safety": record.get("safety", {}),
        "robot": record["back_ends"]["robot"],
        "versions": record["versions"],
    }
