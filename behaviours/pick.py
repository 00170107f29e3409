"""Leaves of the pick itself: open, approach, close, lift; and out of the way when a pick was cut short."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from behaviours import keys
from behaviours.base import MotionLeaf
from behaviours.keys import Outcome
from behaviours.motion import SURROUNDINGS, PlannedMotion, surroundings
from behaviours.options import GripOptions, PersonAges
from hardware.geometry import pose
from hardware.protocols import Motion
from hardware.types import MotionState, MotionStatus, RobotState
from planning.errors import NoGrasp
from planning.motion.options import MotionOptions, SceneOptions
from planning.robot_model import tcp_pose
from planning.scene import TABLE
from planning.types import GraspPlan, Phase, ToolGoal


class OpenGripper(MotionLeaf):
    """Opens fully before a grasp; refuses while something is in the hand."""

    READS = {keys.ROBOT: RobotState}
    OUTCOME = Outcome.ERROR
    PHASE = Phase.PICK

    def __init__(self, name: str, grip: GripOptions) -> None:
        super().__init__(name)
        self._grip = grip

    def command(self) -> Motion:
        gripper = self.read(keys.ROBOT).gripper
        if gripper.holding:
            raise NoGrasp(f"will not open: the hand holds something {1e3 * gripper.width_m:.0f} mm wide")
        return self.services.robot.gripper.move(self._grip.open_m, self._grip.force_n)


class CloseGripper(MotionLeaf):
    """Closes until the fingers stall on the object or meet; whether they caught it is asked afterwards."""

    OUTCOME = Outcome.ERROR
    PHASE = Phase.GRIP

    def __init__(self, name: str, grip: GripOptions) -> None:
        super().__init__(name)
        self._grip = grip

    def command(self) -> Motion:
        return self.services.robot.gripper.move(0.0, self._grip.force_n)


class Approach(MotionLeaf):
    """Follows the planned way to the grasp."""

    READS = {keys.GRASP_PLAN: GraspPlan}
    OUTCOME = Outcome.NOT_REACHABLE
    PHASE = Phase.PICK

    def command(self) -> Motion:
        return self.services.robot.arm.follow(self.read(keys.GRASP_PLAN).approach)


class Lift(MotionLeaf):
    """Follows the planned way up with the object."""

    READS = {keys.GRASP_PLAN: GraspPlan}
    OUTCOME = Outcome.NOT_REACHABLE
    PHASE = Phase.PICK

    def command(self) -> Motion:
        return self.services.robot.arm.follow(self.read(keys.GRASP_PLAN).lift)


class LiftClear(MotionLeaf):
    """Raises a held object to where a lift would have brought it; SUCCESS at once when it is there."""

    READS = SURROUNDINGS
    OUTCOME = Outcome.NOT_REACHABLE
    PHASE = Phase.PICK

    def __init__(self, name: str, scene: SceneOptions, motion: MotionOptions, person: PersonAges) -> None:
        super().__init__(name)
        self._scene = scene
        self._clear_z_m = scene.table_top_z_m + motion.lift_m
        self._person = person

    def command(self) -> Motion:
        robot: RobotState = self.read(keys.ROBOT)
        width_m = robot.gripper.width_m
        here = tcp_pose(robot.arm.joints, width_m)
        missing_m = self._clear_z_m - float(here[2, 3])
        if missing_m <= 0.0:
            return AlreadyThere(f"{-1e3 * missing_m:.0f} mm above the height of a lift")
        scene = surroundings(self, self._scene, self._person)
        scene = replace(scene, allow_contact=(*scene.allow_contact, TABLE))
        goal = ToolGoal(pose(translation=(0.0, 0.0, missing_m)) @ here, width_m)
        plan = partial(self.services.planner.plan_line, robot.arm.joints, goal, scene)
        return PlannedMotion(self.services.robot.arm, self.services.executor.submit(plan, self.name))


class AlreadyThere:
    """The Motion of an arm that need not move."""

    def __init__(self, reason: str) -> None:
        self._status = MotionStatus(MotionState.SUCCEEDED, reason)

    def poll(self) -> MotionStatus:
        return self._status

    def cancel(self) -> None:
        """Nothing runs."""
