"""The three kinds of leaf: typed keys, failures with a word, jobs and motions that are let go of once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from py_trees.behaviour import Behaviour
from py_trees.common import Status

from behaviours import keys
from behaviours.base import Leaf, MissingInput, MotionLeaf, WorkerLeaf
from behaviours.keys import Failure, Outcome
from hardware.errors import DeviceFault, HandoverError
from hardware.protocols import Motion
from planning.types import Phase
from tests.bench import Bench
from tests.fakes import FOREVER, FakeMotion, HeldJobs
from tests.leaves import get, put, ready, tick


class Doubling(WorkerLeaf):
    """Doubles the weight in the worker; `answer` replaces what the job does."""

    READS = {keys.WEIGHT: float}
    WRITES = {keys.VLM_ERROR: str}
    OUTCOME = Outcome.NOT_FOUND

    def __init__(self) -> None:
        super().__init__("Doubling")
        self.answer: Callable[[], Any] | None = None

    def job(self) -> Callable[[], Any]:
        weight = self.read(keys.WEIGHT)
        return self.answer or (lambda: f"{2.0 * weight:.0f} N")

    def finish(self, result: Any) -> Status:
        self.write(keys.VLM_ERROR, result)
        return self.succeed(result)


class Moving(MotionLeaf):
    """Follows what it is given."""

    OUTCOME: Outcome | None = Outcome.NOT_REACHABLE
    PHASE = Phase.PICK

    def __init__(self, motion: Callable[[], Motion], phase: Phase | None = None) -> None:
        super().__init__("Moving", phase)
        self._make = motion

    def command(self) -> Motion:
        return self._make()


class Judging(Leaf):
    """Does what the test says."""

    READS = {keys.WEIGHT: float}
    WRITES = {keys.VLM_ERROR: str}
    UPDATES = {keys.PHASE: Phase}
    OUTCOME: Outcome | None = Outcome.NOT_TAKEN

    def __init__(self, judge: Callable[[Leaf], Status]) -> None:
        super().__init__("Judging")
        self._judge = judge
        self.cancels = 0

    def poll(self) -> Status:
        return self._judge(self)

    def cancel(self) -> None:
        self.cancels += 1


def raises(error: Exception) -> Callable[..., Any]:
    def call(*_: object) -> Any:
        raise error

    return call


# Typed keys -------------------------------------------------------------------------------------------


def judged(judge: Callable[[Leaf], Any]) -> Status:
    """One tick of a leaf that does this and succeeds."""
    bench = Bench()
    return tick(ready(Judging(lambda leaf: (judge(leaf), leaf.succeed())[1]), bench), bench)


def test_a_wrong_type_is_not_written() -> None:
    with pytest.raises(TypeError, match="Judging must write a str to vlm/error, not int"):
        judged(lambda leaf: leaf.write(keys.VLM_ERROR, 3))
    assert get(keys.VLM_ERROR) is None


def test_a_wrong_type_is_not_read() -> None:
    put(keys.WEIGHT, "3 N")
    with pytest.raises(TypeError, match="handover/weight holds a str, Judging declares float"):
        judged(lambda leaf: leaf.read(keys.WEIGHT))


def test_an_input_is_not_written() -> None:
    put(keys.WEIGHT, 3.0)
    with pytest.raises(AttributeError, match="weight"):
        judged(lambda leaf: leaf.write(keys.WEIGHT, 4.0))
    assert get(keys.WEIGHT) == 3.0


@pytest.mark.parametrize("use", [Leaf.read, Leaf.read_if_set, lambda leaf, key: leaf.write(key, 1.0)])
def test_a_key_that_is_not_declared_is_neither_read_nor_written(use: Callable[[Leaf, str], object]) -> None:
    put(keys.HELD, object())
    with pytest.raises(KeyError, match=keys.HELD):
        judged(lambda leaf: use(leaf, keys.HELD))


def test_an_unset_key_reads_as_none_or_as_missing() -> None:
    assert judged(lambda leaf: leaf.read_if_set(keys.WEIGHT)) is Status.SUCCESS
    bench = Bench()
    leaf = ready(Judging(lambda leaf: leaf.succeed(str(leaf.read(keys.WEIGHT)))), bench)
    assert tick(leaf, bench) is Status.FAILURE
    assert leaf.feedback_message == str(MissingInput(keys.WEIGHT))
    put(keys.WEIGHT, 0.0)
    assert tick(leaf, bench) is Status.SUCCESS, "nought is a value"


def test_outputs_are_unset_at_the_start_but_updates_are_not() -> None:
    bench = Bench()
    put(keys.VLM_ERROR, "of an earlier attempt")
    put(keys.PHASE, Phase.LOOK)
    leaf = ready(Judging(lambda leaf: leaf.wait()), bench)
    tick(leaf, bench)
    assert get(keys.VLM_ERROR) is None
    assert get(keys.PHASE) is Phase.LOOK
    put(keys.VLM_ERROR, "of this attempt")
    tick(leaf, bench)
    assert get(keys.VLM_ERROR) == "of this attempt", "a running leaf does not start again"


# Failures ---------------------------------------------------------------------------------------------


def test_an_expected_failure_becomes_a_sentence_and_a_word() -> None:
    bench = Bench()
    leaf = ready(Judging(raises(HandoverError("the shelf is empty"))), bench)
    assert tick(leaf, bench) is Status.FAILURE
    assert get(keys.FAILURE) == Failure(Outcome.NOT_TAKEN, "Judging", "the shelf is empty")


def test_a_device_that_fails_is_an_error_of_the_run() -> None:
    bench = Bench()
    tick(ready(Judging(raises(DeviceFault("arm", "overheated", "let it cool"))), bench), bench)
    assert get(keys.FAILURE).outcome is Outcome.ERROR


@pytest.mark.parametrize("outcome", [None, Outcome.HANDED_OVER])
def test_a_device_that_fails_when_it_is_too_late_to_spoil_the_mission_is_none(
    outcome: Outcome | None,
) -> None:
    bench = Bench()
    broken = DeviceFault("arm", "overheated", "let it cool")
    moving = Moving(lambda: FakeMotion(bench.clock, 0.0, "the brakes closed"))
    for leaf in (ready(Judging(raises(broken)), bench), ready(moving, bench)):
        leaf.OUTCOME = outcome
        assert tick(leaf, bench) is Status.FAILURE
        failure = get(keys.FAILURE)
        assert (failure and failure.outcome) is outcome


def test_a_word_given_with_the_failure_wins() -> None:
    bench = Bench()
    tick(ready(Judging(lambda leaf: leaf.fail("it fell", Outcome.DROPPED)), bench), bench)
    assert get(keys.FAILURE).outcome is Outcome.DROPPED


@pytest.mark.parametrize("error", [ValueError("a bug"), KeyError("a bug")])
def test_a_bug_is_raised(error: Exception) -> None:
    bench = Bench()
    with pytest.raises(type(error), match="a bug"):
        tick(ready(Judging(raises(error)), bench), bench)
    with pytest.raises(type(error), match="a bug"):
        tick(ready(Moving(raises(error)), bench), bench)
    put(keys.WEIGHT, 3.0)
    leaf = ready(Doubling(), bench)
    leaf.answer = raises(error)
    with pytest.raises(type(error), match="a bug"):
        tick(leaf, bench)
    assert get(keys.FAILURE) is None


def test_the_sentence_of_the_last_run_is_not_told_again() -> None:
    bench = Bench()
    answers = iter([lambda leaf: leaf.fail("the shelf is empty"), lambda leaf: Status.RUNNING])
    leaf = ready(Judging(lambda leaf: next(answers)(leaf)), bench)
    tick(leaf, bench)
    assert leaf.feedback_message == "the shelf is empty"
    tick(leaf, bench)
    assert leaf.feedback_message == ""


def test_only_a_running_leaf_is_cancelled_and_only_once() -> None:
    bench = Bench()
    answers = iter([Status.RUNNING, Status.RUNNING, Status.SUCCESS])
    leaf = ready(Judging(lambda leaf: next(answers)), bench)
    leaf.stop(Status.INVALID)
    assert leaf.cancels == 0, "it never ran"
    tick(leaf, bench)
    leaf.stop(Status.INVALID)
    leaf.stop(Status.INVALID)
    assert leaf.cancels == 1
    tick(leaf, bench, times=2)
    assert leaf.status is Status.SUCCESS
    leaf.stop(Status.INVALID)
    assert leaf.cancels == 1, "it had ended"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (lambda: Leaf("Idle"), "Leaf does not say how to poll"),
        (lambda: WorkerLeaf("Idle"), "WorkerLeaf has no job"),
        (lambda: MotionLeaf("Idle"), "MotionLeaf commands nothing"),
    ],
)
def test_a_leaf_that_forgot_its_part_says_so(kind: Callable[[], Behaviour], words: str) -> None:
    bench = Bench()
    with pytest.raises(TypeError, match=words):
        tick(ready(kind(), bench), bench)


# Jobs -------------------------------------------------------------------------------------------------


@pytest.fixture
def jobs() -> HeldJobs:
    return HeldJobs()


@pytest.fixture
def doubling(jobs: HeldJobs) -> tuple[Doubling, Bench]:
    bench = Bench(jobs)
    put(keys.WEIGHT, 3.0)
    return ready(Doubling(), bench), bench


def test_a_job_gets_a_snapshot(jobs: HeldJobs, doubling: tuple[Doubling, Bench]) -> None:
    leaf, bench = doubling
    assert tick(leaf, bench) is Status.RUNNING
    put(keys.WEIGHT, 50.0)
    jobs.run_next()
    assert tick(leaf, bench) is Status.SUCCESS
    assert get(keys.VLM_ERROR) == "6 N"


def test_the_answer_to_an_earlier_question_is_dropped(
    jobs: HeldJobs, doubling: tuple[Doubling, Bench]
) -> None:
    leaf, bench = doubling
    tick(leaf, bench)
    jobs.begin_next()
    leaf.stop(Status.INVALID)
    put(keys.WEIGHT, 50.0)
    assert tick(leaf, bench) is Status.RUNNING
    jobs.run_next()
    assert tick(leaf, bench) is Status.RUNNING
    assert get(keys.VLM_ERROR) is None
    jobs.run_next()
    assert tick(leaf, bench) is Status.SUCCESS
    assert get(keys.VLM_ERROR) == "100 N"


def test_the_failure_of_an_earlier_question_is_dropped(
    jobs: HeldJobs, doubling: tuple[Doubling, Bench]
) -> None:
    leaf, bench = doubling
    leaf.answer = raises(ValueError("a bug nobody waits for any more"))
    tick(leaf, bench)
    jobs.begin_next()
    leaf.stop(Status.INVALID)
    leaf.answer = None
    tick(leaf, bench)
    jobs.run_next()
    jobs.run_next()
    assert tick(leaf, bench) is Status.SUCCESS


def test_an_expected_failure_in_the_job_is_the_leafs(
    jobs: HeldJobs, doubling: tuple[Doubling, Bench]
) -> None:
    leaf, bench = doubling
    leaf.answer = raises(HandoverError("nothing on the table"))
    tick(leaf, bench)
    jobs.run_next()
    assert tick(leaf, bench) is Status.FAILURE
    assert get(keys.FAILURE) == Failure(Outcome.NOT_FOUND, "Doubling", "nothing on the table")


# Motions ----------------------------------------------------------------------------------------------


def test_the_guard_learns_the_phase_before_the_command_is_sent() -> None:
    bench = Bench()
    seen: list[Phase] = []

    def motion() -> Motion:
        seen.append(get(keys.PHASE))
        return FakeMotion(bench.clock)

    tick(ready(Moving(motion), bench), bench)
    tick(ready(Moving(motion, Phase.RETREAT), bench), bench)
    assert seen == [Phase.PICK, Phase.RETREAT]


def test_a_motion_that_fails_is_an_error_of_the_run() -> None:
    bench = Bench()
    leaf = ready(Moving(lambda: FakeMotion(bench.clock, 0.0, "the brakes closed")), bench)
    assert tick(leaf, bench) is Status.FAILURE
    assert get(keys.FAILURE) == Failure(Outcome.ERROR, "Moving", "the brakes closed")


def test_each_start_has_its_own_motion() -> None:
    bench = Bench()
    motions: list[FakeMotion] = []

    def motion() -> Motion:
        motions.append(FakeMotion(bench.clock, FOREVER if not motions else 0.0))
        return motions[-1]

    leaf = ready(Moving(motion), bench)
    tick(leaf, bench)
    leaf.stop(Status.INVALID)
    assert tick(leaf, bench) is Status.SUCCESS
    leaf.stop(Status.INVALID)
    assert [motion.cancels for motion in motions] == [1, 0]
