"""What happened in one tick, as values: the only thing records and views ever see of the running tree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from app.jobs import Job
from behaviours.keys import Outcome
from perception.types import HandoverRequest


@dataclass(frozen=True)
class Node:
    """One behaviour of the tree; ids count in the order of the drawing, the root is 0 and has no parent."""

    id: int
    name: str
    kind: str
    """sequence, selector, parallel, decorator or leaf."""
    depth: int
    parent: int | None
    memory: bool = False


@dataclass(frozen=True)
class NodeState:
    """Status (RUNNING, SUCCESS, FAILURE, INVALID) and feedback of one node."""

    status: str
    feedback: str


@dataclass(frozen=True)
class Tick:
    """One tick: when, how long, and only what changed since the tick before.

    t_s counts from the start on the robot's clock, wall_s on the machine's; tick_s is wall time without
    inline jobs, job_s the inline jobs' time; board holds newly written values by key, None where a key
    was unset; jobs are those that ended, their times on the clock of wall_s.
    """

    number: int
    t_s: float
    wall_s: float
    tick_s: float
    job_s: float
    tip: str
    nodes: Mapping[int, NodeState]
    board: Mapping[str, Any]
    said: tuple[str, ...] = ()
    jobs: tuple[Job, ...] = ()


@dataclass(frozen=True)
class Result:
    """How a run ended, with its counts and timings."""

    outcome: Outcome
    reason: str = ""
    leaf: str = ""
    duration_s: float = 0.0
    wall_s: float = 0.0
    ticks: int = 0
    slow_ticks: int = 0
    slowest_leaf: str = ""
    slowest_tick_s: float = 0.0
    tick_p50_s: float = 0.0
    tick_p99_s: float = 0.0
    first_motion_s: float | None = None
    first_motion_wall_s: float | None = None
    failures: Mapping[str, int] = field(default_factory=dict)
    """How often each leaf failed."""
    jobs: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Per name: count, total_s, max_s, and hidden_s for jobs beside the tree's own."""
    score: Mapping[str, Any] | None = None
    safety: Mapping[str, Any] = field(default_factory=dict)
    """Stops by their code, motions slowed, and the stop a person must end, if any."""
    error: BaseException | None = None
    """The exception behind the outcome `error`."""


class Observer(Protocol):
    """Somebody who looks on: a record, a view, a video. Whatever it raises, the run goes on without it."""

    def begin(self, nodes: tuple[Node, ...], request: HandoverRequest) -> None:
        """The tree is set up; the first tick follows."""
        ...

    def tick(self, tick: Tick) -> None:
        """One tick is over; returns within milliseconds."""
        ...

    def end(self, result: Result) -> None:
        """The robot is at rest; nothing follows."""
        ...
