"""Grasping in the simulation: objects are held by friction alone, and the wrist feels what is there."""

from __future__ import annotations

from pathlib import Path

import mujoco
import numpy as np
import pytest

from hardware.errors import LimitViolation
from hardware.geometry import angle_between
from hardware.types import MotionState
from tests.hardware.simulated import BOX, TOOL, build, finish, flange_from_object, pick, scene_with

GRAVITY = 9.81


@pytest.mark.parametrize(
    ("xml", "width_m", "tip_height_m", "mass_kg"),
    [(BOX, 0.040, 0.045, 0.2), (TOOL, 0.025, 0.003, 0.5)],
    ids=["box", "tool"],
)
def test_an_object_is_held_by_friction(
    tmp_path: Path, xml: str, width_m: float, tip_height_m: float, mass_kg: float
) -> None:
    built = build(scene_with(tmp_path, xml))
    robot = built.robot
    pick(built, width_m, tip_height_m)
    lifted = flange_from_object(built)
    robot.clock.sleep(2.0)
    held = flange_from_object(built)
    assert np.linalg.norm(held[:3, 3] - lifted[:3, 3]) < 0.003
    assert angle_between(held[:3, 1], lifted[:3, 1]) < np.radians(2.0)
    state = robot.gripper.state()
    assert state.holding
    assert state.width_m == pytest.approx(width_m, abs=0.001)
    assert state.force_n == pytest.approx(60.0, rel=0.15)
    np.testing.assert_allclose(robot.arm.state().force, [0.0, 0.0, -mass_kg * GRAVITY], atol=0.05)


def test_a_tug_of_5_n_reads_5_n(tmp_path: Path) -> None:
    built = build(scene_with(tmp_path, TOOL))
    pick(built, 0.025, 0.003)
    robot, data = built.robot, built.world.data
    robot.clock.sleep(0.5)
    tare = robot.arm.state().force
    thing = built.world.model.body("target/object").id
    for pull in 5.0 * np.vstack([np.eye(3), -np.eye(3)]):
        data.xfrc_applied[thing, :3] = pull
        robot.clock.sleep(0.5)
        np.testing.assert_allclose(robot.arm.state().force - tare, pull, atol=0.5)


def test_opening_lets_go(tmp_path: Path) -> None:
    built = build(scene_with(tmp_path, BOX))
    pick(built, 0.040, 0.045)
    robot, data = built.robot, built.world.data
    held_z = data.body("target/object").xpos[2]
    motion = robot.gripper.move(robot.gripper.state().width_m + 0.010, 60.0)
    assert finish(robot.clock, motion).succeeded
    robot.clock.sleep(0.3)
    assert not robot.gripper.state().holding
    assert data.body("target/object").xpos[2] < held_z - 0.05
    np.testing.assert_allclose(robot.arm.state().force, 0.0, atol=0.05)


def test_an_emergency_stop_does_not_open_the_gripper(tmp_path: Path) -> None:
    built = build(scene_with(tmp_path, BOX))
    pick(built, 0.040, 0.045)
    built.robot.arm.emergency_stop()
    built.robot.clock.sleep(1.0)
    assert built.robot.gripper.state().holding


@pytest.mark.parametrize("force_n", [20.0, 120.0])
def test_the_force_is_what_was_asked_for(tmp_path: Path, force_n: float) -> None:
    built = build(scene_with(tmp_path, BOX))
    pick(built, 0.040, 0.045, force_n)
    assert built.robot.gripper.state().force_n == pytest.approx(force_n, rel=0.15)


def test_cancelling_a_closing_that_presses_keeps_the_object(tmp_path: Path) -> None:
    built = build(scene_with(tmp_path, BOX))
    pick(built, 0.040, 0.045)
    robot = built.robot
    motion = robot.gripper.move(0.0, 60.0)
    motion.cancel()
    robot.clock.sleep(1.0)
    assert motion.poll().state is MotionState.FAILED
    assert robot.gripper.state().holding


def test_cancelling_an_opening_stops_it(tmp_path: Path) -> None:
    built = build(scene_with(tmp_path, BOX))
    robot = built.robot
    finish(robot.clock, robot.gripper.move(0.02, 60.0))
    motion = robot.gripper.move(0.085, 60.0)
    robot.clock.sleep(0.2)
    motion.cancel()
    robot.clock.sleep(0.5)
    assert 0.025 < robot.gripper.state().width_m < 0.05


def test_closing_on_nothing_ends_closed_and_not_holding(tmp_path: Path) -> None:
    built = build(scene_with(tmp_path, BOX))
    robot = built.robot
    status = finish(robot.clock, robot.gripper.move(0.0, 60.0))
    assert status.succeeded
    state = robot.gripper.state()
    assert state.width_m < 0.001
    assert not state.holding
    assert state.force_n == 0.0


@pytest.mark.parametrize(("width_m", "force_n"), [(0.2, 40.0), (-0.01, 40.0), (0.05, 0.0), (0.05, 400.0)])
def test_commands_outside_the_gripper_are_refused(tmp_path: Path, width_m: float, force_n: float) -> None:
    gripper = build(scene_with(tmp_path, BOX)).robot.gripper
    with pytest.raises(LimitViolation):
        gripper.move(width_m, force_n)


def test_no_equality_joins_the_gripper_to_anything(tmp_path: Path) -> None:
    model = build(scene_with(tmp_path, BOX)).world.model
    welds = (mujoco.mjtEq.mjEQ_WELD, mujoco.mjtEq.mjEQ_CONNECT)
    assert not np.isin(model.eq_type, welds).any()
    # What is left couples finger joints with finger joints.
    for first, second in zip(model.eq_obj1id, model.eq_obj2id, strict=True):
        assert model.joint(first).name.startswith("finger_")
        assert model.joint(second).name.startswith("finger_")
