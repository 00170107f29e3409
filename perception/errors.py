"""The expected failures of perception, each with its numbers."""

from __future__ import annotations

from collections.abc import Sequence

from hardware.errors import HandoverError


class PerceptionError(HandoverError):
    """Perception could not answer."""


class NotFound(PerceptionError):
    """The object is not in the picture."""

    def __init__(self, label: str, best_score: float, threshold: float, seen: Sequence[str] = ()) -> None:
        self.best_score = best_score
        found = f"; seen instead: {', '.join(seen)}" if seen else ""
        super().__init__(f"no {label!r} found: best score {best_score:.2f}, {threshold:.2f} is needed{found}")


class SegmentationFailed(PerceptionError):
    """No usable mask inside the object's box."""

    def __init__(self, label: str, pixels: int, needed: int) -> None:
        super().__init__(
            f"the mask of {label!r} has {pixels} pixels with depth, {needed} are needed; look from nearer"
        )


class VlmError(PerceptionError):
    """The vision-language model could not be asked or did not answer.

    bytes_sent: what left the machine in vain; None where unknown.
    """

    bytes_sent: int | None = None


class VlmParseError(PerceptionError):
    """The reply does not name two usable regions; `fault` is what the repair prompt tells the model."""

    def __init__(self, fault: str, reply: str = "") -> None:
        self.fault = fault
        quoted = " ".join(reply.split())
        shown = f" in the reply {quoted[:80]!r}" if quoted else ""
        super().__init__(f"{fault}{shown}")


class RegionsNotFound(PerceptionError):
    """A grounder could not tell two regions apart."""


class HumanLost(PerceptionError):
    """Nobody is tracked."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"no person tracked: {reason}")
