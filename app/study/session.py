"""One participant's session: what is missing, run by run and answer by answer.

Guarantees:
1. Each run and each set of answers is on disk before the next step; a session stopped or killed anywhere goes
   on there, and repeats at most the run that was under way.
2. Nothing the participant is shown names the condition, or how the run was made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from app.bench.results_file import ResultsFile
from app.study.ask import Questioner
from app.study.log import answers_row, finished, run_row, runs_of
from app.study.plan import Plan

PRACTICE = -1
GOOD_BYE = "That was the last one. Thank you!"


class Runs(Protocol):
    """Makes runs: `app.study.program.Program`."""

    def run(self, name: str, label: str, seed: int, settings: tuple[str, ...]) -> dict[str, Any]:
        """One run's objective record."""
        ...


@dataclass(frozen=True)
class Session:
    """The trials of the participant `code`; `say` hears what the experimenter should."""

    plan: Plan
    code: str
    index: int
    log: ResultsFile
    runs: Runs
    questioner: Questioner
    say: Callable[[str], None]

    def carry_out(self) -> bool:
        """Everything that is missing; returns False where the participant does not want to take part.

        Raises Stopped at their wish, or the experimenter's.
        """
        order, done = self.plan.trials(self.index), finished(self.log, self.code)
        missing = [number for number in range(len(order)) if number not in done]
        if not missing:
            self.say(f"{self.code} has all {len(order)} trials")
            return True
        if not self.questioner.consents():
            return False
        if self.plan.practice is not None and PRACTICE not in done:
            self._practise(self.plan.practice)
        for number in missing:
            self._trial(number, len(order), *order[number])
        self.questioner.tell(GOOD_BYE)
        return True

    def _practise(self, label: str) -> None:
        self.questioner.wait(
            f"First a handover to get used to it: the {label}. You will not be asked about it."
        )
        run = self._run(PRACTICE, 0, label, ())
        self.log.add(
            answers_row(self.code, PRACTICE, 0, {"object": label, "condition": None, "answers": None})
        )
        self.say(f"{self.code} practice: {run['outcome']}")

    def _trial(self, number: int, count: int, label: str, condition: str) -> None:
        about = {"object": label, "condition": condition}
        runs = runs_of(self.log, self.code, number)
        while not (runs and runs[-1]["success"]) and len(runs) < self.plan.attempts:
            self.questioner.wait(f"Handover {number + 1} of {count}: the {label}.")
            self.questioner.tell("The robot begins. Take the object when it is offered.")
            runs.append(self._run(number, len(runs), label, self.plan.conditions[condition], about))
            self.say(f"{self.code} trial {number + 1}, attempt {len(runs)}: {_ending(runs[-1])}")
        last = runs[-1]
        answers = self.questioner.rate(self.plan.questions, last) if last["success"] else None
        facts = {**about, "answers": answers, "answered_by": self.questioner.source}
        self.log.add(answers_row(self.code, number, last["attempt"], facts))

    def _run(
        self,
        number: int,
        attempt: int,
        label: str,
        settings: tuple[str, ...],
        about: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        name = f"{self.code}-{'practice' if number == PRACTICE else number + 1}-{attempt + 1}"
        facts = self.runs.run(name, label, self._seed(label, attempt), settings)
        row = run_row(
            self.code,
            number,
            attempt,
            {**(about or {"object": label}), **facts, "success": facts.get("success", False)},
        )
        self.log.add(row)
        return row

    def _seed(self, label: str, attempt: int) -> int:
        """The same for every condition: same place of the object, same simulated person."""
        thing = self.plan.objects.index(label) if label in self.plan.objects else len(self.plan.objects)
        return int(np.random.default_rng((self.plan.seed, self.index, thing, attempt)).integers(2**32))


def _ending(run: dict[str, Any]) -> str:
    """How a run ended, with the word of physics where that saw no handover."""
    physical = run.get("physical_outcome")
    seen = (
        "" if run["success"] or physical in (None, run["outcome"]) else f", though {physical} in simulation"
    )
    return f"{run['outcome']}{seen}"
