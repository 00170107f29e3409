"""--plan-only: the tree that looks and plans has nothing in it that moves, and says what it found."""

from __future__ import annotations

import pytest
from py_trees.common import Status
from py_trees.trees import BehaviourTree

from behaviours import keys
from behaviours.base import MotionLeaf
from behaviours.motion import StopArm
from hardware.errors import StaleData
from perception.types import HandoverRequest
from tests.bench import Bench
from tests.leaves import get, put
from tests.trees.mission import OPTIONS, TICK_S
from trees.handover import create_root
from trees.rehearsal import create_planning_root

TICKS = 1000


def rehearsed(bench: Bench) -> tuple[Status, BehaviourTree]:
    tree = BehaviourTree(create_planning_root(OPTIONS))
    tree.setup(services=bench.services)
    put(keys.REQUEST, HandoverRequest("bar"))
    for _ in range(TICKS):
        tree.tick()
        if tree.root.status is not Status.RUNNING:
            break
        bench.clock.now_s += TICK_S
    return tree.root.status, tree


@pytest.mark.parametrize("vlm", [True, False])
def test_no_leaf_of_it_can_move_anything(vlm: bool) -> None:
    leaves = list(create_planning_root(vlm=vlm).iterate())
    assert not [leaf.name for leaf in leaves if isinstance(leaf, MotionLeaf | StopArm)]
    mission = [leaf.name for leaf in create_root(vlm=vlm).iterate() if isinstance(leaf, MotionLeaf)]
    assert mission, "what moves in the mission is a motion leaf"


def test_the_plan_is_made_and_nothing_was_commanded() -> None:
    bench = Bench()
    status, _ = rehearsed(bench)
    assert status is Status.SUCCESS, get(keys.FAILURE)
    assert get(keys.GRASP_PLAN) is not None
    assert not bench.log


def test_what_cannot_be_planned_is_named() -> None:
    bench = Bench()
    bench.planner.refuse = lambda call: "a wall"
    status, _ = rehearsed(bench)
    assert status is Status.FAILURE
    assert "a wall" in get(keys.FAILURE).reason
    assert not bench.log


def test_a_silent_camera_is_named() -> None:
    bench = Bench()
    bench.camera.script.update({number: StaleData("camera", 9.0, 0.5) for number in range(10_000)})
    status, _ = rehearsed(bench)
    assert status is Status.FAILURE
    assert get(keys.FAILURE).leaf.startswith("Capture Scene")
