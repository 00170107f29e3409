"""Simulated time: sleeping is what makes the world go on."""

from __future__ import annotations

from hardware.protocols import Clock
from hardware.sim.world import World

CAUGHT_UP_S = 0.2
"""A slow tick; after a longer stall time has passed more slowly, instead of running after the machine's."""


class SimulatedClock:
    """Time is the world's time; `sleep` steps the physics by the nearest whole number of steps.

    With a `pacer` (a real clock) sleeping also takes the real time it stands for, measured from the first
    sleep, so that a slow tick is caught up.
    """

    def __init__(self, world: World, pacer: Clock | None = None) -> None:
        self._world = world
        self._pacer = pacer
        self._lead_s: float | None = None

    def now(self) -> float:
        return self._world.time_s

    def sleep(self, seconds: float) -> None:
        """Let `seconds` of simulated time pass."""
        self._world.step(max(0, round(seconds / self._world.timestep_s)))
        if self._pacer is not None:
            self._keep_pace(self._pacer)

    def _keep_pace(self, pacer: Clock) -> None:
        """Wait until real time has come as far as simulated time; after a stall start counting anew."""
        ahead_s = self._world.time_s - pacer.now()
        if self._lead_s is None or ahead_s < self._lead_s - CAUGHT_UP_S:
            self._lead_s = ahead_s
        pacer.sleep(ahead_s - self._lead_s)
