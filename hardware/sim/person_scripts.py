"""What the simulated person does when something is held out: a list of attempts for every script.

The last attempt is the honest one, and it is repeated until the object comes free.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from hardware.sim.options import Script

ARRIVED_FOR_S = 0.15
"""The object must hang still within reach this long before it counts as offered."""
COMFORTABLE, STRETCH_AFTER_S = 0.85, 2.0
"""Within this share of the reach a person takes what is offered; only after this long they stretch for it."""
HASTE, HASTY_REACH_M = 0.5, 0.15
"""A hasty person needs this share of the usual times, and starts this much before the object is in reach."""


class Stage(Enum):
    """What the person is doing; the values appear in logs."""

    WAITS = "waits"
    NOTICES = "notices"
    REACHES = "reaches"
    CLOSES = "closes"
    PULLS = "pulls"
    DRAWS_OUT = "draws it out"
    CARRIES = "carries"
    HAS_IT = "has it"
    WITHDRAWS = "withdraws"
    WALKS_OFF = "walks off"


@dataclass(frozen=True)
class Attempt:
    """Reach, close the hand, press in one direction, let go again.

    force_n: range to draw from, toward the own shoulder, or toward the robot when negative; None takes the
    person's own pull.
    early: grabs while the object is still on its way. pause_s: rest before the next attempt.
    """

    force_n: tuple[float, float] | None = None
    ramp_s: float = 1.0
    lets_go_after_s: float = 8.0
    early: bool = False
    pause_s: float = 2.0

    @property
    def pace(self) -> float:
        """Share of the usual times that this attempt takes."""
        return HASTE if self.early else 1.0

    @property
    def haste_m(self) -> float:
        """How much before the object is in reach it begins."""
        return HASTY_REACH_M if self.early else 0.0

    def patience_s(self, reach: float) -> float:
        """How long the object must be offered first, at this share of the person's reach."""
        comfortable = self.early or reach <= COMFORTABLE
        return ARRIVED_FOR_S * self.pace if comfortable else STRETCH_AFTER_S


@dataclass(frozen=True)
class Conduct:
    """attempts: in order, none for a person who does not care; leaves: walks off when the object arrives;
    closer_after_s: comes closer this long (a range) after the object first hangs in the air.
    """

    attempts: tuple[Attempt, ...] = (Attempt(),)
    leaves: bool = False
    closer_after_s: tuple[float, float] | None = None


CONDUCTS: dict[Script, Conduct] = {
    "takes": Conduct(),
    "late": Conduct(),
    "ignores": Conduct(attempts=()),
    "leaves": Conduct(attempts=(), leaves=True),
    "steps_closer": Conduct(closer_after_s=(4.0, 8.0)),
    "pulls_early": Conduct(
        (Attempt((10.0, 13.0), ramp_s=0.4, lets_go_after_s=1.0, early=True, pause_s=1.5), Attempt())
    ),
    "touches": Conduct((Attempt((1.5, 2.5), ramp_s=0.5, lets_go_after_s=1.0, pause_s=2.5), Attempt())),
    "pushes": Conduct((Attempt((-12.0, -8.0), ramp_s=0.6, lets_go_after_s=1.5, pause_s=1.0), Attempt())),
}
