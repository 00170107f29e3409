"""A simulated world whose time passes by itself, as the real one's does, stamped on the machine's clock."""

from __future__ import annotations

from dataclasses import replace
from threading import Event, Thread
from types import TracebackType

from hardware.protocols import Camera, Clock
from hardware.types import RGBDFrame

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


class RestampedCamera:
    """A camera of a world, its frames stamped on another clock that runs at the same rate."""

    def __init__(self, camera: Camera, theirs: Clock, ours: Clock) -> None:
        self._camera, self._theirs, self._ours = camera, theirs, ours

    def latest(self, max_age_s: float) -> RGBDFrame:
        """The newest frame; raises StaleData when it is older than `max_age_s`."""
        frame = self._camera.latest(max_age_s)
        shift_s = self._ours.now() - self._theirs.now()
        return replace(frame, stamp_s=frame.stamp_s + shift_s)
