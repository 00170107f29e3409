"""The tables of the ablation beside the paper's figures, and pictures of its worst trials."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.bench.ablation import Setup, look
from app.bench.ablation_execute import HELD, UNREACHABLE
from app.bench.ablation_methods import METHODS, PAPER_SHARES
from app.bench.metrics import share_text
from app.bench.trials import Trial
from app.options import Config
from hardware.errors import HandoverError

if TYPE_CHECKING:
    from rich.console import Console

Row = Mapping[str, Any]
_WHY_CHARACTERS = 90


def count(rows: Sequence[Row], method: str, holds: Callable[[Row], bool]) -> int:
    """In how many trials a method's record fulfils a condition."""
    return sum(holds(row["methods"][method]) for row in rows)


def worst(rows: Sequence[Row], method: str, number: int) -> list[Row]:
    """The trials in which `method` did worst, no grasp at all first, then the least share ahead."""
    failed = [row for row in rows if not row["methods"][method]["success"]]
    return sorted(failed, key=lambda row: row["methods"][method].get("share") or -1.0)[:number]


def print_tables(console: Console, rows: Sequence[Row], executed: bool) -> None:
    """All methods together, then by category, then why there was no grasp."""
    from rich.table import Table

    title = "more than 80 % of the person's part ahead of the grasp, per cent (95 % interval)"
    table = Table("method", "", "trials", "succeeded", "paper", title=title)
    if executed:
        for name in ("held when tried", "held and succeeded", "unreachable"):
            table.add_column(name)
    for method, words in METHODS.items():
        done = count(rows, method, lambda record: bool(record["success"]))
        cells = [method, words, str(len(rows)), share_text(done, len(rows))]
        cells.append(f"{100 * PAPER_SHARES[method]:.1f}")
        table.add_row(*cells, *(_physical(rows, method) if executed else ()))
    console.print(table)
    by_category = Table("category", *METHODS, title="the same by category, per cent")
    for label in sorted({row["label"] for row in rows}):
        own = [row for row in rows if row["label"] == label]
        shares = (count(own, method, lambda record: bool(record["success"])) / len(own) for method in METHODS)
        by_category.add_row(f"{label} ({len(own)})", *(f"{100 * share:.0f}" for share in shares))
    console.print(by_category)
    _print_remarks(console, rows)


def _physical(rows: Sequence[Row], method: str) -> tuple[str, str, str]:
    tried = count(rows, method, lambda record: record.get("outcome") not in (None, UNREACHABLE, "no grasp"))
    held = count(rows, method, lambda record: record.get("outcome") == HELD)
    both = count(rows, method, lambda record: record.get("outcome") == HELD and bool(record["success"]))
    unreachable = count(rows, method, lambda record: record.get("outcome") == UNREACHABLE)
    return share_text(held, tried), share_text(both, len(rows)), str(unreachable)


def _print_remarks(console: Console, rows: Sequence[Row]) -> None:
    for what, values in (
        ("regions from", Counter(row.get("source", "none") for row in rows)),
        ("A3 drawn from", Counter(row["methods"]["A3"].get("region", "nothing") for row in rows)),
        ("labels swapped", Counter(row.get("swapped", False) for row in rows)),
    ):
        words = ", ".join(f"{value} {number}" for value, number in values.most_common())
        console.print(f"{what:15} {words}", highlight=False)
    reasons = Counter(
        str(record["failure"])[:_WHY_CHARACTERS]
        for row in rows
        for record in row["methods"].values()
        if record["failure"]
    )
    for reason, number in reasons.most_common(6):
        console.print(f"  no grasp {number} times: {reason}", highlight=False, soft_wrap=True)


def draw_worst(out: Path, rows: Sequence[Row], setup: Setup, config: Config, number: int) -> list[Path]:
    """Regions and grasp of the worst trials of A3, each looked at again; trials that broke have none."""
    from PIL import Image

    from app.record.pictures import grasps_picture, regions_picture

    paths = []
    for row in worst(rows, "A3", number):
        trial = Trial(row["label"], row["instance"], row["seed"])
        try:
            seen = look(trial, setup, config)
        except HandoverError:
            continue
        chosen, frame = seen.choices["A3"].grasp, seen.view.frame
        others = [choice.grasp for choice in seen.choices.values() if choice.grasp is not None]
        left = Image.fromarray(frame.rgb) if seen.regions is None else regions_picture(frame, seen.regions)
        right = grasps_picture(frame, others, [], chosen)
        sheet = Image.new("RGB", (left.width + right.width, max(left.height, right.height)))
        sheet.paste(left, (0, 0))
        sheet.paste(right, (left.width, 0))
        out.mkdir(parents=True, exist_ok=True)
        paths.append(out / f"{trial.label}-{trial.instance}-{trial.seed}.png")
        sheet.save(paths[-1])
    return paths
