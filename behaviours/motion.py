"""Leaves that move the arm: to a view or home, back, to a stop; and what every planned motion needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from itertools import cycle
from typing import cast

import numpy as np
from py_trees.common import Status

from behaviours import keys
from behaviours.base import Leaf, MotionLeaf
from behaviours.keys import Outcome
from behaviours.options import JointsDeg, PersonAges, ViewOptions
from hardware.protocols import Arm, Motion
from hardware.types import MotionState, MotionStatus, RobotState, Trajectory
from perception.types import HumanPose, Keypoint
from planning.held import unknown_object
from planning.motion.options import MotionOptions, SceneOptions
from planning.pick import plan_retreat
from planning.scene import build_scene
from planning.sight import WRIST, clear_tilt_deg
from planning.types import HeldObject, Phase, PlanningScene

HALF_SHOULDER_WIDTH_M = 0.20  # 0.115 of the stature, the person view needs no better
NEW_BEARING_DEG = 5.0
"""A person seen farther off than this from where the sweep looks restarts it there."""
AT_REST_RAD_S = 0.02
"""No joint faster than this: the arm stands."""

SURROUNDINGS = {
    keys.ROBOT: RobotState,
    keys.OBSTACLES: tuple,
    keys.HUMAN: HumanPose,
    keys.HELD: HeldObject,
}
"""What a leaf must read to plan a motion."""


class PlannedMotion:
    """A Motion that waits for its plan, then follows it: one handle for both, one cancel for either."""

    def __init__(self, arm: Arm, plan: Future[Trajectory]) -> None:
        self._arm = arm
        self._plan = plan
        self._motion: Motion | None = None
        self._cancelled = False

    def poll(self) -> MotionStatus:
        """RUNNING until planned and moved. Raises what planning or the arm raised."""
        if self._motion is None:
            if self._cancelled:
                return MotionStatus(MotionState.FAILED, "cancelled before it was planned")
            if not self._plan.done():
                return MotionStatus(MotionState.RUNNING, "planning")
            self._motion = self._arm.follow(self._plan.result())
        return self._motion.poll()

    def cancel(self) -> None:
        self._cancelled = True
        self._plan.cancel()
        if self._motion is not None:
            self._motion.cancel()


def held_now(leaf: Leaf) -> HeldObject | None:
    """What the gripper holds: the object as planned, an unknown one after a restart, None when empty."""
    robot: RobotState = leaf.read(keys.ROBOT)
    if not robot.gripper.holding:
        return None
    held: HeldObject | None = leaf.read_if_set(keys.HELD)
    return held or unknown_object(robot.gripper.width_m)


def load_n(robot: RobotState) -> float:
    """What hangs on the tool, in N: it reads as a force down."""
    return max(0.0, -float(robot.arm.force[2]))


def person_now(leaf: Leaf, max_age_s: float) -> HumanPose | None:
    """The tracked person, None when never seen or not for `max_age_s`."""
    pose: HumanPose | None = leaf.read_if_set(keys.HUMAN)
    return pose if pose is not None and leaf.now() - pose.stamp_s <= max_age_s else None


def surroundings(leaf: Leaf, scene: SceneOptions, person: PersonAges) -> PlanningScene:
    """What a motion starting now must not touch; the leaf must read `SURROUNDINGS`."""
    robot: RobotState = leaf.read(keys.ROBOT)
    return build_scene(
        scene,
        obstacles=leaf.read_if_set(keys.OBSTACLES) or (),
        human=person_now(leaf, person.plan_s),
        held=held_now(leaf),
        gripper_width_m=robot.gripper.width_m,
    )


def bearing_deg(pose: HumanPose) -> float:
    """Where the middle of the person is, seen from the base: degrees from x toward y.

    From both shoulders, or from the one that is known and the way the person faces; NaN without any.
    """
    to_their_right = HALF_SHOULDER_WIDTH_M * np.cross(pose.facing, (0.0, 0.0, 1.0))
    left = pose.joints[Keypoint.LEFT_SHOULDER] + to_their_right
    right = pose.joints[Keypoint.RIGHT_SHOULDER] - to_their_right
    known = [middle for middle in (left, right) if np.all(np.isfinite(middle))]
    if not known:
        return float("nan")
    x, y, _ = np.mean(known, axis=0)
    return float(np.degrees(np.arctan2(y, x)))


Goal = Callable[[HumanPose | None, HeldObject | None], JointsDeg]
"""Names the joints to go to, given the person as last seen and what is held; asked once per start."""


def in_turn(poses: Sequence[JointsDeg]) -> Goal:
    """The next of `poses` at every start, then from the first again."""
    turns = cycle(poses)
    return lambda person, held: next(turns)


def toward_person(views: ViewOptions, sweep_deg: Sequence[float]) -> Goal:
    """The person view turned to where the person was last seen, else to where one is expected; then, look
    by look, off it by `sweep_deg`. Whoever is seen elsewhere becomes the new middle. Tilted so that what is
    held hides no shoulder of theirs.
    """
    looks = cycle(sweep_deg)
    centre = views.person_bearing_deg

    def goal(person: HumanPose | None, held: HeldObject | None) -> JointsDeg:
        nonlocal looks, centre
        seen = float("nan") if person is None else bearing_deg(person)
        if abs(seen - centre) > NEW_BEARING_DEG:
            looks, centre = cycle(sweep_deg), seen
        joints = np.array(views.person_deg)
        # Joint 1 turns about the vertical, clockwise seen from above.
        joints[0] -= centre + next(looks)
        if person is not None and held is not None:
            shoulders = person.joints[[Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER]]
            joints[WRIST] += clear_tilt_deg(
                np.radians(joints), held, shoulders, views.tilts_deg, views.clear_deg
            )
        return cast(JointsDeg, tuple(joints.tolist()))

    return goal


class GoTo(MotionLeaf):
    """Plans a free motion to a joint pose and follows it."""

    READS = SURROUNDINGS

    def __init__(
        self,
        name: str,
        goal: Goal,
        phase: Phase,
        scene: SceneOptions,
        person: PersonAges,
        outcome: Outcome | None = Outcome.NOT_REACHABLE,
    ) -> None:
        super().__init__(name, phase)
        self.OUTCOME = outcome
        self._goal = goal
        self._scene = scene
        self._person = person

    def command(self) -> Motion:
        start = self.read(keys.ROBOT).arm.joints
        goal = np.radians(self._goal(self.read_if_set(keys.HUMAN), held_now(self)))
        scene = surroundings(self, self._scene, self._person)
        plan = partial(self.services.planner.plan_joints, start, goal, scene)
        return PlannedMotion(self.services.robot.arm, self.services.executor.submit(plan, self.name))


class BackOff(MotionLeaf):
    """Moves straight back along the gripper's own axis, slowly."""

    READS = SURROUNDINGS

    def __init__(
        self,
        name: str,
        phase: Phase,
        scene: SceneOptions,
        motion: MotionOptions,
        person: PersonAges,
        outcome: Outcome | None = None,
    ) -> None:
        super().__init__(name, phase)
        self.OUTCOME = outcome
        self._scene = scene
        self._options = motion
        self._person = person

    def command(self) -> Motion:
        robot: RobotState = self.read(keys.ROBOT)
        plan = partial(
            plan_retreat,
            self.services.planner,
            robot.arm.joints,
            robot.gripper.width_m,
            self._scene,
            self.read_if_set(keys.OBSTACLES) or (),
            person_now(self, self._person.plan_s),
            self._options,
        )
        return PlannedMotion(self.services.robot.arm, self.services.executor.submit(plan, self.name))


class StopArm(Leaf):
    """Stops the arm and waits until it stands. Needs no key but the state it watches."""

    READS = {keys.ROBOT: RobotState}
    UPDATES = {keys.PHASE: Phase}

    def start(self) -> None:
        self.write(keys.PHASE, Phase.RECOVER)
        self.services.robot.arm.stop()

    def poll(self) -> Status:
        fastest = float(np.max(np.abs(self.read(keys.ROBOT).arm.velocities)))
        if fastest > AT_REST_RAD_S:
            return self.wait("coming to rest")
        return self.succeed("the arm stands")
