"""Plots of results as SVG: shares with their intervals, and how times spread."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.bench.metrics import wilson_interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOUR, OTHER = "#1f6fb2", "#e08214"


@dataclass(frozen=True)
class Share:
    """How many of how many, beside a published share (0 to 1) where there is one."""

    name: str
    successes: int
    count: int
    published: float | None = None


def shares_plot(title: str, shares: Sequence[Share]) -> bytes:
    """A dot with its 95 % interval for each, the first on top; a diamond where a share was published."""
    figure, panel = _panel(title, len(shares))
    for place, share in enumerate(shares):
        low, high = wilson_interval(share.successes, share.count)
        panel.plot([100 * low, 100 * high], [place, place], color=COLOUR, lw=2)
        panel.plot(100 * share.successes / max(share.count, 1), place, "o", color=COLOUR)
        if share.published is not None:
            panel.plot(100 * share.published, place, "D", color=OTHER)
    names = [f"{share.name} ({share.count})" for share in shares]
    panel.set_yticks(range(len(shares)), names)
    panel.set(xlim=(0, 102), xlabel="per cent, 95 % interval by Wilson", ylim=(len(shares) - 0.5, -0.5))
    if any(share.published is not None for share in shares):
        panel.plot([], [], "D", color=OTHER, label="paper")
        panel.legend(frameon=False, fontsize=8)
    return _svg(figure)


def times_plot(title: str, times: Mapping[str, Sequence[float]]) -> bytes:
    """A box for each name: quartiles, whiskers to the extremes; s."""
    figure, panel = _panel(title, len(times))
    panel.boxplot(
        list(times.values()),
        orientation="horizontal",
        whis=(0, 100),
        medianprops={"color": OTHER},
        boxprops={"color": COLOUR},
        whiskerprops={"color": COLOUR},
        capprops={"color": COLOUR},
    )
    panel.set_yticks(range(1, len(times) + 1), list(times))
    panel.invert_yaxis()
    panel.set(xlabel="s: median, quartiles, extremes", xlim=(0, None))
    return _svg(figure)


def _panel(title: str, lines: int) -> tuple[Figure, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.2, 1.3 + 0.26 * lines), layout="constrained")
    FigureCanvasAgg(figure)
    panel = figure.subplots()
    panel.set_title(title, fontsize=10)
    panel.grid(alpha=0.3, axis="x")
    return figure, panel


def _svg(figure: Figure) -> bytes:
    """The same bytes for the same figures."""
    from matplotlib import rc_context

    drawn = io.BytesIO()
    with rc_context({"svg.hashsalt": "handover"}):
        figure.savefig(drawn, format="svg", metadata={"Date": None})
    return drawn.getvalue()
