"""The sampler on one-view clouds of a bar, a hammer, a mug and thin or wide things."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hardware.gen3 import gripper
from hardware.types import FloatArray
from planning.antipodal import AntipodalGenerator
from planning.gripper_room import HeightMap, gripper_fits
from planning.held import held_object
from planning.options import AntipodalOptions
from planning.types import Grasp, GraspView
from tests.planning import clouds

OPTIONS = AntipodalOptions()
YAW = 0.3


def generate(view: GraspView, count: int = 150, seed: int = 0) -> tuple[Grasp, ...]:
    return AntipodalGenerator().generate(view, np.random.default_rng(seed), count)


@pytest.fixture(scope="module")
def shapes() -> dict[str, tuple[GraspView, tuple[Grasp, ...]]]:
    makers = {"bar": clouds.bar, "hammer": clouds.hammer, "mug": clouds.mug}
    views = {name: make(np.random.default_rng(1), YAW) for name, make in makers.items()}
    return {name: (view, generate(view)) for name, view in views.items()}


def directions(vectors: FloatArray) -> FloatArray:
    """Base-frame vectors in the frame the shape was made in: x along it."""
    c, s = np.cos(YAW), np.sin(YAW)
    return np.asarray(vectors) @ np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def local(points: FloatArray) -> FloatArray:
    """Base-frame points in the frame the shape was made in: x along it, z over the table."""
    return directions(np.asarray(points) - (0.45, 0.0, clouds.TABLE_Z_M))


@pytest.mark.parametrize("name", ["bar", "hammer", "mug"])
def test_every_grasp_is_what_the_frame_convention_says(
    name: str, shapes: dict[str, tuple[GraspView, tuple[Grasp, ...]]]
) -> None:
    view, grasps = shapes[name]
    assert len(grasps) > 50
    for grasp in grasps:
        rotation, origin = grasp.base_from_tcp[:3, :3], grasp.base_from_tcp[:3, 3]
        np.testing.assert_allclose(rotation.T @ rotation, np.eye(3), atol=1e-9)
        assert np.linalg.det(rotation) == pytest.approx(1.0)
        assert rotation[2, 0] == pytest.approx(0.0, abs=1e-9), "the closing axis is level"
        assert -rotation[2, 2] == pytest.approx(np.cos(grasp.lean_rad)), "lean is the tilt from vertical"
        assert 0.0 < grasp.width_m <= OPTIONS.max_width_m
        assert 0.0 <= grasp.score <= 1.0
        # The contact is behind the tips, along the approach, by half the overlap.
        behind = rotation.T @ (grasp.contact - origin)
        np.testing.assert_allclose(behind[:2], 0.0, atol=1e-9)
        assert -OPTIONS.max_overlap_m / 2 - 1e-9 <= behind[2] <= -OPTIONS.gates[-1].overlap_m / 2
        low_corner = origin[2] - gripper.PAD_WIDTH_M / 2 * np.sin(grasp.lean_rad)
        assert low_corner >= view.table_z_m + OPTIONS.thin_tip_clearance_m - 1e-9


@pytest.mark.parametrize("name", ["bar", "hammer", "mug"])
def test_leans_toward_the_person_with_the_camera_behind(
    name: str, shapes: dict[str, tuple[GraspView, tuple[Grasp, ...]]]
) -> None:
    view, grasps = shapes[name]
    goal = view.human_points.mean(axis=0)
    leans = {round(np.degrees(grasp.lean_rad)) for grasp in grasps}
    assert leans == {0, 15, 30, 45}
    for grasp in grasps:
        way = (goal - grasp.contact) * (1, 1, 0)
        if np.linalg.norm(way) < 0.04:
            continue
        assert grasp.base_from_tcp[:3, 2] @ way >= -1e-6
        assert grasp.base_from_tcp[:3, 1] @ way <= np.linalg.norm(way) * 0.1


def test_bar_is_taken_across_its_middle_line(
    shapes: dict[str, tuple[GraspView, tuple[Grasp, ...]]],
) -> None:
    _, grasps = shapes["bar"]
    widths = np.array([grasp.width_m for grasp in grasps])
    assert abs(np.median(widths) - 0.030) < 0.004
    middle = local(np.array([grasp.contact for grasp in grasps]))
    assert np.percentile(np.abs(middle[:, 1]), 90) < 0.004
    assert np.max(np.abs(middle[:, 0])) < 0.10


def test_hammer_is_taken_by_neck_handle_or_head_but_not_across_the_head(
    shapes: dict[str, tuple[GraspView, tuple[Grasp, ...]]],
) -> None:
    _, grasps = shapes["hammer"]
    contacts = local(np.array([grasp.contact for grasp in grasps]))
    on_head = contacts[:, 0] < -0.056
    assert on_head.any()
    assert (~on_head).any()
    closing = directions(np.array([g.base_from_tcp[:3, 0] for g in grasps]))
    assert np.all(np.abs(closing[on_head, 0]) > 0.7), "the head is 100 mm long: it fits only the short way"


def test_mug_is_taken_by_its_rim_with_one_finger_inside(
    shapes: dict[str, tuple[GraspView, tuple[Grasp, ...]]],
) -> None:
    _, grasps = shapes["mug"]
    contacts = local(np.array([grasp.contact for grasp in grasps]))
    rim = np.abs(np.hypot(contacts[:, 0], contacts[:, 1]) - 0.038) < 0.006
    assert np.count_nonzero(rim) > 30
    assert np.median([g.width_m for g, on_rim in zip(grasps, rim, strict=True) if on_rim]) < 0.012
    assert np.all(contacts[rim, 2] > 0.06)


def test_flat_thing_is_taken_low_and_upright() -> None:
    view = clouds.bar(np.random.default_rng(2), size=(0.18, 0.025, 0.008))
    grasps = generate(view)
    assert grasps
    tips = np.array([grasp.base_from_tcp[2, 3] for grasp in grasps]) - view.table_z_m
    upright = np.array([grasp.lean_rad == 0.0 for grasp in grasps])
    assert np.max(tips[upright]) < 0.0035
    assert np.median(tips[upright]) < 0.0028, "thinner parts are taken lower than the usual 3 mm"


def test_too_wide_is_refused() -> None:
    assert generate(clouds.bar(np.random.default_rng(2), size=(0.2, 0.10, 0.09))) == ()


def test_same_seed_same_grasps() -> None:
    view = clouds.bar(np.random.default_rng(3))
    first, second = generate(view, 60, seed=5), generate(view, 60, seed=5)
    np.testing.assert_array_equal(first[7].base_from_tcp, second[7].base_from_tcp)
    assert len(first) == len(second)


def test_nothing_seen_gives_nothing() -> None:
    empty = np.zeros((0, 3))
    assert generate(clouds.view_of(empty, empty, empty)) == ()
    assert generate(clouds.bar(np.random.default_rng(0)), count=0) == ()


def test_neighbour_beside_the_object_takes_the_fingers_room() -> None:
    view = clouds.bar(np.random.default_rng(4), yaw_rad=0.0)
    wall = clouds.yawed(clouds.box((0.30, 0.04, 0.05), (0.0, 0.045, 0.025), 0.003), 0.0)
    blocked = replace(view, scene_points=wall)
    assert len(generate(view)) > 50
    assert generate(blocked) == ()


def test_far_end_is_offered_only_when_nothing_better_is() -> None:
    near_end = clouds.bar(np.random.default_rng(5), yaw_rad=0.0, size=(0.40, 0.03, 0.03))
    x = near_end.object_points[:, 0] - 0.45
    tip = replace(near_end, robot_points=near_end.object_points[x < -0.15])
    middle = replace(near_end, robot_points=near_end.object_points[x < -0.02])
    centre = x.mean() + 0.45
    reach = [np.max([centre - g.contact[0] for g in generate(view)]) for view in (middle, tip)]
    # Those past the first gate that leaves enough, and past the next one.
    limit = OPTIONS.gates[1].moment_kg_m / OPTIONS.assumed_mass_kg
    assert reach[0] < limit + 0.015
    assert reach[1] > 0.14


def test_tiers_tell_which_gates_a_grasp_passes() -> None:
    view = clouds.bar(np.random.default_rng(2), yaw_rad=0.0, size=(0.24, 0.03, 0.03))
    grasps = generate(view)
    assert {grasp.tier for grasp in grasps} == {0, 1}
    centre = view.object_points.mean(axis=0)
    for grasp in grasps:
        gate = OPTIONS.gates[grasp.tier]
        arm = np.linalg.norm((centre - grasp.base_from_tcp[:3, 3]) @ grasp.base_from_tcp[:3, 1:3])
        assert OPTIONS.assumed_mass_kg * arm <= gate.moment_kg_m + 2e-3  # of the thinned cloud
        assert grasp.width_m <= gate.width_m


def test_wide_parts_are_not_the_surest() -> None:
    wide = clouds.bar(np.random.default_rng(2), yaw_rad=0.0, size=(0.16, 0.062, 0.03))
    assert min(grasp.tier for grasp in generate(wide)) == 1


def test_a_standing_thing_is_leaned_at_from_both_sides() -> None:
    view = clouds.bottle(np.random.default_rng(3))
    grasps = [grasp for grasp in generate(view, 300) if grasp.lean_rad > 0.1]
    outward = [grasp.base_from_tcp[0, 2] > 0.0 for grasp in grasps]
    assert min(outward.count(True), outward.count(False)) > 5
    for grasp in grasps[::5]:
        held = held_object("bottle", grasp, view)
        ahead = held.axis @ (0.0, 0.0, 1.0)
        assert ahead == pytest.approx(np.sin(grasp.lean_rad)), "the gripper leans toward the person"
        assert held.upright_axis is not None
        assert held.axis @ held.upright_axis == pytest.approx(0.0, abs=1e-9)


def test_open_gripper_needs_room_on_both_sides_and_behind() -> None:
    axes = np.diag([1.0, -1.0, -1.0])[None]
    origin, width = np.array([[0.0, 0.0, 0.01]]), np.array([0.03])

    def fits(obstacle: tuple[float, float, float]) -> bool:
        low = clouds.box((0.02, 0.02, 0.02), (0, 0, 0.01)) - (0, 0, clouds.TABLE_Z_M)
        post = np.array(obstacle) + np.zeros((5, 3))
        return bool(gripper_fits(axes, origin, width, HeightMap.of(low, post, 0.0))[0])

    assert fits((0.10, 0.0, 0.03))
    assert not fits((0.04, 0.0, 0.03))
    assert not fits((-0.05, 0.005, 0.03))
    assert fits((0.04, 0.03, 0.03))
    assert fits((0.04, 0.0, 0.004)), "what is as low as the tips is the table"
    assert not fits((0.07, 0.0, 0.09)), "the knuckles are wider than the fingers"
    assert not fits((0.0, 0.03, 0.13)), "the palm"
