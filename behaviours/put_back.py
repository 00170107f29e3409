"""Leaves that put a held object back on the table; the fingers open only down there."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from py_trees.common import Status

from behaviours import keys
from behaviours.base import MotionLeaf, WorkerLeaf
from behaviours.motion import SURROUNDINGS, held_now, person_now
from behaviours.options import GripOptions, PersonAges
from hardware.protocols import Motion
from hardware.types import RobotState, Trajectory
from planning.errors import Unreachable
from planning.motion.options import MotionOptions, SceneOptions
from planning.pick import plan_put_back
from planning.robot_model import nearest_turn
from planning.types import Grasp, Phase

DOWN_TOLERANCE_RAD = 0.03
"""The arm is where Set Down ends; at full reach 0.03 rad is 2 to 3 cm."""


class PlanPutBack(WorkerLeaf):
    """Plans the way to where the object was picked, else to a free place on the table."""

    READS = {**SURROUNDINGS, keys.GRASP: Grasp}
    WRITES = {keys.PUT_BACK_PLAN: Trajectory}

    def __init__(self, name: str, scene: SceneOptions, motion: MotionOptions, person: PersonAges) -> None:
        super().__init__(name)
        self._scene = scene
        self._motion = motion
        self._person = person

    def job(self) -> Callable[[], Trajectory]:
        grasp: Grasp | None = self.read_if_set(keys.GRASP)
        held = held_now(self)
        if grasp is None or held is None:
            raise Unreachable(
                "a place to put the object back",
                "how it was picked is not known; take it out of the gripper by hand",
            )
        return partial(
            plan_put_back,
            self.services.planner,
            grasp,
            held,
            self.read(keys.ROBOT).arm.joints,
            self._scene,
            self.read_if_set(keys.OBSTACLES) or (),
            person_now(self, self._person.plan_s),
            self._motion,
        )

    def finish(self, result: Trajectory) -> Status:
        self.write(keys.PUT_BACK_PLAN, result)
        return self.succeed(f"{result.duration_s:.1f} s")


class SetDown(MotionLeaf):
    """Carries the object over its place and straight down."""

    READS = {keys.PUT_BACK_PLAN: Trajectory}
    PHASE = Phase.RECOVER

    def command(self) -> Motion:
        return self.services.robot.arm.follow(self.read(keys.PUT_BACK_PLAN))


class LetGo(MotionLeaf):
    """Opens fully; refuses when the arm is not where Set Down ends."""

    READS = {keys.ROBOT: RobotState, keys.PUT_BACK_PLAN: Trajectory}
    PHASE = Phase.GRIP

    def __init__(self, name: str, grip: GripOptions) -> None:
        super().__init__(name)
        self._grip = grip

    def command(self) -> Motion:
        joints = self.read(keys.ROBOT).arm.joints
        plan: Trajectory = self.read(keys.PUT_BACK_PLAN)
        off_rad = float(np.max(np.abs(nearest_turn(joints, plan.end) - plan.end)))
        if off_rad > DOWN_TOLERANCE_RAD:
            raise Unreachable("the place to let go", f"the arm is {off_rad:.3f} rad from where it ends")
        return self.services.robot.gripper.move(self._grip.open_m, self._grip.force_n)
