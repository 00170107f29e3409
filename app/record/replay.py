"""Reads a run's record back, whole or while it is being written: one moment per recorded tick.

The run is never touched: a record that grows is read again from where the last look ended, and a line that
is still
being written is left for the next look.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from app.jobs import Job, Lane
from app.ticks import Node, NodeState
from hardware.errors import BadFile

EVENTS = "events.jsonl"
SCHEMA = 1
KEPT_SENTENCES = 3


@dataclass(frozen=True)
class Moment:
    """The whole picture after one recorded tick: statuses by node id, blackboard by key, last sentences.

    run_state is running, done or fault; outcome and reason are empty until the end.
    """

    number: int = 0
    t_s: float = 0.0
    wall_s: float = 0.0
    tick_ms: float = 0.0
    job_ms: float = 0.0
    tip: str = ""
    run_state: str = "running"
    states: Mapping[int, NodeState] = field(default_factory=dict)
    board: Mapping[str, str] = field(default_factory=dict)
    said: tuple[str, ...] = ()
    jobs: tuple[Job, ...] = ()
    """All that ended so far but the tracker's, on the clock of wall_s."""
    outcome: str = ""
    reason: str = ""


class Replay:
    """One run's record."""

    def __init__(self, folder: Path) -> None:
        """Raises BadFile when the folder holds no record of this schema."""
        self.folder = folder
        self.request = ""
        self.nodes: tuple[Node, ...] = ()
        self.moments: list[Moment] = []
        self._path = folder / EVENTS
        self._offset = 0
        self._line = 0
        if not self._path.is_file():
            raise BadFile(folder, f"no {EVENTS} in it", "name the folder of a run (handover run prints it)")
        self.poll()

    @property
    def finished(self) -> bool:
        """The last line of the record is written."""
        return bool(self.moments) and self.moments[-1].run_state != "running"

    def poll(self) -> int:
        """Read what has been written since the last look; the number of new moments."""
        before = len(self.moments)
        with self._path.open("rb") as record:
            record.seek(self._offset)
            for line in record:
                if not line.endswith(b"\n"):
                    break
                self._offset += len(line)
                self._line += 1
                self._take(line)
        return len(self.moments) - before

    def _take(self, line: bytes) -> None:
        try:
            event = json.loads(line)
            if self._line == 1:
                self._open(event)
            else:
                self.moments.append(_after(self.moments[-1] if self.moments else Moment(), event))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadFile(
                f"{self._path}:{self._line}", f"not a line of a run's record ({error})", "name another run"
            ) from error

    def _open(self, event: Mapping[str, Any]) -> None:
        if event.get("schema") != SCHEMA:
            raise ValueError(f"schema {event.get('schema')!r}, this program reads {SCHEMA}")
        self.nodes = tuple(Node(**node) for node in event["tree"])
        self.request = str(event["request"])


def find_run(run: str | None, runs_dir: Path) -> Path:
    """The folder of a run: a path, a name under `runs_dir`, or the newest one there. Raises BadFile."""
    if run is not None:
        for folder in (Path(run), runs_dir / run):
            if folder.is_dir():
                return folder
        known = ", ".join(folder.name for folder in _runs(runs_dir)[-3:]) or "none"
        raise BadFile(run, "no such run", f"the newest runs in {runs_dir} are: {known}")
    folders = _runs(runs_dir)
    if not folders:
        raise BadFile(runs_dir, "no run has been recorded here", "start one with: handover run hammer")
    return folders[-1]


def _runs(runs_dir: Path) -> list[Path]:
    if not runs_dir.is_dir():
        return []
    folders = [folder for folder in runs_dir.iterdir() if (folder / EVENTS).is_file()]
    return sorted(folders, key=lambda folder: ((folder / EVENTS).stat().st_ctime, folder.name))


def _after(moment: Moment, event: Mapping[str, Any]) -> Moment:
    moment = replace(
        moment,
        t_s=float(event["t"]),
        wall_s=float(event["wall"]),
        run_state=str(event["run_state"]),
        outcome=str(event.get("outcome", "")),
        reason=str(event.get("reason", "")),
    )
    if moment.outcome:
        return moment
    board = {**moment.board, **event["bb"]}
    return replace(
        moment,
        number=int(event["tick"]),
        tick_ms=float(event["tick_ms"]),
        job_ms=float(event["job_ms"]),
        tip=str(event["tip"]),
        states={**moment.states, **{int(k): NodeState(*state) for k, state in event["nodes"].items()}},
        board={key: text for key, text in board.items() if text is not None},
        said=(*moment.said, *event["said"])[-KEPT_SENTENCES:],
        jobs=(*moment.jobs, *(_job(*job) for job in event.get("jobs", ()))),
    )


def _job(name: str, lane: str, began_s: float, ended_s: float) -> Job:
    return Job(name, Lane(lane), float(began_s), float(ended_s))
