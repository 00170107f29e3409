"""The Robotiq 2F-85's linkage: opening, tip height and pad height against the drive angle.

The fingers are parallelograms, so the pads stay parallel and move along the approach axis while they close:
the tips stand
0.149 m beyond the flange when open and 0.163 m when closed. A grasp's flange pose therefore depends on its
width.
Figures: geometry of the published gripper meshes, in the flange frame (z = approach, x = closing direction).
"""

from __future__ import annotations

from typing import overload

import numpy as np

from hardware.geometry import pose
from hardware.types import FloatArray

PIVOT_LATERAL_M, PIVOT_HEIGHT_M = 0.0306011, 0.054904
"""The outer knuckle's axis from the gripper's centre and from the flange."""
LINK_LATERAL_M, LINK_HEIGHT_M = 0.0375989, 0.043496
"""From the knuckle's axis to the fingertip joint, fingers open."""
PAD_FACE_LATERAL_M = -0.0255
PAD_TOP_M = 0.05102
PAD_CENTRE_M = 0.03227
"""The pad's face, its upper edge and its centre relative to the fingertip joint."""
PAD_WIDTH_M, PAD_HEIGHT_M = 0.022, 0.0375
FINGER_THICKNESS_M = 0.015
"""From the pad's face to the finger's back: the room a finger needs beside an object."""
DRIVE_CLOSED_RAD = 0.8
MASS_KG, COM_HEIGHT_M = 0.92, 0.047


def _opening(drive_rad: FloatArray) -> FloatArray:
    lateral = PIVOT_LATERAL_M + LINK_LATERAL_M * np.cos(drive_rad) - LINK_HEIGHT_M * np.sin(drive_rad)
    return 2.0 * (lateral + PAD_FACE_LATERAL_M)


_DRIVE_TABLE = np.linspace(0.0, DRIVE_CLOSED_RAD, 161)
_OPENING_TABLE = _opening(_DRIVE_TABLE)

MAX_WIDTH_M = float(_OPENING_TABLE[0])
"""Opening between the pads, fingers open: 0.0854 m."""


@overload
def drive_angle(width_m: float) -> float: ...
@overload
def drive_angle(width_m: FloatArray) -> FloatArray: ...
def drive_angle(width_m: float | FloatArray) -> float | FloatArray:
    """The knuckle angle in rad (0 open, 0.8 closed) at an opening; clamped to the stroke. Accurate to 1e-5
    m.
    """
    angle = np.interp(np.asarray(width_m), _OPENING_TABLE[::-1], _DRIVE_TABLE[::-1])
    return float(angle) if np.ndim(width_m) == 0 else angle


def opening(drive_rad: float) -> float:
    """The distance between the pads in m at a knuckle angle."""
    return float(_opening(np.asarray(drive_rad, dtype=np.float64)))


def fingertip_joint(drive_rad: float) -> tuple[float, float]:
    """Lateral distance from the centre and height over the flange of the fingertip joint, in m."""
    c, s = np.cos(drive_rad), np.sin(drive_rad)
    return (
        float(PIVOT_LATERAL_M + LINK_LATERAL_M * c - LINK_HEIGHT_M * s),
        float(PIVOT_HEIGHT_M + LINK_LATERAL_M * s + LINK_HEIGHT_M * c),
    )


def tip_height(width_m: float) -> float:
    """How far the fingertips stand beyond the flange at an opening, in m."""
    return fingertip_joint(drive_angle(width_m))[1] + PAD_TOP_M


def flange_from_tcp(width_m: float) -> FloatArray:
    """The TCP (midway between the fingertips) in the flange frame (4, 4), at an opening of `width_m`."""
    return pose(translation=(0.0, 0.0, tip_height(width_m)))
