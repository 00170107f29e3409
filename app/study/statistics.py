"""What ordinal answers say: Friedman and Wilcoxon tests with Holm's correction, effect sizes; pure functions.

Participants are the unit: objects are averaged first, so that one participant counts once. Tests of few
people are exact or by permutation, never by an approximation for many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata, wilcoxon

from hardware.types import FloatArray

PERMUTATIONS = 9999
_EXACT_UP_TO = 25


@dataclass(frozen=True)
class Friedman:
    """Do the conditions differ at all? W is Kendall's coefficient of concordance: 0 none, 1 all agree."""

    participants: int
    chi_square: float
    p: float
    kendall_w: float


@dataclass(frozen=True)
class Pair:
    """One condition against another; r is the matched-pairs rank-biserial correlation: 1 when everybody
    preferred the first, -1 the second. p_holm is p corrected for all pairs of one question.
    """

    first: str
    second: str
    participants: int
    mean_difference: float
    p: float
    p_holm: float
    r: float


def friedman(scores: FloatArray, rng: np.random.Generator) -> Friedman:
    """Friedman's test on scores (participants, conditions), at least 2 x 2; ties are corrected for.

    p is by permutation within each participant, since the chi-square table is for many participants.
    """
    people, conditions = scores.shape
    if people < 2 or conditions < 2:
        raise ValueError(
            f"at least 2 participants and 2 conditions are needed, got {people} and {conditions}"
        )
    ranks = np.apply_along_axis(rankdata, 1, scores)
    ties = 12.0 * np.var(ranks, axis=1).sum() / (people * (conditions**2 - 1))
    if ties <= 1e-12:  # everybody rates all alike
        return Friedman(people, 0.0, 1.0, 0.0)

    def spread(table: FloatArray) -> FloatArray:
        return np.square(table.sum(axis=-2) - people * (conditions + 1) / 2.0).sum(axis=-1)

    chi_square = 12.0 * spread(ranks) / (people * conditions * (conditions + 1)) / ties
    shuffled = rng.permuted(np.broadcast_to(ranks, (PERMUTATIONS, people, conditions)), axis=2)
    as_far = int(np.count_nonzero(spread(shuffled) >= spread(ranks) - 1e-9))
    p = (as_far + 1) / (PERMUTATIONS + 1)
    return Friedman(people, float(chi_square), p, float(chi_square / (people * (conditions - 1))))


def pairs(scores: FloatArray, names: Sequence[str]) -> tuple[Pair, ...]:
    """Wilcoxon's signed-rank test of every two conditions on scores (participants, conditions), two-sided."""
    couples = [(i, j) for i in range(len(names)) for j in range(i + 1, len(names))]
    raw = [_signed_ranks(scores[:, i] - scores[:, j]) for i, j in couples]
    corrected = holm([p for p, _ in raw])
    return tuple(
        Pair(
            names[i],
            names[j],
            len(scores),
            float(np.mean(scores[:, i] - scores[:, j])),
            p,
            p_holm,
            r,
        )
        for (i, j), (p, r), p_holm in zip(couples, raw, corrected, strict=True)
    )


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Holm's step-down correction of p values, in their order."""
    order = np.argsort(p_values, kind="stable")
    raised = np.asarray(p_values)[order] * (len(p_values) - np.arange(len(p_values)))
    corrected = np.empty(len(p_values))
    corrected[order] = np.minimum(np.maximum.accumulate(raised), 1.0)
    return tuple(float(p) for p in corrected)


def least_p(participants: int, comparisons: int) -> float:
    """The smallest corrected p that Wilcoxon's exact test can give: everybody prefers the same condition."""
    return min(1.0, 2.0 * 0.5**participants * comparisons)


def _signed_ranks(differences: FloatArray) -> tuple[float, float]:
    """(p, rank-biserial) of differences (N,); those of 0 are left out, as Wilcoxon did."""
    kept = differences[np.abs(differences) > 1e-9]
    if len(kept) == 0:
        return 1.0, 0.0
    ranks = rankdata(np.round(np.abs(kept), 9))
    r = float((ranks[kept > 0].sum() - ranks[kept < 0].sum()) / ranks.sum())
    if len(kept) > _EXACT_UP_TO:
        return float(wilcoxon(kept).pvalue), r
    return _exact_p(ranks, float(ranks[kept > 0].sum())), r


def _exact_p(ranks: FloatArray, positive: float) -> float:
    """Two-sided p of the sum of the positive ranks over all signs, with ties: by counting sums of halves."""
    halves = np.rint(2.0 * ranks).astype(int)
    counts = np.zeros(halves.sum() + 1)
    counts[0] = 1.0
    for step in halves:
        counts[step:] += counts[:-step].copy()
    least = min(round(2.0 * positive), int(halves.sum()) - round(2.0 * positive))
    return float(min(1.0, 2.0 * counts[: least + 1].sum() / counts.sum()))
