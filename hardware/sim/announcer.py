"""The simulated robot's voice: it keeps what was said, with the moment."""

from __future__ import annotations

from dataclasses import dataclass

from hardware.protocols import Clock


@dataclass(frozen=True)
class Sentence:
    """One thing the robot said."""

    stamp_s: float
    text: str


class SimulatedAnnouncer:
    """Says nothing aloud; `said` holds every sentence in order."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._said: list[Sentence] = []

    @property
    def said(self) -> tuple[Sentence, ...]:
        return tuple(self._said)

    def say(self, text: str) -> None:
        self._said.append(Sentence(self._clock.now(), text))
