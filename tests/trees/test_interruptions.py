"""Whatever breaks in, wherever: the guard, a bug, a stop from outside."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from py_trees.blackboard import Blackboard
from py_trees.common import Status

from behaviours import keys
from behaviours.base import Leaf
from behaviours.keys import Outcome
from planning.motion.options import MotionOptions
from tests.behaviours.case import same
from tests.bench import Bench
from tests.fakes import FOREVER, InlineJobs
from tests.leaves import get
from tests.trees.mission import OPTIONS, Mission
from tests.trees.scenarios import (
    MOVE,
    lift_fails,
    no_person,
    no_shape,
    nothing,
    poses_blocked_unless,
    rests_on_the_fingers,
)
from trees.handover import create_root

MOVING = [
    "Look At Person",
    "Go To View",
    "Open Gripper",
    "Approach",
    "Close Gripper",
    "Lift",
    "Move To Handover",
    "Loosen",
    "Open Fully",
    "Retreat",
]
"""Leaves that wait for a device, in the order of a run."""
WAITING = ["Capture Scene", "See Person", "Object In Hand?", "Still In Hand?", "Wait For Take", "Hold Still"]
DETOURS: dict[str, Callable[[Mission], None]] = {
    "See Person": no_person,
    "Lift Clear": lift_fails,
    "Look Ahead": no_person,
    "Await Person": no_person,
    "Await Closer": poses_blocked_unless(lambda run: False),
    "Object Left?": rests_on_the_fingers,
}
"""Leaves that run only when something went wrong before, and what."""
PHASES = list(dict.fromkeys([*MOVING, *WAITING, *DETOURS]))
WORKING = [
    "Detect Object",
    "Propose Grasps",
    "Ask VLM",
    "Parse Regions",
    "Generate Grasps",
    "Rank Grasps",
    "Plan Grasp",
    "Propose Handover Poses",
    "Plan Handover",
    "Look At Person",
    "Go To View",
    "Retreat",
]
"""Leaves that wait for a job in the worker, some of them before they move."""
WITH_OBJECT = {
    "Lift",
    "Still In Hand?",
    "Lift Clear",
    "Look Ahead",
    "Await Person",
    "Move To Handover",
    "Await Closer",
    "Wait For Take",
}
RECOVERING = ["Back Off", "Plan Put Back", "Set Down", "Let Go", "Go Home"]


def mission(leaf: str, *held_back: str) -> Mission:
    """A run in which this leaf will run; the jobs `held_back` wait for the test."""
    low = replace(OPTIONS, motion=MotionOptions(lift_m=0.6))  # the arm stands lower than a lift would end
    options, ahead = low if leaf == "Lift Clear" else OPTIONS, leaf == "Propose Grasps"
    run = Mission(bench=Bench(InlineJobs(*held_back)), options=options, ahead=ahead)
    DETOURS.get(leaf, nothing)(run)
    return run


def trip(run: Mission) -> None:
    """The arm reports a fault until it was stopped."""
    run.bench.arm.fault = "following error of joint 3"
    run.during["Wait Until Safe"] = lambda: setattr(run.bench.arm, "fault", None)


def trip_on_the_way(run: Mission) -> None:
    """The same, with the object in the hand."""

    def once() -> None:
        del run.during["Move To Handover"]
        trip(run)

    run.during["Move To Handover"] = once


@pytest.mark.parametrize("leaf", PHASES)
def test_the_guard_stops_every_phase(leaf: str) -> None:
    run = mission(leaf).run_until_in(leaf)
    moving = [motion for motion in run.motions if motion.running]
    commands = len(run.widths_mm)
    trip(run)
    run.step()
    assert not run.running(leaf)
    assert [motion.cancels for motion in moving] == [1] * len(moving)
    run.bench.planner.refuse = lambda call: None
    run.run()
    assert run.outcome is Outcome.UNSAFE
    assert "following error" in get(keys.FAILURE).reason
    assert run.stops == 1
    assert run.ends("Stop Arm") == run.ends("Go Home") == "S"
    assert max(run.cancels) <= 1
    assert run.path.count("x Safe?") == 1
    if leaf in WITH_OBJECT:
        assert run.ends("Let Go") == "S"
        assert run.widths_mm[commands:] == [85]
    assert not any(motion.running for motion in run.motions)


@pytest.mark.parametrize("leaf", WORKING)
def test_the_guard_does_not_wait_for_the_worker(leaf: str) -> None:
    run = mission(leaf, leaf).run_until_in(leaf)
    jobs = run.bench.executor
    assert isinstance(jobs, InlineJobs)
    jobs.begin_next()
    ((_, promise, _),) = jobs.waiting
    moves = len(run.bench.arm.motions)
    trip(run)
    run.step()
    assert not run.running(leaf)
    assert promise.cancels == 1
    before = dict(Blackboard.storage)
    jobs.run_next()
    assert promise.done()
    assert same(before, Blackboard.storage), "a late result was taken"
    run.step()
    assert len(run.bench.arm.motions) == moves, "a late plan was followed"
    jobs.held_back.clear()
    run.run()
    assert run.outcome is Outcome.UNSAFE
    assert run.ends("Go Home") == "S"
    assert promise.cancels == 1


@pytest.mark.parametrize("leaf", WORKING)
def test_a_stop_from_outside_does_not_wait_for_the_worker(leaf: str) -> None:
    run = mission(leaf, leaf).run_until_in(leaf)
    jobs = run.bench.executor
    assert isinstance(jobs, InlineJobs)
    ((_, promise, _),) = jobs.waiting
    run.tree.root.stop(Status.INVALID)
    run.tree.root.stop(Status.INVALID)
    assert promise.cancelled()
    assert promise.cancels == 1
    assert run.outcome is Outcome.INTERRUPTED
    assert not any(motion.running for motion in run.motions)


@pytest.mark.parametrize("leaf", ["Stop Arm", "Wait Until Safe"])
def test_a_fault_before_the_return_begins_moves_nothing(leaf: str) -> None:
    run = Mission()
    run.bench.arm.script[MOVE] = FOREVER
    run.run_until_in("Move To Handover")
    if leaf == "Stop Arm":
        run.bench.arm.velocities = np.full(7, 0.03)  # so that coming to rest takes more than a tick
    trip(run)
    run.run_until_in(leaf)
    moves, widths = len(run.bench.arm.motions), run.widths_mm
    run.during.clear()
    run.bench.arm.velocities = np.zeros(7)
    run.bench.arm.fault = "following error of joint 3"
    run.run()
    assert run.outcome is Outcome.UNSAFE
    assert (len(run.bench.arm.motions), run.widths_mm) == (moves, widths)
    assert run.bench.gripper.holding


@pytest.mark.parametrize("leaf", RECOVERING)
def test_the_guard_stops_the_recovery_too(leaf: str) -> None:
    run = mission(leaf, "Plan Put Back").run_until_in("Move To Handover")
    trip(run)
    if leaf != "Plan Put Back":
        run.bench.executor.held_back.clear()  # type: ignore[attr-defined]
    run.run_until_in(leaf)
    moves, widths = len(run.bench.arm.motions), run.widths_mm
    del run.during["Wait Until Safe"]
    run.bench.arm.fault = "following error of joint 3"
    run.run()
    assert run.status == Status.FAILURE
    assert run.outcome is Outcome.UNSAFE
    assert len(run.bench.arm.motions) == moves, "the arm moved although it is not safe"
    assert run.widths_mm == widths, "the gripper moved although it is not safe"
    assert max(run.cancels) <= 1
    assert not any(motion.running for motion in run.motions)


def test_recovery_waits_as_long_as_it_is_not_safe() -> None:
    run = Mission().run_until_in("Move To Handover")
    run.bench.arm.fault = "following error of joint 3"
    run.run()
    assert run.ends("Wait Until Safe") == ""
    assert run.widths_mm == [85, 0]
    assert run.bench.gripper.holding


@pytest.mark.parametrize("leaf", [*PHASES, *RECOVERING, "Wait Until Safe"])
def test_a_stop_from_outside_reaches_every_phase_once(leaf: str) -> None:
    recovers = leaf in RECOVERING or leaf == "Wait Until Safe"
    run = mission(leaf, "Plan Put Back" if leaf == "Plan Put Back" else "")
    if recovers:
        trip_on_the_way(run)
    run.run_until_in(leaf)
    moving = [motion for motion in run.motions if motion.running]
    widths = run.widths_mm
    run.tree.root.stop(Status.INVALID)
    run.tree.root.stop(Status.INVALID)
    assert [motion.cancels for motion in moving] == [1] * len(moving)
    assert run.widths_mm == widths
    assert run.outcome is Outcome.INTERRUPTED
    assert not [node.name for node in run.tree.root.iterate() if node.status == Status.RUNNING]


@pytest.mark.parametrize("leaf", ["Look At Person", "Go To View", "Approach", "Lift", "Move To Handover"])
def test_an_interrupted_run_can_be_taken_up_again(leaf: str) -> None:
    run = Mission().run_until_in(leaf)
    run.tree.root.stop(Status.INVALID)
    run.run()
    assert run.outcome is Outcome.HANDED_OVER
    assert run.widths_mm[-2:] == [50, 85]
    assert (run.widths_mm.count(0) == 1) or leaf == "Approach"


PATHS: dict[str, Callable[[Mission], None]] = {
    "Ground By Shape": no_shape,
    "Person Known Before?": no_person,
    "Ask To Step Into View": no_person,
    "Ask To Come Closer": poses_blocked_unless(lambda run: False),
    "Propose Default Poses": poses_blocked_unless(lambda run: False),
}
"""What must go wrong before, so that this leaf is reached; beside the detours."""
ALL_LEAVES = sorted({node.name for node in create_root(ahead=True).iterate() if isinstance(node, Leaf)})


class Bug(Exception):
    """Not an expected failure."""


@pytest.mark.parametrize("name", ALL_LEAVES)
def test_a_bug_in_any_leaf_reaches_the_runner(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run = mission(name)
    if name in (*RECOVERING, "Stop Arm", "Wait Until Safe", "Still Safe?", "Say So"):
        trip_on_the_way(run)
    PATHS.get(name, nothing)(run)
    leaves = [node for node in run.tree.root.iterate() if node.name == name]

    def raise_bug(self: Leaf) -> Status:
        raise Bug(name)

    for leaf in leaves:
        monkeypatch.setattr(leaf, "poll", raise_bug.__get__(leaf))
    with pytest.raises(Bug, match=re.escape(name)):
        run.run()
    widths = run.widths_mm
    # What the runner does next: the arm is stopped, then the leaves let go.
    run.bench.arm.stop()
    run.tree.root.stop(Status.INVALID)
    assert run.widths_mm == widths
    assert max(run.cancels, default=0) <= 1
    running = [motion for motion in run.motions if motion.running]
    # Only a motion that the very tick of the bug started is left to arm.stop().
    assert running in ([], run.motions[-1:], run.bench.arm.motions[-1:])
