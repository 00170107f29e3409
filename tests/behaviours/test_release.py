"""Letting go: nothing opens before the person has it, nothing ever closes, and what is said meanwhile."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from py_trees.common import Status

from behaviours import keys
from behaviours.let_go import FingersFree, HoldStill, Loosen, ObjectLeft, OpenFully
from behaviours.options import GripOptions, PersonAges, Prompts
from behaviours.release import WaitForTake, hand_distance_m
from hardware.types import FloatArray
from perception.types import HandoverRequest, Keypoint
from planning.options import ReleaseOptions
from planning.types import Phase
from tests.bar import person
from tests.behaviours.inputs import held
from tests.behaviours.table_give import hooked, ignores, takes
from tests.behaviours.table_look import holding
from tests.bench import Bench
from tests.fakes import FOREVER
from tests.leaves import get, put, ready, run, tick

GRIP, AGES, RELEASE = GripOptions(), PersonAges(), ReleaseOptions()


def waiting(bench: Bench) -> WaitForTake:
    """The leaf about to wait, the object in the hand and the person there."""
    put(keys.REQUEST, HandoverRequest("bar"))
    put(keys.HELD, held())
    put(keys.HUMAN, person(bench.clock.now()))
    holding(bench)
    return ready(WaitForTake("Wait For Take", RELEASE, AGES, Prompts()), bench)


def test_waiting_commands_nothing_however_it_ends() -> None:
    for world in (takes, ignores):
        bench = Bench()
        leaf = waiting(bench)
        world(bench)
        run(leaf, bench, seconds=30.0)
        assert leaf.status in (Status.SUCCESS, Status.FAILURE)
        assert bench.log == []


def test_the_guard_knows_that_a_hand_may_come() -> None:
    bench = Bench()
    tick(waiting(bench), bench)
    assert get(keys.PHASE) is Phase.HANDOVER


def test_it_offers_then_prompts_twice() -> None:
    bench = Bench()
    leaf = waiting(bench)
    ignores(bench)
    run(leaf, bench, seconds=30.0)
    assert bench.announcer.said == ["Here is the bar. Please take it.", *RELEASE.prompts]


@pytest.mark.parametrize(("known", "expected"), [(None, 3.0), (5.0, 5.0)])
def test_what_was_weighed_at_the_pick_is_kept_else_it_is_weighed_now(
    known: float | None, expected: float
) -> None:
    bench = Bench()
    leaf = waiting(bench)
    if known is not None:
        put(keys.WEIGHT, known)
    tick(leaf, bench)
    assert get(keys.WEIGHT) == expected


def test_a_second_offer_tares_again() -> None:
    """A pull that released the first time does not count for the second: it is there before the tare."""
    bench = Bench()
    leaf = waiting(bench)
    takes(bench)
    assert run(leaf, bench) is Status.SUCCESS
    leaf.stop(Status.INVALID)
    ignores(bench)
    holding(bench)
    assert tick(leaf, bench, times=20) is Status.RUNNING
    assert bench.announcer.said.count("Here is the bar. Please take it.") == 2


# Opening ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width_m", "opened_m"), [(0.04, 0.05), (0.08, 0.085)])
def test_it_loosens_by_a_little_and_never_beyond_open(width_m: float, opened_m: float) -> None:
    bench = Bench()
    holding(bench)
    bench.gripper.width_m = bench.gripper.object_width_m = width_m
    run(ready(Loosen("Loosen", GRIP), bench), bench)
    assert bench.log[0].value[0] == pytest.approx(opened_m)


@pytest.mark.parametrize("kind", [Loosen, OpenFully])
def test_interrupted_the_fingers_keep_the_opening_they_have(kind: type) -> None:
    bench = Bench()
    holding(bench)
    bench.gripper.script[0] = FOREVER
    leaf = ready(kind("Open", GRIP), bench)
    tick(leaf, bench)
    leaf.stop(Status.INVALID)
    assert len(bench.log) == 1, "something closed on a hand"
    assert bench.gripper.motions[0].cancels == 1


def test_it_stands_still_for_as_long_as_it_says() -> None:
    bench = Bench()
    start_s = bench.clock.now()
    run(ready(HoldStill("Hold Still", GRIP), bench), bench)
    assert bench.clock.now() - start_s >= GRIP.still_s


def left(bench: Bench, weight_n: float) -> ObjectLeft:
    bench.gripper.drop()
    put(keys.WEIGHT, weight_n)
    return ready(ObjectLeft("Object Left?", RELEASE), bench)


@pytest.mark.parametrize(
    ("weight_n", "force", "ended"),
    [
        (6.0, (0.0, 0.0, -1.0), Status.SUCCESS),
        (6.0, (0.0, 0.0, -3.0), Status.RUNNING),
        (6.0, (0.0, 0.0, 0.0), Status.SUCCESS),
        (3.0, (0.0, 0.0, -3.0), Status.SUCCESS),
        (6.0, (14.0, 0.0, -6.0), Status.SUCCESS),
        (6.0, (8.0, 0.0, -6.0), Status.RUNNING),
    ],
    ids=["light share left", "half of it left", "nothing left", "too light", "drawn at", "touched"],
)
def test_the_object_left_when_its_weight_did_or_somebody_draws_at_it(
    weight_n: float, force: tuple[float, float, float], ended: Status
) -> None:
    bench = Bench()
    leaf = left(bench, weight_n)
    bench.arm.force_n = np.array(force)
    assert tick(leaf, bench) is ended, leaf.feedback_message


def test_what_hangs_on_a_finger_is_asked_for_once_and_no_handover_before_it_came_off() -> None:
    bench = Bench()
    hooked(bench)
    leaf = ready(FingersFree("Fingers Free?", RELEASE, Prompts()), bench)
    run(leaf, bench, seconds=5.0)
    assert leaf.status is Status.RUNNING
    assert bench.announcer.said == [Prompts().hooked]
    bench.arm.force_n = np.zeros(3)
    freed_s = bench.clock.now()
    run(leaf, bench, seconds=5.0)
    assert leaf.status is Status.SUCCESS
    assert bench.clock.now() - freed_s >= RELEASE.free_s, "one light reading is none"
    assert bench.log == []


# Hands ------------------------------------------------------------------------------------------------


def reaching(elbow: tuple[float, float, float] | None, measured: bool = True) -> float | None:
    """How far a hand with its wrist at the origin is from a point 0.5 m ahead in x, the left arm hidden."""
    pose = person(0.0)
    joints = np.full((17, 3), np.nan)
    joints[Keypoint.RIGHT_WRIST] = 0.0
    if elbow is not None:
        joints[Keypoint.RIGHT_ELBOW] = elbow
    seen = np.zeros(17, dtype=bool)
    seen[Keypoint.RIGHT_WRIST] = measured
    point: FloatArray = np.array([0.5, 0.0, 0.0])
    return hand_distance_m(replace(pose, joints=joints, measured=seen), point, AGES.hand_length_m)


def test_a_hand_goes_on_from_the_wrist_along_the_forearm() -> None:
    assert reaching((-0.25, 0.0, 0.0)) == pytest.approx(0.5 - AGES.hand_length_m)
    assert reaching((0.25, 0.0, 0.0)) == pytest.approx(0.5), "it points away"
    assert reaching(None) == pytest.approx(0.5), "without an elbow it is the wrist"


def test_a_wrist_that_was_not_measured_counts_for_nothing() -> None:
    assert reaching((-0.25, 0.0, 0.0), measured=False) is None
    assert hand_distance_m(None, np.zeros(3), 0.09) is None


def test_the_nearer_hand_counts() -> None:
    pose = person(0.0)
    left_wrist = pose.joints[Keypoint.LEFT_WRIST]
    assert hand_distance_m(pose, left_wrist, 0.09) == pytest.approx(0.0, abs=1e-9)
