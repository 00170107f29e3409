"""One motion under way on the arm or its gripper: polled, cancelled, given up; its first end stays."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from hardware.types import MotionState, MotionStatus


class KortexMotion:
    """`progress()` is how far it is, `halt()` brings its device to rest; any thread may ask or end it."""

    def __init__(self, progress: Callable[[], MotionStatus], halt: Callable[[], None]) -> None:
        self._progress, self._halt = progress, halt
        self._lock = Lock()
        self._end: MotionStatus | None = None

    def poll(self) -> MotionStatus:
        if self._end is None:
            status = self._progress()
            if status.running:
                return self._end or status
            self._ended_first(status)
        assert self._end is not None  # by this poll or before it
        return self._end

    def cancel(self) -> None:
        if self.poll().running and self._ended_first(MotionStatus(MotionState.FAILED, "cancelled")):
            self._halt()

    def give_up(self, reason: str) -> None:
        """FAILED from now on, unless it has ended."""
        self._ended_first(MotionStatus(MotionState.FAILED, reason))

    def _ended_first(self, status: MotionStatus) -> bool:
        """Whether this is how it ended: it had not before."""
        with self._lock:
            first = self._end is None
            self._end = status if first else self._end
        return first
