"""Counts and times of a run, tick by tick."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np

logger = logging.getLogger(__name__)

MOVES_RAD_S = 0.02
"""A joint faster than this counts as the first motion."""


class Tally:
    """How long ticks take, which leaf is to blame for slow ones, and when the arm first moved."""

    def __init__(self, slow_tick_s: float, *, warns: bool = True) -> None:
        self._slow_tick_s, self._warns = slow_tick_s, warns
        self._times_s: list[float] = []
        self._slow = 0
        self._blamed: set[str] = set()
        self._slowest = ("", 0.0)
        self._first_motion: tuple[float, float] | None = None

    @property
    def ticks(self) -> int:
        return len(self._times_s)

    def add(self, took_s: float, slowest_leaf: str) -> None:
        """Count one tick; a slow one is warned about once per leaf."""
        self._times_s.append(took_s)
        if took_s > self._slowest[1]:
            self._slowest = (slowest_leaf, took_s)
        if took_s > self._slow_tick_s:
            self._slow += 1
            if self._warns and slowest_leaf not in self._blamed:
                self._blamed.add(slowest_leaf)
                logger.warning("slow tick: %.1f ms, most of it in %s", 1e3 * took_s, slowest_leaf)

    def moved(self, speed_rad_s: float, t_s: float, wall_s: float) -> None:
        """Note the first time a joint moves."""
        if self._first_motion is None and speed_rad_s > MOVES_RAD_S:
            self._first_motion = (t_s, wall_s)

    def summary(self) -> dict[str, Any]:
        """The fields of `Result` this class knows."""
        p50_s, p99_s = np.percentile(self._times_s or [0.0], (50, 99))
        first_s, first_wall_s = self._first_motion or (None, None)
        return {
            "ticks": self.ticks,
            "slow_ticks": self._slow,
            "slowest_leaf": self._slowest[0],
            "slowest_tick_s": self._slowest[1],
            "tick_p50_s": float(p50_s),
            "tick_p99_s": float(p99_s),
            "first_motion_s": first_s,
            "first_motion_wall_s": first_wall_s,
        }
