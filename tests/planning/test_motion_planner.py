"""Motions of the arm: free in a model of the test's own, within every limit, straight, repeatable."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hardware.gen3 import facts
from hardware.geometry import pose, rotation_about
from hardware.types import Trajectory
from planning.errors import Unreachable
from planning.motion.options import MotionOptions, SceneOptions
from planning.motion.planner import RoboplanPlanner
from planning.motion.timing import SpeedLimits, person_speed_cap, tool_points
from planning.protocols import MotionPlanner
from planning.robot_model import flange_pose, tcp_pose
from planning.scene import build_scene
from planning.types import Cuboid, PlanningScene, ToolGoal
from tests.planning.scenes import CAMERA, DOWN, VIEW, penetration, rod, standing_person

OPTIONS = MotionOptions()
BARE = build_scene(SceneOptions())
WALL = Cuboid("wall", pose(translation=(0.45, 0.0, 0.12)), np.array([0.3, 0.04, 0.40]))


@pytest.fixture(scope="module")
def planner() -> RoboplanPlanner:
    return RoboplanPlanner(OPTIONS, CAMERA)


def over(x: float, y: float, z: float, yaw: float = 0.0) -> ToolGoal:
    """The gripper pointing down."""
    return ToolGoal(pose(rotation_about((0, 0, 1), yaw) @ DOWN, (x, y, z)), 0.05)


def assert_keeps_limits(trajectory: Trajectory, scene: PlanningScene) -> None:
    dt = OPTIONS.sample_time_s
    assert np.allclose(np.diff(trajectory.times_s), dt)
    speed = np.diff(trajectory.positions, axis=0) / dt
    acceleration = np.diff(speed, axis=0) / dt
    jerk = np.diff(acceleration, axis=0) / dt
    assert np.all(np.abs(speed) <= np.array(OPTIONS.joint_speed_rad_s) + 1e-9)
    assert np.all(np.abs(acceleration) <= np.array(OPTIONS.joint_acceleration_rad_s2) + 1e-6)
    assert np.all(np.abs(jerk) <= np.array(OPTIONS.joint_jerk_rad_s3) + 1e-3)
    assert np.all(trajectory.velocities[[0, -1]] == 0.0)
    moved = np.cumsum(trajectory.velocities, axis=0)[-1] * dt
    assert np.allclose(moved, trajectory.end - trajectory.start, atol=0.01)
    points = tool_points(trajectory.positions, scene)
    fastest = np.linalg.norm(np.diff(points, axis=0), axis=-1).max(axis=1) / dt
    cap = person_speed_cap(trajectory.positions, scene, OPTIONS)
    assert np.all(fastest <= np.maximum(cap[1:], cap[:-1]) + 1e-6)


def test_is_a_motion_planner(planner: RoboplanPlanner) -> None:
    assert isinstance(planner, MotionPlanner)


def test_reach_hits_the_tcp_at_the_contact_width(planner: RoboplanPlanner) -> None:
    goal = over(0.45, 0.1, 0.0)
    joints = planner.reach(goal, BARE, VIEW)
    assert np.allclose(tcp_pose(joints, 0.05), goal.base_from_tcp, atol=1.1e-3)
    assert penetration(joints[None], BARE) < 0.0


def test_reach_stays_on_the_turn_it_is_near_to(planner: RoboplanPlanner) -> None:
    near = VIEW + np.array([2 * np.pi, 0, -2 * np.pi, 0, 0, 0, 0])
    goal = over(0.45, 0.1, 0.0)
    turned, plain = planner.reach(goal, BARE, near), planner.reach(goal, BARE, VIEW)
    assert np.allclose(turned - plain, near - VIEW, atol=1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_free_motion_around_a_wall(planner: RoboplanPlanner, seed: int) -> None:
    rng = np.random.default_rng(seed)
    scene = build_scene(SceneOptions(), obstacles=(WALL,), human=standing_person())
    left, right = (over(rng.uniform(0.35, 0.5), y, 0.02, rng.uniform(-1, 1)) for y in (0.25, -0.25))
    start = planner.reach(left, scene, VIEW)
    trajectory = planner.plan_tool(start, right, scene)
    assert np.allclose(trajectory.start, start)
    assert np.allclose(tcp_pose(trajectory.end, 0.05), right.base_from_tcp, atol=1.1e-3)
    assert_keeps_limits(trajectory, scene)
    assert penetration(trajectory.positions, scene) < 1e-3


def test_a_held_object_is_carried_clear_of_the_wall(planner: RoboplanPlanner) -> None:
    scene = build_scene(SceneOptions(), obstacles=(WALL,), held=rod(0.3), gripper_width_m=0.03)
    goals = [replace(over(0.4, y, 0.1, np.pi / 2), width_m=0.03) for y in (0.3, -0.3)]
    start = planner.reach(goals[0], scene, VIEW)
    trajectory = planner.plan_tool(start, goals[1], scene)
    assert_keeps_limits(trajectory, scene)
    assert penetration(trajectory.positions, scene) < 1e-3


def test_the_held_object_is_where_the_fingers_are(planner: RoboplanPlanner) -> None:
    # Just in front of the pads; a rod in the wrist's frame would not reach down to it.
    stone = Cuboid("stone", pose(translation=(0.45, 0.11, 0.05)), np.array([0.02, 0.02, 0.02]))
    goal = ToolGoal(pose(rotation_about((0, 0, 1), np.pi) @ DOWN, (0.45, 0.0, 0.05)), 0.03)
    held = rod(0.3, 0.10)
    empty = build_scene(SceneOptions(), obstacles=(stone,), gripper_width_m=0.03)
    joints = planner.reach(goal, empty, VIEW)
    assert np.allclose(tcp_pose(joints, 0.03)[:3, 1], (0.0, 1.0, 0.0), atol=2e-3)
    with pytest.raises(Unreachable, match="held rod touches stone"):
        planner.reach(goal, replace(empty, held=held), VIEW)


def test_lines_are_straight_and_keep_their_speed(planner: RoboplanPlanner) -> None:
    for yaw in (0.0, 0.8, -1.5):
        start = planner.reach(over(0.45, -0.1, 0.12, yaw), BARE, VIEW)
        trajectory = planner.plan_line(start, over(0.45, -0.1, -0.03, yaw), BARE)
        tips = tcp_pose(trajectory.positions, 0.05)
        assert np.max(np.linalg.norm(tips[:, :2, 3] - (0.45, -0.1), axis=1)) < 0.002
        assert np.max(np.abs(tips[:, :3, :3] - tips[0, :3, :3])) < 0.01
        assert np.max(np.linalg.norm(np.diff(tips[:, :3, 3], axis=0), axis=1)) / 0.02 <= 0.25 + 1e-6
        assert_keeps_limits(trajectory, BARE)
        assert penetration(trajectory.positions, BARE) < 1e-3


def test_near_the_person_the_arm_is_slower(planner: RoboplanPlanner) -> None:
    scene = build_scene(SceneOptions(), human=standing_person(1.0))
    start, goal = (planner.reach(over(0.5, y, 0.15), scene, VIEW) for y in (-0.2, 0.25))
    alone, watched = planner.plan_joints(start, goal, BARE), planner.plan_joints(start, goal, scene)
    assert watched.duration_s > 1.2 * alone.duration_s
    assert_keeps_limits(watched, scene)


def test_a_path_past_the_person_counts_as_longer(planner: RoboplanPlanner) -> None:
    scene = build_scene(SceneOptions(), human=standing_person(1.0))
    path = planner.plan_joints(*(planner.reach(over(0.5, y, 0.15), scene, VIEW) for y in (-0.2, 0.25)), scene)
    alone, watched = (SpeedLimits(s, OPTIONS).least_time(path.positions) for s in (BARE, scene))
    assert alone < 0.8 * watched
    assert watched <= path.duration_s


def test_speed_scale_slows_down(planner: RoboplanPlanner) -> None:
    quick = planner.plan_joints(VIEW, facts.RETRACT, BARE)
    slow = planner.plan_joints(VIEW, facts.RETRACT, BARE, 0.4)
    assert slow.duration_s > 1.5 * quick.duration_s
    assert np.max(np.abs(slow.velocities)) <= 0.4 * 1.2 + 1e-6


def test_same_problem_same_answer_in_any_order(planner: RoboplanPlanner) -> None:
    scene = build_scene(SceneOptions(), obstacles=(WALL,))
    start = planner.reach(over(0.45, 0.25, 0.0), scene, VIEW)
    first = planner.plan_tool(start, over(0.45, -0.25, 0.0), scene)
    planner.plan_joints(VIEW, facts.HOME, BARE)
    again = RoboplanPlanner(OPTIONS, CAMERA).plan_tool(start, over(0.45, -0.25, 0.0), scene)
    assert np.array_equal(first.positions, again.positions)
    assert np.array_equal(planner.plan_tool(start, over(0.45, -0.25, 0.0), scene).positions, first.positions)


def test_wound_up_joints_go_the_short_way(planner: RoboplanPlanner) -> None:
    wound = VIEW + np.array([4 * np.pi, 0, 0, 0, 0, 0, -2 * np.pi])
    trajectory = planner.plan_joints(wound, facts.RETRACT, BARE)
    assert np.array_equal(trajectory.start, wound)
    assert np.max(np.abs(trajectory.end - wound)) < np.pi
    assert np.allclose(flange_pose(trajectory.end), flange_pose(facts.RETRACT), atol=1e-9)


def test_already_there_is_a_short_rest(planner: RoboplanPlanner) -> None:
    trajectory = planner.plan_joints(VIEW, VIEW, BARE)
    assert np.array_equal(trajectory.end, VIEW)
    assert trajectory.duration_s < 0.1


def test_the_person_s_room_can_be_left_but_not_entered(planner: RoboplanPlanner) -> None:
    inside = planner.reach(over(0.55, 0.0, 0.3), BARE, VIEW)
    scene = build_scene(SceneOptions(), human=standing_person(0.85))
    assert penetration(inside[None], scene) > 0.02
    leaving = planner.plan_joints(inside, facts.RETRACT, scene)
    assert penetration(leaving.positions[-30:], scene) < 0.0
    with pytest.raises(Unreachable, match="touches"):
        planner.plan_joints(facts.RETRACT, inside, scene)


def test_goals_keep_more_room_from_the_torso_than_ways(planner: RoboplanPlanner) -> None:
    scene = build_scene(SceneOptions(), human=standing_person(0.97))
    scene = replace(scene, person=tuple(p for p in scene.person if p.name == "torso"))
    goal = ToolGoal(pose(rotation_about((0, 1, 0), np.pi / 2), (0.58, 0.0, 0.1)), 0.05)
    with pytest.raises(Unreachable, match="of the person's torso"):
        planner.reach(goal, scene, VIEW)
    relaxed = RoboplanPlanner(replace(OPTIONS, goal_torso_margin_m=0.2), CAMERA)
    assert penetration(relaxed.reach(goal, scene, VIEW)[None], scene) < 0.0


def test_a_line_may_leave_what_it_touches_but_not_press_in(planner: RoboplanPlanner) -> None:
    start = planner.reach(over(0.45, 0.0, 0.0), BARE, VIEW)
    block = Cuboid("block", pose(translation=(0.45, 0.0, 0.0)), np.array([0.2, 0.2, 0.04]))
    scene = build_scene(SceneOptions(), obstacles=(block,))
    assert planner.plan_line(start, over(0.45, 0.0, 0.1), scene).duration_s > 0.5
    with pytest.raises(Unreachable, match="finger touches block"):
        planner.plan_line(start, over(0.45, 0.0, -0.02), scene)


def test_an_arm_in_touch_with_something_first_goes_straight_out(planner: RoboplanPlanner) -> None:
    start = planner.reach(over(0.45, 0.0, 0.0), BARE, VIEW)
    block = Cuboid("block", pose(translation=(0.45, 0.0, 0.0)), np.array([0.2, 0.2, 0.04]))
    scene = build_scene(SceneOptions(), obstacles=(block,))
    trajectory = planner.plan_joints(start, VIEW, scene)
    tips = tcp_pose(trajectory.positions, 0.05)[:, :3, 3]
    rising = tips[tips[:, 2] < OPTIONS.way_out_m - 0.002]
    assert np.max(np.linalg.norm(rising[:, :2] - (0.45, 0.0), axis=1)) < 0.002
    assert np.allclose(trajectory.end, VIEW)
    # Above the knuckle of a finger, beside the palm.
    lid = Cuboid("lid", pose(translation=(0.525, 0.0, 0.095)), np.array([0.012, 0.012, 0.012]))
    with pytest.raises(Unreachable, match=r"at the start .* touches block, and neither up nor back"):
        planner.plan_joints(start, VIEW, replace(scene, obstacles=(*scene.obstacles, lid)))


def test_allowed_contacts_are_for_fingers_and_held_object_only(planner: RoboplanPlanner) -> None:
    block = Cuboid("block", pose(translation=(0.45, 0.0, -0.03)), np.array([0.1, 0.1, 0.1]))
    goal = over(0.45, 0.0, 0.0)
    scene = build_scene(SceneOptions(), obstacles=(block,))
    with pytest.raises(Unreachable, match="touches block"):
        planner.reach(goal, scene, VIEW)
    planner.reach(goal, replace(scene, allow_contact=("block",)), VIEW)
    with pytest.raises(Unreachable, match="the gripper touches block"):
        planner.reach(over(0.45, 0.0, -0.07), replace(scene, allow_contact=("block", "table")), VIEW)


def test_what_cannot_be_reached_says_why(planner: RoboplanPlanner) -> None:
    with pytest.raises(Unreachable, match=r"\(1.20, 0.00, 0.10\) m .* nearest try was \d+ mm") as far:
        planner.reach(over(1.2, 0.0, 0.1), BARE, VIEW)
    assert 0.3 < far.value.error_m < 0.6
    with pytest.raises(Unreachable, match=r"finger touches table"):
        planner.plan_tool(VIEW, over(0.45, 0.0, -0.15), BARE)
    with pytest.raises(Unreachable, match="joint limits"):
        planner.plan_joints(VIEW, np.array([0, 2.5, 0, 0, 0, 0, 0.0]), BARE)
    start = planner.reach(over(0.6, 0.0, 0.1), BARE, VIEW)
    with pytest.raises(Unreachable, match=r"straight line ends at \d+ of \d+ mm"):
        planner.plan_line(start, over(1.1, 0.0, 0.1), BARE)
