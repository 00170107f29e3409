"""A simulated world whose time passes by itself, as the real one's does."""

from __future__ import annotations

from threading import Event, Thread
from types import TracebackType

from hardware.protocols import Clock

STEP_S = 0.004


class PacedWorld:
    """Lets a world's time pass in a thread while entered; `clock` must pace itself (`realtime`)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ended = Event()
        self._runner = Thread(target=self._run, name="world", daemon=True)

    def __enter__(self) -> PacedWorld:
        self._runner.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._runner.join()

    def _run(self) -> None:
        while not self._ended.is_set():
            self._clock.sleep(STEP_S)
