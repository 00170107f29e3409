"""The one border where SI units and radians become Kortex's degrees and fractions, and back.

The interface gives joint angles in [0, 360) degrees, takes them signed, counts a gripper from 0 (open) to 1
(closed) of its drive's angle, and gives joint torques with the sign turned.
"""

from __future__ import annotations

import numpy as np

from hardware.gen3 import facts
from hardware.gen3 import gripper as linkage
from hardware.types import FloatArray


def joints_rad(feedback_deg: FloatArray, near: FloatArray | None = None) -> FloatArray:
    """Joint angles (7,) in rad of a feedback in degrees.

    Limited joints come out within their limits' turn; continuous ones in the turn nearest to `near` (7,) rad,
    or in [-pi, pi) without it, so that a reading does not jump by a turn between two feedbacks.
    """
    signed = (np.radians(np.asarray(feedback_deg, dtype=np.float64)) + np.pi) % (2.0 * np.pi) - np.pi
    if near is None:
        return signed
    turns = np.round((near - signed) / (2.0 * np.pi)) * facts.CONTINUOUS
    return np.asarray(signed + 2.0 * np.pi * turns)


def joints_deg(joints: FloatArray) -> FloatArray:
    """Joint angles in degrees as commands take them; turns are kept."""
    return np.degrees(np.asarray(joints, dtype=np.float64))


def feedback_deg(joints: FloatArray) -> FloatArray:
    """Joint angles in degrees as feedback gives them: in [0, 360)."""
    return np.asarray(np.degrees(joints) % 360.0)


def fraction(width_m: float) -> float:
    """The gripper's command, 0 open to 1 closed, for an opening in m."""
    return linkage.drive_angle(width_m) / linkage.DRIVE_CLOSED_RAD


def width_m(closed: float) -> float:
    """The opening in m at a fraction of 0 (open) to 1 (closed)."""
    return max(0.0, linkage.opening(float(np.clip(closed, 0.0, 1.0)) * linkage.DRIVE_CLOSED_RAD))
