"""The tables of the ablation beside the paper's figures, and pictures of its worst trials."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from app.bench.ablation import Setup, look
from app.bench.ablation_execute import HELD, UNREACHABLE
from app.bench.ablation_methods import METHODS, PAPER_SHARES
from app.bench.metrics import share_text
from app.bench.replies import replies_of
from app.bench.results_file import picture_name, trial_name
from app.bench.sheet import Sheet
from app.bench.trials import Trial
from app.options import Config
from hardware.errors import HandoverError

Row = Mapping[str, Any]
_WHY_CHARACTERS = 90
_REASONS = 3


def count(rows: Sequence[Row], method: str, holds: Callable[[Row], bool]) -> int:
    """In how many trials a method's record fulfils a condition."""
    return sum(holds(row["methods"][method]) for row in rows)


def worst(rows: Sequence[Row], method: str, number: int) -> list[Row]:
    """The trials in which `method` did worst, no grasp at all first, then the least share ahead."""
    failed = [row for row in rows if not row["methods"][method]["success"]]
    return sorted(failed, key=lambda row: row["methods"][method].get("share") or -1.0)[:number]


def sheets(rows: Sequence[Row], *, executed: bool) -> list[Sheet]:
    """All methods together, then by category, then where regions came from and why there was no grasp."""
    return [_overall(rows, executed), _by_category(rows), _remarks(rows), _reasons(rows)]


def _succeeded(record: Row) -> bool:
    return bool(record["success"])


def _overall(rows: Sequence[Row], executed: bool) -> Sheet:
    columns = ["method", "", "trials", "success", "paper"]
    columns += ["held if tried", "held, and success", "out of reach"] if executed else []
    table = []
    for method, words in METHODS.items():
        share = share_text(count(rows, method, _succeeded), len(rows))
        cells = (method, words, str(len(rows)), share, f"{100 * PAPER_SHARES[method]:.1f}")
        table.append((*cells, *(_physical(rows, method) if executed else ())))
    title = "more than 80 % of the person's part ahead of the grasp, per cent (95 % interval)"
    return Sheet(title, tuple(columns), tuple(table))


def _by_category(rows: Sequence[Row]) -> Sheet:
    table = []
    for label in sorted({row["label"] for row in rows}):
        own = [row for row in rows if row["label"] == label]
        shares = (f"{100 * count(own, method, _succeeded) / len(own):.0f}" for method in METHODS)
        table.append((f"{label} ({len(own)})", *shares))
    return Sheet("the same by category, per cent", ("category", *METHODS), tuple(table))


def _physical(rows: Sequence[Row], method: str) -> tuple[str, str, str]:
    tried = count(rows, method, lambda record: record.get("outcome") not in (None, UNREACHABLE, "no grasp"))
    held = count(rows, method, lambda record: record.get("outcome") == HELD)
    both = count(rows, method, lambda record: record.get("outcome") == HELD and bool(record["success"]))
    unreachable = count(rows, method, lambda record: record.get("outcome") == UNREACHABLE)
    return share_text(held, tried), share_text(both, len(rows)), str(unreachable)


def _remarks(rows: Sequence[Row]) -> Sheet:
    found = (
        ("regions from", Counter(row.get("source", "none") for row in rows)),
        ("A3 drawn from", Counter(row["methods"]["A3"].get("region", "nothing") for row in rows)),
        ("labels swapped", Counter("yes" if row.get("swapped") else "no" for row in rows)),
    )
    table = [(what, str(value), str(n)) for what, values in found for value, n in values.most_common()]
    return Sheet("where regions and candidates came from", ("", "", "trials"), tuple(table))


def _reasons(rows: Sequence[Row]) -> Sheet:
    table = []
    for method in METHODS:
        records = [row["methods"][method] for row in rows]
        why = Counter(str(record["failure"])[:_WHY_CHARACTERS] for record in records if record["failure"])
        table += [(method, str(number), reason) for reason, number in why.most_common(_REASONS)]
    return Sheet("why there was no grasp", ("method", "trials", "why"), tuple(table))


def draw_worst(out: Path, rows: Sequence[Row], setup: Setup, config: Config, number: int) -> list[Path]:
    """Regions and grasp of the worst trials of A3, each looked at again; trials that broke have none."""
    from PIL import Image

    from app.record.pictures import grasps_picture, regions_picture

    paths = []
    for row in worst(rows, "A3", number):
        trial = Trial(row["label"], row["instance"], row["seed"])
        try:
            seen = look(trial, setup, config, replies_of(row))
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
        paths.append(out / picture_name(trial_name(row)))
        sheet.save(paths[-1])
    return paths
