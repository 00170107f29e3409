"""`--step`: no phase of the arm's motion begins before the operator says so; waiting never blocks a tick."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from threading import Thread
from typing import Protocol

from py_trees.blackboard import Blackboard

from app.assembly import Assembly
from app.signals import Interrupted
from behaviours import keys
from hardware.protocols import Arm, Motion
from hardware.types import ArmState, MotionState, MotionStatus, Trajectory
from planning.types import Phase

YES, NO = ("", "y", "yes"), ("n", "no", "q", "quit")
NO_MORE = "the operator ended the run"


class Operator(Protocol):
    """Somebody who is asked and may take their time."""

    def ask(self, question: str) -> None:
        """Put a question; returns at once."""
        ...

    def answer(self) -> bool | None:
        """What they said to the last question, None as long as they are silent; never blocks."""
        ...


class TerminalOperator:
    """The person at the keyboard: Enter begins, n ends. What was typed before the question is no answer."""

    def __init__(self, say: Callable[[str], None], read: Callable[[], str] = sys.stdin.readline) -> None:
        self._say, self._read = say, read
        self._asked, self._ended = False, False
        self._answer: bool | None = None
        Thread(target=self._listen, name="operator", daemon=True).start()

    def ask(self, question: str) -> None:
        # The end of the input is no consent, now and later.
        self._answer = False if self._ended else None
        self._asked = True
        self._say(f"{question}  Enter: go on, n: end here")

    def answer(self) -> bool | None:
        return self._answer

    def _listen(self) -> None:
        """In a thread, to the end of the input: each line answers the question that stands, if one does."""
        while line := self._read():
            word = line.strip().lower()
            if not self._asked:
                continue
            if word not in (*YES, *NO):
                self._say("Enter goes on, n ends here")
                continue
            self._asked, self._answer = False, word in YES
        self._ended, self._answer = True, self._answer or False


class SteppedMotion:
    """A motion that begins once the operator agrees; a no ends the run: it is no failure to try again."""

    def __init__(self, begin: Callable[[], Motion], operator: Operator, question: str) -> None:
        self._begin, self._operator = begin, operator
        self._motion: Motion | None = None
        self._end: MotionStatus | None = None
        operator.ask(question)

    def poll(self) -> MotionStatus:
        """Raises Interrupted, once, where the operator says no."""
        if self._end is not None:
            return self._end
        if self._motion is None:
            answer = self._operator.answer()
            if answer is None:
                return MotionStatus(MotionState.RUNNING, "waiting for the operator")
            if not answer:
                self._end = MotionStatus(MotionState.FAILED, NO_MORE)
                raise Interrupted(NO_MORE)
            self._motion = self._begin()
        return self._motion.poll()

    def cancel(self) -> None:
        if self._motion is not None:
            self._motion.cancel()
        elif self._end is None:
            self._end = MotionStatus(MotionState.FAILED, "cancelled")


class SteppedArm:
    """An arm that asks before each new phase; a stop is never asked about."""

    def __init__(self, arm: Arm, operator: Operator, phase: Callable[[], str]) -> None:
        self._arm, self._operator, self._phase = arm, operator, phase
        self._agreed = ""

    def state(self) -> ArmState:
        return self._arm.state()

    def follow(self, trajectory: Trajectory) -> Motion:
        """Start a trajectory, after the operator's word where the phase is a new one."""
        phase = self._phase()
        if phase == self._agreed:
            return self._arm.follow(trajectory)

        def begin() -> Motion:
            self._agreed = phase
            return self._arm.follow(trajectory)

        return SteppedMotion(begin, self._operator, f"next: {phase}, {trajectory.duration_s:.1f} s.")

    def stop(self) -> None:
        self._arm.stop()

    def emergency_stop(self) -> None:
        self._arm.emergency_stop()


def stepped(assembly: Assembly, operator: Operator) -> Assembly:
    """The same robot, asking `operator` before each phase."""
    services = assembly.services
    arm = SteppedArm(services.robot.arm, operator, _phase)
    return replace(assembly, services=replace(services, robot=replace(services.robot, arm=arm)))


def _phase() -> str:
    phase = Blackboard.storage.get("/" + keys.PHASE)
    return phase.value if isinstance(phase, Phase) else Phase.IDLE.value
