"""Deadline: time on the robot's clock, one cancel, a sentence with the number, a word."""

from __future__ import annotations

import pytest
from py_trees.common import Status

from behaviours import keys
from behaviours.base import MotionLeaf
from behaviours.decorators import Deadline
from behaviours.keys import Failure, Outcome
from hardware.protocols import Motion
from tests.bench import Bench
from tests.fakes import FOREVER
from tests.leaves import TICK_S, get, ready, run, tick


class Moving(MotionLeaf):
    """Moves the gripper."""

    def command(self) -> Motion:
        return self.services.robot.gripper.move(0.0, 60.0)


def limited(
    bench: Bench, lasts_s: float, seconds: float, outcome: Outcome | None = Outcome.ERROR
) -> Deadline:
    bench.gripper.motion_s = lasts_s
    return ready(Deadline("Moving (D)", Moving("Moving"), seconds, outcome), bench)


def test_a_child_in_time_keeps_its_result() -> None:
    bench = Bench()
    assert run(limited(bench, 0.5, 1.0), bench) is Status.SUCCESS
    assert bench.gripper.motions[0].cancels == 0
    assert get(keys.FAILURE) is None


def test_a_child_that_fails_in_time_fails_for_its_own_reason() -> None:
    bench = Bench()
    leaf = limited(bench, 0.1, 1.0)
    bench.gripper.script[0] = "the fingers are stuck"
    assert run(leaf, bench) is Status.FAILURE
    assert leaf.children[0].feedback_message == "the fingers are stuck"
    assert leaf.feedback_message == ""
    assert get(keys.FAILURE) is None, "the child has no word, and the time was not up"


def test_when_time_is_up_the_child_is_cancelled_once() -> None:
    bench = Bench()
    leaf = limited(bench, FOREVER, 1.0)
    start_s = bench.clock.now()
    assert run(leaf, bench) is Status.FAILURE
    assert 1.0 <= bench.clock.now() - start_s <= 1.0 + 2.1 * TICK_S
    leaf.stop(Status.INVALID)
    assert [motion.cancels for motion in bench.gripper.motions] == [1]
    assert leaf.children[0].status is Status.INVALID
    sentence = "Moving not done after 1 s"
    assert leaf.feedback_message == sentence
    assert get(keys.FAILURE) == Failure(Outcome.ERROR, "Moving", sentence)


def test_the_sentence_carries_what_the_child_waited_for() -> None:
    bench = Bench()
    leaf = limited(bench, FOREVER, 0.5)
    tick(leaf, bench)
    child = leaf.decorated
    assert isinstance(child, Moving)
    child.poll = lambda: child.wait("joint 4 settles")  # type: ignore[method-assign]
    run(leaf, bench)
    assert leaf.feedback_message == "Moving not done after 0.5 s (joint 4 settles)"


def test_a_child_that_ends_in_the_tick_its_time_runs_out_keeps_its_result() -> None:
    bench = Bench()
    leaf = limited(bench, 5.5 * TICK_S, 5.2 * TICK_S)
    assert tick(leaf, bench, times=6) is Status.RUNNING
    assert tick(leaf, bench) is Status.SUCCESS


@pytest.mark.parametrize("outcome", [Outcome.NOT_TAKEN, None])
def test_the_word_is_the_callers(outcome: Outcome | None) -> None:
    bench = Bench()
    run(limited(bench, FOREVER, 0.5, outcome), bench)
    failure = get(keys.FAILURE)
    assert (failure and failure.outcome) is outcome


def test_each_start_has_all_its_time() -> None:
    bench = Bench()
    leaf = limited(bench, 0.8, 1.0)
    tick(leaf, bench, times=30)
    leaf.stop(Status.INVALID)
    bench.clock.now_s += 60.0
    assert run(leaf, bench) is Status.SUCCESS
    assert [motion.cancels for motion in bench.gripper.motions] == [1, 0]


@pytest.mark.parametrize("seconds", [0.0, -1.0])
def test_a_deadline_lies_ahead(seconds: float) -> None:
    with pytest.raises(ValueError, match="must lie ahead"):
        Deadline("Moving (D)", Moving("Moving"), seconds)
