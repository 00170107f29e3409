"""--step: a new phase waits for the operator's word, a stop never does, and no tick waits for anybody."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from app.assembly import Assembly
from app.factory import mission_options
from app.options import Config
from app.run_command import OPERATOR_S, patient
from app.stepping import SteppedArm, TerminalOperator, stepped
from behaviours import keys
from hardware.types import Trajectory
from planning.types import Phase
from tests.bench import Bench
from tests.hardware.simulated import move_to
from tests.leaves import put


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


def test_no_ends_the_motion_before_it_began(bench: Bench, operator: Slow) -> None:
    arm = arm_of(bench, operator)
    motion = arm.follow(way())
    operator.word = False
    assert motion.poll().reason == "the operator said no"
    operator.word = True
    assert not motion.poll().running
    assert not motion.poll().succeeded
    assert not bench.arm.motions
    arm.follow(way())
    assert len(operator.questions) == 2, "a no is no word for the next try"


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


def lines(*words: str) -> Iterator[str]:
    yield from words
    yield ""  # the end of the input


@pytest.mark.parametrize(
    ("typed", "answer"),
    [(("\n",), True), (("y\n",), True), (("n\n",), False), (("what?\n", "\n"), True), ((), False)],
)
def test_the_terminal_understands(typed: tuple[str, ...], answer: bool) -> None:
    said: list[str] = []
    source = lines(*typed)
    operator = TerminalOperator(said.append, lambda: next(source))
    assert operator.answer() is None
    operator.ask("next: pick, 1.0 s.")
    for thread in threading.enumerate():
        if thread.name == "operator":
            thread.join(5.0)
    assert operator.answer() is answer
    assert said[0].startswith("next: pick, 1.0 s.")
    assert ("Enter goes on, n ends here" in said) is (len(typed) == 2)


def test_deadlines_of_a_stepped_run_leave_time_to_answer() -> None:
    assert patient(Config()).tree.deadlines.motion_s == OPERATOR_S
    assert Config().tree.deadlines.motion_s < OPERATOR_S
