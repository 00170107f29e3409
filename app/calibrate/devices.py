"""The robot as calibration needs it: it moves and shows pictures, and does not know where its camera is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from app.assembly import Voice
from app.errors import UsageError
from app.options import Config
from app.robot_factory import LOOPBACK, behind_controller, driver_of, robot_of, within_limits
from behaviours.governed import GovernedArm
from hardware.calibration.board import Board
from hardware.clock import SystemClock
from hardware.protocols import Clock
from hardware.robot import Robot
from hardware.types import CameraIntrinsics, FloatArray
from planning.protocols import MotionPlanner

if TYPE_CHECKING:
    from hardware.realsense.camera import RealSenseCamera

MAX_AGE_S, POLL_S = 0.3, 0.005
Judge = Callable[[FloatArray], tuple[float, float]]
"""flange_from_camera (4, 4) -> how far it is from the truth, in m and degrees; only a simulation has one."""


class ColourCamera(Protocol):
    """Colour pictures without a place: nothing here tells where the camera is mounted.

    serial and intrinsics of a real camera are known once the robot is entered.
    """

    @property
    def serial(self) -> str: ...

    @property
    def intrinsics(self) -> CameraIntrinsics: ...

    def latest(self) -> NDArray[np.uint8]:
        """A picture (H, W, 3) of now; each call gives a new one."""
        ...


class FreshColour:
    """The pictures of a RealSense, each one once."""

    def __init__(self, camera: RealSenseCamera, clock: Clock) -> None:
        self._camera, self._clock = camera, clock
        self._last = -1

    @property
    def serial(self) -> str:
        return self._camera.facts.serial

    @property
    def intrinsics(self) -> CameraIntrinsics:
        return self._camera.facts.colour

    def latest(self) -> NDArray[np.uint8]:
        """The next picture; raises StaleFrame where none comes."""
        while (frame := self._camera.latest(MAX_AGE_S)).sequence == self._last:
            self._clock.sleep(POLL_S)
        self._last = frame.sequence
        return frame.rgb


@dataclass(frozen=True)
class CalibrationDevices:
    """model_mount: flange_from_camera (4, 4) of the robot's model, good enough to aim at the board."""

    robot: Robot
    camera: ColourCamera
    planner: MotionPlanner
    model_mount: FloatArray
    judge: Judge | None = None

    @property
    def simulated(self) -> bool:
        return self.judge is not None


def open_devices(config: Config, board: Board, seed: int, *, displaced: bool = True) -> CalibrationDevices:
    """The devices `config` names, their motions governed as a run's are; a simulated robot has the board
    before it, and its camera, where `displaced`, a little off the model's place.
    """
    from hardware.sim.model import camera_mount
    from planning.motion.planner import RoboplanPlanner

    mount = camera_mount(config.sim.camera)
    planner = RoboplanPlanner(within_limits(config).motion, mount)
    if config.back_ends.robot == "kinova" and config.kinova.address != LOOPBACK:
        devices = _gen3(config, planner, mount)
    else:
        devices = _simulated(config, planner, mount, board, seed, displaced)
    plain, safety = devices.robot, within_limits(config).planning.safety
    arm = GovernedArm(plain.arm, plain.gripper, plain.clock, safety, plain.watch)
    return replace(devices, robot=replace(plain, arm=arm))


def _simulated(
    config: Config, planner: MotionPlanner, mount: FloatArray, board: Board, seed: int, displaced: bool
) -> CalibrationDevices:
    """The simulated arm; with the robot kinova it stands behind a loopback controller."""
    from hardware.sim.board import board_world

    world = board_world(board, config.sim, seed, displaced=displaced)
    robot = world.built.robot
    if config.back_ends.robot == "kinova":
        robot, _ = behind_controller(robot, config.kinova)
    return CalibrationDevices(robot, world.pictures, planner, mount, world.judge)


def _gen3(config: Config, planner: MotionPlanner, mount: FloatArray) -> CalibrationDevices:
    """The Gen3 in its driver process, and its RealSense, whose place is yet to be found."""
    from app.gen3_factory import wrist_camera
    from hardware.calibration.mounts import FixedMount

    if config.realsense.recording is not None:
        raise UsageError("realsense.recording shows another room and time: no real arm is calibrated by it")
    clock = SystemClock()
    camera = wrist_camera(config.realsense, FixedMount(np.eye(4)), clock)
    robot = robot_of(driver_of(config.kinova, clock), clock, camera, Voice(), ())
    robot = replace(robot, connections=(*robot.connections, camera), watch=camera)
    return CalibrationDevices(robot, FreshColour(camera, clock), planner, mount)
