"""One time for several processes: one shows it, the others read it and wait by it.

For rehearsals: a simulated world's time stands still where the machine cannot keep up, and a driver that
lived by the machine's clock meanwhile would take fingers that wait for the next physics step for stalled.
"""

from __future__ import annotations

import mmap
import os
import tempfile
from contextlib import ExitStack
from types import TracebackType

from hardware.clock import SystemClock
from hardware.protocols import Clock

POLL_S = 0.001
STANDSTILL_S = 0.003
"""Whoever sleeps while time stands still is let go on after this long: readings are still asked for."""


class ShownTime:
    """The side that shows: eight bytes of shared memory behind a file descriptor; a context manager."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._descriptor: int | None = None
        self._time: memoryview[float] | None = None

    def __enter__(self) -> ShownTime:
        file = self._stack.enter_context(tempfile.TemporaryFile())
        file.truncate(mmap.PAGESIZE)
        memory = self._stack.enter_context(mmap.mmap(file.fileno(), mmap.PAGESIZE))
        self._time = self._stack.enter_context(memoryview(memory).cast("d"))
        self._descriptor = file.fileno()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._time = self._descriptor = None
        self._stack.close()

    def fileno(self) -> int:
        """To be inherited by the process that reads. Raises ValueError outside of the context."""
        if self._descriptor is None:
            raise ValueError("no time is shown: enter its context first")
        return self._descriptor

    def show(self, now_s: float) -> None:
        """Let everybody who reads know what time it is; nobody reads outside of the context."""
        if self._time is not None:
            self._time[0] = now_s


class ShownClock:
    """The side that reads: a Clock. Time stands still while nobody shows a later one.

    Once the process that started this one is gone, time passes as the machine's does: whoever is left must
    get to an end.
    """

    def __init__(self, descriptor: int, machine: Clock | None = None) -> None:
        self._memory = mmap.mmap(descriptor, mmap.PAGESIZE, access=mmap.ACCESS_READ)
        self._time = memoryview(self._memory).cast("d")
        self._parent, self._machine = os.getppid(), machine or SystemClock()
        self._alone_since_s: float | None = None

    def now(self) -> float:
        return self._time[0] + self._alone_s()

    def sleep(self, seconds: float) -> None:
        """Wait until so much time has passed, or until it has not moved for `STANDSTILL_S`."""
        seen_s = self.now()
        end_s, moved_s = seen_s + seconds, self._machine.now()
        while (now_s := self.now()) < end_s:
            if now_s > seen_s:
                seen_s, moved_s = now_s, self._machine.now()
            elif self._machine.now() - moved_s > STANDSTILL_S:
                return
            self._machine.sleep(POLL_S)

    def _alone_s(self) -> float:
        """How long the other process has been gone, from when it was noticed."""
        if os.getppid() == self._parent:
            return 0.0
        if self._alone_since_s is None:
            self._alone_since_s = self._machine.now()
        return self._machine.now() - self._alone_since_s
