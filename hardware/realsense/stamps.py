"""When a frame was taken, on the program's clock."""

from __future__ import annotations

from collections.abc import Callable

from hardware.protocols import Clock
from hardware.realsense.errors import BadStamp

LEAST_AGE_S, MOST_AGE_S = -0.05, 1.0
"""librealsense fits the camera's clock to the machine's and may be some milliseconds ahead; a frame older
than this on arrival was waiting somewhere.
"""


class FrameStamps:
    """Puts frames on the program's clock; `epoch_s` is the wall clock that librealsense stamps them with."""

    def __init__(self, clock: Clock, epoch_s: Callable[[], float]) -> None:
        self._clock, self._epoch_s = clock, epoch_s

    def stamp_s(self, timestamp_ms: float | None) -> float:
        """The moment of a frame stamped in milliseconds since 1970, or of this one where that is None.

        None is for frames with a clock of their own: those of a recording. Raises BadStamp.
        """
        now_s = self._clock.now()
        if timestamp_ms is None:
            return now_s
        age_s = self._epoch_s() - timestamp_ms / 1000.0
        if not LEAST_AGE_S <= age_s <= MOST_AGE_S:
            raise BadStamp(age_s, LEAST_AGE_S, MOST_AGE_S)
        return now_s - max(age_s, 0.0)
