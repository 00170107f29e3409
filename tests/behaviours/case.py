"""One row of the leaves' table, and how it is driven: what a leaf needs, how it ends, what can go wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from py_trees.common import Status

from behaviours import keys
from behaviours.base import Leaf, MotionLeaf, WorkerLeaf
from behaviours.keys import Outcome
from tests.behaviours.inputs import INPUTS
from tests.bench import Bench
from tests.fakes import HeldJobs
from tests.leaves import put, ready, tick

Act = Callable[[Bench], object]


def nothing(bench: Bench) -> None:
    """Leave the bench as it is."""


@dataclass(frozen=True)
class Trouble:
    """What goes wrong, the sentence (a regular expression) and the word it ends with; RUNNING: it waits."""

    cause: Act
    says: str
    outcome: Outcome | None = None
    status: Status = Status.FAILURE


@dataclass(frozen=True)
class Case:
    """A leaf on the bench; whatever it declares in READS and UPDATES and is not `optional`, it needs."""

    build: Callable[[], Leaf]
    says: str = ""
    """The sentence of its success, a regular expression."""
    troubles: tuple[Trouble, ...] = ()
    optional: frozenset[str] = frozenset()
    """Keys it can do without; it is tried without any of them and with all."""
    prepare: Act = nothing
    """How the bench stands when it starts; `bench.world` is what goes on meanwhile."""
    ends: Status = Status.SUCCESS
    """Observers end with RUNNING."""
    commands: tuple[str, ...] = ()
    """The devices commanded on the way to success, in order."""
    missing: Mapping[str, str] = field(default_factory=dict)
    """Where the sentence about a missing key is the leaf's own."""
    asked_for_s: float = 0.0
    """A condition that is asked again in every tick: how long until it notices."""
    sees_robot: bool = True
    """False for the leaf that reads the robot itself."""

    @property
    def kind(self) -> type[Leaf]:
        return type(self.build())

    @property
    def needed(self) -> frozenset[str]:
        return frozenset({**self.kind.READS, **self.kind.UPDATES}) - self.optional

    @property
    def plans(self) -> bool:
        """A motion that is planned in the worker first."""
        return issubclass(self.kind, MotionLeaf) and self.kind.__name__ in {"GoTo", "BackOff", "LiftClear"}


WHAT_CAN_GO_WRONG = {
    "arm": ("fault", "velocities", "unreadable", "joints", "force_n"),
    "gripper": ("holding", "width_m"),
    "camera": ("age_s",),
    "human": ("seen",),
    "planner": ("refuse",),
}
"""What a trouble may change on the bench, beside scripts and keys."""


class Driven:
    """A case's leaf on its own bench, its jobs held back until `finish_jobs` or `run` lets them go."""

    def __init__(self, case: Case, inputs: frozenset[str] | None = None) -> None:
        self.case = case
        self.jobs = HeldJobs()
        self.bench = Bench(self.jobs)
        self._whole = {
            (part, attribute): getattr(getattr(self.bench, part), attribute)
            for part, attributes in WHAT_CAN_GO_WRONG.items()
            for attribute in attributes
        }
        self.leaf = ready(case.build(), self.bench)
        self.inputs = case.needed if inputs is None else inputs
        self.sees = case.sees_robot and not (keys.ROBOT in case.needed and keys.ROBOT not in self.inputs)
        self.lay_out()

    def lay_out(self) -> None:
        """Set everything as it stands when the leaf's turn comes, its inputs fresh."""
        for key in sorted(self.inputs):
            put(key, INPUTS[key](self.bench))
        self.case.prepare(self.bench)

    def mend(self) -> None:
        """Undo whatever a trouble did to the bench, and lay everything out again."""
        for (part, attribute), value in self._whole.items():
            setattr(getattr(self.bench, part), attribute, value)
        for part in ("arm", "gripper", "camera", "detector", "segmenter", "vlm", "shape", "grasps"):
            getattr(self.bench, part).script.clear()
        self.bench.grasps.ahead.clear()
        self.bench.world = lambda: None
        self.lay_out()

    def tick(self, times: int = 1) -> Status:
        for _ in range(times):
            tick(self.leaf, self.bench, sees=self.sees)
        return self.leaf.status

    def run(self, seconds: float = 60.0) -> Status:
        """Tick, each job done as soon as it is asked for, until the leaf ends or the time is up."""
        start_s = self.bench.clock.now()
        while True:
            self.tick()
            running = self.leaf.status is Status.RUNNING
            while self.jobs.waiting:
                self.jobs.run_next()
            elapsed_s = self.bench.clock.now() - start_s
            if elapsed_s >= seconds or not (running or self._asked_again(elapsed_s)):
                return self.leaf.status

    def _asked_again(self, elapsed_s: float) -> bool:
        return self.leaf.status is Status.SUCCESS and elapsed_s < self.case.asked_for_s

    def stop(self) -> None:
        """The interruption from above."""
        self.leaf.stop(Status.INVALID)

    @property
    def devices(self) -> tuple[str, ...]:
        """The devices commanded so far."""
        return tuple(command.device for command in self.bench.log)


def is_worker(case: Case) -> bool:
    return issubclass(case.kind, WorkerLeaf)


def is_motion(case: Case) -> bool:
    return issubclass(case.kind, MotionLeaf)


def same(one: Any, other: Any) -> bool:
    """Whether two blackboards hold the very same objects under the same keys."""
    return one.keys() == other.keys() and all(one[key] is other[key] for key in one)
