"""The camera is tilted past what the gripper holds, no further than it takes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from behaviours.options import ViewOptions
from hardware.geometry import inverse, pose, transform
from hardware.types import FloatArray
from planning.held import unknown_object
from planning.robot_model import flange_pose, tcp_pose
from planning.sight import WRIST, clear_tilt_deg
from planning.types import Cuboid, HeldObject

VIEWS = ViewOptions()
JOINTS: FloatArray = np.radians(VIEWS.person_deg)
SHOULDERS = np.array([[1.2, -0.2, 0.55], [1.2, 0.2, 0.55]])


def plate(wide_m: float, at_x_m: float = 0.0) -> HeldObject:
    """A thin thing before the fingertips, `wide_m` along the picture's long side."""
    size = np.array([wide_m, 0.01, 0.20])
    return replace(
        unknown_object(0.01), cuboids=(Cuboid("held", pose(translation=(at_x_m, 0.0, 0.1)), size),)
    )


def tilt(held: HeldObject, points: FloatArray = SHOULDERS) -> float:
    return clear_tilt_deg(JOINTS, held, points, VIEWS.tilts_deg, VIEWS.clear_deg)


def crosses(held: HeldObject, tilt_deg: float) -> bool:
    """Whether a shoulder, at that tilt, is seen from the flange where the object is."""
    joints = JOINTS.copy()
    joints[WRIST] += np.radians(tilt_deg)
    tcp = inverse(tcp_pose(joints, held.width_m)) @ flange_pose(joints)
    box = held.cuboids[0]
    corners = transform(
        inverse(tcp) @ box.a_from_box, np.array([[-0.5, 0, -0.5], [0.5, 0, -0.5]]) * box.size_m
    )
    low, high = np.sort(corners[:, 0] / corners[:, 2])
    at = transform(inverse(flange_pose(joints)), SHOULDERS)
    return bool(np.any((at[:, 0] / at[:, 2] > low) & (at[:, 0] / at[:, 2] < high)))


def test_a_thin_thing_that_hides_nobody_tilts_nothing() -> None:
    assert tilt(plate(0.005, at_x_m=-0.08)) == 0.0


@pytest.mark.parametrize("wide_m", [0.06, 0.10])
def test_a_wide_thing_is_looked_past(wide_m: float) -> None:
    held = plate(wide_m)
    assert crosses(held, 0.0)
    assert not crosses(held, tilt(held))
    assert tilt(held) != 0.0


def test_where_stereo_has_no_depth_beside_the_thing_counts_as_hidden() -> None:
    """Ten degrees beside the tool's axis to the one side is in its shadow, eight to the other is not."""
    narrow = plate(0.02)
    assert not crosses(narrow, 0.0)
    assert clear_tilt_deg(JOINTS, narrow, SHOULDERS, (0.0, 16.0), VIEWS.clear_deg - 0.5) == 16.0


def test_unknown_shoulders_are_left_out() -> None:
    held, nobody = plate(0.06), np.full((2, 3), np.nan)
    assert tilt(held, nobody) == 0.0
    one = SHOULDERS.copy()
    one[0] = np.nan
    assert tilt(held, one) == tilt(held, SHOULDERS[1:])
