"""The table and the picture of predicted against actual handover points."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from app.bench.handover_motions import Heading, Passing
from app.bench.handover_point import Judgement, interval

if TYPE_CHECKING:
    from rich.console import Console

RESULTS, PICTURE = "handover_point.json", "handover_point.png"


def figures(judgement: Judgement, heading: Heading, seed: int) -> dict[str, Any]:
    """One row: errors in m, the medians by axis signed (predicted minus actual)."""
    plane, rule = judgement.plane, judgement.rule
    forward, outward, up = np.median(judgement.axes, axis=0)
    return {
        "rule": rule.name,
        "heading": heading,
        "motions": len(plane),
        "fitted_on": judgement.fitted_on,
        "lowest_share": rule.bounds.lowest_share if rule.mode == "bounded" else None,
        "forward_share": rule.bounds.forward_share if rule.mode == "bounded" else None,
        "spacing_gain": rule.spacing_gain,
        "forward_m": float(forward),
        "outward_m": float(outward),
        "up_m": float(up),
        "plane_median_m": float(np.median(plane)),
        "plane_median_95_m": interval(plane, 50.0, seed),
        "plane_p90_m": float(np.percentile(plane, 90.0)),
        "plane_p90_95_m": interval(plane, 90.0, seed),
        "space_median_m": float(np.median(np.linalg.norm(judgement.axes, axis=1))),
        "judged": list(judgement.names),
    }


def print_rows(console: Console, rows: Sequence[dict[str, Any]]) -> None:
    """All rows as a table in metres."""
    from rich.table import Table

    title = "predicted minus actual handover point, m; 95 % intervals by bootstrap"
    columns = ("forward is", "rule", "motions", "forward", "outward", "up", "in the plane", "p90", "in space")
    table = Table(*columns, "lowest, forward, gain", title=title)
    for row in rows:
        words = row["rule"] + (f", on {row['fitted_on']} others" if row["fitted_on"] else "")
        shares = [row[key] for key in ("lowest_share", "forward_share", "spacing_gain")]
        table.add_row(
            row["heading"],
            words,
            str(row["motions"]),
            *(f"{row[key]:+.3f}" for key in ("forward_m", "outward_m", "up_m")),
            *(_with_interval(row[key], row[f"{key[:-2]}_95_m"]) for key in ("plane_median_m", "plane_p90_m")),
            f"{row['space_median_m']:.3f}",
            "-" if shares[0] is None else ", ".join(f"{share:.2f}" for share in shares),
        )
    console.print(table)


def _with_interval(value: float, interval_m: Sequence[float]) -> str:
    return f"{value:.3f} ({interval_m[0]:.3f} to {interval_m[1]:.3f})"


def write_results(out: Path, rows: Sequence[dict[str, Any]], about: dict[str, Any]) -> None:
    """All rows with what they come from, as JSON; the folder is made."""
    out.mkdir(parents=True, exist_ok=True)
    text = json.dumps({**about, "rows": list(rows)}, indent=1)
    (out / RESULTS).write_text(text + "\n", encoding="utf-8")


def draw(
    path: Path,
    passings: Sequence[Passing],
    panels: Sequence[tuple[str, Sequence[Judgement]]],
    heading: Heading,
) -> None:
    """Actual points (dots) and predicted ones (crosses), joined, from the shoulder, one panel per rule."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    actual = {p.name: p.in_axes(p.point - p.shoulder, heading) for p in passings}
    figure = Figure(figsize=(4.0 * len(panels), 4.6), layout="constrained")
    FigureCanvasAgg(figure)
    for panel, (title, judgements) in zip(
        figure.subplots(1, len(panels), sharex=True, sharey=True, squeeze=False)[0], panels, strict=True
    ):
        plane = np.concatenate([judgement.plane for judgement in judgements])
        for judgement in judgements:
            for name, error in zip(judgement.names, judgement.axes, strict=True):
                true, predicted = actual[name], actual[name] + error
                panel.plot([true[0], predicted[0]], [true[2], predicted[2]], color="0.75", lw=0.8, zorder=1)
                panel.plot(true[0], true[2], "o", color="#e08214", ms=5, zorder=2)
                panel.plot(predicted[0], predicted[2], "x", color="#1f6fb2", ms=6, mew=1.6, zorder=3)
        panel.plot(0.0, 0.0, "k^", ms=8)
        panel.annotate("shoulder", (0.0, 0.0), (0.02, -0.03), fontsize=8)
        panel.set_title(f"{title}\nmedian {np.median(plane):.3f} m of {len(plane)}", fontsize=10)
        panel.set(xlabel="forward of the shoulder, m", aspect="equal")
        panel.grid(alpha=0.3)
    figure.axes[0].set_ylabel("above the shoulder, m")
    figure.suptitle("where people passed the object (dots) and where it was predicted (crosses)", fontsize=11)
    figure.savefig(path, dpi=110)
