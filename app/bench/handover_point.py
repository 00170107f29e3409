"""Where Eq. 5 puts the handover, against where people put it, and what of the bounds recorded people tell.

A rule is fitted on one half of the recordings and judged on the other, both ways round; no motion is judged
by a rule that has seen it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from app.bench.handover_motions import Heading, Passing
from hardware.types import FloatArray
from planning.ergonomics import BOUNDS, Bounds, Mode, handover_point

USUAL_SPACING_M = 1.0
"""Shoulder to giver, at which `spacing_gain` changes nothing."""
RESAMPLES = 2000
_LEAST_SHARE, _MOST_SHARE = 0.0, 0.95
"""Spacing keeps the wrist in front of the shoulder and within this share of the arm."""
_FIT_MIDDLES, _FIT_HALVES = (1.0, 0.60, 0.0), (0.3, 0.15, 0.4)
_FIT_STEPS, _NARROWINGS = 5, 4
"""Lowest share, forward share and gain: searched this far about the defaults, then half as far about the
best, and so on.
"""


@dataclass(frozen=True)
class Rule:
    """The mode and the bounds a point is predicted with; `spacing_gain` moves it forward with each metre the
    two stand farther apart.
    """

    name: str
    mode: Mode = "bounded"
    bounds: Bounds = BOUNDS
    spacing_gain: float = 0.0

    def point(self, passing: Passing, heading: Heading) -> FloatArray:
        """The predicted wrist (3,) in the recording's frame."""
        bounds = self.bounds if self.spacing_gain == 0.0 else self._spaced(passing)
        base = passing.shoulder + passing.ahead(heading)
        return handover_point(passing.shoulder, base, passing.arm, self.mode, bounds)

    def _spaced(self, passing: Passing) -> Bounds:
        length_m = passing.arm.length_m
        forward_m = self.bounds.forward_share * length_m
        forward_m += self.spacing_gain * (passing.spacing_m - USUAL_SPACING_M)
        share = float(np.clip(forward_m / length_m, _LEAST_SHARE, _MOST_SHARE))
        return Bounds(self.bounds.below_shoulder_m, self.bounds.lowest_share, share, 0.0)


PAPER, BOUNDED = Rule("paper", "paper"), Rule("bounded")


def halves(passings: Sequence[Passing], seed: int) -> tuple[tuple[Passing, ...], tuple[Passing, ...]]:
    """Two halves by recording; the same recordings and seed give the same halves."""
    order = np.random.default_rng(seed).permutation(len(passings))
    cut = len(passings) // 2
    return tuple(passings[i] for i in order[:cut]), tuple(passings[i] for i in order[cut:])


def errors(passings: Sequence[Passing], rule: Rule, heading: Heading) -> FloatArray:
    """Predicted minus actual (N, 3): forward, outward, up in m."""
    return np.array([p.in_axes(rule.point(p, heading) - p.point, heading) for p in passings])


def in_plane(axes: FloatArray) -> FloatArray:
    """The length (N,) of errors (N, 3) in the vertical plane of forward and up, the one Eq. 5 decides in."""
    return np.hypot(axes[:, 0], axes[:, 2])


def fitted(passings: Sequence[Passing], heading: Heading, spaced: bool) -> Rule:
    """The bounds of least mean error in the vertical plane on `passings`: the lowest height and the least
    distance forward, both as shares of the person's arm, and with `spaced` the gain by spacing.
    """
    name = "bounds and spacing fitted" if spaced else "bounds fitted"

    def rule(lowest: float, forward: float, gain: float) -> Rule:
        return Rule(name, "bounded", Bounds(BOUNDS.below_shoulder_m, lowest, forward, 0.0), gain)

    def cost(values: tuple[float, ...]) -> float:
        return float(np.mean(in_plane(errors(passings, rule(*values), heading))))

    # Eq. 5 is searched in whole degrees, about 5 mm: too stepped for gradients, so a grid that narrows.
    best, reach = _FIT_MIDDLES, np.array(_FIT_HALVES) * (1.0, 1.0, float(spaced))
    for _ in range(_NARROWINGS):
        sides = (np.unique(np.linspace(v - h, v + h, _FIT_STEPS)) for v, h in zip(best, reach, strict=True))
        best = min(product(*(side.tolist() for side in sides)), key=cost)
        reach = reach / 2.0
    return rule(*best)


@dataclass(frozen=True)
class Judgement:
    """How a rule did on motions: errors (N, 3) forward, outward, up; fitted_on: how many others made it."""

    rule: Rule
    axes: FloatArray
    names: tuple[str, ...]
    fitted_on: int = 0

    @property
    def plane(self) -> FloatArray:
        return in_plane(self.axes)


def judged(passings: Sequence[Passing], rule: Rule, heading: Heading, fitted_on: int = 0) -> Judgement:
    """`rule` on `passings`."""
    names = tuple(passing.name for passing in passings)
    return Judgement(rule, errors(passings, rule, heading), names, fitted_on)


def crossed(
    passings: Sequence[Passing], heading: Heading, seed: int, spaced: bool
) -> tuple[Judgement, Judgement]:
    """Fitted on the first half and judged on the second, and the other way round."""
    first, second = halves(passings, seed)
    return (
        judged(second, fitted(first, heading, spaced), heading, len(first)),
        judged(first, fitted(second, heading, spaced), heading, len(second)),
    )


def interval(values: FloatArray, percentile: float, seed: int) -> tuple[float, float]:
    """The 95 % bootstrap interval of a percentile of `values` (N,)."""
    rng = np.random.default_rng(seed)
    drawn = values[rng.integers(0, len(values), (RESAMPLES, len(values)))]
    low, high = np.percentile(np.percentile(drawn, percentile, axis=1), (2.5, 97.5))
    return float(low), float(high)
