"""Races: each stage at growing sizes against what one would use instead, with equal answers checked.

A stage says how to prepare one size; the clock sees the answers only, after one call to warm up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hardware.clock import SystemClock

OURS = "handover"
FEWEST = 3


@dataclass(frozen=True)
class Race:
    """One stage at one size: ours, and others by name that answer the same question.

    difference compares our answer with another's; up to `tolerance` they count as equal.
    """

    ours: Callable[[], Any]
    others: Mapping[str, Callable[[], Any]] = field(default_factory=dict)
    difference: Callable[[Any, Any], float] = lambda ours, other: 0.0
    tolerance: float = 0.0


@dataclass(frozen=True)
class Stage:
    """What is raced: `grows` names what the sizes count; the others stop growing at `others_up_to`."""

    name: str
    grows: str
    sizes: tuple[int, ...]
    prepare: Callable[[int, np.random.Generator], Race]
    others_up_to: float = float("inf")


@dataclass(frozen=True)
class Row:
    """One method at one size: seconds over its repeats, and how far its answer is from ours."""

    stage: str
    grows: str
    size: int
    method: str
    repeats: int
    median_s: float
    quarter_s: float
    three_quarters_s: float
    p95_s: float
    max_s: float
    difference: float = 0.0
    equal: bool = True


def race(stages: Sequence[Stage], seed: int, repeats: int, budget_s: float) -> Iterator[Row]:
    """Every stage at every size, our method first; each method is repeated `repeats` times, or as often as
    fits into `budget_s`, but three times at least.
    """
    for stage in stages:
        for size in stage.sizes:
            prepared = stage.prepare(size, np.random.default_rng((seed, size)))
            others = prepared.others if size <= stage.others_up_to else {}
            expected = prepared.ours()
            yield _row(stage, size, OURS, seconds(prepared.ours, repeats, budget_s))
            for name, step in others.items():
                difference = float(prepared.difference(expected, step()))
                took_s = seconds(step, repeats, budget_s)
                equal = bool(difference <= prepared.tolerance)
                yield _row(stage, size, name, took_s, difference, equal)


def seconds(step: Callable[[], Any], repeats: int, budget_s: float) -> list[float]:
    """How long each of the repeated calls took; the caller has warmed up."""
    clock, taken = SystemClock(), list[float]()
    while len(taken) < repeats and (len(taken) < FEWEST or sum(taken) < budget_s):
        start_s = clock.now()
        step()
        taken.append(clock.now() - start_s)
    return taken


def growth(rows: Sequence[Row]) -> float | None:
    """The exponent b of time ~ size^b over one method's rows, from its larger half; None for too few."""
    large = sorted((row.size, row.median_s) for row in rows if row.size > 0 and row.median_s > 0.0)
    large = large[len(large) // 2 - (1 if len(large) < 4 else 0) :]
    if len(large) < 2 or large[0][0] == large[-1][0]:
        return None
    sizes, medians = np.log(np.array(large)).T
    return float(np.polyfit(sizes, medians, 1)[0])


def _row(
    stage: Stage, size: int, method: str, taken: list[float], difference: float = 0.0, equal: bool = True
) -> Row:
    quarter, median, three, p95 = (float(v) for v in np.percentile(taken, (25, 50, 75, 95)))
    return Row(
        stage.name,
        stage.grows,
        size,
        method,
        len(taken),
        median,
        quarter,
        three,
        p95,
        max(taken),
        difference,
        equal,
    )
