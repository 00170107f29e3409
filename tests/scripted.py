"""Scripted models: each answers from its `script`, by the index of the call, else with its default."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from hardware.types import FloatArray, RGBDFrame, Trajectory
from perception.errors import HumanLost
from perception.types import Detection, HumanPose, Message, Regions, Reply
from planning.errors import Unreachable
from planning.types import Grasp, GraspView, PlanningScene, Proposals, ToolGoal
from tests.bar import bar_mask, bar_regions, grasp_at, person
from tests.fakes import FakeClock, scripted


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


CONTACTS_Y = (-0.075, -0.055, -0.035, 0.035, 0.055, 0.075)


def bar_proposals() -> Proposals:
    """Contacts on both halves of the bar."""
    grasps = [grasp_at(y) for y in CONTACTS_Y]
    poses = np.array([grasp.base_from_tcp for grasp in grasps])
    contacts = np.array([grasp.contact for grasp in grasps])
    return Proposals(poses, contacts, np.full(len(grasps), 0.03), np.full(len(grasps), 0.9))


@dataclass
class ScriptedGrasps:
    """Proposes grasps on both halves of the bar, all at once or in two steps; `counts` keeps how many were
    wanted, `proposed` how often it did the first step alone, which `ahead` can make fail.
    """

    name: str = "scripted grasps"
    script: dict[int, Any] = field(default_factory=dict)
    ahead: dict[int, Any] = field(default_factory=dict)
    counts: list[int] = field(default_factory=list)
    proposed: int = 0
    chosen: int = 0

    def generate(self, view: GraspView, rng: np.random.Generator, count: int) -> tuple[Grasp, ...]:
        self.counts.append(count)
        return scripted(self.script, len(self.counts) - 1, tuple(map(grasp_at, CONTACTS_Y)))

    def propose(self, view: GraspView, rng: np.random.Generator) -> Proposals:
        self.proposed += 1
        return scripted(self.ahead, self.proposed - 1, bar_proposals())

    def choose(self, proposals: Proposals, view: GraspView, count: int) -> tuple[Grasp, ...]:
        self.chosen += 1
        self.counts.append(count)
        grasps = tuple(grasp_at(float(y)) for y in proposals.contacts[:, 1])
        return scripted(self.script, len(self.counts) - 1, grasps)


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
