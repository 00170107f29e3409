"""What leaves may call, handed to them in `tree.setup(services=...)`; never on the blackboard."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from hardware.robot import Robot
from perception.protocols import HumanTracker, ObjectDetector, RegionGrounder, Segmenter, VisionLanguageModel
from planning.protocols import GraspGenerator, MotionPlanner


@runtime_checkable
class JobExecutor(Protocol):
    """Runs jobs that take longer than a tick: a worker thread, or inline when time is simulated."""

    def submit(self, job: Callable[[], Any], name: str) -> Future[Any]:
        """Start `job`; its result or exception arrives in the future."""
        ...


@dataclass(frozen=True)
class Services:
    """The back ends of one run; `vlm` is None when no vision-language model is configured."""

    robot: Robot
    detector: ObjectDetector
    segmenter: Segmenter
    vlm: VisionLanguageModel | None
    shape_grounder: RegionGrounder
    human: HumanTracker
    grasps: GraspGenerator
    planner: MotionPlanner
    executor: JobExecutor
    rng: np.random.Generator
