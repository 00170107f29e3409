"""Persons and robot readings for tests of safety and presentation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hardware.types import ArmState, FloatArray, GripperState, RobotState
from perception.types import HumanPose, Keypoint
from planning.nominal import nominal_person
from planning.options import PresentationOptions

REACHING = np.radians([0.0, 60.0, 180.0, -60.0, 0.0, -30.0, 90.0])
"""The arm stretched forward and low, its gripper about 0.9 m ahead of the base."""


def person(distance_m: float = 1.15, stamp_s: float = 0.0, **changes: object) -> HumanPose:
    """The nominal person straight ahead, measured at `stamp_s`."""
    pose = nominal_person(PresentationOptions(distance_m=distance_m))
    return replace(pose, stamp_s=stamp_s, confidence=1.0, **changes)  # type: ignore[arg-type]  # fields by name


def reaching_out(pose: HumanPose, wrist: FloatArray) -> HumanPose:
    """The same person with the right wrist somewhere else."""
    joints = np.array(pose.joints)
    joints[Keypoint.RIGHT_WRIST] = wrist
    return replace(pose, joints=joints, raw=joints)


def robot(
    joints: np.ndarray = REACHING,
    stamp_s: float = 0.0,
    speed_rad_s: float = 0.05,
    force: tuple[float, float, float] = (0.0, 0.0, -3.0),
    fault: str | None = None,
) -> RobotState:
    """A reading of an arm that moves with `speed_rad_s`."""
    wrench = np.array([*force, 0.0, 0.0, 0.0])
    arm = ArmState(joints, np.full(7, speed_rad_s), np.zeros(7), wrench, fault, stamp_s)
    return RobotState(arm, GripperState(0.03, 60.0, True, stamp_s))
