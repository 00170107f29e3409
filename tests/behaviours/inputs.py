"""What leaves find on the blackboard when those before them did their job: the bar, chosen and planned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np

from behaviours import keys
from behaviours.keys import SecondOpinion, Unanswered
from hardware.types import FloatArray, RobotState, Trajectory
from perception.types import Detection, HandoverRequest, Message, Reply
from planning.held import held_object
from planning.safety_tally import SafetyTally
from planning.selection import grasp_view, mark_regions
from planning.types import Grasp, GraspPlan, GraspView, HandoverPose, HeldObject, Phase, Rejection, ToolGoal
from planning.under_way import UnderWay
from tests.bar import TABLE_Z_M, bar_mask, bar_regions, grasp_at, person, table_picture
from tests.bench import Bench
from tests.fakes import REST_DEG
from tests.scripted import GOOD_REPLY, bar_proposals

REST: FloatArray = np.radians(REST_DEG)
GRASP = grasp_at(-0.055)
WEIGHT_N = 3.0


def detection() -> Detection:
    v, u = np.nonzero(bar_mask())
    box = (float(u.min()), float(v.min()), float(u.max() + 1), float(v.max() + 1))
    return Detection("bar", 0.9, box, bar_mask(), "scripted")


@cache
def view() -> GraspView:
    return grasp_view(table_picture(), detection(), bar_regions(), TABLE_Z_M)


@cache
def held() -> HeldObject:
    return held_object("bar", GRASP, view())


def way(offset_rad: float = 0.05, start: FloatArray = REST) -> Trajectory:
    """A short motion of all joints."""
    return Trajectory(np.array([0.0, 0.2]), np.array([start, start + offset_rad]), np.zeros((2, 7)))


def handover_pose(cost: float = 0.4) -> HandoverPose:
    goal = ToolGoal(GRASP.base_from_tcp, GRASP.width_m)
    return HandoverPose(goal, np.array([0.7, 0.0, 0.2]), cost, "straight at the person")


def grasps(*contacts_y: float, above_m: float = 0.0) -> tuple[Grasp, ...]:
    return tuple(grasp_at(y, above_m) for y in contacts_y)


def robot(bench: Bench) -> RobotState:
    return RobotState(bench.arm.state(), bench.gripper.state())


INPUTS: dict[str, Callable[[Bench], object]] = {
    keys.REQUEST: lambda bench: HandoverRequest("bar"),
    keys.PHASE: lambda bench: Phase.PICK,
    keys.SAFETY: lambda bench: SafetyTally(),
    keys.ROBOT: robot,
    keys.WAY: lambda bench: UnderWay(way(), bench.clock.now()),
    keys.FRAME: lambda bench: replace(table_picture(), stamp_s=bench.clock.now()),
    keys.OBJECT: lambda bench: detection(),
    keys.OBSTACLES: lambda bench: (),
    keys.VLM_PROMPT: lambda bench: (Message("user", "Which cells?"),),
    keys.VLM_REPLY: lambda bench: Reply(GOOD_REPLY, "scripted model"),
    keys.VLM_ERROR: lambda bench: "names cell 26 of 25",
    keys.VLM_UNANSWERED: lambda bench: Unanswered((Message("user", "Which cells?"),), "no answer", None),
    keys.VLM_SECOND: lambda bench: SecondOpinion(
        (Message("user", "Which cells?"),), Reply(GOOD_REPLY, "scripted model")
    ),
    keys.REGIONS: lambda bench: bar_regions(),
    keys.PROPOSALS: lambda bench: bar_proposals(),
    keys.GRASP_VIEW: lambda bench: view(),
    keys.GRASPS: lambda bench: mark_regions(grasps(-0.055, -0.035, 0.055), view(), "scripted"),
    keys.GRASP_QUEUE: lambda bench: grasps(-0.055, -0.035),
    keys.GRASP: lambda bench: GRASP,
    keys.GRASP_PLAN: lambda bench: GraspPlan(GRASP, way(), way(0.1)),
    keys.GRASPS_REJECTED: lambda bench: (Rejection(GRASP.contact, "38 mm short"),),
    keys.HUMAN: lambda bench: person(bench.clock.now()),
    keys.HANDOVER_QUEUE: lambda bench: (handover_pose(0.4), handover_pose(0.7)),
    keys.HANDOVER: lambda bench: handover_pose(),
    keys.HANDOVER_PLAN: lambda bench: way(),
    keys.HELD: lambda bench: held(),
    keys.WEIGHT: lambda bench: WEIGHT_N,
    keys.PUT_BACK_PLAN: lambda bench: way(),
}
"""One good value for every key of `behaviours.keys` but the failure."""
