"""From a study's rows to its figures: means as in Fig. 4 of arXiv 2409.17621, tests, how the trials went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import binomtest

from app.study.log import Row
from app.study.statistics import Friedman, Pair, friedman, holm, pairs
from hardware.types import FloatArray


@dataclass(frozen=True)
class Question:
    """One question: mean, deviation (ddof 1) and number of all answers by condition; tests over those who
    answered for every condition, None where there are too few.
    """

    name: str
    words: str
    mean: Mapping[str, float]
    deviation: Mapping[str, float]
    answers: Mapping[str, int]
    friedman: Friedman | None
    friedman_p_holm: float | None
    pairs: tuple[Pair, ...]


@dataclass(frozen=True)
class Course:
    """How one condition's trials went; an interval is Wilson's for 95 %, medians are of successful runs."""

    trials: int
    succeeded: int
    interval: tuple[float, float]
    at_once: int
    outcomes: Mapping[str, int]
    duration_s: float | None
    worst_contact_n: float | None
    pull_n: float | None


def questions(
    rows: Sequence[Row], conditions: Sequence[str], words: Mapping[str, str], seed: int
) -> tuple[Question, ...]:
    """Every question's figures from the rows of rated trials."""
    rated = [row for row in rows if row["kind"] == "answers" and row.get("answers")]
    found = []
    for number, (name, text) in enumerate(words.items()):
        by_condition = {
            condition: [row["answers"][name] for row in rated if row["condition"] == condition]
            for condition in conditions
        }
        scores = complete_scores(rated, conditions, name)
        enough = len(scores) >= 2
        found.append(
            Question(
                name,
                text,
                {
                    key: float(np.mean(marks)) if marks else float("nan")
                    for key, marks in by_condition.items()
                },
                {
                    key: float(np.std(marks, ddof=1)) if len(marks) > 1 else float("nan")
                    for key, marks in by_condition.items()
                },
                {key: len(marks) for key, marks in by_condition.items()},
                friedman(scores, np.random.default_rng((seed, number)))
                if enough and len(conditions) > 2
                else None,
                None,
                pairs(scores, conditions) if enough else (),
            )
        )
    return _corrected(found)


def complete_scores(rated: Sequence[Row], conditions: Sequence[str], question: str) -> FloatArray:
    """(participants, conditions): each participant's mean answer over the objects rated for every condition;
    who has no such object is left out, so that no condition is judged on easier objects.
    """
    marks: dict[tuple[str, str], dict[str, float]] = {}
    for row in rated:
        marks.setdefault((row["participant"], row["object"]), {})[row["condition"]] = row["answers"][question]
    people: dict[str, list[list[float]]] = {}
    for (person, _), by_condition in sorted(marks.items()):
        if all(condition in by_condition for condition in conditions):
            people.setdefault(person, []).append([by_condition[condition] for condition in conditions])
    if not people:
        return np.empty((0, len(conditions)))
    return np.array([np.mean(values, axis=0) for values in people.values()])


def course(rows: Sequence[Row], condition: str) -> Course:
    """How the finished trials of one condition went."""
    ended = {
        (row["participant"], row["trial"])
        for row in rows
        if row["kind"] == "answers" and row["condition"] == condition
    }
    runs = [row for row in rows if row["kind"] == "run" and (row["participant"], row["trial"]) in ended]
    good = [row for row in runs if row["success"]]
    interval = binomtest(len(good), len(ended)).proportion_ci(method="wilson") if ended else (0.0, 1.0)
    return Course(
        trials=len(ended),
        succeeded=len(good),
        interval=(float(interval[0]), float(interval[1])),
        at_once=sum(row["attempt"] == 0 for row in good),
        outcomes=dict(Counter(str(row["outcome"]) for row in runs).most_common()),
        duration_s=_middle([row.get("duration_s") for row in good]),
        worst_contact_n=max(_known(row.get("contact_n") for row in runs), default=None),
        pull_n=_middle([row.get("pull_n") for row in good]),
    )


def _corrected(found: Sequence[Question]) -> tuple[Question, ...]:
    """Friedman's p of all questions corrected together."""
    from dataclasses import replace

    tested = [question for question in found if question.friedman is not None]
    raised = iter(holm([question.friedman.p for question in tested if question.friedman is not None]))
    return tuple(
        replace(question, friedman_p_holm=next(raised)) if question.friedman is not None else question
        for question in found
    )


def _known(values: Any) -> list[float]:
    return [float(value) for value in values if value is not None]


def _middle(values: Sequence[float | None]) -> float | None:
    known = _known(values)
    return float(np.median(known)) if known else None
