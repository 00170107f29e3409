"""What a grasp generator and a motion planner must do; both may take a second and run in the worker, never
in a tick.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np

from hardware.types import FloatArray, Trajectory
from planning.types import Grasp, GraspView, PlanningScene, Proposals, ToolGoal


@runtime_checkable
class GraspGenerator(Protocol):
    """Proposes grasps on what is seen of an object."""

    name: str

    def generate(self, view: GraspView, rng: np.random.Generator, count: int) -> tuple[Grasp, ...]:
        """Grasps on the whole visible object from about `count` samples, all past the generator's own gates.
        May be empty.
        """
        ...


@runtime_checkable
class GraspProposer(GraspGenerator, Protocol):
    """A generator whose long part needs no regions, so that it can be done while they are being decided.

    `generate` is both parts in one.
    """

    def propose(self, view: GraspView, rng: np.random.Generator) -> Proposals:
        """The long part: what it says about the whole object; the view's regions may be empty. Raises
        NoGrasp.
        """
        ...

    def choose(self, proposals: Proposals, view: GraspView, count: int) -> tuple[Grasp, ...]:
        """The short part: at most `count` grasps, with the regions. May be empty."""
        ...


@runtime_checkable
class MotionPlanner(Protocol):
    """Collision-free, time-parameterised motions of the arm.

    Every trajectory starts and ends at rest, keeps joint limits, joint and TCP speed caps (slower near the
    person), and was
    checked for collision sample by sample after timing. speed_scale in (0, 1] slows it further.
    """

    name: str

    def reach(self, goal: ToolGoal, scene: PlanningScene, near: FloatArray) -> FloatArray:
        """Collision-free joints (7,) for the goal, the nearest found to `near`. Raises Unreachable with the
        smallest error.
        """
        ...

    def plan_joints(
        self, start: FloatArray, goal: FloatArray, scene: PlanningScene, speed_scale: float = 1.0
    ) -> Trajectory:
        """From joints to joints (7,). Raises Unreachable."""
        ...

    def plan_tool(
        self, start: FloatArray, goal: ToolGoal, scene: PlanningScene, speed_scale: float = 1.0
    ) -> Trajectory:
        """From joints (7,) to a tool goal by any free path. Raises Unreachable."""
        ...

    def plan_line(
        self, start: FloatArray, goal: ToolGoal, scene: PlanningScene, speed_scale: float = 1.0
    ) -> Trajectory:
        """From joints (7,) to a tool goal with the TCP on a straight line. Raises Unreachable."""
        ...
