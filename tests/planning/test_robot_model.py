"""The arm's kinematics against MuJoCo's and against finite differences."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import mujoco
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.gen3 import facts, gripper
from hardware.gen3.mjcf import robot_xml
from planning.robot_model import (
    CAPSULE_RADII,
    flange_pose,
    jacobian,
    link_capsules,
    nearest_turn,
    tcp_pose,
    within_limits,
)
from tests.planning.scenes import CAMERA

angles = st.lists(st.floats(-7.0, 7.0), min_size=7, max_size=7).map(np.array)


@pytest.fixture(scope="module")
def model() -> mujoco.MjModel:
    root = ET.Element("mujoco")
    ET.SubElement(root, "compiler", angle="radian")
    ET.SubElement(root, "worldbody").append(robot_xml(CAMERA, movable_fingers=False))
    return mujoco.MjModel.from_xml_string(ET.tostring(root, encoding="unicode"))


@given(joints=angles)
def test_flange_agrees_with_the_simulated_robot(model: mujoco.MjModel, joints: np.ndarray) -> None:
    data = mujoco.MjData(model)
    data.qpos[:] = joints
    mujoco.mj_kinematics(model, data)
    site = data.site("flange")
    assert np.allclose(flange_pose(joints)[:3, 3], site.xpos, atol=1e-6)
    assert np.allclose(flange_pose(joints)[:3, :3], site.xmat.reshape(3, 3), atol=1e-6)


def test_straight_up_the_flange_is_as_high_as_the_maker_says() -> None:
    assert flange_pose(np.zeros(7))[2, 3] == pytest.approx(1.187375, abs=1e-5)


def test_one_call_serves_a_whole_trajectory() -> None:
    path = np.linspace(facts.HOME, facts.RETRACT, 12)
    assert np.allclose(flange_pose(path), [flange_pose(q) for q in path])


def test_tips_advance_while_closing() -> None:
    opened, closed = tcp_pose(facts.HOME, gripper.MAX_WIDTH_M), tcp_pose(facts.HOME, 0.0)
    forward = opened[:3, 2]
    assert (closed - opened)[:3, 3] @ forward == pytest.approx(0.0138, abs=3e-4)


@given(joints=angles, joint=st.integers(0, 6))
def test_jacobian_is_the_derivative(joints: np.ndarray, joint: int) -> None:
    point, step = np.array([0.03, -0.02, 0.16]), 1e-6
    ahead, behind = joints.copy(), joints.copy()
    ahead[joint] += step
    behind[joint] -= step
    columns = []
    for frame in (flange_pose(ahead), flange_pose(behind)):
        columns.append((frame[:3, :3] @ point + frame[:3, 3], frame[:3, :3]))
    velocity = (columns[0][0] - columns[1][0]) / (2 * step)
    spin = (columns[0][1] - columns[1][1]) / (2 * step) @ flange_pose(joints)[:3, :3].T
    angular = np.array([spin[2, 1], spin[0, 2], spin[1, 0]])
    assert np.allclose(jacobian(joints, point)[:, joint], [*velocity, *angular], atol=1e-6)


@given(joints=angles)
def test_capsules_lie_where_the_simulated_shells_are(model: mujoco.MjModel, joints: np.ndarray) -> None:
    data = mujoco.MjData(model)
    data.qpos[:] = joints
    mujoco.mj_kinematics(model, data)
    capsules = {capsule.name: capsule for capsule in link_capsules(joints)}
    for link in facts.LINKS:
        geom = data.geom(f"{link.name}_capsule")
        capsule = capsules[link.name]
        assert np.allclose((capsule.start + capsule.end) / 2, geom.xpos, atol=1e-6)
    assert len(capsules) == len(CAPSULE_RADII) == 11


def test_finger_capsules_hold_the_fingers_at_any_opening() -> None:
    capsules = {c.name: c for c in link_capsules(facts.HOME)}
    for width in (0.0, 0.04, gripper.MAX_WIDTH_M):
        tcp = tcp_pose(facts.HOME, width)
        pad_back = tcp[:3, 3] + (width / 2 + gripper.FINGER_THICKNESS_M) * tcp[:3, 0] - 0.01 * tcp[:3, 2]
        finger = capsules["right finger"]
        along = finger.end - finger.start
        share = np.clip((pad_back - finger.start) @ along / (along @ along), 0.0, 1.0)
        assert np.linalg.norm(pad_back - finger.start - share * along) < finger.radius_m


@given(joints=angles, near=angles)
def test_nearest_turn_keeps_the_pose_and_shortens_the_way(joints: np.ndarray, near: np.ndarray) -> None:
    turned = nearest_turn(joints, near)
    continuous = np.array(facts.CONTINUOUS)
    assert np.allclose(flange_pose(turned), flange_pose(joints), atol=1e-9)
    assert np.all(np.abs(turned - near)[continuous] <= np.pi + 1e-9)
    assert np.array_equal(turned[~continuous], joints[~continuous])


def test_limits_hold_for_joints_that_have_some() -> None:
    beyond = np.zeros(7)
    beyond[3] = 2.6
    assert not within_limits(beyond)
    assert within_limits(np.array([100.0, 0, -100.0, 0, 50.0, 0, 9.0]))
