"""From a folder of results to its section of the report."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.bench.campaign import TRIALS, WORST
from app.bench.parquet import columns
from app.bench.report_kinds import KINDS
from app.bench.report_page import TYPES, Figure, Section
from app.bench.results_file import picture_name, read_results, trial_name
from app.bench.sheet import Sheet
from app.options import Config
from hardware.errors import BadFile

Row = Mapping[str, Any]
_CELL_CHARACTERS = 60


def section(folder: Path) -> Section:
    """Raises BadFile for a folder without results."""
    if (folder / TRIALS).is_file():
        return _campaign(folder)
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        content = _json(path)
        if isinstance(content, dict) and isinstance(content.get("rows"), list):
            return _measurement(folder, path.stem, content)
    raise BadFile(folder, "there are no results of a benchmark in it", "name a folder given with --out")


def _campaign(folder: Path) -> Section:
    about, rows = read_results(folder / TRIALS)
    kind = KINDS.get(str(about.get("benchmark")))
    if kind is None:
        known = ", ".join(KINDS)
        raise BadFile(folder, f"its benchmark is {about.get('benchmark')!r}", f"the report knows {known}")
    if not rows:
        raise BadFile(folder, "no trial of it is finished", "run its benchmark first")
    again = {
        name: shlex.join(["handover", "bench", "rerun", name, "--results", str(folder)])
        for name in map(trial_name, rows)
    }
    sheets = kind.sheets(rows, about)
    trials = Sheet(
        "every trial, and what plays it again",
        ("trial", "seed", "ended", "again"),
        tuple((trial_name(row), str(row["seed"]), _ended(row), again[trial_name(row)]) for row in rows),
    )
    words = ["handover", "bench", str(about["benchmark"]), *kind.seeds(rows), *_objects(rows)]
    words += [*kind.conditions(rows, about), *options(about.get("config", {})), "--out", str(folder)]
    return Section(
        f"{about['benchmark']}: {folder.name}",
        shlex.join(words),
        (
            ("trials", str(len(rows))),
            ("seeds", _span([row["seed"] for row in rows])),
            ("versions", _versions(rows)),
        ),
        sheets[: kind.shown],
        (*sheets[kind.shown :], trials),
        kind.plots(rows),
        _pictures(folder / WORST, rows, again),
    )


def options(config: Row) -> list[str]:
    """What of a configuration is not the default, as words of the command line."""
    usual, words = dict(columns(json.loads(json.dumps(asdict(Config()))))), list[str]()
    for name, value in columns(config):
        if value != usual.get(name):
            *path, last = name.replace("_", "-").split(".")
            if isinstance(value, bool):
                words.append("--" + ".".join([*path, last if value else f"no-{last}"]))
            else:
                values = value if isinstance(value, list) else [value]
                words += ["--" + ".".join([*path, last]), *map(str, values)]
    return words


def _measurement(folder: Path, name: str, content: Row) -> Section:
    """A benchmark that leaves one JSON file and its plots."""
    rows = [dict(columns(row)) for row in content["rows"]]
    shown = [
        key
        for key in dict.fromkeys(key for row in rows for key in row)
        if not all(isinstance(row.get(key), list) for row in rows)
    ]
    table = tuple(tuple(_cell(row.get(key)) for key in shown) for row in rows)
    facts = [(key, str(value)) for key, value in columns(content) if isinstance(value, str | int | float)]
    plots = [
        Figure(path.read_bytes(), path.suffix, path.name)
        for path in sorted(folder.iterdir())
        if path.suffix in TYPES
    ]
    title = name.replace("_", "-")
    seed = content.get("seed")
    words = ["handover", "bench", title, *(["--seed", str(seed)] if seed is not None else ())]
    words += ["--out", str(folder)]
    sheet = Sheet("all figures", tuple(shown), table)
    return Section(f"{title}: {folder.name}", shlex.join(words), facts, (), (sheet,), plots)


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadFile(path, f"it cannot be read ({error})", "run its benchmark again") from error


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)[:_CELL_CHARACTERS]


def _ended(row: Row) -> str:
    if row.get("failure"):
        return str(row["failure"])[:_CELL_CHARACTERS]
    if "success" in row:
        return ("success" if row["success"] else "no success") + f": {row['outcome']}"
    return ", ".join(f"{name} {_mark(figures)}" for name, figures in row["methods"].items())


def _mark(figures: Row) -> str:
    return "no grasp" if figures.get("share") is None else f"{figures['share']:.2f}"


def _span(seeds: Sequence[int]) -> str:
    found = sorted(set(seeds))
    whole = found == list(range(found[0], found[-1] + 1))
    return f"{found[0]} to {found[-1]}" + ("" if whole else f", {len(found)} of them")


def _versions(rows: Sequence[Row]) -> str:
    """Each package with its version; where trials had several, how many had which."""
    found: dict[str, Counter[str]] = {}
    for row in rows:
        for package, version in row.get("versions", {}).items():
            found.setdefault(package, Counter())[version] += 1
    return ", ".join(
        f"{package} {version}" + (f" ({number} trials)" if len(counts) > 1 else "")
        for package, counts in found.items()
        for version, number in counts.items()
    )


def _objects(rows: Sequence[Row]) -> list[str]:
    from hardware.sim.objects import categories

    found = list(dict.fromkeys(row["label"] for row in rows))
    return [] if set(found) == set(categories()) else ["--objects", *found]


def _pictures(folder: Path, rows: Sequence[Row], again: Mapping[str, str]) -> list[Figure]:
    found = []
    for row in rows:
        path = folder / picture_name(trial_name(row))
        if path.is_file():
            caption = f"{trial_name(row)}: {_ended(row)}"
            found.append(Figure(path.read_bytes(), path.suffix, caption, again[trial_name(row)]))
    return found
