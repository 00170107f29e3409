"""Grasps are proposed while the model thinks: at the same time, without either spoiling the other."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from py_trees.behaviour import Behaviour
from py_trees.blackboard import Blackboard
from py_trees.common import Status

from app.jobs import JobLog, Lane
from behaviours import keys
from behaviours.keys import Outcome
from behaviours.propose import ProposeGrasps
from hardware.executor import ThreadExecutor
from perception.errors import RegionsNotFound, VlmError
from perception.types import HandoverRequest, Message, Reply
from planning.antipodal import AntipodalGenerator
from planning.errors import NoGrasp
from planning.types import GraspView, Proposals
from tests.bar import TABLE_Z_M, table_picture
from tests.behaviours.case import same
from tests.behaviours.inputs import detection
from tests.bench import Bench
from tests.fakes import HeldJobs
from tests.leaves import get, put, ready, tick
from tests.scripted import ScriptedGrasps, ScriptedVlm
from tests.trees.mission import Mission
from trees.ground import create_understand
from trees.options import MissionOptions

ALWAYS = range(99)
PATIENCE_S = 20.0
"""What a test that hangs takes; nothing waits this long otherwise."""


@dataclass
class Gate:
    """Where a job says that it runs, and waits until it may go on."""

    entered: threading.Event = field(default_factory=threading.Event)
    open: threading.Event = field(default_factory=threading.Event)

    def pass_through(self) -> None:
        self.entered.set()
        assert self.open.wait(PATIENCE_S)


class SlowVlm(ScriptedVlm):
    """Thinks until its gate opens or nobody wants the answer any more."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = Gate()
        self.interrupts = 0

    def ask(self, messages: Sequence[Message]) -> Reply:
        self.gate.pass_through()
        return super().ask(messages)

    def interrupt(self) -> None:
        self.interrupts += 1
        self.gate.open.set()


class SlowGrasps(ScriptedGrasps):
    """Proposes when its gate opens."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = Gate()

    def propose(self, view: GraspView, rng: np.random.Generator) -> Proposals:
        self.gate.pass_through()
        return super().propose(view, rng)


class Slow:
    """Understanding on two real workers, each job waiting at its gate."""

    def __init__(self, tree: ThreadExecutor, beside: ThreadExecutor) -> None:
        self.executors = tree, beside
        self.vlm, self.grasps = SlowVlm(), SlowGrasps()
        self.bench = Bench(tree, beside=beside)
        self.bench.services = replace(self.bench.services, vlm=self.vlm, grasps=self.grasps)
        self.root = prepared(self.bench)
        self.tick()
        assert self.vlm.gate.entered.wait(PATIENCE_S)
        assert self.grasps.gate.entered.wait(PATIENCE_S)  # neither has ended: both are in flight

    def tick(self) -> Status:
        return tick(self.root, self.bench)

    def settle(self, *executors: ThreadExecutor) -> None:
        """Until everything submitted to them is done."""
        for executor in executors or self.executors:
            executor.submit(lambda: None, "settle").result(PATIENCE_S)

    def open(self) -> None:
        self.vlm.gate.open.set()
        self.grasps.gate.open.set()


def prepared(bench: Bench) -> Behaviour:
    put(keys.REQUEST, HandoverRequest("bar"))
    put(keys.FRAME, replace(table_picture(), stamp_s=5.0))
    put(keys.OBJECT, detection())
    return ready(create_understand(MissionOptions(), ahead=True), bench)


@pytest.fixture
def log() -> JobLog:
    return JobLog()


@pytest.fixture
def slow(log: JobLog) -> Iterator[Slow]:
    with ExitStack() as stack:
        tree = stack.enter_context(ThreadExecutor(log.recorder(Lane.TREE)))
        beside = stack.enter_context(ThreadExecutor(log.recorder(Lane.BESIDE)))
        running = Slow(tree, beside)
        stack.callback(running.open)
        yield running


# Two workers ----------------------------------------------------------------------------------------------


def test_model_and_grasp_network_work_at_the_same_time(slow: Slow, log: JobLog) -> None:
    assert slow.tick() is Status.RUNNING
    slow.open()
    slow.settle()
    assert slow.tick() is Status.RUNNING  # Parse Regions follows the reply
    slow.settle()
    assert slow.tick() is Status.SUCCESS
    assert get(keys.REGIONS).source == "scripted model"
    assert len(get(keys.PROPOSALS).scores) == 6
    hidden = log.summary()["Propose Grasps"]["hidden_s"]
    assert 0.0 < hidden <= log.summary()["Propose Grasps"]["total_s"]


def test_a_model_slower_than_the_network_is_waited_for(slow: Slow) -> None:
    slow.grasps.gate.open.set()
    slow.settle(slow.executors[1])
    assert slow.tick() is Status.RUNNING
    assert get(keys.PROPOSALS) is not None
    assert slow.tick() is Status.RUNNING
    assert slow.grasps.proposed == 1, "it began again while the model still thinks"


def test_a_network_slower_than_the_model_is_waited_for(slow: Slow) -> None:
    slow.vlm.gate.open.set()
    for _ in range(3):  # the reply, its regions, nothing more to do
        slow.settle(slow.executors[0])
        assert slow.tick() is Status.RUNNING
    assert get(keys.REGIONS) is not None
    assert len(slow.vlm.asked) == 1, "the model was asked again while the network still works"
    slow.open()
    slow.settle()
    assert slow.tick() is Status.SUCCESS


def test_a_stop_lets_go_of_both_and_takes_no_late_answer(slow: Slow) -> None:
    slow.root.stop(Status.INVALID)
    slow.root.stop(Status.INVALID)
    assert slow.vlm.interrupts == 1
    before = dict(Blackboard.storage)
    slow.open()
    slow.settle()
    assert same(before, Blackboard.storage)
    assert get(keys.PROPOSALS) is None


def test_the_next_picture_gets_its_own_proposals(slow: Slow) -> None:
    slow.root.stop(Status.INVALID)
    put(keys.FRAME, replace(table_picture(), stamp_s=6.0))
    slow.tick()
    slow.open()
    slow.settle()
    slow.tick()
    slow.settle()
    assert slow.tick() is Status.SUCCESS
    assert slow.grasps.proposed == 2


# What happens to one, and the other -----------------------------------------------------------------------


def test_jobs_not_yet_begun_are_cancelled_once() -> None:
    tree, beside = HeldJobs(), HeldJobs()
    bench = Bench(tree, beside=beside)
    root = prepared(bench)
    tick(root, bench)
    root.stop(Status.INVALID)
    root.stop(Status.INVALID)
    assert [promise.cancels for promise in (*tree.promises, *beside.promises)] == [1, 1]
    assert all(promise.cancelled() for promise in (*tree.promises, *beside.promises))


def test_regions_that_cannot_be_found_end_the_proposing() -> None:
    beside = HeldJobs()
    bench = Bench(beside=beside)
    bench.vlm.script.update(dict.fromkeys(ALWAYS, VlmError("no answer")))
    bench.shape.script[0] = RegionsNotFound("as round as a ball")
    root = prepared(bench)
    status = Status.RUNNING
    while status is Status.RUNNING:
        status = tick(root, bench)
    assert status is Status.FAILURE
    assert get(keys.FAILURE).reason == "as round as a ball"
    assert [promise.cancels for promise in beside.promises] == [1]


def test_a_generator_that_needs_the_regions_says_so() -> None:
    bench = Bench()
    bench.services = replace(bench.services, grasps=AntipodalGenerator())
    prepared(bench)
    leaf = ready(ProposeGrasps("Propose Grasps", TABLE_Z_M), bench)
    assert tick(leaf, bench) is Status.FAILURE
    assert leaf.feedback_message.startswith("antipodal needs the regions first")


# The whole mission ----------------------------------------------------------------------------------------


def ahead(**scripts: dict[int, Any]) -> Mission:
    """A mission in which grasps are proposed ahead; the generator's scripts by their name."""
    run = Mission(ahead=True)
    for name, script in scripts.items():
        getattr(run.bench.grasps, name).update(script)
    return run.run()


def test_the_mission_goes_its_way_with_one_leaf_more() -> None:
    plain, run = Mission().run(), ahead()
    path = run.path
    path.remove("o Propose Grasps")
    assert path == plain.path
    assert run.outcome is Outcome.HANDED_OVER
    grasps = run.bench.grasps
    assert (grasps.proposed, grasps.chosen, len(grasps.counts)) == (1, 1, 1), "generated what lay ready"


def test_proposals_are_used_once_then_others_are_asked_for() -> None:
    grasps = ahead(script={0: ()}).bench.grasps
    assert (grasps.proposed, grasps.chosen, len(grasps.counts)) == (1, 1, 2)


def test_a_failure_ahead_costs_nothing_when_it_does_not_come_again() -> None:
    run = ahead(ahead={0: NoGrasp("only 3% of the points are something else")})
    assert run.outcome is Outcome.HANDED_OVER
    assert run.ends("Propose Grasps") == "F"
    assert run.ends("Parse Regions") == "S", "the regions were found all the same"
    assert (run.bench.grasps.chosen, len(run.bench.grasps.counts)) == (0, 1)


def test_a_failure_that_comes_again_is_the_grasps_failure() -> None:
    fault = dict.fromkeys(ALWAYS, NoGrasp("only 3% of the points are something else"))
    run = ahead(ahead=fault, script=fault)
    assert run.outcome is Outcome.NOT_GRASPABLE
    failure = get(keys.FAILURE)
    assert (failure.leaf, failure.reason) == ("Generate Grasps", "only 3% of the points are something else")
