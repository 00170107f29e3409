"""What a study has so far, in a file of JSON lines: each run and answer is on disk before the next step.

One row per run ("run") and per finished trial ("answers"); a trial counts from 0 in a participant's order,
the practice one is -1.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.bench.results_file import ResultsFile
from app.study.plan import Plan

FILE = "trials.jsonl"
KEYS = ("participant", "trial", "kind", "attempt")
Row = dict[str, Any]


def open_log(folder: Path, plan: Plan, simulated: bool) -> ResultsFile:
    """The study's file, to be used as a context manager. Raises BadFile where it was begun with another plan,
    or with people where these are simulated.
    """
    return ResultsFile(folder / FILE, {"plan": plan.as_values(), "simulated_participants": simulated}, KEYS)


def run_row(participant: str, trial: int, attempt: int, facts: Mapping[str, Any]) -> Row:
    """One run of the program."""
    return {"participant": participant, "trial": trial, "kind": "run", "attempt": attempt, **facts}


def answers_row(participant: str, trial: int, attempt: int, facts: Mapping[str, Any]) -> Row:
    """The end of one trial: the answers after the run `attempt`, none where no run succeeded."""
    return {"participant": participant, "trial": trial, "kind": "answers", "attempt": attempt, **facts}


def finished(log: ResultsFile, participant: str) -> set[int]:
    """The trials of a participant that need nothing more."""
    rows = log.rows.values()
    return {row["trial"] for row in rows if row["participant"] == participant and row["kind"] == "answers"}


def runs_of(log: ResultsFile, participant: str, trial: int) -> list[Row]:
    """The runs of one trial so far, first to last."""
    found = [
        row
        for row in log.rows.values()
        if (row["participant"], row["trial"], row["kind"]) == (participant, trial, "run")
    ]
    return sorted(found, key=lambda row: int(row["attempt"]))
