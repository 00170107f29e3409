"""Leaves that bring the object to the person: speak, propose places, plan and go there."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from py_trees.common import Status

from behaviours import keys
from behaviours.base import Leaf, MotionLeaf, WorkerLeaf
from behaviours.keys import Outcome
from behaviours.motion import SURROUNDINGS, held_now, surroundings
from behaviours.options import PersonAges
from hardware.protocols import Motion
from hardware.types import RobotState, Trajectory
from perception.types import HandoverRequest, HumanPose
from planning.coming_closer import come_closer, distance_m, out_of_reach
from planning.distances import seconds_near
from planning.errors import NoHandoverPose, Unreachable
from planning.motion.options import SceneOptions
from planning.options import PresentationOptions, SafetyOptions
from planning.presentation import default_poses, handover_poses
from planning.robot_model import nearest_turn
from planning.types import HandoverPose, HeldObject, Phase

THERE_RAD = 0.03
"""The arm is where the object is offered when no joint is farther off; at full reach 2 to 3 cm."""


class Say(Leaf):
    """Says one sentence and waits for nothing."""

    READS = {keys.REQUEST: HandoverRequest}

    def __init__(self, name: str, text: str) -> None:
        super().__init__(name)
        self._text = text

    def start(self) -> None:
        request: HandoverRequest = self.read(keys.REQUEST)
        self.services.robot.announcer.say(self._text.format(label=request.label))

    def poll(self) -> Status:
        return self.succeed()


class _Propose(WorkerLeaf):
    WRITES = {keys.HANDOVER_QUEUE: tuple}
    OUTCOME = Outcome.NOT_REACHABLE

    def __init__(self, name: str, options: PresentationOptions) -> None:
        super().__init__(name)
        self._options = options

    def held(self) -> HeldObject:
        held = held_now(self)
        if held is None:
            raise NoHandoverPose("the hand is empty, there is nothing to present")
        return held

    def finish(self, result: Any) -> Status:
        self.write(keys.HANDOVER_QUEUE, tuple(result))
        return self.succeed(f"{len(result)} poses")


class ProposeHandoverPoses(_Propose):
    """Ways to present the object to the person seen, least effort for the person's arm first; none to someone
    out of reach.
    """

    READS = {keys.ROBOT: RobotState, keys.HELD: HeldObject, keys.HUMAN: HumanPose}

    def job(self) -> Callable[[], tuple[HandoverPose, ...]]:
        person: HumanPose = self.read(keys.HUMAN)
        if out_of_reach(person, self._options):
            limit = f"{self._options.farthest_m:.2f} m at most can be served"
            raise NoHandoverPose(f"the person stands {distance_m(person):.2f} m away, {limit}")
        return partial(handover_poses, self.held(), person, self._options)


class ProposeDefaultPoses(_Propose):
    """Ways to present the object that need no person: straight ahead; or, where somebody was last seen out of
    reach and asked to come, where they will stand then.
    """

    READS = {keys.ROBOT: RobotState, keys.HELD: HeldObject, keys.HUMAN: HumanPose}

    def job(self) -> Callable[[], tuple[HandoverPose, ...]]:
        person: HumanPose | None = self.read_if_set(keys.HUMAN)
        if person is not None and out_of_reach(person, self._options):
            person = come_closer(person, self._options, self._options.distance_m)
            return partial(handover_poses, self.held(), person, self._options)
        return partial(default_poses, self.held(), self._options)


class NextHandoverPose(Leaf):
    """Takes the best pose not yet tried."""

    WRITES = {keys.HANDOVER: HandoverPose}
    UPDATES = {keys.HANDOVER_QUEUE: tuple}

    def poll(self) -> Status:
        queue: tuple[HandoverPose, ...] = self.read(keys.HANDOVER_QUEUE)
        if not queue:
            return self.fail("every pose was tried")
        first, *others = queue
        self.write(keys.HANDOVER, first)
        self.write(keys.HANDOVER_QUEUE, tuple(others))
        return self.succeed(f"{first.description}, cost {first.cost:.2f}, {len(others)} left")


class PlanHandover(WorkerLeaf):
    """Plans the way to the pose, clear of table, clutter and person."""

    READS = {**SURROUNDINGS, keys.HANDOVER: HandoverPose}
    WRITES = {keys.HANDOVER_PLAN: Trajectory}
    OUTCOME = Outcome.NOT_REACHABLE

    def __init__(self, name: str, scene: SceneOptions, person: PersonAges, safety: SafetyOptions) -> None:
        super().__init__(name)
        self._scene = scene
        self._person = person
        self._safety = safety

    def job(self) -> Callable[[], Trajectory]:
        pose: HandoverPose = self.read(keys.HANDOVER)
        scene = surroundings(self, self._scene, self._person)
        start = self.read(keys.ROBOT).arm.joints
        planner, safety = self.services.planner, self._safety

        def plan() -> Trajectory:
            way = planner.plan_tool(start, pose.goal, scene)
            # The camera turns away from the person on the way: the guard allows that for a while only.
            near_s = seconds_near(way, scene, safety.blind_distance_m + safety.uncertainty_m)
            if near_s > 0.95 * safety.blind_s:
                limit = f"{safety.blind_s:.0f} s out of sight are allowed"
                raise Unreachable("the pose", f"the way there stays {near_s:.1f} s near the person, {limit}")
            return way

        return plan

    def finish(self, result: Trajectory) -> Status:
        self.write(keys.HANDOVER_PLAN, result)
        return self.succeed(f"{result.duration_s:.1f} s")


class MoveToHandover(MotionLeaf):
    """Carries the object to the pose and ends at rest there. A tug on the way releases nothing; somebody who
    pulls already at its end keeps the arm from settling, but then it is there.
    """

    READS = {keys.ROBOT: RobotState, keys.HANDOVER_PLAN: Trajectory}
    OUTCOME = Outcome.NOT_REACHABLE
    PHASE = Phase.TRANSPORT

    def command(self) -> Motion:
        return self.services.robot.arm.follow(self.read(keys.HANDOVER_PLAN))

    def missed(self, reason: str) -> Status:
        robot: RobotState | None = self.read_if_set(keys.ROBOT)
        end = self.read(keys.HANDOVER_PLAN).end
        off_rad = np.inf if robot is None else np.max(np.abs(nearest_turn(robot.arm.joints, end) - end))
        if off_rad > THERE_RAD:
            return super().missed(reason)
        return self.succeed(f"there but for {off_rad:.3f} rad: {reason}")
