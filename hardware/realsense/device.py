"""The camera on USB: found, checked, set and started, with a clear word for whatever is in the way."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from hardware.realsense.errors import (
    CameraBusy,
    CameraRefused,
    NoCamera,
    ProfileNotOffered,
    SeveralCameras,
    Size,
    UsbTooSlow,
)
from hardware.realsense.facts import CameraFacts, facts_of, info
from hardware.realsense.options import RealSenseOptions
from hardware.realsense.settings import apply_settings
from hardware.realsense.source import next_frames, stop_within

USB2_PIXELS, USB2_HZ = 640 * 480, 15
BUSY = ("busy", "already opened", "failed to set power state", "access denied")
"""How the library says that another process has the camera."""


class DeviceSource:
    """A FrameSource over the camera `options.serial`, or the only one there is."""

    live = True

    def __init__(self, rs: Any, options: RealSenseOptions) -> None:
        self._rs, self._options = rs, options
        self._context: Any = None  # kept: the library forgets devices with it
        self._serial = options.serial
        self._device: Any = None
        self._pipeline: Any = None

    def open(self) -> CameraFacts:
        """Start the streams. Raises HardwareError: no camera, several, USB 2, no such streams, busy."""
        rs, options = self._rs, self._options
        self._context = self._context or rs.context()
        device = find(rs, self._context.query_devices(), self._serial)
        self._device, self._serial = device, info(device, rs.camera_info.serial_number)
        check_usb(rs, device, options)
        pipeline, config = rs.pipeline(self._context), rs.config()
        config.enable_device(self._serial)
        config.enable_stream(rs.stream.depth, *options.depth_size_px, rs.format.z16, options.rate_hz)
        config.enable_stream(rs.stream.color, *options.colour_size_px, rs.format.rgb8, options.rate_hz)
        # Asked first: starting what cannot be resolved blocks for 15 s.
        if not config.can_resolve(rs.pipeline_wrapper(pipeline)):
            raise not_offered(rs, device, options)
        try:
            apply_settings(rs, device, options)
            profile = pipeline.start(config)
        except RuntimeError as error:
            raise explained(self._serial, error) from error
        self._pipeline = pipeline
        streams = [
            profile.get_stream(kind).as_video_stream_profile() for kind in (rs.stream.depth, rs.stream.color)
        ]
        return facts_of(rs, profile.get_device(), *streams)

    def wait(self, seconds: float) -> Any | None:
        return next_frames(self._pipeline, seconds)

    def reset(self) -> None:
        if self._device is not None:
            with suppress(RuntimeError):  # unplugged: there is nothing to reset
                self._device.hardware_reset()

    def close(self) -> None:
        pipeline, self._pipeline = self._pipeline, None
        if pipeline is not None:
            stop_within(pipeline, self._options.close_s)


def find(rs: Any, devices: Any, serial: str | None) -> Any:
    """The device with that serial number, or the only one. Raises NoCamera or SeveralCameras."""
    found = {info(device, rs.camera_info.serial_number): device for device in devices}
    if not found or (serial is not None and serial not in found):
        raise NoCamera(serial, sorted(found))
    if serial is None and len(found) > 1:
        raise SeveralCameras(sorted(found))
    return found[serial] if serial is not None else next(iter(found.values()))


def check_usb(rs: Any, device: Any, options: RealSenseOptions) -> None:
    """Raises UsbTooSlow where the streams do not fit through the port."""
    usb = info(device, rs.camera_info.usb_type_descriptor)
    largest = max(options.depth_size_px, options.colour_size_px, key=lambda size: size[0] * size[1])
    fits = largest[0] * largest[1] <= USB2_PIXELS and options.rate_hz <= USB2_HZ
    if usb.startswith("2") and not fits:
        raise UsbTooSlow(info(device, rs.camera_info.serial_number), usb, largest, options.rate_hz)


def not_offered(rs: Any, device: Any, options: RealSenseOptions) -> ProfileNotOffered:
    """The error that lists what the device offers at this rate."""

    def sizes(stream: Any, form: Any) -> list[Size]:
        profiles = [profile for sensor in device.query_sensors() for profile in sensor.get_stream_profiles()]
        videos = [
            profile.as_video_stream_profile()
            for profile in profiles
            if (profile.stream_type(), profile.format(), profile.fps()) == (stream, form, options.rate_hz)
        ]
        return sorted({(video.width(), video.height()) for video in videos})

    (depth_w, depth_h), (colour_w, colour_h) = options.depth_size_px, options.colour_size_px
    return ProfileNotOffered(
        f"depth of {depth_w} x {depth_h} with colour of {colour_w} x {colour_h} at {options.rate_hz} Hz",
        sizes(rs.stream.depth, rs.format.z16),
        sizes(rs.stream.color, rs.format.rgb8),
        options.rate_hz,
    )


def explained(serial: str, error: RuntimeError) -> CameraBusy | CameraRefused:
    """The library's error in this program's words."""
    text = str(error)
    if any(word in text.lower() for word in BUSY):
        return CameraBusy(serial, text)
    return CameraRefused("start", text)
