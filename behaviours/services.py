"""What leaves may call, handed to them in `tree.setup(services=...)`; never on the blackboard."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hardware.protocols import JobExecutor
from hardware.robot import Robot
from perception.protocols import HumanTracker, ObjectDetector, RegionGrounder, Segmenter, VisionLanguageModel
from planning.protocols import GraspGenerator, MotionPlanner


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
