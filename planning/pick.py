"""Whole pick, put-back and retreat motions, put together from a motion planner's lines and free motions.

A grasp counts only if pre-grasp, approach line, lift and at least one delivery have a collision-free solution
with the same grasp; the reason of a failure names the step.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from hardware.geometry import pose, rotation_about
from hardware.types import FloatArray, Trajectory
from perception.types import HumanPose
from planning.errors import Unreachable
from planning.motion.options import MotionOptions, SceneOptions
from planning.protocols import MotionPlanner
from planning.robot_model import tcp_pose
from planning.scene import TABLE, build_scene
from planning.types import Cuboid, Grasp, GraspPlan, HandoverPose, HeldObject, PlanningScene, ToolGoal

_TABLE_EDGE_M = 0.12
"""An object is put down at least this far from the table's edge."""
_SHORTER = (1.0, 0.7, 0.4, 0.2)


def plan_grasp(
    planner: MotionPlanner,
    grasp: Grasp,
    held: HeldObject,
    start_joints: FloatArray,
    scene_options: SceneOptions,
    obstacles: Sequence[Cuboid],
    human: HumanPose | None,
    deliveries: Sequence[HandoverPose],
    options: MotionOptions,
) -> GraspPlan:
    """The motions that take one grasp: to the pre-grasp pose and straight in with open fingers, then the
    lift.

    obstacles: everything on the table but the object; deliveries: best first, none = not checked. Raises
    Unreachable naming the step: grasp pose, approach line, lift, pre-grasp, delivery.
    """
    free = build_scene(scene_options, obstacles=obstacles, human=human)
    taken = build_scene(
        scene_options, obstacles=obstacles, human=human, held=held, gripper_width_m=grasp.width_m
    )
    lifting = replace(taken, allow_contact=(*taken.allow_contact, TABLE))
    goal = ToolGoal(grasp.base_from_tcp, grasp.width_m)
    with _step("the grasp pose"):
        planner.reach(goal, free, start_joints)
    _check_delivery(planner, start_joints, taken, deliveries[: options.delivery_candidates])
    failure: Unreachable | None = None
    for near in _other_arms(start_joints):
        try:
            with _step("the grasp pose"):
                joints = planner.reach(goal, free, near)
            with _step("the approach line"):
                out = planner.plan_line(joints, _along_tool(goal, -options.pregrasp_m), free)
            with _step("the lift"):
                lift = planner.plan_line(joints, _raised(goal, options.lift_m), lifting)
            with _step("the pre-grasp pose"):
                approach = planner.plan_joints(start_joints, out.end, free)
            return GraspPlan(grasp, _joined(approach, _reversed(out)), lift)
        except Unreachable as error:
            failure = failure or error
    assert failure is not None  # there is at least one arm pose to start from
    raise failure


def plan_put_back(
    planner: MotionPlanner,
    grasp: Grasp,
    held: HeldObject,
    start_joints: FloatArray,
    scene_options: SceneOptions,
    obstacles: Sequence[Cuboid],
    human: HumanPose | None,
    options: MotionOptions,
) -> Trajectory:
    """Above the place the object was taken from and straight down to just over it; else to a free place.

    The object then hangs `put_down_gap_m` over its stand: open the gripper there. Raises Unreachable when no
    place works.
    """
    carry = build_scene(
        scene_options, obstacles=obstacles, human=human, held=held, gripper_width_m=grasp.width_m
    )
    lower = replace(carry, allow_contact=(*carry.allow_contact, TABLE))
    failure: Unreachable | None = None
    for place in _places(grasp, scene_options, options.put_back_places):
        down = _raised(place, options.put_down_gap_m)
        try:
            joints = planner.reach(down, lower, start_joints)
            up = planner.plan_line(joints, _raised(place, options.lift_m), lower)
            over = planner.plan_joints(start_joints, up.end, carry)
            return _joined(over, _reversed(up))
        except Unreachable as error:
            failure = failure or error
    assert failure is not None  # the first place is always tried
    raise Unreachable(
        "a place to put the object back", f"{failure.goal}: {failure.reason}; nor is another place free"
    )


def plan_retreat(
    planner: MotionPlanner,
    start_joints: FloatArray,
    width_m: float,
    scene_options: SceneOptions,
    obstacles: Sequence[Cuboid],
    human: HumanPose | None,
    options: MotionOptions,
) -> Trajectory:
    """Straight back along the tool's axis with fingers open by `width_m`, slowly; a shorter way if need be,
    and straight up, or level toward the base, where none of these can be gone.

    Raises Unreachable.
    """
    scene = build_scene(scene_options, obstacles=obstacles, human=human, gripper_width_m=width_m)
    here = ToolGoal(tcp_pose(start_joints, width_m), width_m)
    slow = min(1.0, options.retreat_speed_m_s / options.line_speed_m_s)
    failure: Unreachable | None = None
    back = [_along_tool(here, -share * options.retreat_m) for share in _SHORTER]
    for place in (*back, _raised(here, options.retreat_m), _inward(here, options.retreat_m)):
        try:
            return planner.plan_line(start_joints, place, scene, slow)
        except Unreachable as error:
            failure = failure or error
    assert failure is not None  # the full way is always tried
    raise failure


def _check_delivery(
    planner: MotionPlanner, near: FloatArray, scene: PlanningScene, deliveries: Sequence[HandoverPose]
) -> None:
    failure: Unreachable | None = None
    for delivery in deliveries:
        try:
            planner.reach(delivery.goal, scene, near)
            return
        except Unreachable as error:
            failure = failure or error
    if failure is not None:
        count = f"none of {len(deliveries)} handover poses works; the best one: {failure.reason}"
        raise Unreachable("the delivery", count, failure.error_m, failure.error_rad)


@contextmanager
def _step(name: str) -> Iterator[None]:
    """Failures inside are named after the step."""
    try:
        yield
    except Unreachable as error:
        raise Unreachable(name, error.reason, error.error_m, error.error_rad) from error


def _other_arms(joints: FloatArray) -> Iterator[FloatArray]:
    """`joints` (7,), then poses with the elbow swung out, near which other solutions lie."""
    for shoulder, upper in ((0.0, 0.0), (0.6, -0.8), (-0.6, 0.8), (np.pi, 0.0)):
        yield np.asarray(joints) + np.array([shoulder, 0.0, upper, 0.0, 0.0, 0.0, 0.0])


def _along_tool(goal: ToolGoal, distance_m: float) -> ToolGoal:
    return ToolGoal(goal.base_from_tcp @ pose(translation=(0.0, 0.0, distance_m)), goal.width_m)


def _raised(goal: ToolGoal, height_m: float) -> ToolGoal:
    return ToolGoal(pose(translation=(0.0, 0.0, height_m)) @ goal.base_from_tcp, goal.width_m)


def _inward(goal: ToolGoal, distance_m: float) -> ToolGoal:
    x, y = goal.base_from_tcp[:2, 3]
    away_m = max(float(np.hypot(x, y)), 1e-6)
    shift = (-distance_m * x / away_m, -distance_m * y / away_m, 0.0)
    return ToolGoal(pose(translation=shift) @ goal.base_from_tcp, goal.width_m)


def _places(grasp: Grasp, options: SceneOptions, count: int) -> list[ToolGoal]:
    """The grasp's own place, then others on the table around it, nearest first, turned with the base's
    bearing.
    """
    candidates = []
    position = grasp.base_from_tcp[:3, 3]
    outward = position[:2] / max(float(np.linalg.norm(position[:2])), 1e-6)
    for angle in np.radians([0, 15, -15, 30, -30, 45, -45, 60, -60]):
        turn = pose(rotation_about((0.0, 0.0, 1.0), angle))
        for shift in (0.0, -0.08, 0.08, -0.16, 0.16):
            moved = turn @ pose(translation=(*(shift * outward), 0.0)) @ grasp.base_from_tcp
            candidates.append((float(np.linalg.norm(moved[:3, 3] - position)), moved))
    (x0, x1), (y0, y1) = options.table_x_m, options.table_y_m
    edge = _TABLE_EDGE_M
    inside = [
        (distance, place)
        for distance, place in candidates
        if distance == 0.0 or (x0 + edge < place[0, 3] < x1 - edge and y0 + edge < place[1, 3] < y1 - edge)
    ]
    inside.sort(key=lambda candidate: candidate[0])
    return [ToolGoal(place, grasp.width_m) for _, place in inside[: count + 1]]


def _reversed(trajectory: Trajectory) -> Trajectory:
    """The same motion backwards."""
    times = trajectory.times_s[-1] - trajectory.times_s[::-1]
    return Trajectory(times, trajectory.positions[::-1], -trajectory.velocities[::-1])


def _joined(first: Trajectory, second: Trajectory) -> Trajectory:
    """`second` after `first`, its continuous joints on the turn where `first` ends."""
    turns = np.round((first.end - second.start) / (2.0 * np.pi)) * 2.0 * np.pi
    return first.then(replace(second, positions=second.positions + turns))
