"""Eq. 5 of arXiv 2409.17621: where the person's arm takes the object with the least effort.

The arm is two links in the vertical plane from the shoulder to the robot. Angles in degrees: shoulder 0 =
upper arm hanging, positive forward; elbow 0 = straight, positive flexed. Mode "paper" is the literal optimum
(hip height, kept for reproduction); "bounded" searches the same cost where people really take things.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from hardware.geometry import unit
from hardware.types import BoolArray, FloatArray, readonly
from planning.errors import NoHandoverPose

Mode = Literal["paper", "bounded"]

SHOULDER_RANGE_DEG = (-45.0, 180.0)
ELBOW_RANGE_DEG = (-15.0, 140.0)
SHOULDER_MIDDLE_DEG, ELBOW_MIDDLE_DEG = 67.5, 62.5
GRAVITY_M_S2 = 9.81

UPPER_ARM_OF_STATURE, FOREARM_OF_STATURE = 0.186, 0.146
HAND_CENTRE_OF_STATURE = 0.054
"""Shares of body height (Drillis and Contini): upper arm, forearm, wrist to the middle of the hand."""

_SHOULDER_GRID, _ELBOW_GRID = np.meshgrid(
    readonly(np.arange(SHOULDER_RANGE_DEG[0], SHOULDER_RANGE_DEG[1] + 1.0)),
    readonly(np.arange(ELBOW_RANGE_DEG[0], ELBOW_RANGE_DEG[1] + 1.0)),
    indexing="ij",
)
_MAX_DISPLACEMENT = (SHOULDER_RANGE_DEG[1] - SHOULDER_MIDDLE_DEG) ** 2 + (
    ELBOW_RANGE_DEG[1] - ELBOW_MIDDLE_DEG
) ** 2


@dataclass(frozen=True)
class ArmModel:
    """One person's arm: lengths, masses, centres of mass as shares of their link, and a load at the wrist.

    The masses are the paper's; the centres of mass Winter's. The cost's optimum depends on their ratios only.
    """

    upper_arm_m: float
    forearm_m: float
    upper_arm_kg: float = 2.6
    forearm_kg: float = 1.8
    upper_arm_com: float = 0.436
    forearm_com: float = 0.430
    load_kg: float = 0.0

    def __post_init__(self) -> None:
        if not (self.upper_arm_m > 0.0 and self.forearm_m > 0.0):
            raise ValueError(f"arm lengths must be positive, got {self.upper_arm_m} and {self.forearm_m} m")

    @property
    def length_m(self) -> float:
        return self.upper_arm_m + self.forearm_m

    @property
    def hand_centre_m(self) -> float:
        """From the wrist to the middle of the hand, from the stature that the arm's length implies."""
        return self.length_m * HAND_CENTRE_OF_STATURE / (UPPER_ARM_OF_STATURE + FOREARM_OF_STATURE)


@dataclass(frozen=True)
class Bounds:
    """Where mode "bounded" searches for the wrist, from the shoulder; safe-side figures."""

    below_shoulder_m: float = 0.10
    lowest_share: float = 1.0
    """At most this far below, as a share of the upper arm: 1 = the height of the hanging elbow."""
    forward_share: float = 0.60
    """At least this far forward, as a share of the arm's length."""
    forward_m: float = 0.30

    def forward_of(self, arm: ArmModel) -> float:
        """The least distance forward in m."""
        return max(self.forward_share * arm.length_m, self.forward_m)


BOUNDS = Bounds()


@dataclass(frozen=True)
class ArmPosture:
    """Joint angles in degrees and their cost."""

    shoulder_deg: float
    elbow_deg: float
    cost: float


def arm_of_stature(stature_m: float) -> ArmModel:
    """The arm of an average person of this body height."""
    return ArmModel(UPPER_ARM_OF_STATURE * stature_m, FOREARM_OF_STATURE * stature_m)


@dataclass(frozen=True)
class _Terms:
    """What the cost and the wrist need of the angles, apart from the arm: kept for the search grid."""

    upper: tuple[FloatArray, FloatArray]
    """Sine and cosine of the upper arm's angle from hanging."""
    fore: tuple[FloatArray, FloatArray]
    displacement: FloatArray
    """Squared distance from the middle of the ranges, over its maximum."""

    @classmethod
    def of(cls, shoulder_deg: ArrayLike, elbow_deg: ArrayLike) -> _Terms:
        upper = np.radians(shoulder_deg)
        fore = upper + np.radians(elbow_deg)
        squares = np.square(np.subtract(shoulder_deg, SHOULDER_MIDDLE_DEG)) + np.square(
            np.subtract(elbow_deg, ELBOW_MIDDLE_DEG)
        )
        return cls((np.sin(upper), np.cos(upper)), (np.sin(fore), np.cos(fore)), squares / _MAX_DISPLACEMENT)


_GRID_TERMS = _Terms.of(_SHOULDER_GRID, _ELBOW_GRID)


def _torques(terms: _Terms, arm: ArmModel) -> tuple[FloatArray, FloatArray]:
    upper, fore = _moments(arm)
    elbow_torque = fore * terms.fore[0]
    return upper * terms.upper[0] + elbow_torque, elbow_torque


def _cost(terms: _Terms, arm: ArmModel) -> FloatArray:
    shoulder_torque, elbow_torque = _torques(terms, arm)
    upper, fore = _moments(arm)
    # Both torques peak together with the arm level and straight.
    most = (upper + fore) ** 2 + fore**2
    return (np.square(shoulder_torque) + np.square(elbow_torque)) / most + terms.displacement


def _wrist(terms: _Terms, arm: ArmModel) -> tuple[FloatArray, FloatArray]:
    return (
        arm.upper_arm_m * terms.upper[0] + arm.forearm_m * terms.fore[0],
        -arm.upper_arm_m * terms.upper[1] - arm.forearm_m * terms.fore[1],
    )


def joint_torques(
    shoulder_deg: ArrayLike, elbow_deg: ArrayLike, arm: ArmModel
) -> tuple[FloatArray, FloatArray]:
    """Static torques in Nm that gravity asks of shoulder and elbow, broadcasting."""
    return _torques(_Terms.of(shoulder_deg, elbow_deg), arm)


def arm_cost(shoulder_deg: ArrayLike, elbow_deg: ArrayLike, arm: ArmModel) -> FloatArray:
    """Eq. 5 in [0, 2], broadcasting: squared torques plus squared displacements from the middle of the
    ranges, each term over its maximum within the joint limits.
    """
    return _cost(_Terms.of(shoulder_deg, elbow_deg), arm)


def wrist_in_plane(
    shoulder_deg: ArrayLike, elbow_deg: ArrayLike, arm: ArmModel
) -> tuple[FloatArray, FloatArray]:
    """The wrist forward of and above the shoulder in m, broadcasting."""
    return _wrist(_Terms.of(shoulder_deg, elbow_deg), arm)


@lru_cache(maxsize=64)
def least_effort_angles(arm: ArmModel, mode: Mode = "bounded", bounds: Bounds = BOUNDS) -> ArmPosture:
    """The angles of least cost on the 1 degree grid within the joint limits; ties go to the smaller angles.

    Raises NoHandoverPose when no pose of the arm lies within `bounds`, which mode "paper" does not know.
    """
    if mode not in ("paper", "bounded"):
        raise ValueError(f"mode must be 'paper' or 'bounded', got {mode!r}")
    cost = _cost(_GRID_TERMS, arm)
    if mode == "bounded":
        cost = np.where(_within(bounds, arm), cost, np.inf)
    best = int(np.argmin(cost))
    if not np.isfinite(cost.flat[best]):
        raise NoHandoverPose(
            f"an arm of {arm.upper_arm_m:.2f} + {arm.forearm_m:.2f} m cannot reach "
            f"{bounds.forward_of(arm):.2f} m forward at {bounds.below_shoulder_m:.2f} m below the shoulder; "
            "check the measured arm lengths"
        )
    return ArmPosture(float(_SHOULDER_GRID.flat[best]), float(_ELBOW_GRID.flat[best]), float(cost.flat[best]))


def handover_point(
    shoulder: ArrayLike,
    robot_base: ArrayLike,
    arm: ArmModel,
    mode: Mode = "bounded",
    bounds: Bounds = BOUNDS,
) -> FloatArray:
    """The wrist (3,) of least effort, in the frame of shoulder (3,) and robot_base (3,), whose z points up.

    Raises NoHandoverPose where the base is straight above or below the shoulder.
    """
    return _in_space(shoulder, robot_base, arm, least_effort_angles(arm, mode, bounds), beyond_wrist_m=0.0)


def hand_point(
    shoulder: ArrayLike, robot_base: ArrayLike, arm: ArmModel, mode: Mode = "bounded"
) -> FloatArray:
    """The middle of the hand (3,): `handover_point` moved on along the forearm."""
    return _in_space(shoulder, robot_base, arm, least_effort_angles(arm, mode), arm.hand_centre_m)


def toward_robot(shoulder: ArrayLike, robot_base: ArrayLike) -> FloatArray:
    """The horizontal unit vector (3,) from the shoulder to the robot's base. Raises NoHandoverPose."""
    way = np.subtract(robot_base, shoulder) * (1.0, 1.0, 0.0)
    if not np.linalg.norm(way) > 1e-6:
        raise NoHandoverPose(f"the robot's base is straight above or below the shoulder at {shoulder!r}")
    return unit(way)


def _in_space(
    shoulder: ArrayLike, robot_base: ArrayLike, arm: ArmModel, posture: ArmPosture, beyond_wrist_m: float
) -> FloatArray:
    forward, up = wrist_in_plane(posture.shoulder_deg, posture.elbow_deg, arm)
    forearm = np.radians(posture.shoulder_deg + posture.elbow_deg)
    forward = forward + beyond_wrist_m * np.sin(forearm)
    up = up - beyond_wrist_m * np.cos(forearm)
    return np.asarray(shoulder) + forward * toward_robot(shoulder, robot_base) + np.array([0.0, 0.0, up])


def _moments(arm: ArmModel) -> tuple[float, float]:
    """The most that gravity can ask of the shoulder for the upper arm, of the elbow for the forearm; Nm."""
    beyond_elbow_kg = arm.forearm_kg + arm.load_kg
    upper = (arm.upper_arm_kg * arm.upper_arm_com + beyond_elbow_kg) * arm.upper_arm_m
    fore = (arm.forearm_kg * arm.forearm_com + arm.load_kg) * arm.forearm_m
    return GRAVITY_M_S2 * upper, GRAVITY_M_S2 * fore


def _within(bounds: Bounds, arm: ArmModel) -> BoolArray:
    forward, up = _wrist(_GRID_TERMS, arm)
    return np.asarray(
        (up >= -bounds.lowest_share * arm.upper_arm_m)
        & (up <= -bounds.below_shoulder_m)
        & (forward >= bounds.forward_of(arm))
    )
