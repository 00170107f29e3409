"""Builds the real Gen3 with its RealSense: the camera's place on the flange comes from its calibration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from app.errors import UsageError
from app.options import Config
from app.order import Devices, Order
from app.robot_factory import driver_of, robot_of
from hardware.announcer import SpokenAnnouncer
from hardware.calibration.hand_eye_file import AGAIN, check_camera, check_quality, load_hand_eye
from hardware.calibration.mounts import Mount, WristMount, any_camera
from hardware.clock import SystemClock
from hardware.driver.client import DriverProcess
from hardware.protocols import Clock
from hardware.realsense.camera import RealSenseCamera
from hardware.realsense.options import RealSenseOptions
from hardware.realsense.source import FrameSource
from hardware.types import CameraIntrinsics, FloatArray

CameraCheck = Callable[[str, CameraIntrinsics], None]
"""Refuses a camera, by its serial number and its lens, that the calibration was not made with."""


def gen3(order: Order) -> Devices:
    """The arm in its driver process and the camera on its wrist; nothing is connected yet.

    Raises UsageError without a calibration or with a recording for a camera, BadFile for a calibration that
    is old or not exact, HardwareError where pyrealsense2 or the speech program is missing.
    """
    config, clock = order.config, SystemClock()
    if config.realsense.recording is not None:
        raise UsageError(
            "realsense.recording shows another room and time: it goes with kinova.address loopback, never "
            "with a real arm"
        )
    if config.hand_eye.file is None:
        raise UsageError(f"where the camera sits on the arm is not known: {AGAIN}")
    announcer = SpokenAnnouncer(config.announce.command, config.announce.sentence_s)
    flange_from_camera, check = calibration(config)
    driver = driver_of(config.kinova, clock, order.journal)
    camera = wrist_camera(config.realsense, WristMount(driver.history, flange_from_camera, check), clock)
    robot = robot_of(driver, clock, camera, announcer, ())
    return Devices(
        # The camera comes after the driver: a picture needs to know where the arm was.
        robot=replace(robot, connections=(*robot.connections, camera), watch=camera),
        tracking_camera=camera,
        flange_from_camera=flange_from_camera,
        live=True,
    )


def seen_in_recording(devices: Devices, driver: DriverProcess, config: Config) -> Devices:
    """A rehearsal whose camera is a recording, carried by the rehearsing arm.

    Its place on the flange is that of hand_eye.file, if one is named, else the simulated camera's.
    """
    flange_from_camera: FloatArray = devices.flange_from_camera
    check: CameraCheck = any_camera
    if config.hand_eye.file is not None:
        flange_from_camera, check = calibration(config)
    mount = WristMount(driver.history, flange_from_camera, check)
    robot = devices.robot
    camera = wrist_camera(config.realsense, mount, robot.clock)
    return replace(
        devices,
        robot=replace(robot, camera=camera, connections=(*robot.connections, camera), watch=camera),
        tracking_camera=camera,
        flange_from_camera=flange_from_camera,
    )


def wrist_camera(options: RealSenseOptions, mount: Mount, clock: Clock) -> RealSenseCamera:
    """The RealSense on its mount, or the recording named in its place; not yet opened."""
    from hardware.realsense.device import DeviceSource
    from hardware.realsense.package import realsense
    from hardware.realsense.recording import RecordingSource

    rs = realsense()
    source: FrameSource = DeviceSource(rs, options)
    if options.recording is not None:
        source = RecordingSource(rs, Path(options.recording).expanduser(), options.close_s)
    return RealSenseCamera(rs, source, mount, clock, options)


def calibration(config: Config) -> tuple[FloatArray, CameraCheck]:
    """flange_from_camera (4, 4) of hand_eye.file, and what refuses another camera. Raises BadFile."""
    path = Path(config.hand_eye.file or "").expanduser()
    hand_eye = load_hand_eye(path)
    check_quality(path, hand_eye, config.hand_eye, datetime.now(UTC))
    return hand_eye.flange_from_camera, partial(check_camera, path, hand_eye)
