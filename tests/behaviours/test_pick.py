"""Picking: the gripper opens only with an empty hand; a resumed lift goes only as high as is missing."""

from __future__ import annotations

import numpy as np
import pytest
from py_trees.common import Status

from behaviours import keys
from behaviours.options import GripOptions, PersonAges
from behaviours.pick import AlreadyThere, Approach, CloseGripper, Lift, LiftClear, OpenGripper
from planning.motion.options import MotionOptions, SceneOptions
from planning.robot_model import tcp_pose
from planning.scene import TABLE
from planning.types import GraspPlan, Phase
from tests.behaviours.inputs import GRASP, way
from tests.bench import Bench
from tests.fakes import HeldJobs
from tests.leaves import get, put, ready, run, tick

GRIP, SCENE, AGES = GripOptions(), SceneOptions(), PersonAges()


def test_the_gripper_opens_fully_and_closes_until_it_meets_something() -> None:
    bench = Bench()
    run(ready(OpenGripper("Open Gripper", GRIP), bench), bench)
    run(ready(CloseGripper("Close Gripper", GRIP), bench), bench)
    assert [command.value for command in bench.log] == [(0.085, 60.0), (0.0, 60.0)]
    assert bench.gripper.holding


def test_what_is_held_is_not_let_go_to_open_the_gripper() -> None:
    bench = Bench()
    bench.gripper.take()
    assert run(ready(OpenGripper("Open Gripper", GRIP), bench), bench) is Status.FAILURE
    assert bench.log == []
    assert bench.gripper.holding


def test_approach_and_lift_follow_their_own_part_of_the_plan() -> None:
    bench = Bench()
    plan = GraspPlan(GRASP, way(0.1), way(0.2))
    put(keys.GRASP_PLAN, plan)
    run(ready(Approach("Approach"), bench), bench)
    run(ready(Lift("Lift"), bench), bench)
    assert [command.value for command in bench.log] == [plan.approach, plan.lift]


@pytest.mark.parametrize(
    ("leaf", "phase"), [(Approach, Phase.PICK), (Lift, Phase.PICK)], ids=["approach", "lift"]
)
def test_the_guard_knows_that_it_picks(leaf: type, phase: Phase) -> None:
    bench = Bench()
    put(keys.GRASP_PLAN, GraspPlan(GRASP, way(), way()))
    run(ready(leaf("Move"), bench), bench)
    assert get(keys.PHASE) is phase


def test_fingers_that_close_may_push_the_arm_about() -> None:
    bench = Bench()
    run(ready(CloseGripper("Close Gripper", GRIP), bench), bench)
    assert get(keys.PHASE) is Phase.GRIP


def test_a_hand_that_is_high_enough_is_not_lifted() -> None:
    bench = Bench(HeldJobs())
    bench.gripper.take()
    leaf = ready(LiftClear("Lift Clear", SCENE, MotionOptions(), AGES), bench)
    assert tick(leaf, bench) is Status.SUCCESS
    assert "above the height of a lift" in leaf.feedback_message
    assert bench.log == []


def test_a_low_hand_is_raised_by_what_is_missing_and_may_touch_the_table() -> None:
    bench = Bench()
    bench.gripper.take()
    motion = MotionOptions(lift_m=0.6)
    here = tcp_pose(bench.arm.joints, bench.gripper.width_m)
    assert run(ready(LiftClear("Lift Clear", SCENE, motion, AGES), bench), bench) is Status.SUCCESS
    call = bench.planner.calls[0]
    goal = call.goal.base_from_tcp
    assert goal[2, 3] == pytest.approx(SCENE.table_top_z_m + motion.lift_m)
    assert np.allclose(goal[:2], here[:2])
    assert TABLE in call.scene.allow_contact
    assert call.scene.held is not None


def test_an_arm_that_need_not_move_has_arrived_and_stays_so() -> None:
    motion = AlreadyThere("100 mm above")
    motion.cancel()
    assert motion.poll().succeeded
    assert motion.poll().reason == "100 mm above"
