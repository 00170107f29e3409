"""The simulated world as a whole: repeatable, settled, paced on request, and honest about OpenGL."""

from __future__ import annotations

from pathlib import Path

import mujoco
import numpy as np
import pytest

from hardware.gen3.looks import mesh_files
from hardware.sim import opengl
from hardware.sim.build import build_world
from hardware.sim.clock import SimulatedClock
from hardware.sim.options import PersonOptions, SimOptions
from hardware.sim.rays import RayRenderer
from hardware.sim.renderers import make_renderer
from hardware.sim.scenario import sample_scene
from tests.fakes import FakeClock
from tests.hardware.simulated import BOX, TABLE_VIEW, build, finish, move_to, scene_with

FULL = SimOptions(clutter=2, person=PersonOptions(script="takes"))


def test_the_same_seed_gives_the_same_states_bit_for_bit() -> None:
    ends = []
    for seed in (5, 5, 6):
        rng = np.random.default_rng(seed)
        scene = sample_scene("hammer", None, FULL, rng)
        built = build_world(scene, FULL, rng)
        robot = built.robot
        start = robot.arm.state().joints
        finish(robot.clock, robot.arm.follow(move_to(start, TABLE_VIEW + 0.05, 3.0)))
        finish(robot.clock, robot.gripper.move(0.0, 60.0))
        ends.append((built.world.data.qpos.copy(), robot.arm.state().wrench))
    np.testing.assert_array_equal(ends[0][0], ends[1][0])
    np.testing.assert_array_equal(ends[0][1], ends[1][1])
    assert not np.array_equal(ends[0][0], ends[2][0])


def test_time_begins_at_zero_with_everything_at_rest() -> None:
    rng = np.random.default_rng(2)
    built = build_world(sample_scene("mug", None, FULL, rng), FULL, rng)
    assert built.robot.clock.now() == 0.0
    data = built.world.data
    np.testing.assert_allclose(np.degrees(data.qpos[:7]), FULL.start_deg)
    before = {
        name: data.body(name).xpos.copy() for name in ("target/object", "clutter0/object", "clutter1/object")
    }
    built.robot.clock.sleep(1.0)
    for name, place in before.items():
        assert np.linalg.norm(data.body(name).xpos - place) < 0.001


def test_only_the_persons_hand_may_be_coupled_to_the_object() -> None:
    rng = np.random.default_rng(0)
    built = build_world(sample_scene("hammer", None, FULL, rng), FULL, rng)
    model, data = built.world.model, built.world.data
    welds = np.flatnonzero(model.eq_type == mujoco.mjtEq.mjEQ_WELD)
    assert [model.equality(i).name for i in welds] == ["hand_grip"]
    pair = {model.body(b).name for b in (model.eq_obj1id[welds[0]], model.eq_obj2id[welds[0]])}
    assert pair == {"person_hand", "target/object"}
    assert not data.eq_active[welds[0]]


def test_the_robot_meets_the_table_the_object_and_the_person() -> None:
    rng = np.random.default_rng(0)
    model = build_world(sample_scene("hammer", None, FULL, rng), FULL, rng).world.model

    def meet(first: str, second: str) -> bool:
        a, b = model.geom(first), model.geom(second)
        return bool((a.contype[0] & b.conaffinity[0]) | (b.contype[0] & a.conaffinity[0]))

    person = next(
        model.geom(i).name
        for i in range(model.ngeom)
        if model.geom(i).name.startswith("person_torso") and model.geom_conaffinity[i]
    )
    for other in ("table_top", person, "target/head_0", "floor"):
        assert meet("pad_right", other)
        assert meet("forearm_link_capsule", other)
    assert not meet("forearm_link_capsule", "half_arm_2_link_capsule")


def test_the_arm_cannot_pass_through_itself(tmp_path: Path) -> None:
    built = build(scene_with(tmp_path, BOX))
    model = built.world.model
    data = mujoco.MjData(model)
    data.qpos[:7] = np.radians([0.0, 20.0, 180.0, -147.0, 0.0, -119.0, 90.0])
    mujoco.mj_forward(model, data)
    touching = [{model.geom(g).name for g in contact.geom} for contact in data.contact]
    assert {"half_arm_1_link_capsule", "gripper_palm"} in touching


def test_sleeping_steps_whole_physics_steps(tmp_path: Path) -> None:
    built = build(scene_with(tmp_path, BOX))
    for seconds, expected in ((0.02, 0.02), (0.0031, 0.024), (0.0, 0.024), (-1.0, 0.024)):
        built.robot.clock.sleep(seconds)
        assert built.robot.clock.now() == pytest.approx(expected)


def test_a_paced_clock_takes_the_real_time_and_catches_up_a_slow_tick_but_no_stall(tmp_path: Path) -> None:
    world = build(scene_with(tmp_path, BOX)).world
    wall = FakeClock(50.0)
    clock = SimulatedClock(world, wall)
    clock.sleep(0.1)
    began = wall.now()
    clock.sleep(0.1)
    assert wall.now() - began == pytest.approx(0.1)
    wall.now_s += 0.06
    clock.sleep(0.1)
    assert wall.now() - began == pytest.approx(0.2)
    for stall_s, ended_s in ((0.5, 0.8), (30.0, 30.9)):
        wall.now_s += stall_s
        clock.sleep(0.1)
        clock.sleep(0.1)
        assert wall.now() - began == pytest.approx(ended_s, abs=0.01)


def test_the_onlooker_sees_robot_object_and_person() -> None:
    rng = np.random.default_rng(0)
    built = build_world(sample_scene("hammer", None, FULL, rng), FULL, rng)
    picture = built.onlookers.scene(160, 120).picture(built.world.snapshot())
    assert picture.shape == (120, 160, 3)
    assert picture.std() > 20.0


def test_onlookers_have_a_model_of_their_own_so_that_a_film_changes_nothing() -> None:
    rng = np.random.default_rng(0)
    built = build_world(sample_scene("hammer", None, FULL, rng), FULL, rng)
    theirs, ours = built.onlookers.model, built.world.model
    assert (theirs.nq, theirs.nmocap) == (ours.nq, ours.nmocap)
    assert theirs.nmesh - ours.nmesh == len(mesh_files())


def test_gl_that_does_not_start_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built = build(scene_with(tmp_path, BOX))
    monkeypatch.setattr(opengl, "opengl_fault", lambda: "no display")
    intrinsics = built.tracking_camera.latest(1.0).intrinsics
    with pytest.raises(opengl.NoOpenGl, match=r"no display.*renderer.*ray"):
        make_renderer("gl", built.world.model, "wrist", intrinsics, (0,))
    assert isinstance(make_renderer("auto", built.world.model, "wrist", intrinsics, (0,)), RayRenderer)
