"""The simulated wrist camera: exact geometry without noise, D435i noise with it, and truth that matches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hardware.errors import StaleData
from hardware.geometry import transform
from hardware.sim.build import build_world
from hardware.sim.camera import SimulatedCamera, UnhurriedCamera
from hardware.sim.depth_noise import edges, left_band, measured_depth
from hardware.sim.options import PersonOptions, WristCameraOptions
from hardware.sim.person_spec import sample_person
from hardware.sim.scenario import SceneSpec
from hardware.sim.scenery import TABLE_TOP_Z_M
from hardware.sim.truth import PERSON
from hardware.types import FloatArray, RGBDFrame
from tests.fakes import HeldJobs
from tests.hardware.simulated import BOX, QUIET, TABLE_VIEW, build, finish, move_to, scene_with, with_options

SMALL = WristCameraOptions(width=212, height=120, focal_px=151.45)
PERSON_VIEW_DEG = (11.6, -46.4, 169.5, -113.4, -10.1, -37.3, 1.8)


def points(frame: RGBDFrame) -> FloatArray:
    """Every pixel's point (H, W, 3) in the base frame."""
    k = frame.intrinsics
    v, u = np.indices(frame.depth_m.shape)
    z = frame.depth_m.astype(float)
    in_camera = np.stack([(u - k.cx) / k.fx * z, (v - k.cy) / k.fy * z, z], axis=-1)
    return transform(frame.base_from_camera, in_camera)


def small_camera(folder: Path, **changes: object) -> SimulatedCamera:
    built = build(scene_with(folder, BOX), with_options(camera=SMALL, **changes))
    camera = built.robot.camera
    assert isinstance(camera, SimulatedCamera)
    return camera


def test_depth_of_the_table_and_the_box_is_exact_without_noise(tmp_path: Path) -> None:
    frame = small_camera(tmp_path).latest(1.0)
    assert frame.truth is not None
    heights = points(frame)[..., 2]
    on_table = (np.abs(heights - TABLE_TOP_Z_M) < 0.01) & (frame.truth.instances == 0)
    assert on_table.sum() > 5000
    np.testing.assert_allclose(heights[on_table], TABLE_TOP_Z_M, atol=2e-5)
    box = points(frame)[frame.truth.instances == 1]
    np.testing.assert_allclose(box.max(axis=0), [0.47, 0.02, TABLE_TOP_Z_M + 0.10], atol=0.006)


def test_the_table_view_sees_the_pick_region_with_the_robot_side_at_the_bottom(tmp_path: Path) -> None:
    frame = small_camera(tmp_path).latest(1.0)
    k = frame.intrinsics
    camera = frame.base_from_camera
    np.testing.assert_allclose(camera[:3, 3], [0.15, 0.0, 0.50], atol=0.035)
    assert camera[:3, 2] @ [0.0, 0.0, -1.0] == pytest.approx(np.cos(np.radians(30.0)), abs=0.01)
    region = np.array([(x, y, TABLE_TOP_Z_M) for x in (0.30, 0.45, 0.60) for y in (-0.3, 0.0, 0.3)])
    in_camera = (region - camera[:3, 3]) @ camera[:3, :3]
    u = k.fx * in_camera[:, 0] / in_camera[:, 2] + k.cx
    v = k.fy * in_camera[:, 1] / in_camera[:, 2] + k.cy
    assert np.all((u > 0) & (u < k.width) & (v > 0) & (v < k.height))
    assert v[region[:, 0] == 0.30].min() > v[region[:, 0] == 0.60].max()
    assert u[region[:, 1] == 0.3].max() < u[region[:, 1] == -0.3].min()


def test_truth_names_the_object_and_its_parts(tmp_path: Path) -> None:
    truth = small_camera(tmp_path).latest(1.0).truth
    assert truth is not None
    thing = truth.objects[1]
    assert (thing.name, thing.label, thing.human_part, thing.robot_part) == ("target", "box", "top", "bottom")
    assert set(thing.parts.values()) == {"top", "bottom"}
    seen = {thing.parts[part] for part in np.unique(truth.parts[truth.instances == 1])}
    assert seen == {"top", "bottom"}
    assert np.all(truth.parts[truth.instances != 1] == 0)
    assert np.isnan(truth.keypoints).all()
    assert not truth.visible.any()


def test_parts_are_where_they_are(tmp_path: Path) -> None:
    frame = small_camera(tmp_path).latest(1.0)
    assert frame.truth is not None
    parts = {name: number for number, name in frame.truth.objects[1].parts.items()}
    heights = points(frame)[..., 2] - TABLE_TOP_Z_M
    assert heights[frame.truth.parts == parts["top"]].min() > 0.049
    assert heights[frame.truth.parts == parts["bottom"]].max() < 0.051


def test_young_frames_are_handed_out_again_and_old_ones_are_not(tmp_path: Path) -> None:
    built = build(scene_with(tmp_path, BOX), with_options(camera=SMALL))
    camera, clock = built.robot.camera, built.robot.clock
    first = camera.latest(1.0)
    clock.sleep(0.02)
    assert camera.latest(1.0) is first
    assert camera.latest(0.01).stamp_s == clock.now()
    clock.sleep(0.05)
    assert camera.latest(1.0).stamp_s == clock.now()


def test_looking_does_not_touch_the_physics(tmp_path: Path) -> None:
    states = []
    for looks in (0, 5):
        built = build(scene_with(tmp_path, BOX), with_options(camera=SMALL), seed=7)
        arm, clock = built.robot.arm, built.robot.clock
        motion = arm.follow(move_to(TABLE_VIEW, TABLE_VIEW + 0.2, 1.0))
        for _ in range(looks):
            clock.sleep(0.04)
            built.robot.camera.latest(0.0)
        clock.sleep(0.04 * (5 - looks))
        finish(clock, motion)
        states.append(built.world.data.qpos.copy())
    np.testing.assert_array_equal(states[0], states[1])


def test_noise_depends_on_seed_and_moment_only(tmp_path: Path) -> None:
    pictures = []
    for earlier, seed in ((0, 1), (3, 1), (0, 2)):
        built = build(scene_with(tmp_path, BOX), with_options(camera=SMALL, depth_noise=1.0), seed=seed)
        for _ in range(earlier):
            built.robot.clock.sleep(0.04)
            built.robot.camera.latest(0.0)
        built.robot.clock.sleep(0.4 - 0.04 * earlier)
        pictures.append(built.robot.camera.latest(0.0).depth_m)
    np.testing.assert_array_equal(pictures[0], pictures[1])
    assert np.mean(pictures[0] != pictures[2]) > 0.3


def test_noise_has_the_measured_spread_and_is_smooth() -> None:
    exact = np.full((240, 320), 1.0, np.float32)
    reading = measured_depth(exact, 600.0, 0.19, 6.0, 1.0, np.random.default_rng(0))
    error = reading - exact
    assert error.std() == pytest.approx(0.000611 + 0.003587 * (1.0 - 0.3515) ** 2, rel=0.1)
    assert np.corrcoef(error[:, 1:].ravel(), error[:, :-1].ravel())[0, 1] > 0.5
    np.testing.assert_allclose(reading * 1000.0, np.round(reading * 1000.0), atol=1e-3)


def test_what_is_too_near_or_too_far_gives_no_reading() -> None:
    exact = np.repeat(np.array([[0.10, 0.5, 8.0]], np.float32), 30, axis=0).repeat(30, axis=1)
    reading = measured_depth(exact, 600.0, 0.19, 6.0, 1.0, np.random.default_rng(0))
    assert not reading[:, :30].any()
    assert not reading[:, 60:].any()
    assert reading[:, 40:50].all()


def test_the_blind_band_lies_left_of_near_things_with_the_stereo_width() -> None:
    focal_px, near_m, far_m = 422.8, 0.3, 1.0
    depth = np.full((4, 400), far_m, np.float32)
    depth[:, 200:260] = near_m
    band = left_band(depth, focal_px)
    width = focal_px * 0.05 * (1 / near_m - 1 / far_m)
    assert band[0].sum() == pytest.approx(width, abs=2.0)
    assert band[0, 199]
    assert not band[:, 200:].any()


def test_edges_are_found_at_steps_and_nowhere_else() -> None:
    depth = np.full((20, 40), 0.6, np.float32)
    depth[:, 20:] = 0.7
    found = edges(depth)
    assert found[:, 19:21].all()
    assert not found[:, :18].any()
    assert not found[:, 22:].any()


def test_the_person_is_seen_where_the_joints_are(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    options = with_options(
        camera=SMALL, start_deg=PERSON_VIEW_DEG, person=PersonOptions(bearing_deg=0.0, distance_m=1.15)
    )
    scene = scene_with(tmp_path, BOX)
    scene = SceneSpec(scene.target, scene.clutter, sample_person(options.person, rng))
    built = build_world(scene, options, rng)
    frame = built.robot.camera.latest(1.0)
    assert frame.truth is not None
    assert np.mean(frame.truth.instances == PERSON) > 0.1
    shoulders_and_elbows = [5, 6, 7, 8]
    assert frame.truth.visible[shoulders_and_elbows].all()
    k = frame.intrinsics
    for joint in frame.truth.keypoints[shoulders_and_elbows]:
        u, v = (round(f * a / joint[2] + c) for f, a, c in ((k.fx, joint[0], k.cx), (k.fy, joint[1], k.cy)))
        assert frame.truth.instances[v, u] == PERSON
        assert 0.0 < joint[2] - frame.depth_m[v, u] < 0.16


def test_a_joint_behind_something_is_not_visible(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    # From the table view nearly all of a person two metres away is out of the picture or behind the table.
    options = with_options(camera=SMALL, person=PersonOptions(bearing_deg=180.0, distance_m=1.2))
    scene = scene_with(tmp_path, BOX)
    scene = SceneSpec(scene.target, scene.clutter, sample_person(options.person, rng))
    frame = build_world(scene, options, rng).robot.camera.latest(1.0)
    assert frame.truth is not None
    assert not frame.truth.visible.any()
    assert not np.isnan(frame.truth.keypoints).any()


def test_the_default_profile_is_the_d435is_colour_picture(tmp_path: Path) -> None:
    frame = build(scene_with(tmp_path, BOX)).robot.camera.latest(1.0)
    assert frame.rgb.shape == (480, 848, 3)
    across = 2 * np.degrees(np.arctan(frame.intrinsics.width / 2 / frame.intrinsics.fx))
    assert across == pytest.approx(69.4, abs=1.0)
    assert QUIET.camera.width == 848


def test_an_unhurried_camera_never_draws_in_the_asking_thread(tmp_path: Path) -> None:
    built = build(scene_with(tmp_path, BOX), with_options(camera=SMALL))
    clock, jobs = built.robot.clock, HeldJobs()
    camera = UnhurriedCamera(built.robot.camera, jobs, clock)  # type: ignore[arg-type]  # the simulated one
    for _ in range(3):
        with pytest.raises(StaleData):
            camera.latest(1.0)
        clock.sleep(0.02)
    assert len(jobs.waiting) == 1
    jobs.run_next()
    frame = camera.latest(1.0)
    assert frame.stamp_s == pytest.approx(0.06)
    clock.sleep(0.1)
    assert camera.latest(0.5) is frame
    with pytest.raises(StaleData):
        camera.latest(0.05)
    jobs.run_next()
    assert camera.latest(0.05).stamp_s == pytest.approx(0.16)
