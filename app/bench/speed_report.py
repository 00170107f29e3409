"""Races as a table, a JSON file and cost curves."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.bench.speed import OURS, Row, growth
from app.options import Config

if TYPE_CHECKING:
    from rich.console import Console

RESULTS, PICTURE = "speed.json", "speed.png"
_COLOURS = ("#1f6fb2", "#e08214", "#5aae61")
_COLUMNS = 4


def print_rows(console: Console, rows: Sequence[Row]) -> None:
    """A table per stage: median and middle half in ms, how many times longer the others take."""
    from rich.table import Table

    for stage, own in by_stage(rows).items():
        ours = {row.size: row.median_s for row in own if row.method == OURS}
        table = Table(own[0].grows, "method", "median ms", "middle half", "times ours", "equal", title=stage)
        for row in own:
            other = row.method != OURS
            table.add_row(
                str(row.size),
                row.method,
                f"{1e3 * row.median_s:.3f}",
                f"{1e3 * row.quarter_s:.3f} to {1e3 * row.three_quarters_s:.3f}",
                f"{row.median_s / ours[row.size]:.1f}" if other else "",
                _equal(row) if other else "",
            )
        console.print(table)
        if (exponent := growth([row for row in own if row.method == OURS])) is not None:
            console.print(f"grows as {own[0].grows} to the power {exponent:.2f}", highlight=False)


def _equal(row: Row) -> str:
    return f"yes ({row.difference:.1g})" if row.equal else f"NO ({row.difference:.3g})"


def print_ticks(console: Console, ticks: Mapping[str, Any], config: Config) -> None:
    """The distribution of the ticks of the real-time run."""
    shares = ", ".join(f"{p} % below {1e3 * s:.2f} ms" for p, s in ticks["percentiles_s"].items())
    console.print(
        f"ticks            {ticks['ticks']} in a {ticks['outcome']} run at real speed, all busy: {shares}; "
        f"slowest {1e3 * ticks['max_s']:.1f} ms; {ticks['slow_share']:.1%} above "
        f"{1e3 * config.run.slow_tick_s:g} ms, {ticks['over_period_share']:.2%} above the period",
        highlight=False,
    )


def by_stage(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """The rows of each stage, in the order of their coming."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.stage, []).append(row)
    return found


def write(path: Path, rows: Sequence[Row], ticks: Mapping[str, Any] | None, about: Mapping[str, Any]) -> None:
    """Everything as JSON, with the machine and the versions."""
    from app.record.writer import versions

    machine = {"system": platform.platform(), "processor": platform.processor() or platform.machine()}
    content = {
        **about,
        "machine": machine,
        "versions": versions(),
        "rows": [asdict(row) for row in rows],
        "growth": {
            stage: growth([r for r in own if r.method == OURS]) for stage, own in by_stage(rows).items()
        },
        "ticks": ticks,
    }
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def draw(path: Path, rows: Sequence[Row], ticks: Mapping[str, Any] | None, config: Config) -> None:
    """A panel per stage that grows: median and middle half against size, both logarithmic; then the ticks."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator, NullFormatter

    growing = {stage: own for stage, own in by_stage(rows).items() if len({row.size for row in own}) > 1}
    count = len(growing) + (ticks is not None)
    lines = -(-count // _COLUMNS)
    figure = Figure(figsize=(3.9 * min(count, _COLUMNS), 3.3 * lines), layout="constrained")
    FigureCanvasAgg(figure)
    panels = list(figure.subplots(lines, min(count, _COLUMNS), squeeze=False).flat)
    for panel, (stage, own) in zip(panels, growing.items(), strict=False):
        for colour, method in zip(_COLOURS, dict.fromkeys(row.method for row in own), strict=False):
            line = [row for row in own if row.method == method]
            sizes = [row.size for row in line]
            panel.plot(sizes, [1e3 * row.median_s for row in line], "o-", ms=4, color=colour, label=method)
            low, high = ([1e3 * getattr(r, name) for r in line] for name in ("quarter_s", "three_quarters_s"))
            panel.fill_between(sizes, low, high, color=colour, alpha=0.2, lw=0)
        panel.set(xscale="log", yscale="log", xlabel=own[0].grows, title=stage)
        sizes = sorted({row.size for row in own})
        panel.set_xticks(sizes, [f"{size:,}".replace(",", " ") for size in sizes])
        panel.xaxis.set_minor_formatter(NullFormatter())
        panel.yaxis.set_major_locator(LogLocator(subs=_subdivisions(own)))
        panel.yaxis.set_major_formatter("{x:g}")
        panel.yaxis.set_minor_formatter(NullFormatter())
        panel.grid(alpha=0.3)
        panel.legend(fontsize=8, frameon=False)
    for panel in panels[count:]:
        panel.set_axis_off()
    for panel in panels[:: min(count, _COLUMNS)]:
        panel.set_ylabel("ms")
    if ticks is not None:
        _draw_ticks(panels[len(growing)], ticks, config)
    figure.savefig(path, dpi=100)


def _subdivisions(rows: Sequence[Row]) -> tuple[float, ...]:
    """Where to put a number on an axis of times, within each decade: more of them over few decades."""
    medians = [row.median_s for row in rows]
    return (1.0, 2.0, 5.0) if max(medians) < 100.0 * min(medians) else (1.0,)


def _draw_ticks(panel: Any, ticks: Mapping[str, Any], config: Config) -> None:
    """How many ticks took longer than so many milliseconds."""
    taken = sorted((1e3 * value for value in ticks["ticks_s"]), reverse=True)
    panel.step(taken, [(place + 1) / len(taken) for place in range(len(taken))], color=_COLOURS[0])
    panel.axvline(1e3 * config.run.slow_tick_s, color="0.5", ls="--", lw=1)
    panel.annotate("slow", (1e3 * config.run.slow_tick_s, 1.0), fontsize=8, ha="left", va="bottom")
    panel.set(
        xscale="log", yscale="log", xlabel="ms", ylabel="share", title="ticks longer than this, all busy"
    )
    panel.grid(alpha=0.3)
