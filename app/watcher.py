"""Looks at the tree after every tick: what changed, which leaf took longest, which leaves failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from py_trees.behaviour import Behaviour
from py_trees.blackboard import Blackboard
from py_trees.common import Status
from py_trees.composites import Parallel, Selector, Sequence
from py_trees.decorators import Decorator
from py_trees.visitors import VisitorBase

from app.jobs import JobLog
from app.ticks import Node, NodeState
from hardware.clock import SystemClock

KINDS: tuple[tuple[type[Behaviour], str], ...] = (
    (Sequence, "sequence"),
    (Selector, "selector"),
    (Parallel, "parallel"),
    (Decorator, "decorator"),
)
_UNSET = NodeState("INVALID", "")


class LeafTimer(VisitorBase):
    """Times every leaf of a tick, inline jobs not counted, and counts failures."""

    def __init__(self, jobs: JobLog) -> None:
        super().__init__(full=False)
        self._jobs = jobs
        self._clock = SystemClock()
        self.failures: Counter[str] = Counter()
        self.initialise()

    def initialise(self) -> None:
        """Called by py_trees before each tick."""
        self.slowest, self.slowest_s = "", 0.0
        self.busy_s = 0.0
        self._mark()

    def run(self, behaviour: Behaviour) -> None:
        """Called by py_trees after each node; the time since the node before it is this one's."""
        took_s = self._clock.now() - self._since_s - (self._jobs.inline_s - self._jobs_s)
        self.busy_s += took_s
        if not behaviour.children:
            if took_s > self.slowest_s:
                self.slowest, self.slowest_s = behaviour.name, took_s
            if behaviour.status == Status.FAILURE:
                self.failures[behaviour.name] += 1
        self._mark()

    def _mark(self) -> None:
        self._since_s, self._jobs_s = self._clock.now(), self._jobs.inline_s


class TreeWatcher:
    """The tree as numbered nodes, and the differences from tick to tick."""

    def __init__(self, root: Behaviour) -> None:
        self._behaviours: list[Behaviour] = []
        self.nodes = tuple(self._number(root))
        self._states = [_UNSET] * len(self.nodes)
        self._board: dict[str, Any] = {}

    def changed_nodes(self) -> dict[int, NodeState]:
        """The nodes whose status or feedback differs from the last call."""
        changed = {}
        for number, behaviour in enumerate(self._behaviours):
            state = self._states[number]
            status, feedback = behaviour.status.name, behaviour.feedback_message
            if status != state.status or feedback != state.feedback:
                changed[number] = self._states[number] = NodeState(status, feedback)
        return changed

    def changed_keys(self) -> dict[str, Any]:
        """The blackboard's newly written values (they are frozen: another value is another object)."""
        board = {name.lstrip("/"): value for name, value in Blackboard.storage.items()}
        changed = {key: value for key, value in board.items() if self._board.get(key) is not value}
        changed.update((key, None) for key in self._board if key not in board)
        self._board = board
        return changed

    def _number(self, root: Behaviour) -> Iterator[Node]:
        pending: list[tuple[Behaviour, int, int | None]] = [(root, 0, None)]
        while pending:
            behaviour, depth, parent = pending.pop()
            number = len(self._behaviours)
            self._behaviours.append(behaviour)
            kind = next((word for type_, word in KINDS if isinstance(behaviour, type_)), "leaf")
            memory = bool(getattr(behaviour, "memory", False))
            yield Node(number, behaviour.name, kind, depth, parent, memory)
            pending += [(child, depth + 1, number) for child in reversed(behaviour.children)]


def leaf_of(error: BaseException) -> str:
    """The name of the innermost behaviour an exception passed through; empty when it came from elsewhere."""
    name, trace = "", error.__traceback__
    while trace is not None:
        owner = trace.tb_frame.f_locals.get("self")
        if isinstance(owner, Behaviour):
            name = owner.name
        trace = trace.tb_next
    return name
