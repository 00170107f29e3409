"""Ctrl-C and SIGTERM: the first one ends the run, any further one is the device's emergency stop.

Guarantees:
1. The first signal raises `Interrupted` in the thread that ticks, at once, unless the run is ending already.
2. A further signal calls the emergency stop in a thread of its own: it cannot wait for a lock that the
   interrupted code holds.
3. The handlers found at the start are put back at the end.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)

logger = logging.getLogger(__name__)


class Interrupted(BaseException):
    """A person (or the system) asked the program to end."""


class StopSignals:
    """While entered, turns signals into a stop; does nothing outside the main thread."""

    def __init__(self, emergency_stop: Callable[[], None]) -> None:
        self._emergency_stop = emergency_stop
        self._before: dict[signal.Signals, Any] = {}
        self._received = 0
        self._thread: threading.Thread | None = None
        self.ending = False
        """Set when the run begins to end: from then on no signal may break in."""

    @property
    def received(self) -> bool:
        return self._received > 0

    def __enter__(self) -> StopSignals:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._handle) for number in SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._thread is not None:
            self._thread.join(timeout=1.0)
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self._received += 1
        if self._received > 1:
            logger.warning("again %s: emergency stop", signal.Signals(number).name)
            self._thread = threading.Thread(target=self._emergency_stop, name="emergency stop", daemon=True)
            self._thread.start()
        elif not self.ending:
            raise Interrupted(f"stopped by {signal.Signals(number).name}")
