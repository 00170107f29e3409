"""Where a camera is at a given moment: fixed in the room, or carried by the arm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from hardware.gen3.kinematics import flange_pose
from hardware.history import JointHistory
from hardware.types import CameraIntrinsics, FloatArray, readonly

STILL_RAD = float(np.radians(0.1))
"""Joints that hold their place read within this."""


class Mount(Protocol):
    """What carries a camera."""

    def check(self, serial: str, intrinsics: CameraIntrinsics) -> None:
        """Raises BadFile when this is not the mount of that camera with that lens."""
        ...

    def base_from_camera(self, stamp_s: float) -> FloatArray:
        """The camera (4, 4) at that moment. Raises NoSuchMoment when it is not known."""
        ...

    def still(self, stamp_s: float, for_s: float) -> bool:
        """Whether the camera has not moved since `for_s` before that moment."""
        ...


class FixedMount:
    """A camera that does not move."""

    def __init__(self, base_from_camera: FloatArray) -> None:
        self._base_from_camera = readonly(base_from_camera, (4, 4))

    def check(self, serial: str, intrinsics: CameraIntrinsics) -> None:
        """Any camera may stand here."""

    def base_from_camera(self, stamp_s: float) -> FloatArray:
        return self._base_from_camera

    def still(self, stamp_s: float, for_s: float) -> bool:
        return True


def any_camera(serial: str, intrinsics: CameraIntrinsics) -> None:
    """Accepts every camera: where the mount is yet to be calibrated."""


class WristMount:
    """A camera on the flange of an arm whose last seconds are known.

    check: raises BadFile for a camera that `flange_from_camera` (4, 4) was not calibrated with.
    """

    def __init__(
        self,
        history: JointHistory,
        flange_from_camera: FloatArray,
        check: Callable[[str, CameraIntrinsics], None] = any_camera,
    ) -> None:
        self._history, self._check = history, check
        self._flange_from_camera = readonly(flange_from_camera, (4, 4))

    def check(self, serial: str, intrinsics: CameraIntrinsics) -> None:
        self._check(serial, intrinsics)

    def base_from_camera(self, stamp_s: float) -> FloatArray:
        return np.asarray(flange_pose(self._history.at(stamp_s)) @ self._flange_from_camera)

    def still(self, stamp_s: float, for_s: float) -> bool:
        return self._history.travel_rad(stamp_s - for_s) <= STILL_RAD
