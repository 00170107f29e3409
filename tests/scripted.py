"""Scripted models and a whole scripted robot, to test one behaviour or the whole tree without hardware.

    bench = Bench()                                  # a clock, a robot, a person, models: all scripted
    leaf = AskVlm("Ask VLM", GridOptions())
    leaf.setup(services=bench.services)
    bench.vlm.script[0] = VlmError("no answer")      # what its first call does
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from behaviours.services import Services
from hardware.geometry import pose
from hardware.protocols import JobExecutor
from hardware.robot import Robot
from hardware.types import CameraIntrinsics, FloatArray, RGBDFrame, Trajectory
from perception.errors import HumanLost
from perception.protocols import VisionLanguageModel
from perception.types import ArmLengths, Detection, HumanPose, Keypoint, Message, Regions, Reply
from planning.errors import Unreachable
from planning.types import Grasp, GraspView, PlanningScene, ToolGoal
from tests.fakes import (
    Command,
    FakeArm,
    FakeCamera,
    FakeClock,
    FakeGripper,
    InlineJobs,
    RecordingAnnouncer,
    scripted,
)

TABLE_Z_M = -0.08
OBJECT_CENTRE = np.array([0.45, 0.0, -0.06])
OBJECT_SIZE_M = np.array([0.04, 0.16, 0.04])
"""A bar across the robot's front: the half at y < 0 is the robot's, the half at y > 0 the person's."""
CAMERA_HEIGHT_M = 0.45
WIDTH, HEIGHT, FOCAL = 160, 120, 140.0


def table_picture() -> RGBDFrame:
    """The bar on the table, seen straight from above: picture right is the base's -y, picture up its +x."""
    depth = np.full((HEIGHT, WIDTH), CAMERA_HEIGHT_M - TABLE_Z_M, dtype=np.float32)
    depth[bar_mask()] = CAMERA_HEIGHT_M - (OBJECT_CENTRE[2] + OBJECT_SIZE_M[2] / 2)
    rgb = np.full((HEIGHT, WIDTH, 3), 200, dtype=np.uint8)
    rgb[bar_mask()] = (160, 60, 40)
    base_from_camera = pose(
        np.array([[0.0, -1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, -1.0]]),
        (OBJECT_CENTRE[0], OBJECT_CENTRE[1], CAMERA_HEIGHT_M),
    )
    intrinsics = CameraIntrinsics(WIDTH, HEIGHT, FOCAL, FOCAL, WIDTH / 2 - 0.5, HEIGHT / 2 - 0.5)
    return RGBDFrame(rgb, depth, intrinsics, base_from_camera, 0.0, 0, source="scripted")


def bar_mask() -> np.ndarray:
    """The bar's pixels (H, W)."""
    per_m = FOCAL / (CAMERA_HEIGHT_M - OBJECT_CENTRE[2])
    v, u = np.mgrid[:HEIGHT, :WIDTH]
    along, across = (
        np.abs(u - WIDTH / 2 + 0.5) / per_m,
        np.abs(v - HEIGHT / 2 + 0.5) / per_m,
    )
    return (along <= OBJECT_SIZE_M[1] / 2) & (across <= OBJECT_SIZE_M[0] / 2)


def bar_regions(source: str = "scripted shape") -> Regions:
    """The robot's half (picture right) and the person's half of the bar."""
    right = np.arange(WIDTH) >= WIDTH // 2
    return Regions(bar_mask() & right, bar_mask() & ~right, None, source)


def grasp_at(y: float, lean_rad: float = 0.0) -> Grasp:
    """A grasp of the bar from above, closing along x."""
    approach_down = np.array([[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, -1.0]])
    contact = np.array([OBJECT_CENTRE[0], y, OBJECT_CENTRE[2]])
    return Grasp(pose(approach_down, contact - (0, 0, 0.01)), 0.04, contact, 0.9, lean_rad)


def person(
    stamp_s: float,
    distance_m: float = 1.15,
    bearing_deg: float = 0.0,
    wrist: FloatArray | None = None,
    stature_m: float = 1.75,
) -> HumanPose:
    """Someone standing there and facing the robot, arms hanging, or the right wrist at `wrist` (3,)."""
    turn = np.radians(bearing_deg)
    ahead = np.array([np.cos(turn), np.sin(turn), 0.0])
    right = np.array([-np.sin(turn), np.cos(turn), 0.0])  # the person's own right, facing the robot
    floor = TABLE_Z_M - 0.75
    joints = np.full((17, 3), np.nan)

    def at(side: float, height: float) -> FloatArray:
        return distance_m * ahead + side * right + np.array([0.0, 0.0, floor + height * stature_m])

    joints[Keypoint.NOSE] = at(0.0, 0.93) - 0.09 * ahead
    for name, sign in (("RIGHT", 1.0), ("LEFT", -1.0)):
        for joint, out, height in (("SHOULDER", 0.2, 0.818), ("ELBOW", 0.22, 0.63), ("WRIST", 0.23, 0.485)):
            joints[Keypoint[f"{name}_{joint}"]] = at(sign * out, height)
        joints[Keypoint[f"{name}_HIP"]] = at(sign * 0.1, 0.53)
    if wrist is not None:
        joints[Keypoint.RIGHT_WRIST] = wrist
        joints[Keypoint.RIGHT_ELBOW] = wrist + 0.146 * stature_m * ahead
    lengths = ArmLengths(0.186 * stature_m, 0.146 * stature_m, True)
    seen = np.isfinite(joints).all(axis=1)
    return HumanPose(joints, joints, seen, "right", lengths, -ahead, 0.9, stamp_s, "scripted")


# Models ---------------------------------------------------------------------------------------------------


@dataclass
class ScriptedDetector:
    """Finds the bar."""

    name: str = "scripted detector"
    script: dict[int, Any] = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)

    def detect(self, frame: RGBDFrame, label: str) -> Detection:
        self.labels.append(label)
        v, u = np.nonzero(bar_mask())
        box = (float(u.min()), float(v.min()), float(u.max() + 1), float(v.max() + 1))
        return scripted(self.script, len(self.labels) - 1, Detection(label, 0.9, box, None, self.name))


@dataclass
class ScriptedSegmenter:
    """Cuts out the bar."""

    name: str = "scripted segmenter"
    script: dict[int, Any] = field(default_factory=dict)
    calls: int = 0

    def segment(self, frame: RGBDFrame, detection: Detection) -> Detection:
        self.calls += 1
        return scripted(self.script, self.calls - 1, replace(detection, mask=bar_mask()))


GOOD_REPLY = '{"human": [11, 12, 6], "robot": [15, 14, 10]}'
BAD_REPLY = "I would take it by the handle."


@dataclass
class ScriptedVlm:
    """Answers with texts; keeps the conversations."""

    name: str = "scripted model"
    script: dict[int, Any] = field(default_factory=dict)
    asked: list[tuple[Message, ...]] = field(default_factory=list)

    def ask(self, messages: Sequence[Message]) -> Reply:
        self.asked.append(tuple(messages))
        return Reply(scripted(self.script, len(self.asked) - 1, GOOD_REPLY), self.name)


@dataclass
class ScriptedShape:
    """Halves the bar."""

    name: str = "scripted shape"
    script: dict[int, Any] = field(default_factory=dict)
    calls: int = 0

    def ground(self, frame: RGBDFrame, detection: Detection) -> Regions:
        self.calls += 1
        return scripted(self.script, self.calls - 1, bar_regions(self.name))


class ScriptedTracker:
    """Sees whoever `seen` returns now; None is nobody."""

    name = "scripted tracker"

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.seen: Callable[[], HumanPose | None] = lambda: person(clock.now())
        self.calls = 0

    def latest(self, max_age_s: float) -> HumanPose:
        self.calls += 1
        pose = self.seen()
        if pose is None or self._clock.now() - pose.stamp_s > max_age_s:
            raise HumanLost("the scripted person is away")
        return pose


@dataclass
class ScriptedGrasps:
    """Proposes grasps on both halves of the bar."""

    name: str = "scripted grasps"
    script: dict[int, Any] = field(default_factory=dict)
    counts: list[int] = field(default_factory=list)

    def generate(self, view: GraspView, rng: np.random.Generator, count: int) -> tuple[Grasp, ...]:
        self.counts.append(count)
        both = tuple(grasp_at(y) for y in (-0.06, -0.05, -0.04, -0.03, 0.03, 0.04, 0.05, 0.06))
        return scripted(self.script, len(self.counts) - 1, both)


@dataclass(frozen=True)
class PlannerCall:
    """One question to the planner; `goal` is joints (7,) or a ToolGoal."""

    method: str
    goal: Any
    scene: PlanningScene


class ScriptedPlanner:
    """Moves every joint a little toward any goal; `refuse` names the reason why a call has no answer."""

    name = "scripted planner"

    def __init__(self, duration_s: float = 0.2) -> None:
        self.duration_s = duration_s
        self.calls: list[PlannerCall] = []
        self.refuse: Callable[[PlannerCall], str | None] = lambda call: None

    def reach(self, goal: ToolGoal, scene: PlanningScene, near: FloatArray) -> FloatArray:
        self._ask("reach", goal, scene)
        return np.asarray(near) + 0.01

    def plan_joints(
        self, start: FloatArray, goal: FloatArray, scene: PlanningScene, speed_scale: float = 1.0
    ) -> Trajectory:
        self._ask("plan_joints", goal, scene)
        return self._straight(start, goal)

    def plan_tool(
        self, start: FloatArray, goal: ToolGoal, scene: PlanningScene, speed_scale: float = 1.0
    ) -> Trajectory:
        self._ask("plan_tool", goal, scene)
        return self._straight(start, np.asarray(start) + 0.01)

    def plan_line(
        self, start: FloatArray, goal: ToolGoal, scene: PlanningScene, speed_scale: float = 1.0
    ) -> Trajectory:
        self._ask("plan_line", goal, scene)
        return self._straight(start, np.asarray(start) + 0.01)

    def _ask(self, method: str, goal: Any, scene: PlanningScene) -> None:
        call = PlannerCall(method, goal, scene)
        self.calls.append(call)
        reason = self.refuse(call)
        if reason is not None:
            raise Unreachable(method, reason)

    def _straight(self, start: FloatArray, goal: FloatArray) -> Trajectory:
        return Trajectory(
            np.array([0.0, self.duration_s]), np.array([start, goal]), np.zeros((2, len(np.asarray(start))))
        )


class Bench:
    """A whole scripted robot with a person in front of it; every part is an attribute."""

    def __init__(self, executor: JobExecutor | None = None, vlm: bool = True) -> None:
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
            rng=np.random.default_rng(1),
        )
