"""The expected failures of planning, each with its numbers."""

from __future__ import annotations

from hardware.errors import HandoverError


class PlanningError(HandoverError):
    """No decision satisfies all conditions."""


class NoGrasp(PlanningError):
    """No grasp candidate is left."""


class NoHandoverPose(PlanningError):
    """The person's pose does not admit a handover point."""


class Unreachable(PlanningError):
    """No joint configuration or no motion reaches a goal."""

    def __init__(
        self, goal: str, reason: str, error_m: float | None = None, error_rad: float | None = None
    ) -> None:
        self.goal, self.reason = goal, reason
        self.error_m, self.error_rad = error_m, error_rad
        near = "" if error_m is None else f"; the nearest try was {1e3 * error_m:.0f} mm"
        near += "" if error_m is None or error_rad is None else f" and {error_rad:.2f} rad off"
        super().__init__(f"{goal} is not reachable: {reason}{near}")


class PersonInTheWay(PlanningError):
    """A motion about to be sent would come too near to the person, who is not where they were when it was
    planned.
    """

    def __init__(self, fault: str) -> None:
        super().__init__(f"not sent, the person as seen now is in its way: {fault}")
