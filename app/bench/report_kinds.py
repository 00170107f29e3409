"""What the report shows of a benchmark of many trials: tables, plots, the words that make it again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from app.bench.ablation_methods import PAPER_SHARES
from app.bench.report_page import Figure
from app.bench.report_plots import Share, shares_plot, times_plot
from app.bench.sheet import Sheet

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Kind:
    """What a benchmark of many trials has of its own."""

    sheets: Callable[[Sequence[Row], Row], list[Sheet]]
    plots: Callable[[Sequence[Row]], list[Figure]]
    conditions: Callable[[Sequence[Row], Row], list[str]]
    """The words of the command line that make these trials, without seeds and objects."""
    seeds: Callable[[Sequence[Row]], list[str]]
    shown: int
    """So many of the first sheets are shown, the others folded away."""


def _distinct(rows: Sequence[Row], name: str) -> list[str]:
    return [f"{v:g}" if isinstance(v, float) else str(v) for v in dict.fromkeys(row[name] for row in rows)]


def _episode_conditions(rows: Sequence[Row], about: Row) -> list[str]:
    words = [w for name in ("script", "clutter", "noise") for w in (_OPTION[name], *_distinct(rows, name))]
    return [*words, "--realtime"] if about.get("realtime") else words


_OPTION = {"script": "--scripts", "clutter": "--clutter", "noise": "--noise"}


def _episode_seeds(rows: Sequence[Row]) -> list[str]:
    seeds = {row["seed"] for row in rows}
    return ["--first-seed", str(min(seeds)), "--seeds", str(max(seeds) - min(seeds) + 1)]


def _picture_seeds(rows: Sequence[Row]) -> list[str]:
    """Of trials that each have a seed of their own: see `ablation_trials`."""
    from hardware.sim.objects import INSTANCES, categories

    things = [(label, instance) for label in categories() for instance in INSTANCES]
    starts = [row["seed"] - things.index((row["label"], row["instance"])) for row in rows]
    count = (max(starts) - min(starts)) // len(things) + 1
    return ["--first-seed", str(min(starts)), "--trials", str(count)]


def _picture_conditions(rows: Sequence[Row], about: Row) -> list[str]:
    setup = about["setup"]
    words = ["--regions", setup["regions"]]
    words += ["--label-errors", f"{setup['label_errors']:g}"] if setup["label_errors"] else []
    words += ["--execute"] if setup["executes"] else []
    return [*words, "--methods", *about["methods"]] if "methods" in about else words


def _episode_sheets(rows: Sequence[Row], about: Row) -> list[Sheet]:
    from app.bench.closed_loop_report import sheets

    return sheets(rows)


def _choice_sheets(rows: Sequence[Row], about: Row) -> list[Sheet]:
    module = import_module(f"app.bench.{about['benchmark']}_report")
    found: list[Sheet] = module.sheets(rows, executed=about["setup"]["executes"])
    return found


def _episode_plots(rows: Sequence[Row]) -> list[Figure]:
    from app.bench.closed_loop_report import condition, takes

    willing = [row for row in rows if takes(row)]
    plots = []
    for title, key in (("by object", lambda row: row["label"]), ("by condition", condition)):
        names = list(dict.fromkeys(map(key, willing)))
        groups = {name: [row["success"] for row in willing if key(row) == name] for name in names}
        shares = [Share(name, sum(group), len(group)) for name, group in groups.items()]
        words = f"carried away by the part meant for people, {title}"
        plots.append(Figure(shares_plot(words, shares), ".svg", words))
    times: dict[str, list[float]] = {}
    for row in rows:
        for phase, took_s in row.get("phases_s", {}).items():
            times.setdefault(phase, []).append(took_s)
    if times:
        words = "simulated time by phase"
        plots.append(Figure(times_plot(words, times), ".svg", words))
    return plots


def _choice_plots(rows: Sequence[Row]) -> list[Figure]:
    shares = [
        Share(name, sum(row["methods"][name]["success"] for row in rows), len(rows), PAPER_SHARES.get(name))
        for name in rows[0]["methods"]
    ]
    words = "more than 80 % of the person's part ahead of the grasp, by method"
    return [Figure(shares_plot(words, shares), ".svg", words)]


KINDS: Mapping[str, Kind] = {
    "closed-loop": Kind(_episode_sheets, _episode_plots, _episode_conditions, _episode_seeds, shown=4),
    "ablation": Kind(_choice_sheets, _choice_plots, _picture_conditions, _picture_seeds, shown=4),
    "methods": Kind(_choice_sheets, _choice_plots, _picture_conditions, _picture_seeds, shown=4),
}
"""By the benchmark's word."""
