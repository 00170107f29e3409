"""The One Euro filter (Casiez, Roussel, Vogel 2012) for rows of coordinates on real time stamps."""

from __future__ import annotations

import numpy as np

from hardware.types import FloatArray


class OneEuroFilter:
    """Smooths rows (K, D) that may be NaN; each row keeps its own clock, so gaps do no harm.

    min_cutoff and d_cutoff in Hz; beta in Hz per (unit/s): tune it for metres, not pixels. A row that was
    missing for longer than `forget_s` starts afresh.
    """

    def __init__(self, min_cutoff: float, beta: float, d_cutoff: float, forget_s: float) -> None:
        self._min_cutoff, self._beta, self._d_cutoff, self._forget_s = min_cutoff, beta, d_cutoff, forget_s
        self._value: FloatArray | None = None
        self._speed = np.zeros(0)
        self._stamp = np.zeros(0)

    def update(self, values: FloatArray, stamp_s: float) -> FloatArray:
        """The smoothed rows (K, D) at `stamp_s`; NaN rows stay NaN. Rows whose time has not advanced are
        unchanged.
        """
        if self._value is None:
            self._value = np.full(values.shape, np.nan)
            self._speed = np.zeros(values.shape)
            self._stamp = np.full(len(values), -np.inf)
        seen = np.all(np.isfinite(values), axis=1)
        fresh = seen & (np.isnan(self._value[:, 0]) | (stamp_s - self._stamp > self._forget_s))
        self._value[fresh], self._speed[fresh], self._stamp[fresh] = values[fresh], 0.0, stamp_s
        known = seen & (stamp_s > self._stamp)
        step = (stamp_s - self._stamp[known])[:, None]
        speed = (values[known] - self._value[known]) / step
        self._speed[known] += _share(self._d_cutoff, step) * (speed - self._speed[known])
        cutoff = self._min_cutoff + self._beta * np.abs(self._speed[known])
        self._value[known] += _share(cutoff, step) * (values[known] - self._value[known])
        self._stamp[known] = stamp_s
        return np.where(seen[:, None], self._value, np.nan)


def _share(cutoff_hz: FloatArray | float, step_s: FloatArray) -> FloatArray:
    """How far a first-order low pass moves toward a new value within `step_s`."""
    turn = 2.0 * np.pi * cutoff_hz * step_s
    return np.asarray(turn / (turn + 1.0))
