"""The log of jobs: what took how long outside the ticks, and how much of it nobody had to wait for.

The tree's own jobs run one after another, so each is waited for. A job beside them is hidden for as long as
one of them runs; the tracker's jobs are neither.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import partial


class Lane(Enum):
    """Whose job it was: each has its own worker on the robot."""

    TREE = "tree"
    BESIDE = "beside"
    TRACKER = "tracker"


@dataclass(frozen=True)
class Job:
    """One job that ended, well or not; seconds of wall time."""

    name: str
    lane: Lane
    began_s: float
    ended_s: float

    @property
    def took_s(self) -> float:
        return self.ended_s - self.began_s


class JobLog:
    """Every job of a run, and how much time jobs took in the thread that ticks."""

    def __init__(self) -> None:
        self._tick_thread = threading.get_ident()
        self._lock = threading.Lock()
        self._jobs: list[Job] = []
        self._taken = 0
        self.inline_s = 0.0

    def record(self, name: str, began_s: float, ended_s: float, lane: Lane = Lane.TREE) -> None:
        """Called by an executor after each job, from whichever thread ran it."""
        with self._lock:
            self._jobs.append(Job(name, lane, began_s, ended_s))
            if threading.get_ident() == self._tick_thread:
                self.inline_s += ended_s - began_s

    def recorder(self, lane: Lane) -> Callable[[str, float, float], None]:
        """`record` for the executor of one lane."""
        return partial(self.record, lane=lane)

    def take(self, origin_s: float = 0.0) -> tuple[Job, ...]:
        """The jobs that ended since the last call, their times counted from `origin_s`."""
        with self._lock:
            fresh, self._taken = self._jobs[self._taken :], len(self._jobs)
        return tuple(Job(job.name, job.lane, job.began_s - origin_s, job.ended_s - origin_s) for job in fresh)

    def summary(self) -> dict[str, dict[str, float]]:
        """Per job name: how often it ran, its total and longest time, and for jobs beside others how much
        of the total was hidden; seconds.
        """
        with self._lock:
            jobs = tuple(self._jobs)
        took: dict[str, list[float]] = {}
        for job in jobs:
            took.setdefault(job.name, []).append(job.took_s)
        hidden = hidden_s(jobs)
        return {
            name: {
                "count": len(times),
                "total_s": round(sum(times), 4),
                "max_s": round(max(times), 4),
                **({"hidden_s": round(hidden[name], 4)} if name in hidden else {}),
            }
            for name, times in took.items()
        }


def hidden_s(jobs: Iterable[Job]) -> Mapping[str, float]:
    """By the name of each job beside the tree's: for how long one of the tree's ran at the same time."""
    jobs = tuple(jobs)
    tree = [job for job in jobs if job.lane is Lane.TREE]
    hidden: dict[str, float] = {}
    for job in jobs:
        if job.lane is Lane.BESIDE:
            both = (min(job.ended_s, other.ended_s) - max(job.began_s, other.began_s) for other in tree)
            hidden[job.name] = hidden.get(job.name, 0.0) + sum(max(0.0, overlap_s) for overlap_s in both)
    return hidden
