"""The six cases of every leaf: success, failure, missing input, interruption, restart, tick time.

`tests.behaviours.table` has one row per leaf; a leaf without a row fails the first test here.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator

import pytest
from py_trees.blackboard import Blackboard
from py_trees.common import Status

import behaviours
from behaviours import keys
from behaviours.base import Leaf, MotionLeaf, WorkerLeaf
from tests.behaviours.case import Case, Driven, Trouble, is_motion, is_worker, same
from tests.behaviours.table import CASES, NOTHING_CAN_GO_WRONG, name
from tests.fakes import FOREVER
from tests.leaves import get, put

every_leaf = pytest.mark.parametrize("case", CASES, ids=name)
WORKERS = [case for case in CASES if is_worker(case)]
MOTIONS = [case for case in CASES if is_motion(case)]
TICKS = 40


def leaves_in_the_source() -> Iterator[type[Leaf]]:
    for module in pkgutil.iter_modules(behaviours.__path__, "behaviours."):
        for _, kind in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            base = kind in (Leaf, WorkerLeaf, MotionLeaf) or kind.__name__.startswith("_")
            if issubclass(kind, Leaf) and kind.__module__ == module.name and not base:
                yield kind


def test_every_leaf_is_in_the_table() -> None:
    rows = [case.kind for case in CASES]
    assert len(rows) == len(set(rows))
    assert set(leaves_in_the_source()) - set(rows) == set(), "give it a row in tests/behaviours/table_*.py"


def test_every_row_says_what_can_go_wrong() -> None:
    assert {case.kind for case in CASES if not case.troubles} == NOTHING_CAN_GO_WRONG


# Success ----------------------------------------------------------------------------------------------


@every_leaf
@pytest.mark.parametrize("full", [False, True], ids=["needed", "all"])
def test_success(case: Case, full: bool) -> None:
    """It ends as it should with what it needs alone, and with everything it may read."""
    row = Driven(case, case.needed | case.optional if full else case.needed)
    assert row.run(seconds=4.0) is case.ends, row.leaf.feedback_message
    assert re.search(case.says, row.leaf.feedback_message), row.leaf.feedback_message
    assert row.devices == case.commands
    assert not [key for key in case.kind.WRITES if not isinstance(get(key), case.kind.WRITES[key])]
    assert get(keys.FAILURE) is None
    assert sum(motion.cancels for motion in row.bench.motions) == 0


# Failure ----------------------------------------------------------------------------------------------

TROUBLES = [
    pytest.param(case, trouble, id=f"{name(case)}-{trouble.cause.__name__.strip('<>')}")
    for case in CASES
    for trouble in case.troubles
]


@pytest.mark.parametrize(("case", "trouble"), TROUBLES)
def test_failure(case: Case, trouble: Trouble) -> None:
    """It says in one sentence what went wrong, and which word that means for the mission."""
    row = Driven(case)
    trouble.cause(row.bench)
    ended = row.run(seconds=4.0 if trouble.status is Status.RUNNING else 60.0)
    sentence = row.leaf.feedback_message
    assert ended is trouble.status, sentence
    assert re.search(trouble.says, sentence), sentence
    assert "\n" not in sentence
    assert not [key for key in case.kind.WRITES if get(key) is not None], "an output of a leaf that failed"
    failure = get(keys.FAILURE)
    if trouble.outcome is None:
        assert failure is None
    else:
        assert failure == keys.Failure(trouble.outcome, row.leaf.name, sentence)


# Missing input ----------------------------------------------------------------------------------------

MISSING = [pytest.param(case, key, id=f"{name(case)}-{key}") for case in CASES for key in sorted(case.needed)]


@pytest.mark.parametrize(("case", "key"), MISSING)
def test_missing_input(case: Case, key: str) -> None:
    """Without an input it needs it fails, names the input, and commands nothing."""
    row = Driven(case, case.needed - {key})
    assert row.run(seconds=2.0) is Status.FAILURE
    sentence = case.missing.get(key, f"^nothing is written under {key} yet")
    assert re.search(sentence, row.leaf.feedback_message), row.leaf.feedback_message
    assert set(row.devices) <= {"stop"}
    assert row.bench.announcer.said == []
    if case.kind.OUTCOME is not None:
        assert get(keys.FAILURE).outcome is case.kind.OUTCOME


@every_leaf
def test_an_input_of_the_wrong_type_is_a_bug(case: Case) -> None:
    """It is raised, not turned into an outcome."""
    for key in case.needed - ({keys.ROBOT} if case.sees_robot else set()):
        row = Driven(case)
        put(key, object())
        with pytest.raises(TypeError, match=f"^{key} holds a object"):
            row.run(seconds=2.0)


# Interruption -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", WORKERS, ids=name)
def test_interrupted_before_its_job_began(case: Case) -> None:
    row = Driven(case)
    assert row.tick(3) is Status.RUNNING
    row.stop()
    row.stop()
    assert [promise.cancels for promise in row.jobs.promises] == [1]
    assert row.jobs.promises[0].cancelled()


@pytest.mark.parametrize("case", WORKERS, ids=name)
def test_what_a_job_answers_after_the_interruption_is_dropped(case: Case) -> None:
    row = Driven(case)
    row.tick()
    row.jobs.begin_next()
    row.stop()
    before = dict(Blackboard.storage)
    row.jobs.run_next()
    assert row.jobs.promises[0].done()
    assert same(before, Blackboard.storage)
    row.lay_out()
    assert row.tick(2) is Status.RUNNING, "the next start took the answer to the last question"
    assert len(row.jobs.promises) == 2
    assert not [key for key in case.kind.WRITES if get(key) is not None]
    assert row.run(seconds=4.0) is Status.SUCCESS


@pytest.mark.parametrize("case", MOTIONS, ids=name)
def test_an_interrupted_motion_is_cancelled_once(case: Case) -> None:
    row = Driven(case)
    device = row.bench.gripper if "gripper" in case.commands else row.bench.arm
    device.script[0] = FOREVER
    row.tick()
    while row.jobs.waiting:
        row.jobs.run_next()
    assert row.tick(3) is Status.RUNNING
    commanded = row.devices
    row.stop()
    row.stop()
    assert [motion.cancels for motion in row.bench.motions] == [1]
    assert row.devices == commanded == case.commands, "an interruption sends no command of its own"


@pytest.mark.parametrize("case", [case for case in MOTIONS if case.plans], ids=name)
def test_interrupted_while_it_plans_the_arm_never_moves(case: Case) -> None:
    row = Driven(case)
    assert row.tick(2) is Status.RUNNING
    row.jobs.begin_next()
    row.stop()
    row.jobs.run_next()
    assert [promise.cancels for promise in row.jobs.promises] == [1]
    assert row.devices == ()


@every_leaf
def test_a_leaf_that_ended_has_nothing_to_let_go_of(case: Case) -> None:
    """INVALID also reaches leaves that ended long ago."""
    row = Driven(case)
    row.run(seconds=4.0)
    before, commanded = dict(Blackboard.storage), row.devices
    row.stop()
    row.stop()
    assert row.leaf.status is Status.INVALID
    assert sum(motion.cancels for motion in row.bench.motions) == 0
    assert sum(promise.cancels for promise in row.jobs.promises) == 0
    assert row.devices == commanded
    assert same(before, Blackboard.storage)


@every_leaf
def test_a_leaf_that_waits_lets_go_without_a_trace(case: Case) -> None:
    """One tick, then the interruption: no command, no output, nothing said."""
    row = Driven(case)
    row.tick()
    commanded, said = row.devices, list(row.bench.announcer.said)
    row.stop()
    before = dict(Blackboard.storage)
    row.bench.clock.now_s += 10.0
    row.stop()
    assert row.devices == commanded
    assert row.bench.announcer.said == said
    assert same(before, Blackboard.storage)


# Restart ----------------------------------------------------------------------------------------------


@every_leaf
def test_the_second_run_starts_clean(case: Case) -> None:
    """It does all of it again, as the first time."""
    row = Driven(case)
    row.run(seconds=4.0)
    first_s, first, said = row.bench.clock.now(), row.leaf.feedback_message, len(row.bench.announcer.said)
    jobs = len(row.jobs.promises)
    row.stop()
    row.lay_out()
    assert row.run(seconds=4.0) is case.ends
    assert row.bench.clock.now() - first_s == pytest.approx(first_s - 100.0, abs=1e-6)
    assert re.search(case.says, row.leaf.feedback_message), (first, row.leaf.feedback_message)
    assert row.devices == 2 * case.commands
    assert len(row.jobs.promises) == 2 * jobs
    assert len(row.bench.announcer.said) == 2 * said


@every_leaf
def test_after_an_interruption_it_starts_clean(case: Case) -> None:
    row = Driven(case)
    for device in (row.bench.arm, row.bench.gripper):
        device.script[0] = FOREVER
    row.tick(3)
    row.stop()
    for device in (row.bench.arm, row.bench.gripper):
        device.script.clear()
    row.lay_out()
    assert row.run(seconds=4.0) is case.ends, row.leaf.feedback_message
    assert re.search(case.says, row.leaf.feedback_message)
    assert get(keys.FAILURE) is None


AGAIN = [
    pytest.param(case, case.troubles[0], id=name(case))
    for case in CASES
    if case.troubles and (case.kind.WRITES or case.troubles[0].status is Status.FAILURE)
]


@pytest.mark.parametrize(("case", "trouble"), AGAIN)
def test_a_producer_clears_its_outputs_when_it_starts(case: Case, trouble: Trouble) -> None:
    """Nobody acts on the result of an earlier attempt: a second run that fails leaves none."""
    row = Driven(case)
    row.run(seconds=4.0)
    row.stop()
    row.lay_out()
    trouble.cause(row.bench)
    row.tick()
    if row.leaf.status is Status.RUNNING:
        assert not [key for key in case.kind.WRITES if get(key) is not None]
    row.run(seconds=4.0 if trouble.status is Status.RUNNING else 60.0)
    assert row.leaf.status is trouble.status
    assert re.search(trouble.says, row.leaf.feedback_message), row.leaf.feedback_message
    assert not [key for key in case.kind.WRITES if get(key) is not None]


@pytest.mark.parametrize(("case", "trouble"), TROUBLES)
def test_it_recovers_from_what_went_wrong(case: Case, trouble: Trouble) -> None:
    """A failure of the last run is not told again: what was wrong is over, so it succeeds."""
    row = Driven(case)
    trouble.cause(row.bench)
    row.run(seconds=4.0 if trouble.status is Status.RUNNING else 60.0)
    row.stop()
    row.mend()
    assert row.run(seconds=4.0) is case.ends, row.leaf.feedback_message
    assert re.search(case.says, row.leaf.feedback_message), row.leaf.feedback_message


# Tick time --------------------------------------------------------------------------------------------


@every_leaf
def test_a_tick_asks_and_returns(case: Case) -> None:
    """Jobs that never run and motions that never end: every tick returns, having asked each device once.

    Nobody sleeps, nobody waits for a job (`Promise`), no model and no planner is asked within a tick.
    """
    row = Driven(case)
    bench = row.bench
    for device in (bench.arm, bench.gripper):
        device.motion_s = FOREVER
    busy = is_worker(case) or is_motion(case)
    for ticks in range(1, TICKS + 1):
        ended = row.tick()
        assert bench.model_calls == 0
        assert bench.human.calls <= ticks
        assert bench.camera.calls <= ticks
        if busy:
            assert ended is Status.RUNNING
    assert bench.clock.sleeps == 0
    jobs = is_worker(case) or case.plans
    assert len(row.jobs.promises) == int(jobs)
    if is_motion(case) and not jobs:
        assert [motion.polls for motion in bench.motions] == [TICKS]
    while row.jobs.waiting:
        row.jobs.run_next()
    if case.plans:
        calls = bench.model_calls
        assert row.tick(TICKS) is Status.RUNNING
        assert row.devices == case.commands
        assert [motion.polls for motion in bench.motions] == [TICKS]
        assert bench.model_calls == calls
