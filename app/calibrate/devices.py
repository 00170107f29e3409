"""The robot as calibration needs it: it moves and shows pictures, and does not know where its camera is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.errors import UsageError
from app.options import Config
from hardware.calibration.board import Board
from hardware.robot import Robot
from hardware.types import CameraIntrinsics, FloatArray
from planning.protocols import MotionPlanner

Judge = Callable[[FloatArray], tuple[float, float]]
"""flange_from_camera (4, 4) -> how far it is from the truth, in m and degrees; only a simulation has one."""


class ColourCamera(Protocol):
    """Colour pictures without a place: nothing here tells where the camera is mounted."""

    @property
    def serial(self) -> str: ...

    @property
    def intrinsics(self) -> CameraIntrinsics: ...

    def latest(self) -> NDArray[np.uint8]:
        """A picture (H, W, 3) of now; each call gives a new one."""
        ...


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
    """The devices `config` names; a simulated robot has the board before it, and its camera, where
    `displaced`, a little off the model's place.
    """
    from hardware.sim.model import camera_mount
    from planning.motion.planner import RoboplanPlanner

    if config.back_ends.robot != "simulated":
        raise UsageError("the camera of the robot kinova cannot be opened by `handover calibrate` yet")
    from hardware.sim.board import board_world

    mount = camera_mount(config.sim.camera)
    world = board_world(board, config.sim, seed, displaced=displaced)
    return CalibrationDevices(
        robot=world.built.robot,
        camera=world.pictures,
        planner=RoboplanPlanner(config.motion, mount),
        model_mount=mount,
        judge=world.judge,
    )
