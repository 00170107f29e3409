"""Moving: where the arm looks next, what it keeps clear of, one handle for a plan and its motion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from py_trees.blackboard import Blackboard
from py_trees.common import Status

from behaviours import keys
from behaviours.base import Leaf
from behaviours.keys import Outcome
from behaviours.motion import (
    BackOff,
    GoTo,
    PlannedMotion,
    StopArm,
    bearing_deg,
    held_now,
    in_turn,
    load_n,
    person_now,
    surroundings,
    toward_person,
)
from behaviours.options import PersonAges, ViewOptions
from behaviours.release import WaitForTake
from hardware.types import MotionState, RobotState
from perception.types import HumanPose, Keypoint
from planning.held import unknown_object
from planning.motion.options import MotionOptions, SceneOptions
from planning.types import Phase
from tests.bar import person
from tests.behaviours.inputs import held, way
from tests.bench import Bench
from tests.fakes import HeldJobs
from tests.leaves import get, put, ready, run, see_robot, tick

VIEWS, AGES, SCENE, MOTION = ViewOptions(), PersonAges(), SceneOptions(), MotionOptions()


def looker(bench: Bench) -> Leaf:
    """A leaf that reads its surroundings."""
    return ready(GoTo("Look", in_turn([VIEWS.home_deg]), Phase.LOOK, SCENE, AGES), bench)


# Where to look ----------------------------------------------------------------------------------------


def test_views_are_taken_in_turn_one_per_start() -> None:
    bench = Bench()
    first, second = VIEWS.table_deg[:2]
    leaf = ready(GoTo("Go To View", in_turn([first, second]), Phase.LOOK, SCENE, AGES), bench)
    for _ in range(3):
        run(leaf, bench)
    goals = [np.degrees(call.goal) for call in bench.planner.calls]
    assert np.allclose(goals, [first, second, first])


def offsets(person_poses: list[HumanPose | None], sweep: list[float]) -> list[float]:
    """Where joint 1 turns to from straight ahead, look by look, degrees to the left."""
    goal = toward_person(VIEWS, sweep)
    return [round(VIEWS.person_deg[0] - goal(pose, None)[0], 1) for pose in person_poses]


def test_a_sweep_looks_to_both_sides_of_where_the_person_is_expected() -> None:
    assert offsets([None] * 4, [0.0, -24.0, 24.0]) == [0.0, -24.0, 24.0, 0.0]


def test_with_an_object_before_the_camera_the_look_is_tilted_past_it() -> None:
    there, goal = person(0.0, bearing_deg=30.0), toward_person(VIEWS, [0.0])
    empty, full = np.array(goal(there, None)), np.array(goal(there, unknown_object(0.04)))
    assert np.flatnonzero(~np.isclose(full, empty)).tolist() == [5], "joint 6 tilts the wrist camera"
    assert full[5] - empty[5] in VIEWS.tilts_deg
    assert goal(None, unknown_object(0.04))[5] == VIEWS.person_deg[5]


def test_a_person_seen_elsewhere_is_the_new_middle_and_restarts_the_sweep() -> None:
    there = person(0.0, bearing_deg=40.0)
    assert offsets([None, there, there, there], [0.0, -24.0, 24.0]) == [0.0, 40.0, 16.0, 64.0]


def test_a_person_who_shifts_a_little_does_not_restart_the_sweep() -> None:
    assert offsets([person(0.0, bearing_deg=3.0)] * 2, [0.0, -24.0]) == [0.0, -24.0]


@pytest.mark.parametrize("hidden", [(), ("LEFT",), ("RIGHT",)])
@pytest.mark.parametrize("bearing", [0.0, 40.0, -75.0])
def test_the_middle_of_a_person_is_known_from_either_shoulder(
    bearing: float, hidden: tuple[str, ...]
) -> None:
    pose = person(0.0, bearing_deg=bearing)
    joints = np.array(pose.joints)
    for side in hidden:
        joints[Keypoint[f"{side}_SHOULDER"]] = np.nan
    assert bearing_deg(replace(pose, joints=joints)) == pytest.approx(bearing, abs=1.0)


def test_without_a_shoulder_the_expected_place_stays_the_middle() -> None:
    pose = person(0.0, bearing_deg=40.0)
    unknown = replace(pose, joints=np.full((17, 3), np.nan))
    assert np.isnan(bearing_deg(unknown))
    assert offsets([unknown], [0.0]) == [0.0]


# What is around ---------------------------------------------------------------------------------------


def test_the_hand_says_whether_something_is_held_and_the_board_what() -> None:
    bench = Bench()
    leaf = looker(bench)
    see_robot(bench)
    put(keys.HELD, held())
    assert held_now(leaf) is None, "planned to be held, but the hand is empty"
    bench.gripper.take()
    see_robot(bench)
    assert held_now(leaf) is get(keys.HELD)
    Blackboard.unset("/" + keys.HELD)
    unknown = held_now(leaf)
    assert unknown is not None
    assert (unknown.label, unknown.width_m, unknown.pointed) == ("object", 0.04, True)


@pytest.mark.parametrize(("age_s", "known"), [(59.0, True), (61.0, False)])
def test_a_person_too_old_is_as_if_never_seen(age_s: float, known: bool) -> None:
    bench = Bench()
    leaf = looker(bench)
    see_robot(bench)
    put(keys.HUMAN, person(bench.clock.now() - age_s))
    assert (person_now(leaf, AGES.plan_s) is not None) is known
    assert bool(surroundings(leaf, SCENE, AGES).person) is known


def test_motions_keep_clear_of_person_object_and_table() -> None:
    bench = Bench()
    bench.gripper.take()
    put(keys.HUMAN, person(bench.clock.now()))
    put(keys.HELD, held())
    run(looker(bench), bench)
    scene = bench.planner.calls[0].scene
    assert scene.person
    assert scene.held is get(keys.HELD)
    assert scene.gripper_width_m == pytest.approx(0.04)
    assert [box.name for box in scene.obstacles if box.name == "table"]


@pytest.mark.parametrize(("z", "load"), [(-3.0, 3.0), (0.0, 0.0), (2.0, 0.0)])
def test_a_load_hangs_down(z: float, load: float) -> None:
    bench = Bench()
    bench.arm.force_n = np.array([9.0, 0.0, z])
    assert load_n(RobotState(bench.arm.state(), bench.gripper.state())) == load


def test_leaves_near_the_person_declare_what_they_read() -> None:
    """`held_now` and `person_now` read keys of the leaf they are given."""
    needed = {keys.ROBOT, keys.HUMAN, keys.HELD}
    assert needed <= set(GoTo.READS) & set(BackOff.READS) & set(WaitForTake.READS)


# A plan and its motion --------------------------------------------------------------------------------


def test_one_handle_for_plan_and_motion() -> None:
    bench, jobs = Bench(), HeldJobs()
    motion = PlannedMotion(bench.arm, jobs.submit(way, "plan"))
    assert motion.poll().running
    assert motion.poll().reason == "planning"
    assert bench.arm.motions == []
    jobs.run_next()
    assert motion.poll().running
    bench.clock.now_s += 1.0
    assert motion.poll().succeeded
    assert len(bench.arm.motions) == 1


def test_cancelled_while_planning_it_never_moves() -> None:
    bench, jobs = Bench(), HeldJobs()
    motion = PlannedMotion(bench.arm, jobs.submit(way, "plan"))
    jobs.begin_next()
    motion.cancel()
    jobs.run_next()
    assert motion.poll().state is MotionState.FAILED
    assert motion.poll().reason == "cancelled before it was planned"
    assert bench.arm.motions == []


def test_cancelled_while_moving_it_says_so_for_good() -> None:
    bench, jobs = Bench(), HeldJobs()
    motion = PlannedMotion(bench.arm, jobs.submit(way, "plan"))
    jobs.run_next()
    motion.poll()
    motion.cancel()
    bench.clock.now_s += 1.0
    assert motion.poll().state is MotionState.FAILED
    assert bench.arm.motions[0].cancels == 1


# Stopping and backing off -----------------------------------------------------------------------------


def test_the_arm_is_told_to_stop_before_anything_is_asked() -> None:
    bench = Bench()
    bench.arm.velocities = np.full(7, 0.5)
    leaf = ready(StopArm("Stop Arm"), bench)
    leaf.tick_once()  # nothing was ever read
    assert [command.device for command in bench.log] == ["stop"]
    assert get(keys.PHASE) is Phase.RECOVER
    assert leaf.status is Status.FAILURE
    assert tick(leaf, bench, times=3) is Status.RUNNING
    bench.arm.velocities = np.full(7, 0.01)
    assert run(leaf, bench) is Status.SUCCESS


def test_it_backs_off_straight_and_clear_of_the_person() -> None:
    bench = Bench()
    put(keys.HUMAN, person(bench.clock.now()))
    run(ready(BackOff("Back Off", Phase.RECOVER, SCENE, MOTION, AGES), bench), bench)
    call = bench.planner.calls[0]
    assert call.method == "plan_line"
    assert call.scene.person
    assert get(keys.PHASE) is Phase.RECOVER


def test_what_a_leaf_ends_the_run_with_is_its_own() -> None:
    """An outcome given to one leaf is not given to all of its kind."""
    back_off = BackOff("Back Off", Phase.RECOVER, SCENE, MOTION, AGES)
    assert BackOff("Retreat", Phase.RETREAT, SCENE, MOTION, AGES, Outcome.HANDED_OVER).OUTCOME is not None
    assert back_off.OUTCOME is None
    assert BackOff.OUTCOME is None
