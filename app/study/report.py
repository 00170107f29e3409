"""A study's tables in the terminal and its plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.study.plan import HIGHEST, LOWEST
from app.study.results import Course, Question
from app.study.run_command import SIMULATED_WARNING
from app.study.statistics import least_p

if TYPE_CHECKING:
    from rich.console import Console

SMALL = 12
"""Fewer participants than this show large differences only (standardised about 1)."""


def print_study(
    console: Console,
    questions: Sequence[Question],
    courses: Mapping[str, Course],
    people: Sequence[str],
    simulated: bool,
) -> None:
    """Everything, with what so few participants cannot show."""
    from rich.table import Table

    if simulated:
        console.print(SIMULATED_WARNING, style="bold red")
    names = list(courses)
    means = Table(
        "question", *names, title=f"mean (standard deviation) of the answers, {LOWEST} to {HIGHEST}"
    )
    for question in questions:
        means.add_row(question.words, *(_mean_text(question, name) for name in names))
    console.print(means)
    _print_tests(console, questions)
    trials = Table(
        "condition",
        "trials",
        "succeeded",
        "at once",
        "duration",
        "contact",
        "pull",
        "runs ended",
        title="trials",
    )
    for name, how in courses.items():
        low, high = how.interval
        trials.add_row(
            name,
            str(how.trials),
            f"{how.succeeded} ({low:.0%} to {high:.0%})",
            str(how.at_once),
            _number(how.duration_s, "s"),
            _number(how.worst_contact_n, "N"),
            _number(how.pull_n, "N"),
            ", ".join(f"{word} {count}" for word, count in how.outcomes.items()),
        )
    console.print(trials)
    for line in remarks(questions, len(people), len(names)):
        console.print(line, highlight=False)


def remarks(questions: Sequence[Question], people: int, conditions: int) -> list[str]:
    """What holds for these figures, and what they cannot show."""
    tested = max((question.pairs[0].participants for question in questions if question.pairs), default=0)
    comparisons = conditions * (conditions - 1) // 2
    lines = [
        f"{people} participants, {tested} of them with answers for every condition; tests take each one's "
        "mean over the objects rated for every condition.",
        "Only successful handovers are rated: a condition that fails where others succeed is not punished in "
        "the answers; see the trials.",
    ]
    if tested < 2:
        return [*lines, "No test: at least 2 participants with answers for every condition are needed."]
    least = least_p(tested, comparisons)
    if least > 0.05:
        lines.append(
            f"No pair can differ significantly here: were all {tested} of one mind, the corrected p of the "
            f"exact test would be {least:.3f}."
        )
    elif tested < SMALL:
        lines.append(f"{tested} participants show large differences only; no difference found is no proof.")
    return lines


def _print_tests(console: Console, questions: Sequence[Question]) -> None:
    from rich.table import Table

    table = Table("question", "test", "p", "p (Holm)", "effect", title="do the answers differ?")
    for question in questions:
        if question.friedman is not None and question.friedman_p_holm is not None:
            test = question.friedman
            words = f"Friedman, chi2 {test.chi_square:.2f}, n {test.participants}"
            p_values = (f"{test.p:.4f}", f"{question.friedman_p_holm:.4f}")
            table.add_row(question.name, words, *p_values, f"W {test.kendall_w:.2f}")
        for pair in question.pairs:
            words = f"{pair.first} - {pair.second}: {pair.mean_difference:+.2f}"
            table.add_row(question.name, words, f"{pair.p:.4f}", f"{pair.p_holm:.4f}", f"r {pair.r:+.2f}")
    if table.row_count:
        console.print(table)


def draw(
    path: Path, questions: Sequence[Question], names: Sequence[str], people: int, simulated: bool
) -> None:
    """Bars of the means with standard deviations, one group per question."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(2.2 + 2.0 * len(questions), 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    axes, width = figure.subplots(), 0.8 / len(names)
    places = np.arange(len(questions))
    for number, name in enumerate(names):
        means = [question.mean[name] for question in questions]
        spreads = [question.deviation[name] for question in questions]
        at = places + (number - (len(names) - 1) / 2.0) * width
        axes.bar(at, np.subtract(means, LOWEST), 0.92 * width, LOWEST, label=name.replace("_", " "))
        axes.errorbar(at, means, spreads, fmt="none", ecolor="0.2", elinewidth=1.2, capsize=3)
    axes.set_xticks(places, [question.name.replace("_", " ") for question in questions])
    axes.set(
        ylim=(LOWEST, HIGHEST + 0.9), yticks=range(LOWEST, HIGHEST + 1), ylabel="mean answer and deviation"
    )
    axes.legend(ncols=len(names), loc="upper center", frameon=False)
    axes.grid(axis="y", alpha=0.3)
    who = f"{people} SIMULATED participants, a rehearsal" if simulated else f"{people} participants"
    axes.set_title(who, color="#b00020" if simulated else "black")
    if simulated:
        axes.text(0.5, 0.45, "SIMULATED", transform=axes.transAxes, fontsize=46, color="#b00020", alpha=0.18,
                  ha="center", va="center", rotation=20)  # fmt: skip
    figure.savefig(path, dpi=110)


def _mean_text(question: Question, name: str) -> str:
    if not question.answers[name]:
        return "-"
    deviation = f"{question.deviation[name]:.2f}" if question.answers[name] > 1 else "-"
    return f"{question.mean[name]:.2f} ({deviation}), n {question.answers[name]}"


def _number(value: float | None, unit: str) -> str:
    return "-" if value is None else f"{value:.1f} {unit}"
