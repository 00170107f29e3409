"""--step: a new phase waits for the operator's word, a stop never does, and no tick waits for anybody."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from queue import SimpleQueue

import numpy as np
import pytest

from app.assembly import Assembly
from app.factory import build, mission_options
from app.options import Config
from app.run_command import OPERATOR_S, patient
from app.runner import run_handover
from app.signals import Interrupted
from app.stepping import SteppedArm, TerminalOperator, stepped
from behaviours import keys
from behaviours.keys import Outcome
from hardware.types import Trajectory
from perception.types import HandoverRequest
from planning.types import Phase
from tests.bench import Bench
from tests.hardware.simulated import move_to
from tests.leaves import put
from trees.handover import create_root


class Slow:
    """An operator who says what the test says, when it says it."""

    def __init__(self) -> None:
        self.questions: list[str] = []
        self.word: bool | None = None

    def ask(self, question: str) -> None:
        self.questions.append(question)
        self.word = None

    def answer(self) -> bool | None:
        return self.word


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def operator() -> Slow:
    return Slow()


def way() -> Trajectory:
    return move_to(np.zeros(7), np.full(7, 0.1), 1.0)


def arm_of(bench: Bench, operator: Slow) -> SteppedArm:
    services = replace(bench.services, robot=replace(bench.services.robot, arm=bench.arm))
    assembly = stepped(Assembly(services, mission_options(Config()), {}), operator)
    arm = assembly.services.robot.arm
    assert isinstance(arm, SteppedArm)
    assert assembly.services.robot.gripper is bench.gripper
    return arm


def test_a_phase_begins_when_the_operator_agrees_and_not_before(bench: Bench, operator: Slow) -> None:
    put(keys.PHASE, Phase.PICK)
    motion = arm_of(bench, operator).follow(way())
    for _ in range(5):
        assert motion.poll().running
        assert "operator" in motion.poll().reason
    assert not bench.arm.motions
    operator.word = True
    motion.poll()
    assert len(bench.arm.motions) == 1
    assert operator.questions == ["next: pick, 1.0 s."]


def test_one_word_holds_for_the_whole_phase_and_for_no_other(bench: Bench, operator: Slow) -> None:
    arm = arm_of(bench, operator)
    put(keys.PHASE, Phase.PICK)
    first = arm.follow(way())
    operator.word = True
    first.poll()
    arm.follow(way())
    assert len(bench.arm.motions) == 2
    put(keys.PHASE, Phase.TRANSPORT)
    arm.follow(way())
    assert len(bench.arm.motions) == 2
    assert [question.split(",")[0] for question in operator.questions] == ["next: pick", "next: transport"]


def test_no_ends_the_run_before_the_motion_began(bench: Bench, operator: Slow) -> None:
    arm = arm_of(bench, operator)
    motion = arm.follow(way())
    operator.word = False
    with pytest.raises(Interrupted, match="the operator ended the run"):
        motion.poll()
    operator.word = True
    assert not motion.poll().running
    assert not motion.poll().succeeded
    assert not bench.arm.motions
    arm.follow(way())
    assert len(operator.questions) == 2, "a no is no word for the next try"


def test_a_run_that_the_operator_ends_is_interrupted_and_nothing_is_tried_again() -> None:
    """The genuine tree, whose leaves are tried again when they fail."""
    config = patient(Config())
    operator = Slow()
    operator.ask = lambda question: setattr(operator, "word", False)  # type: ignore[method-assign]
    request = HandoverRequest("hammer")
    assembly = stepped(build(config, request, 7), operator)
    root = partial(create_root, assembly.mission, vlm=True)
    result = run_handover(assembly, root, request, config.run)
    assert (result.outcome, result.reason) == (Outcome.INTERRUPTED, "the operator ended the run")
    assert "Look At Person" not in result.failures
    assert result.duration_s < 1.0 + config.run.hold_s


def test_a_motion_cancelled_while_it_waits_never_begins(bench: Bench, operator: Slow) -> None:
    motion = arm_of(bench, operator).follow(way())
    motion.cancel()
    operator.word = True
    assert motion.poll().reason == "cancelled"
    assert not bench.arm.motions


def test_cancelling_a_motion_under_way_cancels_the_arms(bench: Bench, operator: Slow) -> None:
    motion = arm_of(bench, operator).follow(way())
    operator.word = True
    motion.poll()
    motion.cancel()
    assert bench.arm.motions[0].cancels == 1


def test_a_stop_asks_nobody(bench: Bench, operator: Slow) -> None:
    arm = arm_of(bench, operator)
    arm.follow(way())
    arm.stop()
    arm.emergency_stop()
    assert [command.device for command in bench.log] == ["stop", "emergency stop"]
    assert len(operator.questions) == 1


END = ""


class Keyboard:
    """Lines typed one by one; `typed` returns once the operator has dealt with all of them."""

    def __init__(self) -> None:
        self._lines: SimpleQueue[str] = SimpleQueue()
        self._waits = threading.Semaphore(0)
        self._reader: threading.Thread

    def read(self) -> str:
        self._reader = threading.current_thread()
        self._waits.release()
        return self._lines.get()

    def typed(self, *lines: str) -> None:
        for line in lines:
            assert self._waits.acquire(timeout=5.0)
            self._lines.put(line)
        if END in lines:  # nothing is read after it
            self._reader.join(5.0)
            return
        assert self._waits.acquire(timeout=5.0)
        self._waits.release()


@pytest.mark.parametrize(
    ("typed", "answer"),
    [(["\n"], True), (["y\n"], True), (["n\n"], False), (["what?\n", "\n"], True), ([END], False)],
)
def test_the_terminal_understands(typed: list[str], answer: bool) -> None:
    said: list[str] = []
    keyboard = Keyboard()
    operator = TerminalOperator(said.append, keyboard.read)
    operator.ask("next: pick, 1.0 s.")
    assert operator.answer() is None
    keyboard.typed(*typed)
    assert operator.answer() is answer
    assert said[0].startswith("next: pick, 1.0 s.")
    assert ("Enter goes on, n ends here" in said) is (len(typed) == 2)


def test_what_was_typed_before_the_question_is_no_answer() -> None:
    keyboard = Keyboard()
    operator = TerminalOperator(lambda text: None, keyboard.read)
    keyboard.typed("\n", "y\n")
    operator.ask("next: pick, 1.0 s.")
    assert operator.answer() is None
    keyboard.typed("\n", "n\n")
    assert operator.answer() is True
    operator.ask("next: transport, 2.0 s.")
    assert operator.answer() is None


def test_after_the_end_of_the_input_nobody_agrees_any_more() -> None:
    keyboard = Keyboard()
    operator = TerminalOperator(lambda text: None, keyboard.read)
    operator.ask("next: pick, 1.0 s.")
    keyboard.typed("\n", END)
    operator.ask("next: transport, 2.0 s.")
    assert operator.answer() is False


def test_deadlines_of_a_stepped_run_leave_time_to_answer() -> None:
    assert patient(Config()).tree.deadlines.motion_s == OPERATOR_S
    assert Config().tree.deadlines.motion_s < OPERATOR_S
