"""Whatever breaks in, wherever: the guard, a bug, a stop from outside."""

from __future__ import annotations

import pytest
from py_trees.common import Status

from behaviours import keys
from behaviours.base import Leaf
from behaviours.keys import Outcome
from tests.leaves import get
from tests.trees.mission import Mission

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
WAITING = ["Capture Scene", "See Person", "Object In Hand?", "Wait For Take", "Hold Still"]
WITH_OBJECT = {"Lift", "Move To Handover", "Wait For Take"}
RECOVERING = ["Back Off", "Set Down", "Let Go", "Go Home"]


def _trip(run: Mission) -> None:
    """The arm reports a fault until it was stopped."""
    run.bench.arm.fault = "following error of joint 3"
    run.during["Wait Until Safe"] = lambda: setattr(run.bench.arm, "fault", None)


@pytest.mark.parametrize("leaf", [*MOVING, *WAITING])
def test_the_guard_stops_every_phase(leaf: str) -> None:
    run = Mission().run_until_in(leaf)
    moving = [motion for motion in run.motions if motion.running]
    commands = len(run.widths_mm)
    _trip(run)
    run.step()
    assert not run.running(leaf)
    assert [motion.cancels for motion in moving] == [1] * len(moving)
    run.run()
    assert run.outcome is Outcome.UNSAFE
    assert "following error" in get(keys.FAILURE).reason
    assert run.stops == 1
    assert run.ends("Stop Arm") == run.ends("Go Home") == "S"
    assert max(run.cancels) <= 1
    if leaf in WITH_OBJECT:
        assert run.ends("Let Go") == "S"
        assert run.widths_mm[commands:] == [85]
    assert not any(motion.running for motion in run.motions)


@pytest.mark.parametrize("leaf", RECOVERING)
def test_the_guard_stops_the_recovery_too(leaf: str) -> None:
    run = Mission().run_until_in("Move To Handover")
    _trip(run)
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


@pytest.mark.parametrize("leaf", [*MOVING, *WAITING])
def test_a_stop_from_outside_reaches_every_phase_once(leaf: str) -> None:
    run = Mission().run_until_in(leaf)
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


ALL_LEAVES = [
    "Read Robot",
    "Safe?",
    "Person Known?",
    *MOVING,
    *WAITING,
    "Already Holding?",
    "Not Holding?",
    "Detect Object",
    "Ask VLM",
    "Parse Regions",
    "Generate Grasps",
    "Rank Grasps",
    "Next Grasp",
    "Plan Grasp",
    "Still In Hand?",
    "Track Human",
    "Still Holding?",
    "Propose Handover Poses",
    "Next Handover Pose",
    "Plan Handover",
    "Object Left?",
]


class Bug(Exception):
    """Not an expected failure."""


@pytest.mark.parametrize("name", ALL_LEAVES)
def test_a_bug_in_any_leaf_reaches_the_runner(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Mission()
    leaves = [node for node in run.tree.root.iterate() if node.name == name]
    assert leaves

    def raise_bug(self: Leaf) -> Status:
        raise Bug(name)

    for leaf in leaves:
        monkeypatch.setattr(leaf, "poll", raise_bug.__get__(leaf))
    with pytest.raises(Bug, match=name.replace("?", r"\?")):
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
