"""What the factory is asked for, and the robot it gets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from app.options import Config
from hardware.protocols import Camera
from hardware.robot import Robot
from hardware.types import FloatArray
from perception.types import HandoverRequest

if TYPE_CHECKING:
    from perception.simulated_vlm import FrameMemory


@dataclass(frozen=True)
class Order:
    """What is to be built: the configuration, the request, and what only a simulation takes."""

    config: Config
    request: HandoverRequest
    rng: np.random.Generator
    realtime: bool = False
    object_file: Path | None = None
    journal: Path | None = None
    """Where the arm's driver process writes what it did; it keeps none without."""

    @cached_property
    def memory(self) -> FrameMemory:
        """The frames that simulated back ends share."""
        from perception.simulated_vlm import FrameMemory

        return FrameMemory()


@dataclass(frozen=True)
class Devices:
    """A robot with its cameras; `live` says that time goes on while a job runs."""

    robot: Robot
    tracking_camera: Camera
    flange_from_camera: FloatArray
    live: bool
    score: Callable[[], Mapping[str, Any]] | None = None
    world: Any = None
