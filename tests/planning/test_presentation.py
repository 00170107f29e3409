"""How objects are offered: place, direction, uprightness, blades, order."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.geometry import angle_between, inverse, pose, rotation_about, transform, unit
from perception.types import HumanPose, Keypoint, Side
from planning.antipodal import AntipodalGenerator
from planning.errors import NoHandoverPose
from planning.options import PresentationOptions
from planning.presentation import default_poses, handover_poses, held_object, nominal_person, unknown_object
from planning.types import Cuboid, Grasp, HandoverPose, HeldObject
from tests.planning import clouds
from tests.planning.people import person

OPTIONS = PresentationOptions()
UP = np.array([0.0, 0.0, 1.0])


def held(lean_deg: float = 30.0, upright: bool = False, pointed: bool = False) -> HeldObject:
    """A bar grasped across, leaning toward the person's end, 0.12 m from there."""
    lean = np.radians(lean_deg)
    axis = np.array([0.0, -np.cos(lean), np.sin(lean)])
    up = np.array([0.0, -np.sin(lean), -np.cos(lean)])
    return HeldObject("bar", 0.03, (), 0.12 * axis, axis, up if upright else None, pointed)


def bearing_person(bearing_rad: float, distance_m: float = 1.15) -> HumanPose:
    turn = rotation_about(UP, bearing_rad)
    pose_ahead = person(distance_m)
    joints = pose_ahead.joints @ turn.T
    return replace(pose_ahead, joints=joints, raw=joints, facing=turn @ pose_ahead.facing)


def axis_at(goal: HandoverPose, thing: HeldObject) -> np.ndarray:
    return goal.goal.base_from_tcp[:3, :3] @ thing.axis


def toward(someone: HumanPose) -> np.ndarray:
    return unit(someone.joint("shoulder") * (1, 1, 0))


@settings(max_examples=25, deadline=None)
@given(st.floats(-2.0, 2.0), st.floats(0.0, 45.0), st.booleans(), st.booleans())
def test_persons_part_is_at_the_hand_and_faces_the_person(
    bearing: float, lean_deg: float, upright: bool, pointed: bool
) -> None:
    someone, thing = bearing_person(bearing), held(lean_deg, upright, pointed)
    poses = handover_poses(thing, someone, OPTIONS)
    costs = [candidate.cost for candidate in poses]
    assert costs == sorted(costs)
    for candidate in poses[::7]:
        matrix = candidate.goal.base_from_tcp
        assert np.linalg.det(matrix[:3, :3]) == pytest.approx(1.0)
        np.testing.assert_allclose(transform(matrix, thing.human_point), candidate.hand_point, atol=1e-9)
        off = angle_between(axis_at(candidate, thing), toward(someone))
        assert off <= np.radians(46.0 if pointed else 90.0) + 1e-6
        if upright:
            assert angle_between(matrix[:3, :3] @ thing.upright_axis, UP) < 1e-6
    np.testing.assert_allclose(axis_at(poses[0], thing), toward(someone), atol=1e-9)


def test_hand_point_of_the_nominal_person() -> None:
    best = handover_poses(held(), nominal_person(OPTIONS), OPTIONS)[0]
    # 1.70 m tall at 1.15 m, right hand: 0.43 m before the shoulder, at the elbow's height.
    shoulder = np.array([1.15, 0.129 * 1.70, 0.818 * 1.70 - 0.83])
    ahead = np.linalg.norm((best.hand_point - shoulder)[:2])
    assert ahead == pytest.approx(0.43, abs=0.01)
    assert best.hand_point[2] - shoulder[2] == pytest.approx(-0.32, abs=0.02)


def test_first_way_has_the_approach_near_level() -> None:
    for lean_deg in (0.0, 15.0, 30.0, 45.0):
        best = handover_poses(held(lean_deg), person(), OPTIONS)[0]
        slope = abs(90.0 - np.degrees(angle_between(best.goal.base_from_tcp[:3, 2], UP)))
        assert slope <= 46.0
    assert handover_poses(held(45.0), person(), OPTIONS)[0].description == "straight at the person, as it lay"


def test_freedoms_come_in_their_order() -> None:
    words = [candidate.description for candidate in handover_poses(held(45.0), person(), OPTIONS)]

    def first(text: str) -> int:
        return next(i for i, description in enumerate(words) if text in description)

    order = [first(t) for t in ("rolled", "turned", "person's end", "nearer", "90 deg off")]
    assert order == sorted(order)
    assert len(set(words)) == len(words) > 200


def test_pointed_things_are_never_presented_across() -> None:
    words = [candidate.description for candidate in handover_poses(held(pointed=True), person(), OPTIONS)]
    assert not any("90 deg off" in description for description in words)


def test_nearer_is_toward_the_robot_a_little_first() -> None:
    poses = handover_poses(held(), person(), OPTIONS)
    near = [p for p in poses if "nearer" in p.description and "outward" not in p.description]
    changes = [
        float(np.linalg.norm(poses[0].hand_point[:2]) - np.linalg.norm(p.hand_point[:2]))
        for p in (near[0], near[-1])
    ]
    assert changes == pytest.approx([min(OPTIONS.nearer_m), max(OPTIONS.nearer_m)], abs=1e-3)


@pytest.mark.parametrize("arm", ["left", "right"])
def test_outward_is_away_from_the_persons_middle(arm: Side) -> None:
    someone = replace(person(), arm=arm)
    poses = handover_poses(held(), someone, OPTIONS)
    out = next(p for p in poses if "outward" in p.description)
    assert out.cost < next(p.cost for p in poses if "nearer" in p.description)
    torso = someone.joints[[Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER]].mean(axis=0)
    middle = unit(torso * (1, 1, 0))
    before, after = (p.hand_point - (p.hand_point @ middle) * middle for p in (poses[0], out))
    gained = np.linalg.norm(after[:2]) - np.linalg.norm(before[:2])
    assert gained == pytest.approx(OPTIONS.outward_m, abs=0.02)
    assert np.linalg.norm(out.hand_point - poses[0].hand_point) == pytest.approx(OPTIONS.outward_m)


@pytest.mark.parametrize(("distance_m", "over_table_m"), [(1.02, 0.20), (1.45, 0.05)])
def test_seated_persons_hand_is_raised_over_the_table(distance_m: float, over_table_m: float) -> None:
    sitting = person(distance_m)
    joints = sitting.joints - (0.0, 0.0, 0.50)
    best = handover_poses(held(), replace(sitting, joints=joints, raw=joints), OPTIONS)[0]
    shoulder_m = joints[Keypoint.RIGHT_SHOULDER, 2]
    assert best.hand_point[2] == pytest.approx(min(OPTIONS.table_top_z_m + over_table_m, shoulder_m))


def test_beside_the_table_the_gripper_counts_too_and_the_object_hangs_clear() -> None:
    """The hand point lies off the table's side, the other end of the object above it."""
    sitting = person(1.05)
    around = rotation_about((0.0, 0.0, 1.0), np.radians(-65.0))
    joints = (sitting.joints - (0.0, 0.0, 0.36)) @ around.T
    box = Cuboid("bar", np.eye(4), np.array([0.03, 0.25, 0.03]))
    thing, hanging = replace(held(), cuboids=(box,)), 0
    corners = np.concatenate(
        [
            transform(box.a_from_box, np.array(list(product((-0.5, 0.5), repeat=3))) * box.size_m)
            for box in thing.cuboids
        ]
    )
    for way in handover_poses(thing, replace(sitting, joints=joints, raw=joints), OPTIONS):
        base_from_tcp = way.goal.base_from_tcp
        over = abs(base_from_tcp[1, 3]) < OPTIONS.table_y_m[1] and base_from_tcp[0, 3] < OPTIONS.table_x_m[1]
        if over and way.hand_point[2] < joints[Keypoint.RIGHT_SHOULDER, 2] - 1e-6:
            hanging += 1
            low = transform(base_from_tcp, corners)[:, 2].min()
            assert low >= OPTIONS.table_top_z_m + OPTIONS.clearance_below_object_m - 1e-9
    assert hanging > 10


def test_unseen_shoulder_is_refused_and_defaults_need_nobody() -> None:
    joints = np.array(person().joints)
    joints[Keypoint.RIGHT_SHOULDER] = np.nan
    with pytest.raises(NoHandoverPose, match="right shoulder"):
        handover_poses(held(), replace(person(), joints=joints), OPTIONS)
    assert all("default place" in p.description for p in default_poses(held(), OPTIONS))


def grasped(name: str) -> tuple[HeldObject, Grasp, np.ndarray]:
    view = getattr(clouds, name)(np.random.default_rng(0))
    grasp = AntipodalGenerator().generate(view, np.random.default_rng(0), 40)[0]
    return held_object(name, grasp, view), grasp, view.object_points


@pytest.mark.parametrize("name", ["bar", "hammer", "mug"])
def test_boxes_enclose_the_object_down_to_the_table(name: str) -> None:
    thing, grasp, cloud = grasped(name)
    cloud = cloud[cloud[:, 2] > clouds.TABLE_Z_M]
    in_tcp = transform(inverse(grasp.base_from_tcp), cloud)
    below = transform(inverse(grasp.base_from_tcp), cloud * (1, 1, 0) + (0, 0, clouds.TABLE_Z_M + 1e-6))
    for points in (in_tcp, below):
        inside = np.zeros(len(points), dtype=bool)
        for box in thing.cuboids:
            inside |= np.all(np.abs(transform(inverse(box.a_from_box), points)) <= box.size_m / 2, axis=1)
        assert inside.all()
    assert sum(np.prod(box.size_m) for box in thing.cuboids) < 0.0013


def test_held_hammer_and_mug() -> None:
    hammer, grasp, _ = grasped("hammer")
    along = grasp.base_from_tcp[:3, :3] @ hammer.axis
    np.testing.assert_allclose(along, (np.cos(0.3), np.sin(0.3), 0.0), atol=0.06)
    assert hammer.upright_axis is None
    assert not hammer.pointed
    mug, grasp, _ = grasped("mug")
    assert mug.upright_axis is not None
    np.testing.assert_allclose(grasp.base_from_tcp[:3, :3] @ mug.upright_axis, UP, atol=1e-9)


@pytest.mark.parametrize(
    ("label", "pointed", "upright"),
    [
        ("Kitchen knife", True, False),
        ("frying_pan", False, True),
        ("pliers", False, False),
        ("bottle", False, False),
    ],
)
def test_labels_tell_blades_and_vessels(label: str, pointed: bool, upright: bool) -> None:
    view = clouds.bar(np.random.default_rng(0))
    grasp = Grasp(pose(np.diag([1.0, -1.0, -1.0]), (0.45, 0.0, -0.07)), 0.03, np.zeros(3))
    thing = held_object(label, grasp, view)
    assert thing.pointed is pointed
    assert (thing.upright_axis is not None) is upright


def test_standing_bottle_stays_upright() -> None:
    cloud = clouds.yawed(clouds.tube(0.035, 0.20, (0, 0, 0)), 0.0)
    view = clouds.view_of(cloud, cloud[cloud[:, 2] < 0.02], cloud[cloud[:, 2] >= 0.02])
    grasp = Grasp(pose(np.diag([1.0, -1.0, -1.0]), (0.45, 0.0, 0.05)), 0.07, np.array([0.45, 0, 0.06]))
    bottle = held_object("bottle", grasp, view)
    assert bottle.upright_axis is not None
    for candidate in handover_poses(bottle, person(), OPTIONS):
        assert angle_between(candidate.goal.base_from_tcp[:3, :3] @ bottle.upright_axis, UP) < 1e-6


def test_unknown_thing_is_offered_along_the_approach() -> None:
    best = handover_poses(unknown_object(0.04), person(), OPTIONS)[0]
    np.testing.assert_allclose(best.goal.base_from_tcp[:3, 2], toward(person()), atol=1e-9)
    assert best.goal.width_m == 0.04
