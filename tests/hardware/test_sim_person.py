"""The simulated person in real physics: who is drawn, how it moves, what it does in every script."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.sim.options import PersonOptions
from hardware.sim.person_body import Body
from hardware.sim.person_hand import CLOSED_RAD, MAX_FORCE_N, OPEN_RAD
from hardware.sim.person_model import person_mjcf
from hardware.sim.person_spec import FLOOR_Z_M, sample_person
from hardware.sim.reach import Path, bend_arm, hand_rotation, minimum_jerk
from tests.hardware.handover_scene import HOME, Scene, make_scene, make_spec

SHOULDERS, ELBOWS, WRISTS = (5, 6), (7, 8), (9, 10)


def peak_grip(scene: Scene) -> list[float]:
    """Starts recording; the list's only entry is the largest force so far between hand and object."""
    peak = [0.0]
    scene.watchers.append(lambda: peak.__setitem__(0, max(peak[0], scene.grip_force())))
    return peak


# -- who it is -----------------------------------------------------------------------------------------


@given(st.integers(0, 2**32 - 1))
def test_a_drawn_person_is_plausible(seed: int) -> None:
    spec = sample_person(PersonOptions(), np.random.default_rng(seed))
    assert spec is not None
    assert 1.50 <= spec.stature_m <= 1.90
    assert 1.05 <= np.hypot(*spec.stand) <= 1.25
    facing = np.array([np.cos(spec.yaw_rad), np.sin(spec.yaw_rad)])
    to_robot = -np.array(spec.stand) / np.hypot(*spec.stand)
    assert facing @ to_robot > np.cos(np.radians(10.1))
    assert 0.2 <= spec.reaction_s <= 0.6
    assert 0.8 <= spec.reach_s <= 1.3
    bearing = abs(np.degrees(np.arctan2(spec.stand[1], spec.stand[0])))
    assert bearing <= 30 if spec.posture == "standing" else 60 <= bearing <= 90


def test_the_same_seed_gives_the_same_person_and_nobody_when_absent() -> None:
    assert make_spec(seed=7) == make_spec(seed=7)
    assert make_spec(seed=7) != make_spec(seed=8)
    assert sample_person(PersonOptions(present=False), np.random.default_rng(0)) is None


def test_fixing_one_option_leaves_the_other_draws() -> None:
    drawn = sample_person(PersonOptions(), np.random.default_rng(3))
    fixed = sample_person(PersonOptions(stature_m=1.6), np.random.default_rng(3))
    assert drawn is not None
    assert fixed is not None
    assert fixed.stature_m == 1.6
    assert fixed.stand == drawn.stand
    assert fixed.reach_s == drawn.reach_s


def test_scripts_set_delay_and_place() -> None:
    assert 6.0 <= make_spec("late").reaction_s <= 8.0
    closer = make_spec("steps_closer", distance_m=1.15, posture="seated")
    assert closer.posture == "standing", "someone who walks does not sit"
    assert 1.6 <= np.hypot(*closer.start) <= 1.8
    assert np.hypot(*closer.stand) == pytest.approx(1.15)


def test_a_seated_shoulder_is_lower() -> None:
    standing, seated = make_spec(posture="standing"), make_spec(posture="seated")
    assert standing.shoulder("left")[2] == pytest.approx(0.818 * 1.72)
    assert 0.9 < seated.shoulder("left")[2] < 1.1


def test_a_stature_no_one_has_is_refused() -> None:
    with pytest.raises(ValueError, match="stature of 3"):
        make_spec(stature_m=3.0)


# -- its body ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("posture", ["standing", "seated"])
def test_the_figure_stands_on_the_floor_and_is_all_named_person(posture: str) -> None:
    spec = make_spec(posture=posture)
    scene = make_scene(spec)
    model, data = scene.model, scene.data
    mujoco.mj_forward(model, data)
    geoms = [i for i in range(model.ngeom) if model.geom(i).name.startswith("person_")]
    bodies = {model.geom_bodyid[i] for i in geoms}
    assert all(model.body(int(b)).name.startswith("person_") for b in bodies)
    assert all(model.geom_group[i] <= 2 for i in geoms), "the camera sees groups 0 to 2"
    lowest = min(data.geom_xpos[i, 2] - model.geom_size[i].max() for i in geoms)
    assert FLOOR_Z_M - 0.12 < lowest < FLOOR_Z_M + 0.02
    head = data.body("person_head").xpos
    assert head[2] - FLOOR_Z_M == pytest.approx(spec.over_hip(0.932), abs=1e-6)
    if posture == "standing":
        assert head[2] + 0.066 * 1.72 - FLOOR_Z_M == pytest.approx(1.72, abs=0.02)


def test_the_person_at_rest_touches_nothing() -> None:
    scene = make_scene(make_spec())
    scene.step(0.5)
    pairs = scene.data.contact.geom
    names = {scene.model.geom(int(g)).name for g in pairs.ravel()}
    assert not any(name.startswith("person_") for name in names)


@pytest.mark.parametrize("hand", ["left", "right"])
def test_keypoints_keep_the_segment_lengths_through_a_handover(hand: str) -> None:
    spec = make_spec(hand=hand)
    scene = make_scene(spec)
    worst = [0.0]

    def measure() -> None:
        points = scene.person.keypoints()
        for s, e, w in zip(SHOULDERS, ELBOWS, WRISTS, strict=True):
            upper = abs(float(np.linalg.norm(points[e] - points[s])) - spec.upper_arm_m)
            lower = abs(float(np.linalg.norm(points[w] - points[e])) - spec.forearm_m)
            worst[0] = max(worst[0], upper, lower)

    scene.offer()
    scene.watchers.append(measure)
    scene.until("pulls", 5)
    scene.step(1.0)
    scene.open_jaws()
    scene.until("has it", 5)
    assert worst[0] < 0.002


def test_left_and_right_are_the_persons_own() -> None:
    scene = make_scene(make_spec(bearing_deg=0.0))
    points = scene.person.keypoints()
    # Someone who faces the robot has the left hand at the robot's right, which is -y.
    assert points[5, 1] < points[6, 1]
    assert points[9, 1] < points[10, 1]
    nose, ears = points[0], points[3:5].mean(axis=0)
    assert nose[0] < ears[0] - 0.05


def test_the_drawn_wrist_is_where_the_hand_is() -> None:
    scene = make_scene(make_spec())
    scene.offer()
    scene.until("pulls", 5)
    hand = scene.data.body("person_hand")
    wrist = hand.xpos - scene.person.spec.palm_m * hand.xmat.reshape(3, 3)[:, 0]
    assert np.linalg.norm(wrist - scene.person.keypoints()[10]) < 0.02


# -- how it moves --------------------------------------------------------------------------------------


def test_minimum_jerk_begins_and_ends_at_rest() -> None:
    assert minimum_jerk(0.0) == (0.0, 0.0, 0.0)
    assert minimum_jerk(1.0) == (1.0, 0.0, 0.0)
    assert minimum_jerk(0.5)[:2] == (0.5, 1.875)


@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(0.3, 2.0), st.floats(0.02, 0.98))
def test_a_path_is_consistent_with_its_derivatives(
    start: float, speed: float, duration: float, share: float
) -> None:
    path = Path(np.array([start, 0.0, 0.0]), np.array([speed, 0.0, 0.0]), 2.0, duration)
    goal = np.array([0.3, 0.1, -0.2])
    first, pace, _ = path.at(2.0, goal)
    assert np.allclose(first, path.start)
    assert np.allclose(pace, path.velocity)
    last, pace, push = path.at(2.0 + duration, goal)
    assert np.allclose(last, goal)
    assert np.allclose(pace, 0.0)
    assert np.allclose(push, 0.0)
    now, step = 2.0 + share * duration, 1e-5
    before, after = path.at(now - step, goal), path.at(now + step, goal)
    _, velocity, acceleration = path.at(now, goal)
    assert np.allclose((after[0] - before[0]) / (2 * step), velocity, atol=1e-4)
    assert np.allclose((after[1] - before[1]) / (2 * step), acceleration, atol=1e-2)


unit_floats = st.floats(-1.0, 1.0)


@given(st.tuples(unit_floats, unit_floats, unit_floats), st.tuples(unit_floats, unit_floats, unit_floats))
def test_the_elbow_keeps_both_lengths_wherever_the_wrist_goes(wrist: tuple, hint: tuple) -> None:
    shoulder = np.array([0.1, 0.2, 0.3])
    elbow, reached = bend_arm(shoulder, shoulder + np.array(wrist), 0.31, 0.25, np.array(hint))
    assert np.linalg.norm(elbow - shoulder) == pytest.approx(0.31, abs=1e-6)
    assert np.linalg.norm(reached - elbow) == pytest.approx(0.25, abs=1e-6)
    if 0.1 < np.linalg.norm(wrist) < 0.55:
        assert np.allclose(reached, shoulder + np.array(wrist))


def test_hand_axes_are_a_rotation_with_the_thumb_where_asked() -> None:
    for side in ("left", "right"):
        axes = hand_rotation(np.array([1.0, 0.0, 0.2]), np.array([0.0, 0.0, 1.0]), side)
        assert np.allclose(axes @ axes.T, np.eye(3))
        assert np.linalg.det(axes) == pytest.approx(1.0)
        thumb = axes[:, 1] * (1.0 if side == "left" else -1.0)
        assert thumb[2] > 0.9
        palm_faces_left = axes[1, 2] > 0.9
        assert palm_faces_left == (side == "right"), "palms face each other"


def test_the_reach_has_a_bell_shaped_speed() -> None:
    scene = make_scene(make_spec())
    scene.offer()
    scene.until("reaches", 4)
    start = scene.data.body("person_hand").xpos.copy()
    speeds: list[float] = []
    scene.watchers.append(lambda: speeds.append(float(np.linalg.norm(scene.person._hand.velocity))))
    took = scene.until("closes", 3)
    way = np.linalg.norm(scene.data.body("person_hand").xpos - start)
    assert took == pytest.approx(scene.person.spec.reach_s, abs=0.05)
    assert max(speeds) == pytest.approx(1.875 * way / scene.person.spec.reach_s, rel=0.08)
    assert np.argmax(speeds) / len(speeds) == pytest.approx(0.5, abs=0.08)
    assert speeds[-1] < 0.05


# -- what it does --------------------------------------------------------------------------------------


def test_takes_the_handle_only_after_closing_and_carries_it_to_the_chest() -> None:
    scene = make_scene(make_spec("takes"))
    peak = peak_grip(scene)
    scene.offer()
    assert not scene.person.holding
    waited = scene.until("reaches", 4)
    assert scene.person.spec.reaction_s <= waited <= scene.person.spec.reaction_s + 0.4
    scene.until("closes", 3)
    assert not scene.person.holding
    assert scene.until("pulls", 1) == pytest.approx(scene.person.spec.close_s, abs=0.02)
    assert scene.person.holding
    assert scene.grip_force() < 1.0, "closing must not jerk"
    scene.step(0.5)
    assert 0.3 < scene.grip_force() / scene.person.spec.pull_n < 0.7, "the pull rises over a second"
    scene.step(1.0)
    assert scene.grip_force() == pytest.approx(scene.person.spec.pull_n, rel=0.05)
    hand = scene.data.body("person_hand").xpos
    handle = scene.object_position + np.array([0.11, 0.0, 0.0])
    assert np.linalg.norm(hand - handle) < 0.03, "the middle of the person's part"
    scene.open_jaws()
    scene.until("has it", 4)
    scene.step(1.0)
    chest = scene.data.body("person_torso").xpos
    assert np.linalg.norm((scene.data.body("person_hand").xpos - chest)[:2]) < 0.45
    assert scene.person.holding
    assert peak[0] <= 25.0


def test_the_hand_yields_instead_of_pushing_like_a_wall() -> None:
    scene = make_scene(make_spec("takes"))
    applied: list[float] = []
    hand = scene.model.body("person_hand").id
    scene.watchers.append(lambda: applied.append(float(np.linalg.norm(scene.data.xfrc_applied[hand, :3]))))
    scene.offer()
    scene.until("pulls", 5)
    scene.step(2.0)
    scene.move(scene.data.mocap_pos[scene.model.body("rail").mocapid[0]] - np.array([0.05, 0.0, 0.0]), 0.25)
    assert max(applied) <= MAX_FORCE_N + 1e-9
    assert scene.grip_force() < 25.0


def on_the_hand(scene: Scene) -> float:
    """Force in N of everything that touches the receiving hand."""
    force, total = np.zeros(6), 0.0
    for i in range(scene.data.ncon):
        names = [scene.model.geom(int(geom)).name for geom in scene.data.contact.geom[i]]
        if any(name.startswith("person_hand_") for name in names):
            mujoco.mj_contactForce(scene.model, scene.data, i, force)
            total += float(np.linalg.norm(force[:3]))
    return total


def test_fingers_stop_at_what_is_in_their_way_and_press_it_lightly() -> None:
    resting = make_scene(make_spec("ignores")).person._hand
    scene = make_scene(make_spec("ignores"), post=resting.position + resting.rotation @ (0.05, 0.0, 0.04))
    hand, pressed = scene.person._hand, [0.0]
    scene.watchers.append(lambda: pressed.append(on_the_hand(scene)))
    scene.step(0.2)
    assert max(pressed) == 0.0, "the open hand is clear of it"
    hand.close(1.0)
    scene.step(0.5)
    assert np.any(scene.data.qpos[hand._bends] < CLOSED_RAD - 0.2)
    assert 2.0 < max(pressed[-50:]) < 15.0, "a light grip"
    assert max(pressed) < 60.0, "also when they meet it"
    hand.close(0.0)
    scene.step(0.5)
    assert np.allclose(scene.data.qpos[hand._bends], OPEN_RAD, atol=0.02)
    assert max(pressed) < 60.0, "and when they leave it"


def test_a_heavy_object_does_not_fall_out_of_the_hand() -> None:
    scene = make_scene(make_spec("takes"))
    scene.model.body_mass[scene.model.body("target/object").id] = 0.8
    scene.offer()
    scene.until("pulls", 5)
    scene.step(1.0)
    scene.open_jaws()
    scene.until("has it", 4)
    before = scene.object_position
    scene.step(2.0)
    assert np.linalg.norm(scene.object_position - before) < 0.08


def test_nothing_happens_while_the_object_lies_on_the_table_or_hangs_too_far_away() -> None:
    scene = make_scene(make_spec("takes", distance_m=1.2))
    scene.step(1.0)
    assert scene.person.state == "waits"
    scene.move(HOME + np.array([-0.25, 0.0, 0.35]))
    scene.step(1.5)
    assert scene.person.state == "waits"


def test_a_seated_person_takes_what_is_held_out_low_beside_the_table() -> None:
    """No higher than it lay on the table, but with nothing under it."""
    scene = make_scene(make_spec("takes", posture="seated", bearing_deg=85.0, distance_m=1.15))
    lay_z = scene.object_position[2]
    scene.move(HOME + np.array([0.0, 0.0, 0.03]))
    scene.step(1.0)
    assert scene.person.state == "waits", "over the table it might as well lie there"
    place = scene.offer_point(ahead_m=0.35, drop_m=0.25)
    over = np.array([0.0, 0.0, 0.4])
    for stop in (HOME + over, place + over, place):
        scene.move(stop)
    assert scene.object_position[2] < lay_z + 0.05
    scene.until("pulls", 6)
    assert scene.person.holding


def test_follows_an_object_that_drifts_during_the_reach() -> None:
    scene = make_scene(make_spec("takes"))
    scene.offer()
    scene.until("reaches", 4)
    rail = scene.data.mocap_pos[scene.model.body("rail").mocapid[0]]
    scene.move(rail + np.array([0.02, 0.04, 0.02]), 0.05)
    scene.until("pulls", 3)
    hand, handle = scene.data.body("person_hand").xpos, scene.object_position + np.array([0.11, 0.0, 0.0])
    assert np.linalg.norm(hand - handle) < 0.04


def test_gives_up_when_the_object_is_withdrawn() -> None:
    scene = make_scene(make_spec("takes"))
    scene.offer()
    scene.until("reaches", 4)
    scene.move(HOME + np.array([-0.25, 0.0, 0.3]), 0.6)
    scene.until("waits", 4)
    assert not scene.person.holding


def test_lets_go_when_the_robot_never_does_and_tries_again() -> None:
    scene = make_scene(make_spec("takes"))
    scene.offer()
    scene.until("pulls", 5)
    scene.until("withdraws", 9)
    assert not scene.person.holding
    scene.until("pulls", 8)
    assert scene.person.holding


def test_does_not_drop_what_the_robot_has_already_released() -> None:
    scene = make_scene(make_spec("touches"))
    scene.offer()
    scene.until("pulls", 5)
    scene.step(0.3)
    scene.open_jaws()
    scene.until("has it", 5)
    assert scene.person.holding


def test_late_waits_for_seconds() -> None:
    scene = make_scene(make_spec("late"))
    scene.offer()
    assert 6.0 <= scene.until("reaches", 9) <= 8.5


def test_ignores_does_nothing() -> None:
    scene = make_scene(make_spec("ignores"))
    scene.offer()
    assert scene.step(5.0) == ["waits"]


def test_leaves_walks_out_of_reach_without_a_jump() -> None:
    scene = make_scene(make_spec("leaves"))
    trail = [scene.data.body("person_torso").xpos.copy()]
    scene.watchers.append(lambda: trail.append(scene.data.body("person_torso").xpos.copy()))
    scene.offer()
    scene.until("walks off", 3)
    scene.step(3.5)
    assert np.linalg.norm(trail[-1][:2]) > 2.2
    assert max(np.linalg.norm(np.diff(trail, axis=0), axis=1)) < 0.02
    assert scene.person.keypoints()[0, 0] > scene.person.keypoints()[3, 0], "the back is turned"
    hand = scene.data.body("person_hand").xpos
    assert np.linalg.norm((hand - trail[-1])[:2]) < 0.4, "the hand came along"


def test_steps_closer_comes_when_the_object_hangs_in_the_air_and_then_takes() -> None:
    scene = make_scene(make_spec("steps_closer", distance_m=1.15))
    begin = scene.data.body("person_torso").xpos.copy()
    scene.step(3.0)
    assert np.allclose(scene.data.body("person_torso").xpos, begin), "nothing is held out yet"
    scene.move(HOME + np.array([0.1, 0.0, 0.35]))
    scene.step(10.0)
    assert np.hypot(*scene.data.body("person_torso").xpos[:2]) == pytest.approx(1.15, abs=0.01)
    scene.offer()
    scene.until("pulls", 5)


def test_pulls_early_tugs_while_it_is_carried_lets_go_and_takes_later() -> None:
    scene = make_scene(make_spec("pulls_early"))
    peak = peak_grip(scene)
    scene.move(scene.offer_point(0.65), 0.3)
    seen = scene.move(scene.offer_point(0.36), 0.12)
    assert "pulls" in seen, "before the robot has come to rest"
    if scene.person.state == "pulls":
        scene.until("withdraws", 3)
    assert 8.0 < peak[0] < 14.0
    scene.until("pulls", 8)
    scene.step(1.5)
    assert peak[0] > 13.5


def test_touches_stays_under_three_newtons_and_takes_later() -> None:
    scene = make_scene(make_spec("touches"))
    peak = peak_grip(scene)
    scene.offer()
    scene.until("pulls", 5)
    scene.until("withdraws", 3)
    assert 1.0 < peak[0] < 3.0
    assert scene.until("pulls", 8) > 2.5
    scene.step(1.5)
    assert peak[0] > 10.0


def test_pushes_presses_toward_the_robot_first() -> None:
    scene = make_scene(make_spec("pushes"))
    hand = scene.model.body("person_hand").id
    scene.offer()
    scene.until("pulls", 5)
    scene.step(1.2)
    force = scene.data.xfrc_applied[hand, :3]
    assert force[0] < 0.0
    assert 7.0 < scene.grip_force() < 13.0
    scene.until("withdraws", 3)
    scene.until("pulls", 8)
    scene.step(1.2)
    assert scene.data.xfrc_applied[hand, 0] > 0.0


def test_avoids_fingers_that_stand_on_the_persons_part() -> None:
    scene = make_scene(make_spec("takes"))
    eyes = scene.person._eyes
    # The fingers close around the handle's middle instead of the head.
    fingers = [scene.model.geom(name).id for name in ("pad_left", "pad_right")]
    middle = scene.object_position + np.array([0.11, 0.0, 0.0])
    scene.data.geom_xpos[fingers] = middle + np.array([[0.0, 0.02, 0.0], [0.0, -0.02, 0.0]])
    place, _ = eyes.choose_place(middle + np.array([0.3, 0.0, 0.2]), 0.6)
    assert np.linalg.norm(eyes.from_object(place) - middle) > 0.06


def test_the_same_seed_gives_the_same_motion_and_another_seed_another_one() -> None:
    ends = []
    for seed in (4, 4, 5):
        scene = make_scene(make_spec("touches"), seed=seed)
        scene.move(scene.offer_point(), 1.0)
        scene.until("pulls", 5)
        scene.step(0.6)
        ends.append(np.concatenate([scene.data.qpos, scene.person.keypoints().ravel()]))
    assert np.array_equal(ends[0], ends[1])
    assert not np.array_equal(ends[0], ends[2]), "the force of the touch is drawn"


def test_the_model_alone_compiles_and_stands_before_any_step() -> None:
    spec = make_spec(posture="seated")
    mjcf = person_mjcf(spec)
    assert [body.get("name") for body in mjcf.bodies].count("person_hand") == 1
    scene = make_scene(spec)
    body = Body(spec, scene.model, scene.data)
    assert np.all(np.isfinite(body.keypoints))
    assert body.keypoints[:, 2].min() > FLOOR_Z_M
