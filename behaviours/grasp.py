"""Leaves that choose a grasp: propose, rank, take the next, find out whether the arm can do it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from py_trees.common import Status

from behaviours import keys
from behaviours.base import Leaf, WorkerLeaf
from behaviours.keys import Outcome
from behaviours.motion import person_now
from behaviours.options import PersonAges
from hardware.types import RGBDFrame, RobotState
from perception.types import Detection, HandoverRequest, HumanPose, Regions
from planning.coming_closer import come_closer
from planning.errors import NoGrasp, NoHandoverPose, Unreachable
from planning.held import could_point, held_object, stays_upright
from planning.motion.options import MotionOptions, SceneOptions
from planning.nominal import nominal_person
from planning.options import PresentationOptions, SelectionOptions
from planning.pick import plan_grasp
from planning.presentation import default_poses, handover_poses
from planning.protocols import GraspProposer
from planning.ranking_rules import ranked_queue
from planning.rule_names import RankingRule
from planning.selection import Region, grasp_view, mark_regions
from planning.types import (
    Grasp,
    GraspPlan,
    GraspSet,
    GraspView,
    HandoverPose,
    HeldObject,
    Proposals,
    Rejection,
)


class GenerateGrasps(WorkerLeaf):
    """Proposes grasps on the visible object and marks which of them lie in which region.

    What Propose Grasps has ready is used once: another try asks the generator for other samples.
    """

    READS = {keys.FRAME: RGBDFrame, keys.OBJECT: Detection, keys.REGIONS: Regions}
    WRITES = {keys.GRASP_VIEW: GraspView, keys.GRASPS: GraspSet}
    UPDATES = {keys.PROPOSALS: Proposals}
    OUTCOME = Outcome.NOT_GRASPABLE

    def __init__(self, name: str, samples: int, epsilon_m: float, table_z_m: float) -> None:
        super().__init__(name)
        self._samples = samples
        self._epsilon_m = epsilon_m
        self._table_z_m = table_z_m

    def job(self) -> Callable[[], tuple[GraspView, GraspSet]]:
        frame, detection, regions = self.read(keys.FRAME), self.read(keys.OBJECT), self.read(keys.REGIONS)
        generator, rng = self.services.grasps, self.services.rng
        proposals: Proposals | None = self.read_if_set(keys.PROPOSALS)
        self.unset([keys.PROPOSALS])

        def generate() -> tuple[GraspView, GraspSet]:
            view = grasp_view(frame, detection, regions, self._table_z_m)
            if proposals is not None and isinstance(generator, GraspProposer):
                grasps = generator.choose(proposals, view, self._samples)
            else:
                grasps = generator.generate(view, rng, self._samples)
            if not grasps:
                raise NoGrasp(f"{generator.name} proposes no grasp from {self._samples} samples")
            return view, mark_regions(grasps, view, generator.name, self._epsilon_m)

        return generate

    def finish(self, result: tuple[GraspView, GraspSet]) -> Status:
        view, grasps = result
        self.write(keys.GRASP_VIEW, view)
        self.write(keys.GRASPS, grasps)
        return self.succeed(
            f"{len(grasps.grasps)} grasps, {int(grasps.in_robot.sum())} in the robot's region, "
            f"{int(grasps.in_human.sum())} in the person's ({grasps.source})"
        )


class RankGrasps(WorkerLeaf):
    """Orders the grasps of one region into the queue of candidates. None of a thing with a blade when nothing
    says which end the person takes: it could come blade first.
    """

    READS = {keys.REQUEST: HandoverRequest, keys.GRASPS: GraspSet, keys.GRASP_VIEW: GraspView}
    WRITES = {keys.GRASP_QUEUE: tuple}
    OUTCOME = Outcome.NOT_GRASPABLE

    def __init__(
        self, name: str, region: Region, selection: SelectionOptions, rule: RankingRule = "deliverable"
    ) -> None:
        super().__init__(name)
        self._region = region
        self._selection = selection
        self._rule: RankingRule = rule

    def job(self) -> Callable[[], tuple[Grasp, ...]]:
        request: HandoverRequest = self.read(keys.REQUEST)
        view: GraspView = self.read(keys.GRASP_VIEW)
        if could_point(request.label, view):
            raise NoGrasp(
                f"{request.label}: it has a blade or a tip, and which end a person takes is not known"
            )
        return partial(
            ranked_queue,
            self._rule,
            self.read(keys.GRASPS),
            view,
            self._region,
            self._selection,
            self.services.rng,
            upright=stays_upright(request.label, view),
        )

    def finish(self, result: tuple[Grasp, ...]) -> Status:
        self.write(keys.GRASP_QUEUE, result)
        return self.succeed(f"{len(result)} candidates in the queue")


class NextGrasp(Leaf):
    """Takes the best grasp not yet tried."""

    WRITES = {keys.GRASP: Grasp}
    UPDATES = {keys.GRASP_QUEUE: tuple}

    def poll(self) -> Status:
        queue: tuple[Grasp, ...] = self.read(keys.GRASP_QUEUE)
        if not queue:
            return self.fail("every candidate was tried")
        first, *others = queue
        self.write(keys.GRASP, first)
        self.write(keys.GRASP_QUEUE, tuple(others))
        x, y, z = first.contact
        return self.succeed(f"at x {x:.3f}, y {y:.3f}, z {z:.3f} m, {len(others)} left")


class PlanGrasp(WorkerLeaf):
    """Plans the grasp, the lift and one delivery; a candidate that lacks one is dropped with its reason.

    Someone who stands out of reach is asked to come closer later, and is taken to stand there already.
    """

    READS = {
        keys.REQUEST: HandoverRequest,
        keys.ROBOT: RobotState,
        keys.GRASP: Grasp,
        keys.GRASP_VIEW: GraspView,
        keys.OBSTACLES: tuple,
        keys.HUMAN: HumanPose,
    }
    WRITES = {keys.GRASP_PLAN: GraspPlan, keys.HELD: HeldObject}
    UPDATES = {keys.GRASPS_REJECTED: tuple}
    OUTCOME = Outcome.NOT_REACHABLE

    def __init__(
        self,
        name: str,
        presentation: PresentationOptions,
        scene: SceneOptions,
        motion: MotionOptions,
        person: PersonAges,
    ) -> None:
        super().__init__(name)
        self._presentation = presentation
        self._scene = scene
        self._motion = motion
        self._person = person

    def job(self) -> Callable[[], tuple[HeldObject, GraspPlan] | Rejection]:
        request: HandoverRequest = self.read(keys.REQUEST)
        grasp: Grasp = self.read(keys.GRASP)
        view, robot = self.read(keys.GRASP_VIEW), self.read(keys.ROBOT)
        obstacles = self.read_if_set(keys.OBSTACLES) or ()
        human = person_now(self, self._person.plan_s)
        if human is not None:
            human = come_closer(human, self._presentation, self._presentation.comes_to_m)
        planner = self.services.planner

        def plan() -> tuple[HeldObject, GraspPlan] | Rejection:
            held = held_object(request.label, grasp, view)
            try:
                return held, plan_grasp(
                    planner,
                    grasp,
                    held,
                    robot.arm.joints,
                    self._scene,
                    obstacles,
                    human,
                    deliveries(held, human, self._presentation),
                    self._motion,
                )
            except Unreachable as error:
                return Rejection(grasp.contact, str(error))

        return plan

    def finish(self, result: tuple[HeldObject, GraspPlan] | Rejection) -> Status:
        if isinstance(result, Rejection):
            rejected = self.read_if_set(keys.GRASPS_REJECTED) or ()
            self.write(keys.GRASPS_REJECTED, (*rejected, result))
            return self.fail(result.reason)
        held, plan = result
        self.write(keys.HELD, held)
        self.write(keys.GRASP_PLAN, plan)
        return self.succeed(
            f"approach {plan.approach.duration_s:.1f} s, lift {plan.lift.duration_s:.1f} s, deliverable"
        )


def deliveries(
    held: HeldObject, human: HumanPose | None, options: PresentationOptions
) -> Sequence[HandoverPose]:
    """Where the object could be presented: to the person, else to the nominal one, else at the defaults."""
    try:
        return handover_poses(held, human or nominal_person(options), options)
    except NoHandoverPose:
        return default_poses(held, options)
