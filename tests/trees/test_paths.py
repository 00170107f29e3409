"""The scenario table: what goes wrong, which branch catches it, what is commanded, how the run is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from py_trees.common import Status

from behaviours import keys
from behaviours.keys import Outcome
from perception.errors import NotFound, RegionsNotFound, SegmentationFailed, VlmError
from tests.bar import grasp_at
from tests.leaves import get
from tests.scripted import BAD_REPLY, PlannerCall
from tests.trees.mission import Mission

PICKED_AND_GIVEN = [85, 0, 50, 85]
"""Openings in mm: open, close on the bar (40 mm), loosen, open fully."""
PICKED_AND_PUT_BACK = [85, 0, 85]
LIFT = 3
"""Index of the lift among the arm's motions: look, view, approach, lift."""


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


def _nothing(run: Mission) -> None:
    pass


def _vlm(*answers: object) -> Callable[[Mission], None]:
    return lambda run: run.bench.vlm.script.update(enumerate(answers))


def _no_person(run: Mission) -> None:
    run.person.comes_after_s = 1e9


def _late_person(run: Mission) -> None:
    run.person.comes_after_s = 40.0


def _ignores(run: Mission) -> None:
    run.person.takes = False


def _grasps_above(above_m: float) -> Callable[[Mission], None]:
    """All candidates float this far over the surface, so they are not within epsilon of any region."""

    def prepare(run: Mission) -> None:
        floating = tuple(grasp_at(y, above_m) for y in (-0.06, -0.05, -0.04))
        run.bench.grasps.script.update(dict.fromkeys(range(20), floating))

    return prepare


def _unreachable_goals(count: float) -> Callable[[Mission], None]:
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


def _poses_blocked_unless(free: Callable[[Mission], bool]) -> Callable[[Mission], None]:
    def prepare(run: Mission) -> None:
        run.bench.planner.refuse = lambda call: (
            "the elbow touches the table" if call.method == "plan_tool" and not free(run) else None
        )

    return prepare


def _default_pose(run: Mission) -> bool:
    return get(keys.HANDOVER).description.startswith("default place")


def _asked_to_come(run: Mission) -> bool:
    return any("closer" in text for text in run.bench.announcer.said)


def _detector(*answers: object) -> Callable[[Mission], None]:
    return lambda run: run.bench.detector.script.update(enumerate(answers))


def _no_mask(run: Mission) -> None:
    run.bench.segmenter.script[0] = SegmentationFailed("bar", 3, 80)


def _no_shape(run: Mission) -> None:
    run.bench.vlm.script.update(dict.fromkeys(range(9), BAD_REPLY))
    run.bench.shape.script.update(dict.fromkeys(range(9), RegionsNotFound("as round as a ball")))


def _no_grasps(run: Mission) -> None:
    run.bench.grasps.script.update(dict.fromkeys(range(20), ()))


def _misses(*closings: int) -> Callable[[Mission], None]:
    return lambda run: run.bench.gripper.misses.update(closings)


def _lift_fails(run: Mission) -> None:
    run.bench.arm.script[LIFT] = "joint 4 did not settle"


def _holding(run: Mission) -> None:
    run.bench.gripper.take()


def _holding_ignores(run: Mission) -> None:
    _holding(run)
    _ignores(run)


def _tugs(force_n: float) -> Callable[[Mission], None]:
    """Someone pulls in the middle of the way and lets go at its end."""

    def prepare(run: Mission) -> None:
        run.bench.arm.script[LIFT + 1] = 1.0

        def tug() -> None:
            run.person.tug_n = force_n if run.bench.arm.motions[-1].polls > 10 else 0.0

        run.during["Move To Handover"] = tug
        run.during["Wait For Take"] = lambda: setattr(run.person, "tug_n", 0.0)
        run.during["Wait Until Safe"] = lambda: setattr(run.person, "tug_n", 0.0)

    return prepare


def _drops_in(leaf: str) -> Callable[[Mission], None]:
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
        _nothing,
        Outcome.HANDED_OVER,
        PICKED_AND_GIVEN,
        {"Ask VLM": "S", "Parse Regions": "S", "Rank Grasps": "S", "Plan Grasp": "S", "Retreat": "S"},
        ("Ground By Shape", "Lift Clear", "Stop Arm", "Ask To Come Closer", "Ask And Wait"),
        ("Here is the bar. Please take it.",),
    ),
    Scenario(
        "two bad replies, then a good one",
        _vlm(BAD_REPLY, '{"human": [1], "robot": [1]}'),
        Outcome.HANDED_OVER,
        PICKED_AND_GIVEN,
        {"Ask VLM": "SSS", "Parse Regions": "FFS"},
        ("Ground By Shape",),
    ),
    Scenario(
        "three bad replies",
        _vlm(BAD_REPLY, BAD_REPLY, BAD_REPLY),
        Outcome.HANDED_OVER,
        PICKED_AND_GIVEN,
        {"Ask VLM": "SSS", "Parse Regions": "FFF", "Ground By Shape": "S"},
    ),
    Scenario(
        "the model cannot be asked",
        _vlm(VLM_DOWN, VLM_DOWN, VLM_DOWN),
        Outcome.HANDED_OVER,
        PICKED_AND_GIVEN,
        {"Ask VLM": "FFF", "Ground By Shape": "S"},
        ("Parse Regions",),
    ),
    Scenario(
        "nobody tells the two ends apart",
        _no_shape,
        Outcome.NOT_GRASPABLE,
        [],
        {"Ground By Shape": "FF", "Go Home": "S"},
        ("Generate Grasps",),
    ),
    Scenario(
        "the object is nowhere",
        _detector(NOT_FOUND, NOT_FOUND),
        Outcome.NOT_FOUND,
        [],
        {"Detect Object": "FF", "Go To View": "SS", "Go Home": "S"},
        ("Ask VLM", "Put Back"),
    ),
    Scenario(
        "the object is seen from the second viewpoint",
        _detector(NOT_FOUND),
        Outcome.HANDED_OVER,
        PICKED_AND_GIVEN,
        {"Detect Object": "FS", "Go To View": "SS"},
    ),
    Scenario(
        "the object has no mask at first",
        _no_mask,
        Outcome.HANDED_OVER,
        PICKED_AND_GIVEN,
        {"Detect Object": "FS"},
    ),
    Scenario(
        "no grasp in the region, some in the grown one",
        _grasps_above(0.035),
        Outcome.HANDED_OVER,
        PICKED_AND_GIVEN,
        {"Generate Grasps": "SS", "Rank Grasps": "FS"},
        ("Outside Human Region",),
    ),
    Scenario(
        "grasps only outside the person's region",
        _grasps_above(0.09),
        Outcome.HANDED_OVER,
        PICKED_AND_GIVEN,
        {"Generate Grasps": "SSS", "Rank Grasps": "FFS"},
    ),
    Scenario(
        "no grasp anywhere",
        _no_grasps,
        Outcome.NOT_GRASPABLE,
        [],
        {"Generate Grasps": "FFFFFF", "Go Home": "S"},
        ("Rank Grasps", "Open Gripper"),
    ),
    Scenario(
        "the first two grasps are unreachable",
        _unreachable_goals(2),
        Outcome.HANDED_OVER,
        PICKED_AND_GIVEN,
        {"Plan Grasp": "FFS", "Next Grasp": "SSS", "Rank Grasps": "S"},
    ),
    Scenario(
        "all grasps are unreachable, from both viewpoints",
        _unreachable_goals(float("inf")),
        Outcome.NOT_REACHABLE,
        [],
        {"Go To View": "SS", "Rank Grasps": "SSSSSS", "Stop Arm": "S", "Go Home": "S"},
        ("Open Gripper", "Put Back"),
    ),
    Scenario(
        "the fingers close on nothing, once",
        _misses(0),
        Outcome.HANDED_OVER,
        [85, 0, *PICKED_AND_GIVEN],
        {"Object In Hand?": "FS", "Go To View": "SS"},
    ),
    Scenario(
        "the fingers close on nothing, twice",
        _misses(0, 1),
        Outcome.NOT_GRASPABLE,
        [85, 0, 85, 0],
        {"Object In Hand?": "FF", "Go Home": "S"},
        ("Lift", "Put Back"),
    ),
    Scenario(
        "the lift fails with the object in the hand",
        _lift_fails,
        Outcome.HANDED_OVER,
        PICKED_AND_GIVEN,
        {"Lift": "F", "Already Holding?": "FS", "Lift Clear": "S", "Go To View": "S"},
    ),
    Scenario(
        "the object slips out in the lift",
        _drops_in("Lift"),
        Outcome.HANDED_OVER,
        [85, 0, *PICKED_AND_GIVEN],
        {"Still In Hand?": "FS", "Go To View": "SS"},
    ),
    Scenario(
        "started with an object in the hand",
        _holding,
        Outcome.HANDED_OVER,
        [50, 85],
        {"Already Holding?": "S", "Lift Clear": "S"},
        ("Pick", "Go To View", "Open Gripper"),
    ),
    Scenario(
        "started with an object in the hand, and nobody takes it",
        _holding_ignores,
        Outcome.NOT_TAKEN,
        [],
        {"Plan Put Back": "F"},
        ("Set Down", "Let Go", "Go Home"),
    ),
    Scenario(
        "nobody there at first",
        _late_person,
        Outcome.HANDED_OVER,
        PICKED_AND_GIVEN,
        {"Await Person": "S"},
        (),
        ("I cannot see you. Please stand in front of me.",),
    ),
    Scenario(
        "nobody ever comes",
        _no_person,
        Outcome.NOT_TAKEN,
        PICKED_AND_PUT_BACK,
        {"Set Down": "S", "Let Go": "S", "Go Home": "S"},
        ("Reach Out", "Wait For Take"),
    ),
    Scenario(
        "no ergonomic pose is reachable",
        _poses_blocked_unless(_default_pose),
        Outcome.HANDED_OVER,
        PICKED_AND_GIVEN,
        {"Ask To Come Closer": "S", "Propose Handover Poses": "SS", "Propose Default Poses": "S"},
        (),
        (COME_CLOSER,),
    ),
    Scenario(
        "the person comes closer",
        _poses_blocked_unless(_asked_to_come),
        Outcome.HANDED_OVER,
        PICKED_AND_GIVEN,
        {"Ask To Come Closer": "S", "Propose Handover Poses": "SS"},
        ("Propose Default Poses",),
    ),
    Scenario(
        "no pose at all is reachable",
        _poses_blocked_unless(lambda run: False),
        Outcome.NOT_REACHABLE,
        PICKED_AND_PUT_BACK,
        {"Propose Default Poses": "S", "Set Down": "S", "Let Go": "S"},
        ("Wait For Take",),
    ),
    Scenario(
        "nobody takes it",
        _ignores,
        Outcome.NOT_TAKEN,
        PICKED_AND_PUT_BACK,
        {"Wait For Take": "F", "Say So": "S", "Set Down": "S", "Let Go": "S", "Go Home": "S"},
        ("Loosen", "Retreat"),
        ("You can take it now.", "I will put the bar back."),
    ),
    Scenario(
        "a tug while the arm moves",
        _tugs(12.0),
        Outcome.HANDED_OVER,
        PICKED_AND_GIVEN,
        {"Move To Handover": "S", "Wait For Take": "S"},
    ),
    Scenario(
        "a hard tug while the arm moves",
        _tugs(30.0),
        Outcome.UNSAFE,
        PICKED_AND_PUT_BACK,
        {"Wait Until Safe": "S", "Let Go": "S"},
        ("Wait For Take", "Loosen"),
    ),
    Scenario(
        "dropped on the way",
        _drops_in("Move To Handover"),
        Outcome.DROPPED,
        [85, 0],
        {"Go Home": "S"},
        ("Wait For Take", "Put Back"),
    ),
    Scenario(
        "dropped while it waits to be taken",
        _drops_in("Wait For Take"),
        Outcome.DROPPED,
        [85, 0],
        {"Wait For Take": "F", "Go Home": "S"},
        ("Loosen", "Put Back"),
    ),
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_scenario(scenario: Scenario) -> None:
    run = Mission()
    scenario.prepare(run)
    run.run()
    assert run.outcome is scenario.outcome, get(keys.FAILURE)
    assert run.widths_mm == scenario.widths_mm
    assert {leaf: run.ends(leaf) for leaf in scenario.ends} == scenario.ends
    assert [name for name in scenario.never if run.visited(name)] == []
    assert [text for text in scenario.said if text not in run.bench.announcer.said] == []
    # However it ends, nothing is left behind: every motion has ended or was cancelled, once.
    assert max(run.cancels, default=0) <= 1
    assert not any(motion.running for motion in run.motions)
    assert not [node.name for node in run.tree.root.iterate() if node.status == Status.RUNNING]


def test_the_repair_question_carries_the_fault() -> None:
    run = Mission()
    run.bench.vlm.script[0] = BAD_REPLY
    run.run()
    first, second = run.bench.vlm.asked
    assert second[: len(first)] == first
    assert [message.role for message in second[len(first) :]] == ["assistant", "user"]
    assert second[len(first)].text == BAD_REPLY
    assert get(keys.VLM_ERROR) is None


def test_a_new_picture_starts_a_new_conversation() -> None:
    run = Mission()
    run.bench.vlm.script.update(dict.fromkeys(range(3), BAD_REPLY))
    run.bench.gripper.misses.add(0)
    run.run()
    assert [len(messages) for messages in run.bench.vlm.asked] == [2, 4, 6, 2]


def test_each_attempt_looks_from_another_viewpoint() -> None:
    run = Mission()
    run.bench.gripper.misses.add(0)
    run.run()
    views = [
        tuple(call.goal)
        for call in run.bench.planner.calls
        if call.method == "plan_joints" and abs(call.goal[5] + 1.138) < 1e-2
    ]
    assert len(views) == len(set(views)) == 2


def test_dropped_candidates_keep_their_reasons() -> None:
    run = Mission()
    _unreachable_goals(2)(run)
    run.run()
    assert len(get(keys.GRASPS_REJECTED)) == 2
    assert all("38 mm short" in rejection.reason for rejection in get(keys.GRASPS_REJECTED))


def test_without_a_model_the_shape_decides() -> None:
    run = Mission(vlm=False).run()
    assert run.outcome is Outcome.HANDED_OVER
    assert get(keys.REGIONS).source == "scripted shape"
    assert run.bench.vlm.asked == []


def test_grasps_are_checked_against_the_person_seen_before_the_pick() -> None:
    run = Mission().run()
    grasp_calls = [call for call in run.bench.planner.calls if call.method == "reach"]
    assert all(call.scene.person for call in grasp_calls)


def test_a_drop_on_the_way_cancels_the_motion_once() -> None:
    run = Mission()
    _drops_in("Move To Handover")(run)
    run.run()
    assert sorted(run.cancels) == [0] * (len(run.cancels) - 1) + [1]
    assert run.stops == 1
