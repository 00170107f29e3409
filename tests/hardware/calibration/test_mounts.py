"""Where a camera on the wrist is at the moment of a frame."""

from __future__ import annotations

import numpy as np
import pytest

from hardware.calibration.mounts import FixedMount, WristMount
from hardware.errors import BadFile
from hardware.gen3.kinematics import flange_pose
from hardware.geometry import pose, rotation_from_rpy
from hardware.history import JointHistory, NoSuchMoment
from hardware.types import ArmState, CameraIntrinsics

FLANGE_FROM_CAMERA = pose(rotation_from_rpy(0.05, 0.1, 3.1), (0.01, 0.06, 0.03))
HOME = np.radians([0.0, -44.4, 180.0, -129.2, 0.0, -65.2, 90.0])
LENS = CameraIntrinsics(96, 64, 68.0, 68.0, 47.5, 31.5)


def reading(stamp_s: float, turned_rad: float) -> ArmState:
    joints = HOME + np.array([turned_rad, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    return ArmState(joints, np.zeros(7), np.zeros(7), np.zeros(6), None, stamp_s)


def mount_until(end_s: float) -> WristMount:
    """On an arm that stands until 10.5 s, then turns joint 1 by 0.2 rad/s; read until `end_s`."""
    history = JointHistory()
    for index in range(round(100.0 * (end_s - 10.0)) + 1):
        history.add(reading(10.0 + 0.01 * index, 0.002 * max(index - 50, 0)))
    return WristMount(history, FLANGE_FROM_CAMERA)


@pytest.fixture
def mount() -> WristMount:
    return mount_until(11.0)


def test_the_camera_is_where_the_flange_was_at_the_stamp(mount: WristMount) -> None:
    joints = HOME + np.array([0.05, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    expected = flange_pose(joints) @ FLANGE_FROM_CAMERA
    np.testing.assert_allclose(mount.base_from_camera(10.75), expected, atol=1e-12)
    apart_m = np.linalg.norm((mount.base_from_camera(11.0) - expected)[:3, 3])
    assert apart_m > 0.005  # the newest pose would be another


def test_an_unknown_moment_is_refused(mount: WristMount) -> None:
    with pytest.raises(NoSuchMoment):
        mount.base_from_camera(9.0)


@pytest.mark.parametrize(
    ("stamp_s", "still"), [(10.4, True), (10.5, True), (10.6, False), (11.0, False), (10.2, False)]
)
def test_still_means_for_so_long(stamp_s: float, still: bool) -> None:
    assert mount_until(stamp_s).still(stamp_s, 0.3) is still


def test_the_check_is_asked(mount: WristMount) -> None:
    def refuse(serial: str, lens: CameraIntrinsics) -> None:
        raise BadFile("hand_eye.yaml", f"not for {serial} with {lens.width} pixels", "calibrate")

    mount.check("any", LENS)
    with pytest.raises(BadFile, match="not for 17 with 96 pixels"):
        WristMount(JointHistory(), FLANGE_FROM_CAMERA, refuse).check("17", LENS)


def test_a_fixed_camera_stays_where_it_is() -> None:
    mount = FixedMount(FLANGE_FROM_CAMERA)
    np.testing.assert_array_equal(mount.base_from_camera(0.0), FLANGE_FROM_CAMERA)
    assert mount.still(0.0, 100.0)
