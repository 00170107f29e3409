"""What leaves may call, handed to them in `tree.setup(services=...)`; never on the blackboard."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hardware.protocols import JobExecutor
from hardware.robot import Robot
from perception.protocols import HumanTracker, ObjectDetector, RegionGrounder, Segmenter, VisionLanguageModel
from planning.protocols import GraspGenerator, GraspProposer, MotionPlanner


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
    beside: JobExecutor
    """For a job that shall run at the same time as those of `executor`."""
    rng: np.random.Generator
    grounder: RegionGrounder | None = None
    """Of a method that finds regions in a way of its own; None: by the model and the grid, or by shape."""

    @property
    def ahead(self) -> bool:
        """Whether the grasp generator has a part that needs no regions."""
        return isinstance(self.grasps, GraspProposer)
