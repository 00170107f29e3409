"""Whole picks: in with open fingers, up with the object, and only what can be delivered."""

from __future__ import annotations

import numpy as np
import pytest

from hardware.gen3 import gripper
from hardware.geometry import inverse, pose, rotation_about, transform
from planning.errors import Unreachable
from planning.motion.options import MotionOptions, SceneOptions
from planning.motion.planner import RoboplanPlanner
from planning.pick import plan_grasp, plan_put_back, plan_retreat
from planning.robot_model import tcp_pose
from planning.scene import build_scene
from planning.types import Cuboid, Grasp, HandoverPose, HeldObject, ToolGoal
from tests.planning.scenes import CAMERA, DOWN, VIEW, penetration, standing_person

OPTIONS, SCENE = MotionOptions(), SceneOptions()
TABLE_Z = SCENE.table_top_z_m


@pytest.fixture(scope="module")
def planner() -> RoboplanPlanner:
    return RoboplanPlanner(OPTIONS, CAMERA)


def lying_rod(
    x: float = 0.45, y: float = 0.1, yaw: float = 0.4, lean: float = 0.0
) -> tuple[Grasp, HeldObject]:
    """A rod of 0.2 m on the table, grasped 5 cm from its middle, leaning toward its other end."""
    rotation = rotation_about((0, 0, 1), yaw) @ DOWN @ rotation_about((1, 0, 0), lean)
    tcp = pose(rotation, (x, y, TABLE_Z + 0.008))
    along = rotation_about((0, 0, 1), yaw) @ (0.0, 1.0, 0.0)
    box = pose(rotation_about((0, 0, 1), yaw), np.array([x, y, TABLE_Z + 0.0125]) + 0.05 * along)
    cuboid = Cuboid("rod", inverse(tcp) @ box, np.array([0.025, 0.2, 0.025]))
    end = transform(inverse(tcp), box[:3, 3] + 0.06 * along)
    return Grasp(tcp, 0.025, tcp[:3, 3], 1.0, lean), HeldObject(
        "rod", 0.025, (cuboid,), end, rotation.T @ along
    )


def handover(x: float) -> HandoverPose:
    rotation = rotation_about((0, 0, 1), -np.pi / 2) @ DOWN @ rotation_about((1, 0, 0), 0.6)
    return HandoverPose(
        ToolGoal(pose(rotation, (x, 0.1, 0.3)), 0.025), np.array([x + 0.1, 0.1, 0.3]), 1.0, "test"
    )


@pytest.mark.parametrize(("yaw", "lean"), [(0.4, 0.0), (-1.2, 0.0), (-1.4, 0.5)])
def test_a_pick_goes_in_along_the_tool_and_straight_up(
    planner: RoboplanPlanner, yaw: float, lean: float
) -> None:
    grasp, held = lying_rod(yaw=yaw, lean=lean)
    human = standing_person()
    plan = plan_grasp(planner, grasp, held, VIEW, SCENE, (), human, (handover(0.6),), OPTIONS)
    assert np.allclose(plan.approach.start, VIEW)
    assert np.allclose(tcp_pose(plan.approach.end, grasp.width_m), grasp.base_from_tcp, atol=1.1e-3)
    assert penetration(plan.approach.positions, build_scene(SCENE, human=human)) < 1e-3

    behind = transform(inverse(grasp.base_from_tcp), tcp_pose(plan.approach.positions, 0.025)[:, :3, 3])
    last = behind[-np.argmax(behind[::-1, 2] < -OPTIONS.pregrasp_m + 0.002) :]
    assert np.max(np.abs(last[:, :2])) < 0.002
    assert np.all(np.diff(last[:, 2]) > -1e-4)

    assert np.array_equal(plan.lift.start, plan.approach.end)
    tips = tcp_pose(plan.lift.positions, 0.025)[:, :3, 3]
    assert tips[-1] - tips[0] == pytest.approx([0.0, 0.0, OPTIONS.lift_m], abs=5e-4)
    assert np.max(np.linalg.norm(tips[:, :2] - tips[0, :2], axis=1)) < 0.002


def test_clutter_beside_the_grasp_is_in_the_way_of_open_fingers(planner: RoboplanPlanner) -> None:
    grasp, held = lying_rod()
    beside = grasp.base_from_tcp[:3, 3] + 0.048 * grasp.base_from_tcp[:3, 0]
    mug = Cuboid("clutter 0", pose(translation=(*beside[:2], TABLE_Z + 0.05)), np.array([0.02, 0.02, 0.1]))
    with pytest.raises(Unreachable, match=r"the grasp pose is not reachable.*clutter 0"):
        plan_grasp(planner, grasp, held, VIEW, SCENE, (mug,), None, (), OPTIONS)


def test_a_thing_above_a_finger_stops_the_approach_line(planner: RoboplanPlanner) -> None:
    grasp, held = lying_rod()
    # Above the knuckle of one open finger, beside the palm.
    above = grasp.base_from_tcp[:3, 3] + 0.075 * grasp.base_from_tcp[:3, 0] + (0.0, 0.0, 0.095)
    thing = Cuboid("thing", pose(translation=above), np.array([0.012, 0.012, 0.012]))
    with pytest.raises(Unreachable, match=r"the approach line is not reachable.*thing"):
        plan_grasp(planner, grasp, held, VIEW, SCENE, (thing,), None, (), OPTIONS)


def test_a_shelf_above_stops_the_lift(planner: RoboplanPlanner) -> None:
    grasp, held = lying_rod()
    tip = transform(grasp.base_from_tcp, held.human_point)
    away = 0.03 * (tip - grasp.base_from_tcp[:3, 3])[:2] / 0.11
    shelf = Cuboid(
        "shelf", pose(translation=(*(tip[:2] + away), TABLE_Z + 0.12)), np.array([0.06, 0.06, 0.01])
    )
    with pytest.raises(Unreachable, match=r"the lift is not reachable.*held rod touches shelf"):
        plan_grasp(planner, grasp, held, VIEW, SCENE, (shelf,), None, (), OPTIONS)


def test_one_good_delivery_is_enough_and_none_is_not(planner: RoboplanPlanner) -> None:
    grasp, held = lying_rod()
    out_of_reach, good = handover(1.4), handover(0.6)
    plan_grasp(planner, grasp, held, VIEW, SCENE, (), None, (out_of_reach, good), OPTIONS)
    with pytest.raises(Unreachable, match="the delivery is not reachable: none of 2 handover poses") as error:
        plan_grasp(planner, grasp, held, VIEW, SCENE, (), None, (out_of_reach, out_of_reach), OPTIONS)
    assert error.value.error_m is not None


def test_too_far_away_is_the_grasp_poses_fault(planner: RoboplanPlanner) -> None:
    grasp, held = lying_rod(x=0.95)
    with pytest.raises(Unreachable, match=r"the grasp pose is not reachable.*mm"):
        plan_grasp(planner, grasp, held, VIEW, SCENE, (), None, (), OPTIONS)


def test_put_back_ends_just_above_where_it_lay(planner: RoboplanPlanner) -> None:
    grasp, held = lying_rod()
    plan = plan_grasp(planner, grasp, held, VIEW, SCENE, (), None, (), OPTIONS)
    back = plan_put_back(planner, grasp, held, plan.lift.end, SCENE, (), None, OPTIONS)
    assert np.array_equal(back.start, plan.lift.end)
    shift = tcp_pose(back.end, grasp.width_m)[:3, 3] - grasp.base_from_tcp[:3, 3]
    assert shift == pytest.approx([0.0, 0.0, OPTIONS.put_down_gap_m], abs=3e-4)
    assert penetration(back.positions, build_scene(SCENE, held=held, gripper_width_m=0.025)) < 1e-3


def test_put_back_takes_another_place_when_its_own_is_taken(planner: RoboplanPlanner) -> None:
    grasp, held = lying_rod()
    plan = plan_grasp(planner, grasp, held, VIEW, SCENE, (), None, (), OPTIONS)
    thing = Cuboid("clutter 0", pose(translation=(0.45, 0.1, TABLE_Z + 0.03)), np.array([0.05, 0.05, 0.06]))
    back = plan_put_back(planner, grasp, held, plan.lift.end, SCENE, (thing,), None, OPTIONS)
    end = tcp_pose(back.end, grasp.width_m)[:3, 3]
    assert np.linalg.norm((end - grasp.base_from_tcp[:3, 3])[:2]) > 0.04
    assert end[2] == pytest.approx(TABLE_Z + 0.008 + OPTIONS.put_down_gap_m, abs=3e-4)
    scene = build_scene(SCENE, obstacles=(thing,), held=held, gripper_width_m=0.025)
    assert penetration(back.positions, scene) < 1e-3


def test_put_back_fails_when_the_table_is_full(planner: RoboplanPlanner) -> None:
    grasp, held = lying_rod()
    plan = plan_grasp(planner, grasp, held, VIEW, SCENE, (), None, (), OPTIONS)
    full = Cuboid("clutter 0", pose(translation=(0.2, 0.0, TABLE_Z)), np.array([0.9, 1.0, 0.04]))
    with pytest.raises(Unreachable, match="a place to put the object back"):
        plan_put_back(planner, grasp, held, plan.lift.end, SCENE, (full,), None, OPTIONS)


def test_retreat_backs_off_slowly_along_the_tool(planner: RoboplanPlanner) -> None:
    human = standing_person()
    joints = planner.reach(handover(0.6).goal, build_scene(SCENE, human=human), VIEW)
    back = plan_retreat(planner, joints, gripper.MAX_WIDTH_M, SCENE, (), human, OPTIONS)
    tips = tcp_pose(back.positions, gripper.MAX_WIDTH_M)
    moved = tips[0, :3, :3].T @ (tips[-1, :3, 3] - tips[0, :3, 3])
    assert moved == pytest.approx([0.0, 0.0, -OPTIONS.retreat_m], abs=5e-4)
    speed = np.linalg.norm(np.diff(tips[:, :3, 3], axis=0), axis=1) / OPTIONS.sample_time_s
    assert np.max(speed) <= OPTIONS.retreat_speed_m_s + 1e-6
