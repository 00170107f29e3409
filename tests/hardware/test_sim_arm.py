"""The simulated arm: refusals, braking, replacement, faults, and what its wrist feels."""

from __future__ import annotations

from pathlib import Path

import mujoco
import numpy as np
import pytest

from hardware.errors import DeviceFault, LimitViolation
from hardware.gen3.facts import VELOCITY_LIMITS
from hardware.sim.build import SimulatedRobot
from hardware.types import MotionState, Trajectory
from tests.hardware.simulated import BOX, build, finish, move_to, scene_with, with_options


@pytest.fixture
def built(tmp_path: Path) -> SimulatedRobot:
    return build(scene_with(tmp_path, BOX, (0.45, 0.3)))


@pytest.mark.parametrize(
    ("travel", "duration_s", "shift", "named"),
    [
        (np.ones(7), 1.2 / VELOCITY_LIMITS.min(), 0.0, "speed of joint_1"),
        (np.full(7, 0.1), 2.0, 0.06, "start of joint_1"),
        (np.array([0, 0, 0, -0.6, 0, 0, 0]), 3.0, 0.0, "position of joint_4"),
    ],
)
def test_what_breaks_a_limit_is_refused_and_nothing_moves(
    built: SimulatedRobot, travel: np.ndarray, duration_s: float, shift: float, named: str
) -> None:
    arm, clock = built.robot.arm, built.robot.clock
    joints = arm.state().joints
    with pytest.raises(LimitViolation, match=named):
        arm.follow(move_to(joints + shift, joints + shift + travel, duration_s))
    clock.sleep(0.3)
    np.testing.assert_allclose(arm.state().joints, joints, atol=1e-4)


def test_speed_is_judged_by_the_positions_too(built: SimulatedRobot) -> None:
    joints = built.robot.arm.state().joints
    lying = Trajectory(np.array([0.0, 0.1]), np.stack([joints, joints + 0.5]), np.zeros((2, 7)))
    with pytest.raises(LimitViolation, match="speed"):
        built.robot.arm.follow(lying)


def test_a_trajectory_may_be_whole_turns_away(built: SimulatedRobot) -> None:
    arm = built.robot.arm
    joints = arm.state().joints
    turns = 2.0 * np.pi * np.array([1, 0, -1, 0, 2, 0, -1])
    status = finish(built.robot.clock, arm.follow(move_to(joints + turns, joints + turns + 0.1, 1.0)))
    assert status.succeeded, status.reason
    np.testing.assert_allclose(arm.state().joints, joints + 0.1, atol=0.01)


def test_the_arm_keeps_to_its_trajectory(built: SimulatedRobot) -> None:
    arm, clock = built.robot.arm, built.robot.clock
    joints = arm.state().joints
    trajectory = move_to(joints, joints + np.array([1.0, 0.3, -0.8, 0.4, 0.9, 0.3, -1.0]), 2.0)
    motion = arm.follow(trajectory)
    worst = 0.0
    for i in range(1, 101):
        clock.sleep(0.02)
        worst = max(worst, float(np.max(np.abs(arm.state().joints - trajectory.sample(0.02 * i)[0]))))
    assert finish(clock, motion).succeeded
    assert worst < 0.02


@pytest.mark.parametrize("how", ["stop", "cancel", "emergency_stop"])
def test_braking_from_full_speed_takes_at_most_0_3_s(built: SimulatedRobot, how: str) -> None:
    arm, clock = built.robot.arm, built.robot.clock
    joints = arm.state().joints
    goal = joints + np.array([2.4, 0, 0, 0, 0, 0, 0])
    motion = arm.follow(move_to(joints, goal, 2.4 * 1.875 / 1.39))
    clock.sleep(2.4 * 1.875 / 1.39 / 2.0)
    assert arm.state().velocities[0] > 1.3
    before = arm.state().joints[0]
    getattr(motion if how == "cancel" else arm, how)()
    clock.sleep(0.3)
    assert np.max(np.abs(arm.state().velocities)) < 0.02
    stopped = arm.state().joints
    assert 0.0 < stopped[0] - before < 0.25
    clock.sleep(1.0)
    np.testing.assert_allclose(arm.state().joints, stopped, atol=2e-3)
    assert motion.poll().state is MotionState.FAILED


def test_a_new_trajectory_replaces_the_one_that_runs(built: SimulatedRobot) -> None:
    arm, clock = built.robot.arm, built.robot.clock
    joints = arm.state().joints
    first = arm.follow(move_to(joints, joints + 0.3, 2.0))
    clock.sleep(0.5)
    here = arm.state().joints
    second = arm.follow(move_to(here, joints, 1.5))
    assert first.poll().state is MotionState.FAILED
    assert "replaced" in first.poll().reason
    first.cancel()
    assert finish(clock, second).succeeded
    np.testing.assert_allclose(arm.state().joints, joints, atol=0.01)


def test_an_emergency_stop_latches(built: SimulatedRobot) -> None:
    arm = built.robot.arm
    joints = arm.state().joints
    arm.emergency_stop()
    arm.emergency_stop()
    assert arm.state().fault == "emergency stop"
    with pytest.raises(DeviceFault, match="emergency stop"):
        arm.follow(move_to(joints, joints + 0.1, 1.0))


def test_an_obstacle_ends_the_motion_with_the_joint_that_lags(built: SimulatedRobot) -> None:
    arm, data = built.robot.arm, built.world.data
    joints = arm.state().joints
    motion = arm.follow(move_to(joints, joints + np.array([0.6, 0, 0, 0, 0, 0, 0]), 1.5))
    data.qfrc_applied[0] = -200.0
    status = finish(built.robot.clock, motion)
    assert status.state is MotionState.FAILED
    assert "joint 1" in status.reason


def test_the_wrench_reads_forces_on_the_tool_and_not_its_weight(built: SimulatedRobot) -> None:
    arm, world = built.robot.arm, built.world
    built.robot.clock.sleep(0.2)
    np.testing.assert_allclose(arm.state().wrench, 0.0, atol=1e-3)
    body = world.model.body("end_effector_link").id
    for force in np.vstack([8.0 * np.eye(3), [-3.0, 2.0, -5.0]]):
        world.data.xfrc_applied[body, :3] = force
        built.robot.clock.sleep(0.6)
        np.testing.assert_allclose(arm.state().force, force, atol=0.1)


def test_load_torques_follow_from_the_force_by_the_jacobian(built: SimulatedRobot) -> None:
    world, arm = built.world, built.robot.arm
    built.robot.clock.sleep(0.2)
    body = world.model.body("end_effector_link").id
    quiet = arm.state().torques
    world.data.xfrc_applied[body, :3] = 0.0, 0.0, -10.0
    built.robot.clock.sleep(0.8)
    jacobian, turning = np.zeros((3, world.model.nv)), np.zeros((3, world.model.nv))
    mujoco.mj_jacBodyCom(world.model, world.data, jacobian, turning, body)
    expected = jacobian[:, :7].T @ [0.0, 0.0, -10.0]
    # Each joint's friction of 0.5 Nm may carry a part.
    np.testing.assert_allclose(arm.state().torques - quiet, expected, atol=0.55)


def test_force_noise_has_the_spread_asked_for(tmp_path: Path) -> None:
    noisy = build(scene_with(tmp_path, BOX, (0.45, 0.3)), with_options(force_noise_n=0.3))
    readings = []
    for _ in range(400):
        noisy.robot.clock.sleep(0.002)
        readings.append(noisy.robot.arm.state().force)
    assert np.std(readings) == pytest.approx(0.3, rel=0.1)
    assert abs(np.mean(readings)) < 0.05
