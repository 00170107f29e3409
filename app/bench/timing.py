"""How long single steps take, on this machine, each repeated; figures to look at, not to test against."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from hardware.clock import SystemClock


@dataclass(frozen=True)
class Timing:
    """Seconds of one step over its repetitions; target_s None = no target is set."""

    name: str
    median_s: float
    p95_s: float
    max_s: float
    target_s: float | None


def measure(name: str, step: Callable[[], Any], repeats: int, target_s: float | None = None) -> Timing:
    """One call to warm up, then `repeats` timed ones."""
    clock, seconds = SystemClock(), []
    step()
    for _ in range(repeats):
        start_s = clock.now()
        step()
        seconds.append(clock.now() - start_s)
    median_s, p95_s = np.percentile(seconds, (50, 95))
    return Timing(name, float(median_s), float(p95_s), max(seconds), target_s)
