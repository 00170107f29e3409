"""Table, person and clutter as solids."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.geometry import inverse, transform
from perception.types import Keypoint
from planning.motion.options import SceneOptions
from planning.scene import (
    HEAD,
    HEAD_RADIUS_M,
    RECEIVING,
    TABLE,
    TORSO,
    build_scene,
    clutter_cuboids,
    person_capsules,
    table_cuboid,
)
from tests.planning.scenes import standing_person

OPTIONS = SceneOptions()


def test_table_top_is_at_its_height_and_within_its_edges() -> None:
    table = table_cuboid(OPTIONS)
    low = table.a_from_box[:3, 3] - table.size_m / 2
    high = table.a_from_box[:3, 3] + table.size_m / 2
    assert high == pytest.approx([0.65, 0.5, -0.08])
    assert low[:2] == pytest.approx([-0.25, -0.5])


def test_person_has_room_around_head_and_torso() -> None:
    parts = {part.name: part for part in person_capsules(standing_person(), OPTIONS)}
    assert parts[HEAD].radius_m == pytest.approx(HEAD_RADIUS_M + 0.35)
    assert parts[TORSO].margin_m == pytest.approx(0.20)
    assert parts[TORSO].start[2] > parts[TORSO].end[2]


def test_only_the_receiving_arm_has_no_margin_and_may_be_touched() -> None:
    scene = build_scene(OPTIONS, human=standing_person(), allow_contact=(TABLE,))
    bare = {part.name for part in scene.person if part.margin_m == 0.0}
    assert bare == set(RECEIVING)
    assert set(scene.allow_contact) == {TABLE, *RECEIVING}
    assert "left forearm" in {part.name for part in scene.person}


def test_unknown_joints_leave_their_parts_out_but_not_the_torso() -> None:
    human = standing_person()
    joints = human.joints.copy()
    joints[[Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP, Keypoint.NOSE, Keypoint.LEFT_ELBOW]] = np.nan
    parts = {part.name: part for part in person_capsules(replace(human, joints=joints), OPTIONS)}
    assert "left upper arm" not in parts
    assert parts[TORSO].end[2] == pytest.approx(parts[TORSO].start[2] - 0.5)
    assert parts[HEAD].start[2] > parts[TORSO].start[2]
    joints[[Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER]] = np.nan
    assert person_capsules(replace(human, joints=joints), OPTIONS) == ()


def cloud(
    rng: np.random.Generator, centre: tuple[float, float], size: tuple[float, float, float]
) -> np.ndarray:
    points = rng.uniform(-0.5, 0.5, (400, 3)) * size + (*centre, size[2] / 2 - 0.08)
    return points[points[:, 2] > -0.08]


def test_two_objects_give_two_boxes_that_hold_their_points() -> None:
    rng = np.random.default_rng(1)
    first, second = cloud(rng, (0.4, 0.2), (0.05, 0.05, 0.10)), cloud(rng, (0.4, -0.2), (0.20, 0.03, 0.03))
    table = np.column_stack([rng.uniform(0.0, 0.6, (500, 2)), np.full(500, -0.078)])
    boxes = clutter_cuboids(np.concatenate([first, second, table]), -0.08)
    assert len(boxes) == 2
    for points in (first, second):
        tall = points[points[:, 2] > -0.08 + OPTIONS.clutter_height_m]
        assert any(holds(box, tall) for box in boxes)


def holds(box: object, points: np.ndarray) -> bool:
    local = transform(inverse(box.a_from_box), points)  # type: ignore[attr-defined]  # a Cuboid
    return bool(np.all(np.abs(local) <= box.size_m / 2 + 1e-9))  # type: ignore[attr-defined]  # a Cuboid


@given(angle=st.floats(0.0, np.pi))
def test_a_turned_stick_gets_a_slim_box(angle: float) -> None:
    rng = np.random.default_rng(2)
    stick = cloud(rng, (0.0, 0.0), (0.24, 0.02, 0.05))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    stick[:, :2] = stick[:, :2] @ turn.T + (0.35, 0.0)
    (box,) = clutter_cuboids(stick, -0.08)
    assert sorted(box.size_m[:2])[0] < 0.05
    assert box.a_from_box[2, 3] - box.size_m[2] / 2 == pytest.approx(-0.08, abs=1e-6)


def test_the_free_corner_of_an_l_stays_free() -> None:
    rng = np.random.default_rng(4)
    long, short = cloud(rng, (0.40, 0.0), (0.30, 0.05, 0.20)), cloud(rng, (0.275, 0.10), (0.05, 0.20, 0.20))
    points = np.concatenate([long, long + 1e-4, short, short - 1e-4])
    boxes = clutter_cuboids(points, -0.08)
    tall = points[points[:, 2] > -0.08 + OPTIONS.clutter_height_m]
    local = [np.abs(transform(inverse(box.a_from_box), tall)) <= box.size_m / 2 + 1e-9 for box in boxes]
    assert np.all(np.any(np.all(local, axis=2), axis=0))
    assert not any(holds(box, np.array([[0.42, 0.12, 0.0]])) for box in boxes)


def test_specks_and_things_beside_the_table_are_no_obstacles() -> None:
    rng = np.random.default_rng(3)
    speck = np.tile([0.3, 0.0, 0.0], (5, 1))
    person = rng.uniform(-0.1, 0.1, (300, 3)) + np.array([1.1, 0.0, 0.3])
    assert clutter_cuboids(np.concatenate([speck, person]), -0.08) == ()
    assert clutter_cuboids(np.zeros((0, 3)), -0.08) == ()
