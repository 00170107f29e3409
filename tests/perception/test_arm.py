"""Arm lengths, reach, facing and hidden wrists on numbers worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.sim.reach import bend_arm
from perception.arm import (
    ArmLengthEstimator,
    ReachingArm,
    completed,
    facing,
    forward_reach,
    hidden_wrist,
    plausible,
    stature_from,
)
from perception.options import TrackerOptions
from perception.types import ArmLengths, Keypoint
from planning.nominal import nominal_person
from planning.options import PresentationOptions
from tests.perception.people import person

CAMERA = np.array([0.1, 0.0, 0.35])
ALL = np.ones(17, dtype=bool)


def lengths(
    joints: np.ndarray, frames: int = 20, options: TrackerOptions | None = None, noise: float = 0.0
) -> ArmLengths:
    rng = np.random.default_rng(0)
    estimator = ArmLengthEstimator(options or TrackerOptions())
    for i in range(frames):
        estimator.add(joints + rng.normal(0.0, noise, joints.shape), ALL, CAMERA, 0.1 * i)
    return estimator.lengths(joints)


def test_hanging_arms_are_measured() -> None:
    found = lengths(person(), noise=0.004)
    assert found.measured
    assert found.upper_arm_m == pytest.approx(0.30, abs=0.01)
    assert found.forearm_m == pytest.approx(0.26, abs=0.01)


def test_noisy_arms_do_not_converge() -> None:
    assert not lengths(person(), noise=0.06).measured


def test_an_arm_along_the_line_of_sight_is_not_measured() -> None:
    joints = person()
    for side, sign in (("LEFT", -1), ("RIGHT", 1)):
        shoulder = joints[Keypoint[f"{side}_SHOULDER"]] = np.array([1.3, 0.05 * sign, 0.35])
        joints[Keypoint[f"{side}_ELBOW"]] = shoulder - (0.30, 0.0, 0.0)
        joints[Keypoint[f"{side}_WRIST"]] = shoulder - (0.56, 0.0, 0.0)
    assert not lengths(joints).measured


def test_sides_that_differ_are_not_believed() -> None:
    joints = person()
    joints[Keypoint.LEFT_WRIST] += (0.0, 0.0, 0.05)
    assert not lengths(joints).measured


def test_old_samples_are_forgotten() -> None:
    estimator = ArmLengthEstimator(TrackerOptions())
    for i in range(30):
        estimator.add(person(), ALL, CAMERA, 0.1 * i)
    assert estimator.lengths(person()).measured
    estimator.add(person(), ALL, CAMERA, 30.0)
    assert not estimator.lengths(person()).measured


def test_stature_is_seen_from_the_shoulders_of_a_standing_person() -> None:
    assert stature_from(person(), -0.83) == pytest.approx(1.33 / 0.818)
    assert stature_from(person(), None) is None
    assert stature_from(person(), -0.5) is None  # hips too low: seated
    fallback = lengths(person(), frames=1, options=TrackerOptions(floor_z_m=-0.83))
    assert fallback.forearm_m == pytest.approx(0.146 * 1.33 / 0.818)


@pytest.mark.parametrize(
    ("upper", "fore", "fits"),
    [(0.30, 0.26, True), (0.21, 0.20, False), (0.41, 0.30, False), (0.30, 0.34, False), (0.39, 0.20, False)],
)
def test_only_arms_of_adults_are_plausible(upper: float, fore: float, fits: bool) -> None:
    assert plausible(upper, fore) is fits


@given(st.floats(-np.pi, np.pi))
def test_facing_turns_with_the_person(turn: float) -> None:
    c, s = np.cos(turn), np.sin(turn)
    joints = person() @ np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]).T
    found = facing(joints)
    assert found is not None
    assert found == pytest.approx([-c, -s, 0.0])


def test_facing_needs_both_shoulders() -> None:
    joints = person()
    joints[Keypoint.LEFT_SHOULDER] = np.nan
    assert facing(joints) is None


def test_reach_counts_forward_raised_and_at_hand_height() -> None:
    shoulder, elbow = np.array([1.3, 0.0, 0.5]), np.array([1.2, 0.0, 0.22])
    assert forward_reach(shoulder, elbow, np.array([0.95, 0.0, 0.25])) == pytest.approx(0.35)
    assert forward_reach(shoulder, elbow, np.array([0.95, 0.0, 0.60])) == 0.0
    assert forward_reach(shoulder, np.array([1.1, 0.0, 0.3]), np.array([1.05, 0.0, 0.06])) == 0.0
    assert forward_reach(shoulder, elbow, np.full(3, np.nan)) == 0.0


@pytest.mark.parametrize("stature_m", [1.5, 1.7, 1.9])
def test_hands_that_rest_on_the_thighs_do_not_reach(stature_m: float) -> None:
    # A seated person's wrist lies 0.14 of the stature before the hip and 0.062 above it, the shoulder 0.288.
    joints = person()
    for side, y in (("LEFT", -0.115), ("RIGHT", 0.115)):
        shoulder = np.array([1.3, y * stature_m, 0.4])
        wrist = shoulder + stature_m * np.array([-0.14, 0.0, -0.226])
        upper_arm, forearm = 0.186 * stature_m, 0.146 * stature_m
        elbow, _ = bend_arm(shoulder, wrist, upper_arm, forearm, np.array([0.35, 0.0, -0.9]))
        assert np.degrees(np.arccos((elbow - wrist)[2] / forearm)) > 60.0, "the forearm is rather level"
        for name, point in (("SHOULDER", shoulder), ("ELBOW", elbow), ("WRIST", wrist)):
            joints[Keypoint[f"{side}_{name}"]] = point
    joints[Keypoint.LEFT_WRIST, 0] -= 0.05
    arm = ReachingArm("right")
    assert {arm.update(joints) for _ in range(10)} == {"right"}


def test_the_other_arm_must_reach_clearly_farther() -> None:
    both = person(reach="right", forward_m=0.33)
    left = person(reach="left", forward_m=0.36)
    for part in ("ELBOW", "WRIST"):
        both[Keypoint[f"LEFT_{part}"]] = left[Keypoint[f"LEFT_{part}"]]
    arm = ReachingArm("right")
    assert {arm.update(both) for _ in range(10)} == {"right"}
    both[Keypoint.LEFT_WRIST, 0] -= 0.10
    assert [arm.update(both) for _ in range(3)][-1] == "left"


@given(st.floats(-0.4, 0.4), st.floats(-0.4, 0.4), st.floats(0.18, 0.33))
def test_a_hidden_wrist_lies_a_forearm_from_the_elbow_on_its_ray(y: float, z: float, forearm: float) -> None:
    elbow = np.array([1.2, 0.0, 0.2])
    ray = np.array([1.0, y, z])
    found = hidden_wrist(CAMERA, ray, elbow, forearm)
    along = (elbow - CAMERA) @ ray / (ray @ ray)
    miss = np.linalg.norm(CAMERA + along * ray - elbow)
    if found is None:
        assert miss > 1.099 * forearm
        return
    assert np.linalg.norm(np.cross(found - CAMERA, ray)) < 1e-9
    assert np.linalg.norm(found - elbow) == pytest.approx(max(forearm, miss))
    assert (found - CAMERA) @ ray <= (elbow - CAMERA) @ ray + 1e-9


def test_hidden_shoulder_is_remembered_while_the_person_stands() -> None:
    before = nominal_person(PresentationOptions())
    hidden = np.array(before.joints)
    hidden[[Keypoint.RIGHT_SHOULDER, Keypoint.RIGHT_WRIST]] = np.nan
    now = replace(before, joints=hidden + 0.02)
    filled = completed(now, before)
    np.testing.assert_array_equal(filled.joint("shoulder", "right"), before.joint("shoulder", "right"))
    assert np.isnan(filled.joint("wrist", "right")).all()
    np.testing.assert_array_equal(filled.joints[Keypoint.NOSE], now.joints[Keypoint.NOSE])
    walked = replace(before, joints=hidden + 0.3)
    assert completed(walked, before) is walked
    assert completed(now, None) is now
