"""Eq. 5: the published grid's optimum, the bounded one, and where recorded people hand things over."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planning.ergonomics import (
    ArmModel,
    arm_cost,
    arm_of_stature,
    hand_point,
    handover_point,
    joint_torques,
    least_effort_angles,
    wrist_in_plane,
)
from planning.errors import NoHandoverPose

ARM = ArmModel(0.30, 0.27)
SHOULDER_DEG, ELBOW_DEG = np.meshgrid(np.arange(-45.0, 181.0), np.arange(-15.0, 141.0), indexing="ij")
STATURES = st.floats(1.45, 2.05)


def test_literal_optimum() -> None:
    posture = least_effort_angles(ARM, "paper")
    assert (posture.shoulder_deg, posture.elbow_deg) == (3.0, 50.0)
    assert posture.cost == pytest.approx(0.2908, abs=5e-5)
    np.testing.assert_allclose(
        handover_point((0, 0, 0), (1, 0, 0), ARM, "paper"), (0.231, 0, -0.462), atol=5e-4
    )


def test_bounded_optimum() -> None:
    posture = least_effort_angles(ARM)
    assert (posture.shoulder_deg, posture.elbow_deg) == (14.0, 75.0)
    assert posture.cost == pytest.approx(0.3420, abs=5e-5)
    np.testing.assert_allclose(handover_point((0, 0, 0), (1, 0, 0), ARM), (0.343, 0, -0.296), atol=6e-4)


def test_torques_at_the_optimum() -> None:
    np.testing.assert_allclose(joint_torques(3.0, 50.0, ARM), (2.09, 1.64), atol=0.005)


@pytest.mark.parametrize(
    "changes",
    [
        {"forearm_com": 0.682},
        {"upper_arm_com": 0.5, "forearm_com": 0.5},
        {"load_kg": 1.0},
        {"upper_arm_kg": 1.96, "forearm_kg": 1.12},
    ],
)
def test_bounded_angles_do_not_depend_on_masses(changes: dict[str, float]) -> None:
    posture = least_effort_angles(ArmModel(0.30, 0.27, **changes))
    assert (posture.shoulder_deg, posture.elbow_deg) == (14.0, 75.0)


@pytest.mark.parametrize(
    ("stature", "paper", "bounded", "hand"),
    [
        (1.50, (0.20, 0.83), (0.30, 0.95), 0.38),
        (1.60, (0.21, 0.88), (0.32, 1.01), 0.41),
        (1.70, (0.23, 0.94), (0.34, 1.08), 0.43),
        (1.80, (0.24, 0.99), (0.36, 1.14), 0.46),
        (1.90, (0.26, 1.05), (0.38, 1.20), 0.48),
    ],
)
def test_wrist_by_stature(
    stature: float, paper: tuple[float, float], bounded: tuple[float, float], hand: float
) -> None:
    shoulder, arm = (0.0, 0.0, 0.818 * stature), arm_of_stature(stature)
    for mode, expected in (("paper", paper), ("bounded", bounded)):
        wrist = handover_point(shoulder, (1, 0, 0), arm, mode)
        np.testing.assert_allclose(wrist[[0, 2]], expected, atol=0.0065)
    assert hand_point(shoulder, (1, 0, 0), arm)[0] == pytest.approx(hand, abs=0.0065)


@given(STATURES, st.floats(0.85, 1.2), st.floats(0.0, 1.0))
def test_both_terms_are_shares_of_their_maximum(stature: float, ratio: float, load: float) -> None:
    average = arm_of_stature(stature)
    arm = ArmModel(average.upper_arm_m * ratio, average.forearm_m, load_kg=load)
    shoulder, elbow = joint_torques(SHOULDER_DEG, ELBOW_DEG, arm)
    torque = shoulder**2 + elbow**2
    displacement = (SHOULDER_DEG - 67.5) ** 2 + (ELBOW_DEG - 62.5) ** 2
    expected = torque / torque.max() + displacement / displacement.max()
    np.testing.assert_allclose(arm_cost(SHOULDER_DEG, ELBOW_DEG, arm), expected, rtol=1e-9)


@given(STATURES, st.floats(0.9, 1.15))
def test_bounded_wrist_keeps_its_bounds_and_costs_no_less(stature: float, ratio: float) -> None:
    average = arm_of_stature(stature)
    arm = ArmModel(average.upper_arm_m * ratio, average.forearm_m)
    bounded, paper = least_effort_angles(arm), least_effort_angles(arm, "paper")
    forward, up = wrist_in_plane(bounded.shoulder_deg, bounded.elbow_deg, arm)
    assert -arm.upper_arm_m <= up <= -0.10
    assert forward >= max(0.3, 0.6 * arm.length_m)
    assert bounded.cost >= paper.cost == pytest.approx(np.min(arm_cost(SHOULDER_DEG, ELBOW_DEG, arm)))


@given(st.floats(-3.1, 3.1), st.floats(0.5, 2.0))
def test_point_turns_with_the_robots_direction(bearing: float, distance: float) -> None:
    shoulder = np.array([0.3, -0.2, 1.4])
    way = np.array([np.cos(bearing), np.sin(bearing), 0.0])
    straight = handover_point(shoulder, shoulder + np.array([distance, 0.0, -0.7]), ARM) - shoulder
    turned = handover_point(shoulder, shoulder + distance * way, ARM) - shoulder
    np.testing.assert_allclose(turned, straight[0] * way + (0, 0, straight[2]), atol=1e-9)


def test_what_has_no_answer_is_refused() -> None:
    with pytest.raises(NoHandoverPose, match="above or below"):
        handover_point((0, 0, 1.4), (0, 0, 0), ARM)
    with pytest.raises(NoHandoverPose, match="check the measured arm lengths"):
        least_effort_angles(ArmModel(0.10, 0.10))
    with pytest.raises(ValueError, match="positive"):
        ArmModel(0.0, 0.27)
    with pytest.raises(ValueError, match="mode"):
        least_effort_angles(ARM, "comfortable")  # type: ignore[arg-type]  # the test is that it refuses
