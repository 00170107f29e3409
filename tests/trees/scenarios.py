"""The scenario table: what goes wrong, which branch catches it, what is commanded, how the run is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from behaviours import keys
from behaviours.keys import Outcome
from hardware.errors import DeviceFault
from perception.errors import NotFound, RegionsNotFound, SegmentationFailed, VlmError
from tests.bar import grasp_at
from tests.fakes import FOREVER, InlineJobs
from tests.leaves import get
from tests.scripted import BAD_REPLY, PlannerCall
from tests.trees.mission import Mission

PICKED_AND_GIVEN = [85, 0, 50, 85]
"""Openings in mm: open, close on the bar (40 mm), loosen, open fully."""
PICKED_AND_PUT_BACK = [85, 0, 85]
LIFT, MOVE, RETREAT = 3, 4, 5
"""Index among the arm's motions when all goes well: look, view, approach, lift, move, retreat."""


@dataclass(frozen=True)
class Scenario:
    """`prepare` makes it go wrong; `ends` maps leaves to how they end each time; `never` are not reached."""

    name: str
    prepare: Callable[[Mission], None]
    outcome: Outcome
    widths_mm: list[int]
    ends: dict[str, str] = field(default_factory=dict)
    never: tuple[str, ...] = ()
    said: tuple[str, ...] = ()


def nothing(run: Mission) -> None:
    pass


def vlm(*answers: object) -> Callable[[Mission], None]:
    return lambda run: run.bench.vlm.script.update(enumerate(answers))


def no_person(run: Mission) -> None:
    run.person.comes_after_s = 1e9


def late_person(run: Mission) -> None:
    run.person.comes_after_s = 40.0


def ignores(run: Mission) -> None:
    run.person.takes = False


def grasps_above(above_m: float) -> Callable[[Mission], None]:
    """All candidates float this far over the surface, so they are not within epsilon of any region."""

    def prepare(run: Mission) -> None:
        floating = tuple(grasp_at(y, above_m) for y in (-0.06, -0.05, -0.04))
        run.bench.grasps.script.update(dict.fromkeys(range(20), floating))

    return prepare


def unreachable_goals(count: float) -> Callable[[Mission], None]:
    """The first `count` different tool goals have no joint pose."""

    def prepare(run: Mission) -> None:
        goals: list[bytes] = []

        def refuse(call: PlannerCall) -> str | None:
            if call.method != "reach":
                return None
            goal = call.goal.base_from_tcp.tobytes()
            if goal not in goals:
                goals.append(goal)
            return "38 mm short" if goals.index(goal) < count else None

        run.bench.planner.refuse = refuse

    return prepare


def poses_blocked_unless(free: Callable[[Mission], bool]) -> Callable[[Mission], None]:
    def prepare(run: Mission) -> None:
        run.bench.planner.refuse = lambda call: (
            "the elbow touches the table" if call.method == "plan_tool" and not free(run) else None
        )

    return prepare


def default_pose(run: Mission) -> bool:
    return get(keys.HANDOVER).description.startswith("default place")


def comes_closer(run: Mission) -> None:
    """Nothing can be reached before the person was asked, and they come."""
    poses_blocked_unless(lambda run: any("closer" in text for text in run.bench.announcer.said))(run)
    run.person.comes_to_m = 1.0


def out_of_reach(run: Mission) -> None:
    run.person.stands_m, run.person.comes_to_m = 1.7, 1.1


def stays_away(run: Mission) -> None:
    run.person.stands_m, run.person.takes = 1.7, False


def detector(*answers: object) -> Callable[[Mission], None]:
    return lambda run: run.bench.detector.script.update(enumerate(answers))


def no_mask(run: Mission) -> None:
    run.bench.segmenter.script[0] = SegmentationFailed("bar", 3, 80)


def unreachable_at_first(run: Mission) -> None:
    """Nothing that the first viewpoint shows can be grasped, all that the second one shows."""
    jobs = run.bench.executor
    assert isinstance(jobs, InlineJobs)
    run.bench.planner.refuse = lambda call: (
        "38 mm short" if call.method == "reach" and jobs.names.count("Go To View") < 2 else None
    )


def stuck(leaf: str) -> Callable[[Mission], None]:
    """The motion of this leaf never ends."""

    def prepare(run: Mission) -> None:
        run.bench.arm.script[{"Approach": 2, "Move To Handover": MOVE, "Retreat": RETREAT}[leaf]] = FOREVER

    return prepare


def retreat_fails(run: Mission) -> None:
    run.bench.arm.script[RETREAT] = "joint 2 did not settle"


def retreat_refused(run: Mission) -> None:
    run.bench.arm.script[RETREAT] = DeviceFault("arm", "following error of joint 3", "clear it")


def no_way_back(run: Mission) -> None:
    """From the handover pose there is no straight way out; nor is there in the recovery."""
    run.bench.planner.refuse = lambda call: (
        "the wrist touches the person"
        if call.method == "plan_line" and run.bench.gripper.width_m > 0.08 and run.bench.announcer.said
        else None
    )


def guarded_retreat(run: Mission) -> None:
    """A hard bump while the arm draws back."""
    run.bench.arm.script[RETREAT] = 1.0

    def hit() -> None:
        run.person.rests_n = 60.0 if run.bench.arm.motions[-1].polls > 10 else 0.0

    run.during["Retreat"] = hit
    run.during["Wait Until Safe"] = lambda: setattr(run.person, "rests_n", 0.0)


def rests_on_the_fingers(run: Mission) -> None:
    """A heavy object, let go by a person who does not take it away."""
    run.person.weight_n, run.person.rests_n = 6.0, 6.0


def no_shape(run: Mission) -> None:
    run.bench.vlm.script.update(dict.fromkeys(range(9), BAD_REPLY))
    run.bench.shape.script.update(dict.fromkeys(range(9), RegionsNotFound("as round as a ball")))


def no_grasps(run: Mission) -> None:
    run.bench.grasps.script.update(dict.fromkeys(range(20), ()))


def misses(*closings: int) -> Callable[[Mission], None]:
    return lambda run: run.bench.gripper.misses.update(closings)


def lift_fails(run: Mission) -> None:
    run.bench.arm.script[LIFT] = "joint 4 did not settle"


def holding(run: Mission) -> None:
    run.bench.gripper.take()


def holding_ignores(run: Mission) -> None:
    holding(run)
    ignores(run)


def tugs(force_n: float) -> Callable[[Mission], None]:
    """Someone pulls in the middle of the way and lets go at its end."""

    def prepare(run: Mission) -> None:
        run.bench.arm.script[LIFT + 1] = 1.0

        def tug() -> None:
            run.person.tug_n = force_n if run.bench.arm.motions[-1].polls > 10 else 0.0

        run.during["Move To Handover"] = tug
        run.during["Wait For Take"] = lambda: setattr(run.person, "tug_n", 0.0)
        run.during["Wait Until Safe"] = lambda: setattr(run.person, "tug_n", 0.0)

    return prepare


def drops_in(leaf: str) -> Callable[[Mission], None]:
    """The object slips out the first time this leaf runs."""

    def prepare(run: Mission) -> None:
        def drop() -> None:
            run.bench.gripper.drop()
            del run.during[leaf]

        run.during[leaf] = drop

    return prepare


NOT_FOUND = NotFound("bar", 0.04, 0.15)
VLM_DOWN = VlmError("no answer in 60 s")
COME_CLOSER = "I cannot reach you there. Please come a little closer."

SCENARIOS = [
    Scenario(
        "all goes well",
        nothing,
        Outcome.HANDED_OVER,
        PICKED_AND_GIVEN,
        {"Ask VLM": "S", "Parse Regions": "S", "Rank Grasps": "S", "Plan Grasp": "S", "Retreat": "S"},
        ("Ground By Shape", "Lift Clear", "Stop Arm", "Ask To Come Closer", "Ask And Wait"),
        ("Here is the bar. Please take it.",),
    ),
    Scenario(
        "two bad replies, then a good one",
        vlm(BAD_REPLY, '{"human": [1], "robot": [1]}'),
        Outcome.HANDED_OVER,
        PICKED_AND_GIVEN,
        {"Ask VLM": "SSS", "Parse Regions": "FFS"},
        ("Ground By Shape",),
    ),
    Scenario(
        "three bad replies",
        vlm(BAD_REPLY, BAD_REPLY, BAD_REPLY),
        Outcome.HANDED_OVER,
        PICKED_AND_GIVEN,
        {"Ask VLM": "SSS", "Parse Regions": "FFF", "Ground By Shape": "S"},
    ),
    Scenario(
        "the model cannot be asked",
        vlm(VLM_DOWN, VLM_DOWN, VLM_DOWN),
        Outcome.HANDED_OVER,
        PICKED_AND_GIVEN,
        {"Ask VLM": "FFF", "Ground By Shape": "S"},
        ("Parse Regions",),
    ),
    Scenario(
        "nobody tells the two ends apart",
        no_shape,
        Outcome.NOT_GRASPABLE,
        [],
        {"Ground By Shape": "FF", "Go Home": "S"},
        ("Generate Grasps",),
    ),
    Scenario(
        "the object is nowhere",
        detector(NOT_FOUND, NOT_FOUND),
        Outcome.NOT_FOUND,
        [],
        {"Detect Object": "FF", "Go To View": "SS", "Go Home": "S"},
        ("Ask VLM", "Put Back"),
    ),
    Scenario(
        "the object is seen from the second viewpoint",
        detector(NOT_FOUND),
        Outcome.HANDED_OVER,
        PICKED_AND_GIVEN,
        {"Detect Object": "FS", "Go To View": "SS"},
    ),
    Scenario(
        "the object has no mask at first",
        no_mask,
        Outcome.HANDED_OVER,
        PICKED_AND_GIVEN,
        {"Detect Object": "FS"},
    ),
    Scenario(
        "no grasp in the region, some in the grown one",
        grasps_above(0.035),
        Outcome.HANDED_OVER,
        PICKED_AND_GIVEN,
        {"Generate Grasps": "SS", "Rank Grasps": "FS"},
        ("Outside Human Region",),
    ),
    Scenario(
        "grasps only outside the person's region",
        grasps_above(0.09),
        Outcome.HANDED_OVER,
        PICKED_AND_GIVEN,
        {"Generate Grasps": "SSS", "Rank Grasps": "FFS"},
    ),
    Scenario(
        "no grasp anywhere",
        no_grasps,
        Outcome.NOT_GRASPABLE,
        [],
        {"Generate Grasps": "FFFFFF", "Go Home": "S"},
        ("Rank Grasps", "Open Gripper"),
    ),
    Scenario(
        "the first two grasps are unreachable",
        unreachable_goals(2),
        Outcome.HANDED_OVER,
        PICKED_AND_GIVEN,
        {"Plan Grasp": "FFS", "Next Grasp": "SSS", "Rank Grasps": "S"},
    ),
    Scenario(
        "all grasps are unreachable, from both viewpoints",
        unreachable_goals(float("inf")),
        Outcome.NOT_REACHABLE,
        [],
        {"Go To View": "SS", "Rank Grasps": "SSSSSS", "Stop Arm": "S", "Go Home": "S"},
        ("Open Gripper", "Put Back"),
    ),
    Scenario(
        "all grasps are unreachable from the first viewpoint only",
        unreachable_at_first,
        Outcome.HANDED_OVER,
        PICKED_AND_GIVEN,
        {"Go To View": "SS", "Rank Grasps": "SSSS", "Retreat": "S"},
        ("Stop Arm",),
    ),
    Scenario(
        "the arm gets stuck on its way to the object",
        stuck("Approach"),
        Outcome.HANDED_OVER,
        [85, *PICKED_AND_GIVEN],
        {"Go To View": "SS", "Approach": "S"},
    ),
    Scenario(
        "the fingers close on nothing, once",
        misses(0),
        Outcome.HANDED_OVER,
        [85, 0, *PICKED_AND_GIVEN],
        {"Object In Hand?": "FS", "Go To View": "SS"},
    ),
    Scenario(
        "the fingers close on nothing, twice",
        misses(0, 1),
        Outcome.NOT_GRASPABLE,
        [85, 0, 85, 0],
        {"Object In Hand?": "FF", "Go Home": "S"},
        ("Lift", "Put Back"),
    ),
    Scenario(
        "the lift fails with the object in the hand",
        lift_fails,
        Outcome.HANDED_OVER,
        PICKED_AND_GIVEN,
        {"Lift": "F", "Already Holding?": "FS", "Lift Clear": "S", "Go To View": "S"},
    ),
    Scenario(
        "the object slips out in the lift",
        drops_in("Lift"),
        Outcome.HANDED_OVER,
        [85, 0, *PICKED_AND_GIVEN],
        {"Still In Hand?": "FS", "Go To View": "SS"},
    ),
    Scenario(
        "started with an object in the hand",
        holding,
        Outcome.HANDED_OVER,
        [50, 85],
        {"Already Holding?": "S", "Lift Clear": "S"},
        ("Pick", "Go To View", "Open Gripper"),
    ),
    Scenario(
        "started with an object in the hand, and nobody takes it",
        holding_ignores,
        Outcome.NOT_TAKEN,
        [],
        {"Plan Put Back": "F"},
        ("Set Down", "Let Go", "Go Home"),
    ),
    Scenario(
        "nobody there at first",
        late_person,
        Outcome.HANDED_OVER,
        PICKED_AND_GIVEN,
        {"Await Person": "S"},
        (),
        ("I cannot see you. Please stand in front of me.",),
    ),
    Scenario(
        "nobody ever comes",
        no_person,
        Outcome.NOT_TAKEN,
        PICKED_AND_PUT_BACK,
        {"Set Down": "S", "Let Go": "S", "Go Home": "S"},
        ("Reach Out", "Wait For Take"),
    ),
    Scenario(
        "no ergonomic pose is reachable",
        poses_blocked_unless(default_pose),
        Outcome.HANDED_OVER,
        PICKED_AND_GIVEN,
        {"Ask To Come Closer": "SS", "Propose Handover Poses": "S", "Propose Default Poses": "S"},
        (),
        (COME_CLOSER,),
    ),
    Scenario(
        "the person comes closer",
        comes_closer,
        Outcome.HANDED_OVER,
        PICKED_AND_GIVEN,
        {"Ask To Come Closer": "S", "Await Closer": "S", "Propose Handover Poses": "SS"},
        ("Propose Default Poses",),
    ),
    Scenario(
        "the person stands out of reach at first",
        out_of_reach,
        Outcome.HANDED_OVER,
        PICKED_AND_GIVEN,
        {"Plan Grasp": "S", "Propose Handover Poses": "FS", "Ask To Come Closer": "S", "Await Closer": "S"},
        ("Propose Default Poses",),
        (COME_CLOSER,),
    ),
    Scenario(
        "the person stays out of reach",
        stays_away,
        Outcome.NOT_TAKEN,
        PICKED_AND_PUT_BACK,
        {"Ask To Come Closer": "SS", "Propose Default Poses": "S", "Wait For Take": "F", "Set Down": "S"},
        (),
        (COME_CLOSER,),
    ),
    Scenario(
        "no pose at all is reachable",
        poses_blocked_unless(lambda run: False),
        Outcome.NOT_REACHABLE,
        PICKED_AND_PUT_BACK,
        {"Propose Default Poses": "S", "Set Down": "S", "Let Go": "S"},
        ("Wait For Take",),
    ),
    Scenario(
        "nobody takes it",
        ignores,
        Outcome.NOT_TAKEN,
        PICKED_AND_PUT_BACK,
        {"Wait For Take": "F", "Say So": "S", "Set Down": "S", "Let Go": "S", "Go Home": "S"},
        ("Loosen", "Retreat"),
        ("You can take it now.", "I will put the bar back."),
    ),
    Scenario(
        "a tug while the arm moves",
        tugs(12.0),
        Outcome.HANDED_OVER,
        PICKED_AND_GIVEN,
        {"Move To Handover": "S", "Wait For Take": "S"},
    ),
    Scenario(
        "a hard tug while the arm moves",
        tugs(30.0),
        Outcome.UNSAFE,
        PICKED_AND_PUT_BACK,
        {"Wait Until Safe": "S", "Let Go": "S"},
        ("Wait For Take", "Loosen"),
    ),
    Scenario(
        "dropped on the way",
        drops_in("Move To Handover"),
        Outcome.DROPPED,
        [85, 0],
        {"Go Home": "S"},
        ("Wait For Take", "Put Back"),
    ),
    Scenario(
        "dropped while it waits to be taken",
        drops_in("Wait For Take"),
        Outcome.DROPPED,
        [85, 0],
        {"Wait For Take": "F", "Go Home": "S"},
        ("Loosen", "Put Back"),
    ),
    Scenario(
        "the object stays on the loosened fingers",
        rests_on_the_fingers,
        Outcome.NOT_TAKEN,
        [85, 0, 50],
        {"Loosen": "S", "Stop Arm": "S", "Go Home": "S"},
        ("Open Fully", "Retreat", "Put Back"),
    ),
    Scenario(
        "the retreat fails when the person has the object",
        retreat_fails,
        Outcome.HANDED_OVER,
        PICKED_AND_GIVEN,
        {"Retreat": "F", "Stop Arm": "S", "Back Off": "S", "Not Holding?": "SS", "Go Home": "S"},
        ("Put Back",),
    ),
    Scenario(
        "the arm refuses to retreat when the person has the object",
        retreat_refused,
        Outcome.HANDED_OVER,
        PICKED_AND_GIVEN,
        {"Retreat": "F", "Stop Arm": "S", "Back Off": "F", "Go Home": "F"},
        ("Put Back",),
    ),
    Scenario(
        "there is no way back when the person has the object",
        no_way_back,
        Outcome.HANDED_OVER,
        PICKED_AND_GIVEN,
        {"Retreat": "F", "Stop Arm": "S", "Back Off": "F", "Go Home": "S"},
        ("Put Back",),
    ),
    Scenario(
        "the retreat takes too long when the person has the object",
        stuck("Retreat"),
        Outcome.HANDED_OVER,
        PICKED_AND_GIVEN,
        {"Retreat": "", "Stop Arm": "S", "Back Off": "S", "Go Home": "S"},
        ("Put Back",),
    ),
    Scenario(
        "the arm is hit in the retreat",
        guarded_retreat,
        Outcome.UNSAFE,
        PICKED_AND_GIVEN,
        {"Retreat": "", "Stop Arm": "S", "Back Off": "S", "Go Home": "S"},
        ("Put Back",),
    ),
]
