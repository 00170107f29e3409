"""What a loopback controller does wrong on request: every fault that users of the real one have met."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Drop:
    """No answer."""


@dataclass(frozen=True)
class Late:
    """The answer comes after so many seconds."""

    seconds: float


@dataclass(frozen=True)
class Refuse:
    """An error answer with this sub-code's name, such as ROBOT_IN_FAULT."""

    sub_code: str


@dataclass(frozen=True)
class Close:
    """The connection is closed instead of an answer."""


@dataclass(frozen=True)
class Split:
    """The answer's TCP header arrives in two segments."""


Fault = Drop | Late | Refuse | Close | Split
MotionFault = Literal["end without arrival", "abort", "fault", "silence"]


@dataclass
class Mischief:
    """Faults still to come; a test fills it, the controller takes from it."""

    answers: defaultdict[str, deque[Fault]] = field(default_factory=lambda: defaultdict(deque))
    """By method name, one entry per call."""
    motions: deque[MotionFault] = field(default_factory=deque)
    """One entry per action that is started."""
    lost_datagrams: int = 0
    """So many UDP requests go unanswered."""
    stray_notifications: int = 0
    """So many notifications with a handle nobody subscribed to precede the next real one."""
    late_ends: int = 0
    """So many ends and aborts of actions are told late: right after the next action's start."""
    nameless: bool = False
    """Actions have no identifiers in their events, as some firmware may have it."""
    other_master: bool = False
    """Another session moves the arm."""

    def next_answer(self, method: str) -> Fault | None:
        """The fault of this call, if any."""
        waiting = self.answers.get(method)
        return waiting.popleft() if waiting else None

    def next_motion(self) -> MotionFault | None:
        """The fault of this action, if any."""
        return self.motions.popleft() if self.motions else None
