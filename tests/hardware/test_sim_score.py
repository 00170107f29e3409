"""The figures of a handover that need no handover: false releases, the arm's angles, who is near whom."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from hardware.sim.build import SimulatedRobot, build_world
from hardware.sim.options import PersonOptions, SimOptions
from hardware.sim.scenario import sample_scene
from hardware.sim.score_person import FAR_M, PersonWatch, arm_angles_deg
from hardware.sim.score_release import GONE_FOR_S, ReleaseWatch

STEP_S = 0.02


@pytest.mark.parametrize(
    ("gap_m", "kept_before", "kept_after", "false"),
    [
        (0.06, False, False, 1),  # opened in the air
        (0.03, False, False, 0),  # slipped out: the fingers closed behind it
        (0.06, True, False, 0),  # opened over a table or a closed hand
        (0.06, False, True, 0),  # caught, or landed at once
    ],
)
def test_a_false_release_is_an_opening_that_leaves_the_object_to_nobody(
    gap_m: float, kept_before: bool, kept_after: bool, false: int
) -> None:
    watch = ReleaseWatch()
    watch.update(0.0, 0.04, True, kept_before)
    for now in np.arange(STEP_S, 4 * GONE_FOR_S, STEP_S):
        watch.update(float(now), gap_m, False, kept_after)
    assert watch.count == false


def test_a_bouncing_contact_is_no_release() -> None:
    watch = ReleaseWatch()
    for number in range(40):
        watch.update(number * STEP_S, 0.06 if number % 3 else 0.04, number % 3 == 0, False)
    assert watch.count == 0


@pytest.mark.parametrize(
    ("upper", "fore", "shoulder", "elbow"),
    [
        ((0, 0, -1), (0, 0, -1), 0.0, 0.0),
        ((0, 0, -1), (1, 0, 0), 0.0, 90.0),
        ((1, 0, 0), (1, 0, 0), 90.0, 0.0),
        ((-1, 0, -1), (0, 0, -1), -45.0, 45.0),
    ],
)
def test_arm_angles_are_those_of_eq_5(
    upper: tuple[float, ...], fore: tuple[float, ...], shoulder: float, elbow: float
) -> None:
    assert arm_angles_deg(upper, fore, (2.0, 0.0, 0.0)) == pytest.approx((shoulder, elbow))


@pytest.fixture(scope="module")
def built() -> SimulatedRobot:
    options = SimOptions(person=PersonOptions(distance_m=1.05, posture="standing"))
    rng = np.random.default_rng(0)
    return build_world(sample_scene("hammer", None, options, rng), options, rng)


def test_the_nearest_pair_is_found_and_its_speed_noted(built: SimulatedRobot) -> None:
    model, data = built.world.model, built.world.data
    robot = [g for g in range(model.ngeom) if model.geom(g).name in ("pad_left", "finger_left_joint")]
    watched = [model.geom(g).name.startswith("person_torso") for g in range(model.ngeom)]
    torso = {g: "torso" for g in np.flatnonzero(watched) if model.geom_conaffinity[g]}
    hand = {g: "hand" for g in range(model.ngeom) if model.body(model.geom_bodyid[g]).name == "person_hand"}
    assert built.person is not None
    spec = built.person.spec
    everything = {int(g): region for g, region in (torso | hand).items()}
    fingers, nothing = np.array(robot), np.empty(0, dtype=np.int64)
    watch = PersonWatch(model, data, spec, fingers, fingers, nothing, everything)
    watch.look(False)
    by_hand = min(mujoco.mj_geomDistance(model, data, g, int(t), 2.0, None) for g in robot for t in torso)
    assert watch.body_m == pytest.approx(min(by_hand, FAR_M))
    assert watch.head_m == FAR_M
    assert watch.speed_m_s == pytest.approx(0.0, abs=0.2)
    near = PersonWatch(model, data, spec, fingers, fingers, nothing, {int(g): "hand" for g in hand})
    near.look(False)
    assert near.body_m == FAR_M  # the receiving hand comes by itself
