"""What the trials of many methods say together: shares with intervals, by category, why there is no grasp."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.bench.ablation_execute import HELD, UNREACHABLE
from app.bench.metrics import share_text, wilson_interval
from app.bench.sheet import Sheet

Row = Mapping[str, Any]
_WHY_CHARACTERS = 100
_REASONS = 3
_BESIDE = 4
"""So many methods side by side, category by category, fit into a terminal."""


def sheets(rows: Sequence[Row], *, executed: bool) -> list[Sheet]:
    """All tables of `rows`, which name the same methods."""
    names = tuple(rows[0]["methods"]) if rows else ()
    beside = [names[i : i + _BESIDE] for i in range(0, len(names), _BESIDE)]
    by_category = [_by_category(rows, some) for some in beside]
    return [_overall(rows, names, executed), *by_category, _reasons(rows, names)]


def _count(rows: Sequence[Row], name: str, holds: Callable[[Row], bool]) -> int:
    return sum(holds(row["methods"][name]) for row in rows)


def _succeeded(record: Row) -> bool:
    return bool(record["success"])


def _held(record: Row) -> bool:
    return bool(record.get("outcome") == HELD)


def _overall(rows: Sequence[Row], names: Sequence[str], executed: bool) -> Sheet:
    columns: tuple[str, ...] = ("method", "trials", "no grasp", "succeeded", "of its grasps")
    if executed:
        columns += ("first unreachable", "held", "held, succeeded")
    table = []
    for name in names:
        none = _count(rows, name, lambda record: record["share"] is None)
        done = _count(rows, name, _succeeded)
        shares = share_text(done, len(rows)), share_text(done, len(rows) - none)
        table.append((name, str(len(rows)), str(none), *shares, *(_physical(rows, name) if executed else ())))
    title = "more than 80 % of the person's part ahead of the grasp, per cent (95 % interval by Wilson)"
    return Sheet(title, columns, tuple(table))


def _physical(rows: Sequence[Row], name: str) -> tuple[str, str, str]:
    """In how many trials no motion reached the first choice, so that the next was tried; and of the grasps
    carried out how many held, and held with the person's part ahead.
    """
    beyond = _count(rows, name, lambda record: record.get("tries", 0) > 1 or _unreachable(record))
    held = _count(rows, name, _held)
    both = _count(rows, name, lambda record: _held(record) and bool(record["reached_success"]))
    return str(beyond), share_text(held, len(rows)), share_text(both, len(rows))


def _unreachable(record: Row) -> bool:
    return bool(record.get("outcome") == UNREACHABLE)


def _by_category(rows: Sequence[Row], names: Sequence[str]) -> Sheet:
    table = []
    for label in sorted({row["label"] for row in rows}):
        own = [row for row in rows if row["label"] == label]
        shares = (_short(_count(own, name, _succeeded), len(own)) for name in names)
        table.append((f"{label} ({len(own)})", *shares))
    return Sheet("the same by category, per cent", ("category", *names), tuple(table))


def _short(successes: int, trials: int) -> str:
    """A share with its interval in whole per cent: many columns stand side by side."""
    low, high = (round(100 * end) for end in wilson_interval(successes, trials))
    return f"{100 * successes / trials:.0f} ({low}-{high})"


def _reasons(rows: Sequence[Row], names: Sequence[str]) -> Sheet:
    table = []
    for name in names:
        records = [row["methods"][name] for row in rows]
        why = Counter(_reason(str(record["failure"])) for record in records if record["failure"])
        table += [(name, str(number), reason) for reason, number in why.most_common(_REASONS)]
        notes = sum(bool(record.get("note")) for record in records)
        if notes:
            table.append((name, str(notes), "the model's answer was of no use, the shape rule decided"))
    return Sheet("why there was no grasp", ("method", "trials", "why"), tuple(table))


def _reason(failure: str) -> str:
    """A failure without the object's name, so that like ones are counted together."""
    return re.sub(r"'[^']*'", "the object", failure)[:_WHY_CHARACTERS]
