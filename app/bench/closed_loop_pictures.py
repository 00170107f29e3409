"""Pictures of closed-loop trials that went wrong: each is run again, and what it came to is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.bench.closed_loop import Episode, run_episode
from app.bench.engine import run_all
from app.bench.results_file import picture_name, trial_name
from app.options import Config
from app.ticks import Node, Result, Tick
from app.views.video_page import Artist, Line, Moment, Onlookers
from behaviours import keys
from perception.types import HandoverRequest

if TYPE_CHECKING:
    from app.assembly import Assembly

Row = Mapping[str, Any]
SHOWN = 4
"""Moments of a picture: the last changes of phase, and the end."""
_WIDTH_PX = 660


@dataclass(frozen=True)
class Drawing:
    """A trial to draw, and the file for it."""

    episode: Episode
    path: Path


def draw_worst(folder: Path, rows: Sequence[Row], config: Config, jobs: int) -> list[Path]:
    """A picture of each of these rows, where it is not there yet; a trial that cannot be drawn has none."""
    drawings = [
        Drawing(
            Episode(*(row[name] for name in Episode.__dataclass_fields__)),
            folder.absolute() / picture_name(trial_name(row)),
        )
        for row in rows
    ]
    if missing := [drawing for drawing in drawings if not drawing.path.exists()]:
        folder.mkdir(parents=True, exist_ok=True)
        for _ in run_all(partial(_draw, config=config), missing, "processes", jobs):
            pass
    return [drawing.path for drawing in drawings if drawing.path.exists()]


def _draw(drawing: Drawing, config: Config) -> dict[str, Any]:
    return run_episode(drawing.episode, config, film=partial(_strip, path=drawing.path))


def _strip(assembly: Assembly, path: Path) -> Strip:
    assert assembly.world is not None  # what a simulated robot has
    return Strip(path, assembly.world.world.snapshot, assembly.world.onlookers)


class Strip:
    """An onlooker that keeps the moments in which the phase changed, and draws the last of them."""

    def __init__(self, path: Path, snapshot: Callable[[], Any], onlookers: Onlookers) -> None:
        self._path, self._snapshot, self._onlookers = path, snapshot, onlookers
        self._moments: list[Moment] = []
        self._phase, self._now_s, self._said = "", 0.0, ""

    def begin(self, nodes: tuple[Node, ...], request: HandoverRequest) -> None: ...

    def tick(self, tick: Tick) -> None:
        self._now_s = tick.t_s
        self._said = tick.said[-1] if tick.said else self._said
        phase = tick.board.get(keys.PHASE)
        if phase is not None and phase.value != self._phase:
            if self._phase:
                self._keep(f"end of {self._phase}")
            self._phase = phase.value

    def end(self, result: Result) -> None:
        word = result.outcome.value.replace("_", " ")
        self._keep("the end", Line(word, "FAILURE", ": ".join(filter(None, (result.leaf, result.reason)))))
        _save(self._path, self._moments[-SHOWN:], Artist(self._onlookers))

    def _keep(self, what: str, *lines: Line) -> None:
        self._moments.append(Moment(f"{self._now_s:.1f} s: {what}", self._snapshot(), lines, self._said))


def _save(path: Path, moments: Sequence[Moment], artist: Artist) -> None:
    from PIL import Image

    pages = [Image.fromarray(artist.draw(moment)) for moment in moments]
    size = (_WIDTH_PX, round(_WIDTH_PX * pages[0].height / pages[0].width))
    sheet = Image.new("RGB", (2 * size[0], -(-len(pages) // 2) * size[1]))
    for number, drawn in enumerate(pages):
        sheet.paste(drawn.resize(size), (number % 2 * size[0], number // 2 * size[1]))
    sheet.quantize(256).save(path)  # a third of the bytes
