"""What the safety layer did in a run: stops by their code, motions slowed, and what still holds the robot."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from planning.safety_verdict import LASTING, LATCHING, SafetyVerdict, StopCode


@dataclass(frozen=True)
class SafetyTally:
    """Shared by all guards of a run, so that one stop seen by two of them counts once."""

    stops: tuple[StopCode, ...] = ()
    """One entry per stop, in their order."""
    clamps: int = 0
    """Motions slowed before they were sent."""
    slowest: float = 1.0
    """The largest factor a motion was stretched by."""
    refused: int = 0
    """Motions not sent because the person was in their way by then."""
    standing: StopCode | None = None
    """The stop in force at the last verdict."""
    latched: str = ""
    """Why a person must decide before the robot goes on; empty when nobody must."""
    held_until_s: float = -np.inf
    """A contact or a fast hand holds until then, whichever guard looks."""

    def judged(self, verdict: SafetyVerdict, now_s: float, hold_s: float) -> SafetyTally:
        """With this verdict; the same object where nothing changed."""
        code = verdict.code if verdict.stop else None
        if code is self.standing:
            return self
        if code is None:
            return replace(self, standing=None)
        return replace(
            self,
            stops=(*self.stops, code),
            standing=code,
            latched=verdict.reason if code in LATCHING else self.latched,
            held_until_s=now_s + hold_s if code in LASTING else self.held_until_s,
        )

    def slowed(self, factor: float) -> SafetyTally:
        """With one more motion that was stretched by `factor`."""
        return replace(self, clamps=self.clamps + 1, slowest=max(self.slowest, factor))

    def refusing(self) -> SafetyTally:
        """With one more motion that was not sent."""
        return replace(self, refused=self.refused + 1)

    def summary(self) -> dict[str, Any]:
        """For the record: how often each code stopped the robot, and the clamps."""
        counts = {code.value: self.stops.count(code) for code in StopCode if code in self.stops}
        return {
            "stops": counts,
            "clamps": self.clamps,
            "slowest_factor": round(self.slowest, 3),
            "refused": self.refused,
            "latched": self.latched,
        }
