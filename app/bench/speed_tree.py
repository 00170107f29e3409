"""The cost of the tree by its nodes, against bare py_trees; the ticks of a real-time run, all busy."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import py_trees
from py_trees.behaviour import Behaviour
from py_trees.blackboard import Blackboard
from py_trees.common import ParallelPolicy, Status
from py_trees.trees import BehaviourTree

from app.bench.speed import Race, Stage
from app.jobs import JobLog
from app.options import Config
from app.ticks import Node, Result, Tick
from app.watcher import LeafTimer, TreeWatcher
from behaviours.base import Leaf
from perception.types import HandoverRequest

BARE = "bare py_trees"
_LEAVES_PER_BRANCH = 9
PERCENTILES = (50.0, 95.0, 99.0, 99.9)


class _Waiting(Leaf):
    """Says that it still waits, as most leaves do in most ticks."""

    def poll(self) -> Status:
        return Status.RUNNING


def stages() -> list[Stage]:
    """One tick of a tree in which every leaf runs, with its timer and watcher."""
    return [Stage("one tick of the tree", "nodes", (11, 51, 201, 1001), _tick)]


def _tick(size: int, rng: np.random.Generator) -> Race:
    Blackboard.clear()
    ours = BehaviourTree(_wide(size, _Waiting))
    ours.setup(services=None)
    ours.visitors.append(LeafTimer(JobLog()))
    watcher = TreeWatcher(ours.root)
    bare = BehaviourTree(_wide(size, lambda name: py_trees.behaviours.Running(name=name)))
    bare.setup()

    def tick() -> Status:
        ours.tick()
        watcher.changed_nodes()
        watcher.changed_keys()
        return ours.root.status

    def bare_tick() -> Status:
        bare.tick()
        return bare.root.status

    return Race(tick, {BARE: bare_tick}, lambda one, other: float(one is not other))


def _wide(size: int, leaf: Any) -> Behaviour:
    """`size` nodes (1 more than a multiple of 10): parallels of nine leaves under a parallel."""

    def parallel(name: str, children: list[Behaviour]) -> Behaviour:
        policy = ParallelPolicy.SuccessOnAll(synchronise=False)
        return py_trees.composites.Parallel(name=name, policy=policy, children=children)

    branches = (size - 1) // (_LEAVES_PER_BRANCH + 1)
    return parallel(
        "root",
        [
            parallel(f"branch {i}", [leaf(f"leaf {i}.{j}") for j in range(_LEAVES_PER_BRANCH)])
            for i in range(branches)
        ],
    )


@dataclass
class TickTimes:
    """An onlooker that keeps how long every tick took."""

    all_s: list[float] = field(default_factory=list)

    def begin(self, nodes: tuple[Node, ...], request: HandoverRequest) -> None:
        pass

    def tick(self, tick: Tick) -> None:
        self.all_s.append(tick.tick_s)

    def end(self, result: Result) -> None:
        pass


def busy_ticks(config: Config, seed: int) -> dict[str, Any]:
    """One whole handover at real speed: physics, cameras, the tracker's worker and the planner's at work.

    Returns the ticks' times in s, their percentiles, and the share of the period they took.
    """
    from app.bench.trials import quiet
    from app.factory import build
    from app.runner import run_handover
    from trees.handover import create_root

    request = HandoverRequest("hammer")
    assembly = build(config, request, seed, realtime=True)
    services, times = assembly.services, TickTimes()
    root = partial(create_root, assembly.mission, vlm=services.vlm is not None, ahead=services.ahead)
    with quiet("app"):
        result = run_handover(assembly, root, request, config.run, [times])
    return {"outcome": result.outcome.value, **distribution(times.all_s, config)}


def distribution(ticks_s: list[float], config: Config) -> dict[str, Any]:
    """The percentiles of the ticks, and how many were slow or longer than the period."""
    values = np.array(ticks_s if ticks_s else [0.0])
    return {
        "ticks": len(ticks_s),
        "percentiles_s": {f"{p:g}": float(np.percentile(values, p)) for p in PERCENTILES},
        "max_s": float(values.max()),
        "slow_share": float(np.mean(values > config.run.slow_tick_s)),
        "over_period_share": float(np.mean(values > 1.0 / config.run.tick_hz)),
        "ticks_s": [round(float(value), 6) for value in ticks_s],
    }
