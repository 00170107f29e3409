"""An onlooker that notes how a run went: how long each phase took, what failed and what stood in for it."""

from __future__ import annotations

from typing import Any

from app.ticks import Node, Result, Tick
from behaviours import keys
from perception.types import HandoverRequest

FALLBACKS = frozenset(
    {
        "Ground By Shape",
        "In Grown Region",
        "Outside Human Region",
        "Ask And Wait",
        "Ask To Come Closer",
        "Ergonomic Again",
        "Default Pose",
        "Put Back",
    }
)
"""Nodes of the tree that only run where something before them did not succeed."""


class CourseWatch:
    """See `summary`."""

    def __init__(self) -> None:
        self._names: tuple[str, ...] = ()
        self._phase, self._since_s, self._now_s = "", 0.0, 0.0
        self._phases_s: dict[str, float] = {}
        self._fallbacks: set[str] = set()
        self._regions = ""

    def begin(self, nodes: tuple[Node, ...], request: HandoverRequest) -> None:
        self._names = tuple(node.name for node in nodes)

    def tick(self, tick: Tick) -> None:
        self._now_s = tick.t_s
        if (phase := tick.board.get(keys.PHASE)) is not None:
            self._close_phase()
            self._phase, self._since_s = phase.value, tick.t_s
        if (regions := tick.board.get(keys.REGIONS)) is not None:
            self._regions = regions.source
        self._fallbacks |= {
            self._names[n] for n, s in tick.nodes.items() if s.status != "INVALID"
        } & FALLBACKS

    def end(self, result: Result) -> None:
        self._close_phase()
        self._since_s = self._now_s

    def summary(self) -> dict[str, Any]:
        """`phases_s`: simulated seconds by phase; `fallbacks`: which ran; `regions`: who named them last."""
        phases = {name: round(took_s, 3) for name, took_s in self._phases_s.items()}
        return {"phases_s": phases, "fallbacks": sorted(self._fallbacks), "regions": self._regions}

    def _close_phase(self) -> None:
        if self._phase:
            took_s = self._now_s - self._since_s
            self._phases_s[self._phase] = self._phases_s.get(self._phase, 0.0) + took_s
