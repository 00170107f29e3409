"""Ticks one leaf outside a tree, the way a tree would."""

from __future__ import annotations

from typing import Any, TypeVar

from py_trees.behaviour import Behaviour
from py_trees.blackboard import Blackboard
from py_trees.common import Status

from behaviours import keys
from hardware.types import RobotState
from tests.bench import Bench

TICK_S = 0.02


Node = TypeVar("Node", bound=Behaviour)


def ready(leaf: Node, bench: Bench) -> Node:
    """`leaf` and what is below it, set up with the bench's services."""
    for node in leaf.iterate():
        node.setup(services=bench.services)
    return leaf


def put(key: str, value: Any) -> None:
    """Write a key as if its producer had."""
    Blackboard.set("/" + key, value)


def get(key: str) -> Any:
    """The value under a key, None when nothing is there."""
    return Blackboard.storage.get("/" + key)


def see_robot(bench: Bench) -> None:
    """What Read Robot does in every tick."""
    put(keys.ROBOT, RobotState(bench.arm.state(), bench.gripper.state()))


def tick(leaf: Behaviour, bench: Bench, times: int = 1, sees: bool = True) -> Status:
    """Tick `times` at 50 Hz with a fresh robot state (unless it `sees` none); no tick may sleep."""
    for _ in range(times):
        bench.clock.now_s += TICK_S
        bench.world()
        if sees:
            see_robot(bench)
        leaf.tick_once()
    assert bench.clock.sleeps == 0
    return leaf.status


def run(leaf: Behaviour, bench: Bench, seconds: float = 10.0) -> Status:
    """Tick until the leaf ends or `seconds` have passed."""
    end_s = bench.clock.now() + seconds
    while tick(leaf, bench) == Status.RUNNING and bench.clock.now() < end_s:
        pass
    return leaf.status
