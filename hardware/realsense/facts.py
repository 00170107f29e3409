"""What an opened camera says of itself: who it is, its two lenses, how near it can measure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hardware.types import CameraIntrinsics

DISPARITIES = 126
"""So many the D4 chip searches: nearer surfaces have no match, or a wrong one."""
BASELINE_M = 0.050  # the D435 family's, where a recording does not say


@dataclass(frozen=True)
class CameraFacts:
    """One camera and its streams; `usb` and `firmware` are empty where unknown."""

    name: str
    serial: str
    firmware: str
    usb: str
    depth: CameraIntrinsics
    colour: CameraIntrinsics
    baseline_m: float
    depth_unit_m: float

    @property
    def nearest_m(self) -> float:
        """The nearest distance that can be measured, from the focal length of the depth stream."""
        return self.depth.fx * self.baseline_m / DISPARITIES


def facts_of(rs: Any, device: Any, depth_profile: Any, colour_profile: Any) -> CameraFacts:
    """Read from an `rs.device` and the `rs.video_stream_profile`s of its two streams."""
    sensor, baseline = device.first_depth_sensor(), rs.option.stereo_baseline
    millimetres = sensor.get_option(baseline) if sensor.supports(baseline) else 0.0
    return CameraFacts(
        name=info(device, rs.camera_info.name),
        serial=info(device, rs.camera_info.serial_number),
        firmware=info(device, rs.camera_info.firmware_version),
        usb=info(device, rs.camera_info.usb_type_descriptor),
        depth=intrinsics_of(depth_profile),
        colour=intrinsics_of(colour_profile),
        baseline_m=millimetres / 1000.0 or BASELINE_M,
        depth_unit_m=sensor.get_depth_scale(),
    )


def info(device: Any, field: Any) -> str:
    """One of a device's `rs.camera_info`, empty where it has none."""
    return str(device.get_info(field)) if device.supports(field) else ""


def intrinsics_of(profile: Any) -> CameraIntrinsics:
    """Of an `rs.video_stream_profile`; D400 pictures come rectified, their coefficients are zero."""
    lens = profile.get_intrinsics()
    return CameraIntrinsics(lens.width, lens.height, lens.fx, lens.fy, lens.ppx, lens.ppy)
