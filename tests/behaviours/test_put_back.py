"""Putting back: the fingers open only where Set Down ends, on whichever turn of a joint that is."""

from __future__ import annotations

import numpy as np
import pytest
from py_trees.common import Status

from behaviours import keys
from behaviours.options import GripOptions, PersonAges
from behaviours.put_back import DOWN_TOLERANCE_RAD, LetGo, PlanPutBack, SetDown
from planning.motion.options import MotionOptions, SceneOptions
from planning.types import Phase
from tests.behaviours.inputs import GRASP, held, way
from tests.behaviours.table_look import holding
from tests.bench import Bench
from tests.leaves import get, put, ready, run

GRIP = GripOptions()


def let_go(joints: np.ndarray) -> tuple[Status, Bench]:
    """Let Go with the arm at `joints` (7,), after a way down was planned."""
    bench = Bench()
    holding(bench)
    bench.arm.joints = joints
    put(keys.PUT_BACK_PLAN, way())
    return run(ready(LetGo("Let Go", GRIP), bench), bench), bench


def test_down_there_it_opens_fully() -> None:
    ended, bench = let_go(np.array(way().end) + 0.5 * DOWN_TOLERANCE_RAD)
    assert ended is Status.SUCCESS
    assert [command.value for command in bench.log] == [(GRIP.open_m, GRIP.force_n)]


def test_a_joint_on_another_turn_is_the_same_place() -> None:
    turned = np.array(way().end)
    turned[2] -= 2.0 * np.pi
    assert let_go(turned)[0] is Status.SUCCESS


@pytest.mark.parametrize("joint", range(7))
def test_anywhere_else_it_keeps_the_object(joint: int) -> None:
    off = np.array(way().end)
    off[joint] += 2.0 * DOWN_TOLERANCE_RAD
    ended, bench = let_go(off)
    assert ended is Status.FAILURE
    assert bench.log == []
    assert bench.gripper.holding


def test_it_goes_where_it_was_planned_to_go_and_the_guard_knows() -> None:
    bench = Bench()
    put(keys.PUT_BACK_PLAN, way(0.3))
    run(ready(SetDown("Set Down"), bench), bench)
    assert bench.log[0].value is get(keys.PUT_BACK_PLAN)
    assert get(keys.PHASE) is Phase.RECOVER


@pytest.mark.parametrize("known", [True, False], ids=["as planned", "after a restart"])
def test_what_is_in_the_hand_is_carried_clear_of_everything(known: bool) -> None:
    bench = Bench()
    holding(bench)
    put(keys.GRASP, GRASP)
    if known:
        put(keys.HELD, held())
    leaf = ready(PlanPutBack("Plan Put Back", SceneOptions(), MotionOptions(), PersonAges()), bench)
    assert run(leaf, bench) is Status.SUCCESS
    labels = {call.scene.held.label for call in bench.planner.calls if call.scene.held is not None}
    assert labels == {"bar" if known else "object"}
    assert all(call.scene.held is not None for call in bench.planner.calls)
