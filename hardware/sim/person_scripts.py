"""What the simulated person does when something is held out: a list of attempts for every script.

The last attempt is the honest one, and it is repeated until the object comes free.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from hardware.sim.options import Script


class Stage(Enum):
    """What the person is doing; the values appear in logs."""

    WAITS = "waits"
    NOTICES = "notices"
    REACHES = "reaches"
    CLOSES = "closes"
    PULLS = "pulls"
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
