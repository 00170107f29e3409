"""Asking about the regions on the robot's clock: 20 s a call, 45 s in all, and a second opinion if so set."""

from __future__ import annotations

from dataclasses import replace

import pytest
from py_trees.behaviour import Behaviour
from py_trees.common import Status

from behaviours import keys
from behaviours.ground import CrossCheck
from behaviours.keys import Outcome
from perception.errors import RegionsNotFound, VlmError
from perception.options import GridOptions
from perception.types import HandoverRequest, RegionCells
from tests.bar import bar_regions, table_picture
from tests.behaviours.inputs import detection
from tests.bench import Bench
from tests.fakes import HeldJobs
from tests.leaves import get, put, ready, run, tick
from tests.scripted import BAD_REPLY, GOOD_REPLY, ScriptedShape, ScriptedVlm
from trees.ground import create_ground_regions, create_understand
from trees.options import MissionOptions

SAME_PLACES = '{"human": [15, 14, 20], "robot": [11, 12, 16]}'
"""GOOD_REPLY in labels that run backward."""


class SilentVlm(ScriptedVlm):
    """Answers never; its question can be ended."""

    def __init__(self) -> None:
        super().__init__()
        self.interrupts = 0

    def interrupt(self) -> None:
        self.interrupts += 1


def prepared(bench: Bench, options: GridOptions | None = None) -> Behaviour:
    put(keys.REQUEST, HandoverRequest("bar"))
    put(keys.FRAME, replace(table_picture(), stamp_s=5.0))
    put(keys.OBJECT, detection())
    return ready(create_ground_regions(MissionOptions(grid=options or GridOptions())), bench)


# Time -----------------------------------------------------------------------------------------------------


def test_a_silent_model_costs_45_s_and_each_question_is_ended() -> None:
    jobs, vlm = HeldJobs(), SilentVlm()
    bench = Bench(jobs)
    bench.services = replace(bench.services, vlm=vlm)
    root = prepared(bench)
    began_s, asked_s = bench.clock.now(), []
    while not any(name == "Ground By Shape" for _, _, name in jobs.waiting):
        assert tick(root, bench) is Status.RUNNING
        assert bench.clock.now() - began_s < 60.0
        if jobs.waiting and not jobs.waiting[-1][1].running() and jobs.waiting[-1][2] == "Ask VLM":
            asked_s.append(round(bench.clock.now() - began_s))
            jobs.waiting[-1][1].set_running_or_notify_cancel()  # the worker waits for the answer
    assert asked_s == [0, 21, 42]
    assert bench.clock.now() - began_s == pytest.approx(45.0, abs=0.1)
    assert vlm.interrupts == 3, "the worker must be free for the fallback"


def test_a_call_that_ends_in_time_is_no_fault() -> None:
    jobs = HeldJobs()
    bench = Bench(jobs)
    root = prepared(bench)
    tick(root, bench)
    bench.clock.now_s += 20.0
    tick(root, bench)
    jobs.run_next()
    assert tick(root, bench) is Status.RUNNING
    jobs.run_next()
    assert tick(root, bench) is Status.SUCCESS
    assert get(keys.REGIONS).source == "scripted model"


def test_an_interruption_from_above_ends_the_question_once() -> None:
    jobs, vlm = HeldJobs(), SilentVlm()
    bench = Bench(jobs)
    bench.services = replace(bench.services, vlm=vlm)
    root = prepared(bench)
    tick(root, bench)
    jobs.begin_next()
    root.stop(Status.INVALID)
    root.stop(Status.INVALID)
    assert vlm.interrupts == 1


def test_a_model_that_cannot_be_interrupted_is_left_alone() -> None:
    bench = Bench(HeldJobs())
    root = prepared(bench)
    tick(root, bench)
    root.stop(Status.INVALID)
    assert bench.executor.promises[0].cancels == 1  # type: ignore[attr-defined]


# The second opinion ---------------------------------------------------------------------------------------


def checked(*answers: object) -> tuple[Bench, Status]:
    bench = Bench()
    bench.vlm.script.update(enumerate(answers))
    root = prepared(bench, GridOptions(ask_twice=True))
    return bench, run(root, bench)


def test_an_answer_that_is_confirmed_stands() -> None:
    bench, status = checked(GOOD_REPLY, SAME_PLACES)
    assert status is Status.SUCCESS
    assert get(keys.REGIONS).cells.human == (11, 12, 6)
    first, second = bench.vlm.asked
    assert [message.pictures[0].backward for message in (first[-1], second[-1])] == [False, True]
    assert get(keys.VLM_SECOND).reply.text == SAME_PLACES


def test_a_doubtful_answer_is_asked_about_again_with_the_doubt() -> None:
    swapped = '{"human": [15, 14, 10], "robot": [11, 12, 6]}'
    bench, status = checked(swapped, SAME_PLACES, GOOD_REPLY)
    assert status is Status.SUCCESS
    assert get(keys.REGIONS).cells.human == (11, 12, 6)
    assert "you meant 11, 12, 6 for the human" in bench.vlm.asked[2][-1].text
    assert len(bench.vlm.asked) == 3, "the second opinion holds for the picture"


def test_doubtful_regions_are_taken_back() -> None:
    bench = Bench()
    put(keys.REQUEST, HandoverRequest("bar"))
    put(keys.FRAME, replace(table_picture(), stamp_s=5.0))
    put(keys.OBJECT, detection())
    put(keys.REGIONS, replace(bar_regions(), cells=RegionCells((11, 12, 6), (15, 14, 10))))
    leaf = ready(CrossCheck("Cross-Check", GridOptions(ask_twice=True)), bench)
    assert run(leaf, bench) is Status.FAILURE, "GOOD_REPLY in labels that run backward is the other way round"
    assert get(keys.REGIONS) is None
    assert get(keys.VLM_ERROR) == leaf.feedback_message


def test_an_answer_that_stays_in_doubt_is_left_to_the_shape() -> None:
    swapped = '{"human": [15, 14, 10], "robot": [11, 12, 6]}'
    bench, status = checked(swapped, SAME_PLACES, swapped, swapped)
    assert status is Status.SUCCESS
    assert get(keys.REGIONS).source == "scripted shape"
    assert len(bench.vlm.asked) == 4


@pytest.mark.parametrize("answer", [BAD_REPLY, VlmError("no answer")])
def test_a_second_opinion_that_cannot_be_had_is_no_disagreement(answer: object) -> None:
    _, status = checked(GOOD_REPLY, answer)
    assert status is Status.SUCCESS
    assert get(keys.REGIONS).source == "scripted model"


def test_a_new_picture_needs_a_new_second_opinion() -> None:
    bench, _ = checked(GOOD_REPLY, SAME_PLACES, GOOD_REPLY, SAME_PLACES)
    put(keys.FRAME, replace(table_picture(), stamp_s=9.0))
    root = ready(create_ground_regions(MissionOptions(grid=GridOptions(ask_twice=True))), bench)
    assert run(root, bench) is Status.SUCCESS
    assert [messages[-1].pictures[0].backward for messages in bench.vlm.asked] == [False, True, False, True]


# A method of its own ----------------------------------------------------------------------------------------


def own(bench: Bench, *, vlm: bool = False, ahead: bool = True) -> Behaviour:
    put(keys.FRAME, table_picture())
    put(keys.OBJECT, detection())
    return ready(create_understand(MissionOptions(own_grounder=True), vlm=vlm, ahead=ahead), bench)


def test_a_methods_own_grounder_stands_alone_and_nothing_falls_back() -> None:
    bench = Bench()
    bench.shape.script[0] = RegionsNotFound("of no class that is known")
    root = own(bench, vlm=True)
    assert [leaf.name for leaf in root.iterate() if not leaf.children] == ["Ground By Method"]
    assert run(root, bench) is Status.FAILURE
    assert get(keys.FAILURE).outcome is Outcome.NOT_GRASPABLE
    assert get(keys.REGIONS) is None
    assert not bench.vlm.asked


class SilentGrounder(ScriptedShape):
    """Can be ended."""

    def __init__(self) -> None:
        super().__init__()
        self.interrupts = 0

    def interrupt(self) -> None:
        self.interrupts += 1


def test_a_grounder_that_never_answers_is_ended_after_45_s() -> None:
    jobs, grounder = HeldJobs(), SilentGrounder()
    bench = Bench(jobs)
    bench.services = replace(bench.services, grounder=grounder)
    root = own(bench)
    began_s = bench.clock.now()
    assert run(root, bench, seconds=60.0) is Status.FAILURE
    assert bench.clock.now() - began_s == pytest.approx(45.0, abs=0.5)
    assert grounder.interrupts == 1
    assert get(keys.FAILURE).outcome is Outcome.NOT_GRASPABLE
