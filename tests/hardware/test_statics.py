"""The arm's own weight on its joints, against MuJoCo's model of the same arm."""

from __future__ import annotations

from pathlib import Path

import mujoco
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hardware.gen3.facts import HOME
from hardware.gen3.statics import gravity_torques
from hardware.sim.build import SimulatedRobot
from tests.hardware.simulated import BOX, build, scene_with


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> SimulatedRobot:
    folder: Path = tmp_path_factory.mktemp("statics")
    return build(scene_with(folder, BOX, (0.45, 0.3)))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(-3.1, 3.1), min_size=7, max_size=7))
def test_it_is_what_the_model_needs_to_be_lifted(built: SimulatedRobot, angles: list[float]) -> None:
    model, data = built.world.model, mujoco.MjData(built.world.model)
    data.qpos[:] = built.world.data.qpos
    data.qpos[:7] = angles
    mujoco.mj_forward(model, data)
    # The fingers' places are a few millimetres off: the gripper counts as one mass.
    np.testing.assert_allclose(gravity_torques(np.array(angles)), -data.qfrc_gravcomp[:7], atol=0.01)


def test_it_takes_many_poses_at_once() -> None:
    poses = HOME + np.linspace(-1.0, 1.0, 6)[:, None]
    np.testing.assert_allclose(gravity_torques(poses)[3], gravity_torques(poses[3]), atol=1e-12)
    assert gravity_torques(poses).shape == (6, 7)


def test_the_simulated_arm_feels_its_own_weight_as_a_real_one_does(built: SimulatedRobot) -> None:
    arm = built.robot.arm
    built.robot.clock.sleep(0.4)
    state = arm.state()
    # What the joints' friction of 0.5 Nm carries is not felt.
    np.testing.assert_allclose(state.torques, gravity_torques(state.joints), atol=0.55)
    assert np.max(np.abs(state.torques)) > 2.0
