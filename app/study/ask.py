"""Who asks the participant: the terminal, or nobody in a rehearsal; `app.study.page` is the web page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np

from app.study.errors import Stopped
from app.study.plan import HIGHEST, LOWEST

STOP = "stop"
SCALE = f"{LOWEST} = do not agree at all ... {HIGHEST} = agree fully; {STOP} ends the session at any time"

CONSENT = f"""\
A robot arm will hand you objects; after each one you are asked a few questions.
Kept are your answers under a code, and what the robot measured. Kept are no names.
You may end this at any time, without a reason: type {STOP}, press Stop, or say so.
Do you want to take part? (yes/no)"""


class Questioner(Protocol):
    """Speaks with the participant. Every question raises Stopped when the answer is to stop."""

    source: str
    """Who answered, for the record."""

    def consents(self) -> bool:
        """Whether the participant wants to take part."""
        ...

    def wait(self, text: str) -> None:
        """Say `text` and wait until the participant is ready."""
        ...

    def tell(self, text: str) -> None:
        """Say `text`; nothing to be answered."""
        ...

    def rate(self, questions: Mapping[str, str], run: Mapping[str, Any]) -> dict[str, int]:
        """An answer from 1 to 5 to each question about `run`, which only a simulated participant looks at."""
        ...

    def stops(self) -> bool:
        """Whether the participant pressed stop; asked while the robot moves."""
        ...


class TerminalQuestioner:
    """Asks in the terminal the study was started in."""

    source = "participant, at the terminal"

    def __init__(self, read: Callable[[str], str] = input, say: Callable[[str], None] = print) -> None:
        self._read, self._say = read, say

    def consents(self) -> bool:
        return self._choice(f"{CONSENT} ", ("yes", "no")) == "yes"

    def wait(self, text: str) -> None:
        self._answer(f"{text}\nEnter when you are ready: ")

    def tell(self, text: str) -> None:
        self._say(text)

    def rate(self, questions: Mapping[str, str], run: Mapping[str, Any]) -> dict[str, int]:
        self._say(SCALE)
        marks = [str(mark) for mark in range(LOWEST, HIGHEST + 1)]
        return {key: int(self._choice(f"{words} [1-5] ", marks)) for key, words in questions.items()}

    def stops(self) -> bool:
        return False  # Ctrl-C does it here

    def _choice(self, prompt: str, valid: tuple[str, ...] | list[str]) -> str:
        while (answer := self._answer(prompt)) not in valid:
            self._say(f"please answer {', '.join(valid[:-1])} or {valid[-1]}")
        return answer

    def _answer(self, prompt: str) -> str:
        try:
            answer = self._read(prompt).strip().lower()
        except (EOFError, KeyboardInterrupt):
            raise Stopped from None
        if answer == STOP:
            raise Stopped
        return answer


class SimulatedParticipant:
    """Answers in a rehearsal of the study, from the run's record and chance; it is no person's opinion.

    It knows the condition no more than a participant does. The weights are set by hand: they exercise the
    report and mean nothing.
    """

    source = "simulated participant"

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._leniency = rng.normal(0.0, 0.4)

    def consents(self) -> bool:
        return True

    def wait(self, text: str) -> None:
        pass

    def tell(self, text: str) -> None:
        pass

    def stops(self) -> bool:
        return False

    def rate(self, questions: Mapping[str, str], run: Mapping[str, Any]) -> dict[str, int]:
        opinion = 4.0 + self._leniency
        opinion -= 1.0 if run.get("fingers_in_the_way") else 0.0
        opinion -= min(1.0, (run.get("contact_n") or 0.0) / 30.0)
        opinion -= min(1.0, max(0.0, (run.get("times_s") or {}).get("pull_to_free", 1.0) - 1.0) / 4.0)
        noisy = opinion + self._rng.normal(0.0, 0.6, len(questions))
        marks = np.clip(np.rint(noisy), LOWEST, HIGHEST).astype(int)
        return {key: int(mark) for key, mark in zip(questions, marks, strict=True)}
