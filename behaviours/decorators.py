"""A time limit on the robot's own clock.

Guarantees:
1. When time is up, a running child is cancelled once and the decorator FAILS with the number.
2. A child that ends in the tick its time runs out keeps its result.
3. The injected clock counts, not the one on the wall (`py_trees.decorators.Timeout` counts wall-clock time).
"""

from __future__ import annotations

from typing import Any

from py_trees.behaviour import Behaviour
from py_trees.common import Access, Status
from py_trees.decorators import Decorator

from behaviours import keys
from behaviours.keys import Failure, Outcome
from behaviours.services import Services
from hardware.protocols import Clock


class Deadline(Decorator):
    """Fails when its child still runs after `seconds`; `outcome` is recorded as the mission's failure."""

    def __init__(
        self, name: str, child: Behaviour, seconds: float, outcome: Outcome | None = Outcome.ERROR
    ) -> None:
        if seconds <= 0.0:
            raise ValueError(f"a deadline must lie ahead, got {seconds} s")
        super().__init__(name, child)
        self.seconds = seconds
        self._outcome = outcome
        self._clock: Clock
        self._end_s = 0.0
        self._client = self.attach_blackboard_client(name=name)
        self._client.register_key(keys.FAILURE, Access.WRITE)

    def setup(self, **kwargs: Any) -> None:
        services: Services = kwargs["services"]
        self._clock = services.robot.clock

    def initialise(self) -> None:
        self.feedback_message = ""
        self._end_s = self._clock.now() + self.seconds

    def update(self) -> Status:
        if self.decorated.status != Status.RUNNING or self._clock.now() < self._end_s:
            return self.decorated.status
        last = self.decorated.feedback_message
        self.feedback_message = f"{self.decorated.name} not done after {self.seconds:g} s" + (
            f" ({last})" if last else ""
        )
        if self._outcome is not None:
            self._client.set(keys.FAILURE, Failure(self._outcome, self.decorated.name, self.feedback_message))
        return Status.FAILURE  # `stop` then cancels the child, which still runs: once
