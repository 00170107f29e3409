"""Whether the machine's wall clock runs as time does: cameras and files are stamped with it."""

from __future__ import annotations

from collections.abc import Callable

from app.doctor.findings import Finding
from hardware.clock import SystemClock, epoch_s
from hardware.protocols import Clock

SYSTEM = SystemClock()
SET_S = 0.02
"""A wall clock that gains or loses this much within seconds was set meanwhile."""
SINCE_S = 1.7e9
"""November 2023, before this program was written: a machine that says less has lost its time."""


class ClockWatch:
    """Watches from its making to `finding`."""

    def __init__(self, clock: Clock = SYSTEM, wall_s: Callable[[], float] = epoch_s) -> None:
        self._clock, self._wall_s = clock, wall_s
        self._start_s, self._wall_start_s = clock.now(), wall_s()

    def finding(self, device: str) -> Finding:
        """What became of it."""
        wall_s, elapsed_s = self._wall_s(), self._clock.now() - self._start_s
        off_s = (wall_s - self._wall_start_s) - elapsed_s
        if wall_s < SINCE_S:
            detail = "the machine's date lies in the past; set its clock, or let it be synchronised"
            return Finding(device, "clock", "FAIL", detail)
        detail = f"the wall clock drifted {1e3 * off_s:+.1f} ms in {elapsed_s:.1f} s"
        if abs(off_s) > SET_S:
            remedy = "it is being set: wait until the machine is synchronised, then examine again"
            return Finding(device, "clock", "WARN", f"{detail}; {remedy}")
        return Finding(device, "clock", "OK", detail)
