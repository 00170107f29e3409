"""What the safety layer says: go on, how fast, or stop; and why, as a code and in words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class StopCode(Enum):
    """Why the robot must stop; the verdict's reason has the numbers."""

    ARM_FAULT = "arm_fault"
    ARM_SILENT = "arm_silent"
    """The newest reading of the arm is too old."""
    CLOCK = "clock"
    """A reading comes from the future: a clock was set."""
    CONTACT = "contact"
    """A force nobody expects: the robot touched something or somebody."""
    PUSHED = "pushed"
    """Somebody leans on the object while it is offered, or pushes it at the robot."""
    FAST_HAND = "fast_hand"
    PERSON_NEAR = "person_near"
    RECEIVER_NEAR = "receiver_near"
    """The receiving arm, while nothing is handed over yet."""
    OUT_OF_SIGHT = "out_of_sight"
    """Near a person nobody has seen for too long."""
    CAMERA_SILENT = "camera_silent"
    """No picture comes while the robot moves toward a person."""
    OVERSPEED = "overspeed"


LATCHING = frozenset({StopCode.CONTACT, StopCode.PUSHED})
"""After these a person decides when the robot goes on, where `latch_contact` says so."""
LASTING = frozenset({StopCode.CONTACT, StopCode.PUSHED, StopCode.FAST_HAND, StopCode.CAMERA_SILENT})
"""These hold for `contact_hold_s`: they do not vanish with the next reading."""


@dataclass(frozen=True)
class SafetyVerdict:
    """Whether to stop, how fast the tool may go, and why; a stop has a code and a cap of 0."""

    stop: bool
    speed_cap_m_s: float
    reason: str
    code: StopCode | None = None


def stopping(code: StopCode, reason: str) -> SafetyVerdict:
    """A verdict that stops."""
    return SafetyVerdict(True, 0.0, reason, code)
