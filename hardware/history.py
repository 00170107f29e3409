"""Where the arm was a moment ago: what turns a picture's stamp into the pose of the camera that took it."""

from __future__ import annotations

from collections import deque
from threading import Lock

import numpy as np

from hardware.errors import HardwareError
from hardware.types import ArmState, FloatArray

OUTSIDE_S = 0.05
"""So far beyond the first or last reading the nearest one still counts."""


class NoSuchMoment(HardwareError):
    """The arm's place at that moment is not known."""

    def __init__(self, stamp_s: float, first_s: float, last_s: float) -> None:
        super().__init__(
            f"where the arm was at {stamp_s:.3f} s is not known: readings go from {first_s:.3f} to "
            f"{last_s:.3f} s; do the camera's and the arm's stamps come from the same clock?"
        )


class JointHistory:
    """The joints of the last `span_s` seconds; readings come from one thread, questions from any."""

    def __init__(self, span_s: float = 3.0) -> None:
        self._span_s = span_s
        self._readings: deque[tuple[float, FloatArray]] = deque()
        self._lock = Lock()

    def add(self, arm: ArmState) -> None:
        """Take in a reading; one that is not newer than the last is ignored."""
        with self._lock:
            if self._readings and arm.stamp_s <= self._readings[-1][0]:
                return
            self._readings.append((arm.stamp_s, arm.joints))
            while arm.stamp_s - self._readings[0][0] > self._span_s:
                self._readings.popleft()

    def at(self, stamp_s: float) -> FloatArray:
        """The joints (7,) rad at that moment, linear between the readings around it. Raises NoSuchMoment."""
        with self._lock:
            readings = list(self._readings)
        if not readings:
            raise NoSuchMoment(stamp_s, np.nan, np.nan)
        stamps = [stamp for stamp, _ in readings]
        if not stamps[0] - OUTSIDE_S <= stamp_s <= stamps[-1] + OUTSIDE_S:
            raise NoSuchMoment(stamp_s, stamps[0], stamps[-1])
        after = int(np.clip(np.searchsorted(stamps, stamp_s), 1, max(len(readings) - 1, 1)))
        if len(readings) == 1:
            return readings[0][1]
        (t0, q0), (t1, q1) = readings[after - 1], readings[after]
        share = float(np.clip((stamp_s - t0) / (t1 - t0), 0.0, 1.0))
        return np.asarray(q0 + share * (q1 - q0))

    def travel_rad(self, since_s: float) -> float:
        """The most any joint went to and fro since that moment; infinite where no reading is that old."""
        with self._lock:
            readings = list(self._readings)
        recent = [joints for stamp, joints in readings if stamp >= since_s]
        if not recent or readings[0][0] > since_s:
            return float("inf")
        return float(np.max(np.ptp(recent, axis=0)))
