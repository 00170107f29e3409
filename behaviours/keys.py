"""The blackboard's data dictionary: every key with its type; values are frozen data, never handles.

| key | written by | read by |
|---|---|---|
| task/request | runner, before the first tick | detection, VLM |
| task/phase | every leaf that moves or waits near the person | Safe? |
| task/failure | every leaf that fails for good | runner (the named outcome) |
| robot/state | Read Robot, every tick | conditions, release, viewer |
| robot/way | the arm, where it sends a motion | guards: what lies ahead |
| scene/frame | Capture Scene | perception leaves |
| scene/object, scene/obstacles | Detect Object | grounding, grasps, motions |
| vlm/prompt | Ask VLM | Parse Regions, record |
| vlm/reply, vlm/error | Ask VLM, Parse Regions | Parse Regions, Ask VLM (repair prompt) |
| vlm/unanswered | Ask VLM (a question that got no reply) | record |
| vlm/second | Cross-Check (question and reply) | Cross-Check, record |
| scene/regions | Parse Regions or Ground By Shape | grasps, delivery |
| grasp/proposals | Propose Grasps | Generate Grasps (uses them once) |
| grasp/view, grasp/set, grasp/queue, grasp/current | Generate, Rank, Next Grasp | Plan Grasp, record |
| grasp/plan, grasp/rejected | Plan Grasp | motion leaves, record |
| human/pose | Track Human | grasps, delivery, Safe? |
| handover/queue, handover/pose, handover/plan, handover/held | Propose, Next, Plan | motion leaves, release |
| handover/weight | Wait For Take (N, of what is in the hand) | Object Left? |
| return/plan | Plan Put Back | Set Down, Let Go |
| safety/tally | every guard, and the arm where it slows a motion | guards, runner (counts) |
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from hardware.types import RGBDFrame, RobotState, Trajectory
from perception.types import Detection, HandoverRequest, HumanPose, Message, Regions, Reply
from planning.safety_tally import SafetyTally
from planning.types import (
    Grasp,
    GraspPlan,
    GraspSet,
    GraspView,
    HandoverPose,
    HeldObject,
    Phase,
    Proposals,
)
from planning.under_way import UnderWay


class Outcome(Enum):
    """How a run ended, in one word."""

    HANDED_OVER = "handed_over"
    PLANNED = "planned"
    """Only of a rehearsal in which nothing moves."""
    NOT_TAKEN = "not_taken"
    DROPPED = "dropped"
    NOT_FOUND = "not_found"
    NOT_GRASPABLE = "not_graspable"
    NOT_REACHABLE = "not_reachable"
    UNSAFE = "unsafe"
    INTERRUPTED = "interrupted"
    ERROR = "error"


@dataclass(frozen=True)
class Failure:
    """Why the mission failed: the word the run ends with if nothing mends it, the leaf, and its sentence."""

    outcome: Outcome
    leaf: str
    reason: str


@dataclass(frozen=True)
class Unanswered:
    """A question that got no reply, why, and how many bytes left the machine all the same."""

    question: tuple[Message, ...]
    reason: str
    bytes_sent: int | None


@dataclass(frozen=True)
class SecondOpinion:
    """The question asked with backward labels, and the reply; both for one picture."""

    question: tuple[Message, ...]
    reply: Reply


REQUEST = "task/request"
PHASE = "task/phase"
FAILURE = "task/failure"
ROBOT = "robot/state"
WAY = "robot/way"
FRAME = "scene/frame"
OBJECT = "scene/object"
OBSTACLES = "scene/obstacles"
VLM_PROMPT = "vlm/prompt"
VLM_REPLY = "vlm/reply"
VLM_ERROR = "vlm/error"
VLM_UNANSWERED = "vlm/unanswered"
VLM_SECOND = "vlm/second"
REGIONS = "scene/regions"
PROPOSALS = "grasp/proposals"
GRASP_VIEW = "grasp/view"
GRASPS = "grasp/set"
GRASP_QUEUE = "grasp/queue"
GRASP = "grasp/current"
GRASP_PLAN = "grasp/plan"
GRASPS_REJECTED = "grasp/rejected"
HUMAN = "human/pose"
HANDOVER_QUEUE = "handover/queue"
HANDOVER = "handover/pose"
HANDOVER_PLAN = "handover/plan"
HELD = "handover/held"
WEIGHT = "handover/weight"
PUT_BACK_PLAN = "return/plan"
SAFETY = "safety/tally"

TYPES: dict[str, type] = {
    REQUEST: HandoverRequest,
    PHASE: Phase,
    FAILURE: Failure,
    ROBOT: RobotState,
    WAY: UnderWay,
    FRAME: RGBDFrame,
    OBJECT: Detection,
    OBSTACLES: tuple,  # tuple[Cuboid, ...]: everything near the object that is not the object
    VLM_PROMPT: tuple,  # tuple[Message, ...]
    VLM_REPLY: Reply,
    VLM_ERROR: str,
    VLM_UNANSWERED: Unanswered,
    VLM_SECOND: SecondOpinion,
    REGIONS: Regions,
    PROPOSALS: Proposals,
    GRASP_VIEW: GraspView,
    GRASPS: GraspSet,
    GRASP_QUEUE: tuple,  # tuple[Grasp, ...], best first
    GRASP: Grasp,
    GRASP_PLAN: GraspPlan,
    GRASPS_REJECTED: tuple,  # tuple[Rejection, ...]
    HUMAN: HumanPose,
    HANDOVER_QUEUE: tuple,  # tuple[HandoverPose, ...], least effort first
    HANDOVER: HandoverPose,
    HANDOVER_PLAN: Trajectory,
    HELD: HeldObject,
    WEIGHT: float,
    PUT_BACK_PLAN: Trajectory,
    SAFETY: SafetyTally,
}
