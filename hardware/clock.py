"""The real clock: the one place that reads and spends wall time."""

from __future__ import annotations

import time


class SystemClock:
    """Seconds of the machine's monotonic clock; never goes back."""

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait; nothing happens for zero or less."""
        if seconds > 0.0:
            time.sleep(seconds)


def epoch_s() -> float:
    """Seconds since 1970 on the machine's wall clock, which people and programs set: only for the stamps of
    devices that use it, never to measure how long something takes.
    """
    return time.time()
