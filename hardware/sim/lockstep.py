"""Simulated time that a driver process lives by too, and that waits for it where the machine is slow."""

from __future__ import annotations

import math
from collections.abc import Callable

from hardware.protocols import Clock
from hardware.shown_clock import ShownTime

CHUNK_S = 0.004
LEAD_S = 0.03
"""So far the world runs ahead of the newest reading the driver has made of it: three of its readings."""
PATIENCE_S = 5.0
"""A driver that makes no reading for this long is waited for no more, until it makes one again."""
POLL_S = 0.0005


class LockstepClock:
    """A world's clock, shown to the driver process, which steps the world only as fast as the driver sees it.

    On a machine that cannot keep up time passes more slowly, for the world, the program and the driver alike:
    nothing jumps.
    """

    def __init__(
        self, clock: Clock, shown: ShownTime, seen_s: Callable[[], float | None], machine: Clock
    ) -> None:
        """seen_s: the stamp of the driver's newest reading; None while there is no driver to wait for."""
        self._clock, self._shown, self._seen_s, self._machine = clock, shown, seen_s, machine
        self._given_up_s: float | None = None

    def now(self) -> float:
        return self._clock.now()

    def sleep(self, seconds: float) -> None:
        """Let `seconds` of simulated time pass, to the world's nearest step."""
        before_s, now_s = -math.inf, self.now()
        end_s = now_s + seconds
        while before_s < now_s < end_s:
            self._wait_for_the_driver()
            before_s = now_s
            self._clock.sleep(min(end_s - now_s, CHUNK_S))
            now_s = self.now()
            self._shown.show(now_s)

    def _wait_for_the_driver(self) -> None:
        until_s = self._machine.now() + PATIENCE_S
        while (seen_s := self._seen_s()) is not None and self.now() - seen_s > LEAD_S:
            if seen_s == self._given_up_s:
                return
            if self._machine.now() > until_s:
                self._given_up_s = seen_s
                return
            self._machine.sleep(POLL_S)
        self._given_up_s = None
