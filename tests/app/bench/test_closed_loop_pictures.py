"""Pictures of trials that went wrong: the last moments of each, drawn once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.bench.closed_loop_pictures import SHOWN, Strip, draw_worst
from app.bench.closed_loop_report import unsuccessful
from app.options import Config
from app.ticks import Result, Tick
from behaviours import keys
from behaviours.keys import Outcome
from planning.types import Phase
from tests.app.bench.test_closed_loop import EPISODE, row
from tests.app.test_video import Onlookers

PHASES = (Phase.LOOK, Phase.PICK, Phase.GRIP, Phase.TRANSPORT, Phase.HANDOVER, Phase.RETREAT)


def test_a_strip_shows_the_last_changes_of_phase_and_the_end(tmp_path: Path) -> None:
    numbers = iter(range(2, 100))
    strip = Strip(tmp_path / "strip.png", lambda: next(numbers), Onlookers())
    for i, phase in enumerate(phase for phase in PHASES for _ in range(3)):
        strip.tick(Tick(i, 0.02 * i, 0.0, 0.0, 0.0, "", {}, {keys.PHASE: phase}, ()))
    strip.end(Result(Outcome.DROPPED, "it fell"))
    picture = np.asarray(Image.open(tmp_path / "strip.png").convert("L")).astype(float)
    tall, wide = picture.shape[0] // 2, picture.shape[1] // 2
    shades = [
        np.median(picture[top + 60 : top + 200, left + 100 : left + 300])
        for top in (0, tall)
        for left in (0, wide)
    ]
    # The snapshots 2 to 6 are of five changes, 7 is of the end, each 20 brighter than the one before.
    assert np.allclose(shades, [20.0 * number for number in range(4, 4 + SHOWN)], atol=3.0)


def test_each_trial_is_drawn_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []

    def at_once(work: Any, drawings: list[Any], *_: Any, **__: Any) -> Iterator[dict[str, Any]]:
        for drawing in drawings:
            drawn.append(drawing.path.name)
            if drawing.episode.seed != 8:  # that one cannot be drawn
                drawing.path.touch()
            yield {}

    monkeypatch.setattr("app.bench.closed_loop_pictures.run_all", at_once)
    rows = [row(), {**row(), "seed": 8}]
    for _ in range(2):
        paths = draw_worst(tmp_path / "worst", rows, Config(), 1)
        assert [path.name for path in paths] == ["hammer-1-takes-0-1-7.png"]
    assert drawn == ["hammer-1-takes-0-1-7.png", "hammer-1-takes-0-1-8.png", "hammer-1-takes-0-1-8.png"]


def test_the_worst_come_first() -> None:
    rows = [
        row(),
        row(by_human_part=False),
        row(EPISODE, "not_taken", "on_table"),
        row(contact_n={"face": 30.0}, by_human_part=False),
        row(EPISODE, "dropped", "dropped", drops=1),
    ]
    assert unsuccessful(rows) == [rows[4], rows[3], rows[2], rows[1]]
