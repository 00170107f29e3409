"""A whole scripted robot with a person in front of it, to test a behaviour or the tree without hardware."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from behaviours.services import Services
from hardware.protocols import JobExecutor
from hardware.robot import Robot
from perception.protocols import VisionLanguageModel
from tests.bar import table_picture
from tests.fakes import (
    Command,
    FakeArm,
    FakeCamera,
    FakeClock,
    FakeGripper,
    FakeMotion,
    InlineJobs,
    RecordingAnnouncer,
)
from tests.scripted import (
    ScriptedDetector,
    ScriptedGrasps,
    ScriptedPlanner,
    ScriptedSegmenter,
    ScriptedShape,
    ScriptedTracker,
    ScriptedVlm,
)


class Bench:
    """Every part is an attribute.

    ```
    bench = Bench()
    leaf = AskVlm("Ask VLM", GridOptions())
    leaf.setup(services=bench.services)
    bench.vlm.script[0] = VlmError("no answer")      # what its first call does
    ```
    """

    def __init__(
        self, executor: JobExecutor | None = None, vlm: bool = True, beside: JobExecutor | None = None
    ) -> None:
        self.clock = FakeClock()
        self.log: list[Command] = []
        self.arm = FakeArm(self.clock, self.log)
        self.gripper = FakeGripper(self.clock, self.log)
        self.camera = FakeCamera(self.clock, table_picture())
        self.announcer = RecordingAnnouncer()
        self.detector = ScriptedDetector()
        self.segmenter = ScriptedSegmenter()
        self.vlm = ScriptedVlm()
        self.shape = ScriptedShape()
        self.human = ScriptedTracker(self.clock)
        self.grasps = ScriptedGrasps()
        self.planner = ScriptedPlanner()
        self.executor = executor or InlineJobs()
        self.world: Callable[[], object] = lambda: None
        """What goes on around the robot: happens before each tick of a leaf."""
        model: VisionLanguageModel | None = self.vlm if vlm else None
        self.services = Services(
            robot=Robot(self.arm, self.gripper, self.camera, self.clock, self.announcer),
            detector=self.detector,
            segmenter=self.segmenter,
            vlm=model,
            shape_grounder=self.shape,
            human=self.human,
            grasps=self.grasps,
            planner=self.planner,
            executor=self.executor,
            beside=beside or self.executor,
            rng=np.random.default_rng(1),
            grounder=self.shape,
        )

    @property
    def model_calls(self) -> int:
        """How often a model or the planner was asked: all that must never happen within a tick."""
        return (
            len(self.detector.labels)
            + self.segmenter.calls
            + len(self.vlm.asked)
            + self.shape.calls
            + len(self.grasps.counts)
            + self.grasps.proposed
            + len(self.planner.calls)
        )

    @property
    def motions(self) -> list[FakeMotion]:
        """Every motion of arm and gripper."""
        return [*self.arm.motions, *self.gripper.motions]
