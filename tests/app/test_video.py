"""The film of a run: readable files of the right size whose pictures follow the robot."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imageio.v2 as imageio
import numpy as np
import pytest

from app.errors import UsageError
from app.ticks import Node, NodeState, Result, Tick
from app.views import video
from behaviours.keys import Outcome
from hardware.sim.options import SimOptions
from perception.types import HandoverRequest


class Scene:
    """A world of one number, seen as a brightness."""

    def __init__(self) -> None:
        self.options = SimOptions()
        self.world = self
        self.moment = 0

    def snapshot(self) -> int:
        return self.moment

    def onlooker(self, width: int, height: int) -> Any:
        return Eye(width, height)

    wrist_view = onlooker


@dataclass
class Eye:
    width: int
    height: int

    def picture(self, moment: int) -> np.ndarray:
        return np.full((self.height, self.width, 3), 20 * moment, dtype=np.uint8)


@dataclass
class Assembly:
    world: Any


def film(path: Path, moments: int) -> None:
    """A run of one leaf that lasts `moments` quarters of a second."""
    scene = Scene()
    observer = video.create_video(path, Assembly(scene))  # type: ignore[arg-type]  # all a film needs
    observer.begin((Node(0, "Approach", "leaf", 0, None),), HandoverRequest("hammer"))
    for i in range(moments * 5):
        scene.moment = i // 5
        state = {0: NodeState("RUNNING", f"{i} done")}
        observer.tick(Tick(i, 0.05 * i, 0.0, 0.0, 0.0, "Approach", state, {}, ()))
    observer.end(Result(Outcome.HANDED_OVER))


@pytest.mark.parametrize("suffix", [".gif", ".mp4"])
def test_film_shows_every_moment_in_order(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / "films" / f"run{suffix}"
    film(path, 6)
    pictures = [np.asarray(picture)[..., :3] for picture in imageio.mimread(path, memtest=False)]
    assert pictures[0].shape == (video.SCENE_SIZE[1], video.SCENE_SIZE[0] + video.WRIST_SIZE[0], 3)
    brightness = [float(picture[150:350, 100:500].mean()) for picture in pictures]
    assert brightness == sorted(brightness)
    assert len({round(value) for value in brightness}) == 6


def test_other_files_and_real_robots_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.mp4 or \.gif"):
        video.create_video(tmp_path / "film.avi", Assembly(Scene()))  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="real"):
        video.create_video(tmp_path / "film.mp4", Assembly(None))  # type: ignore[arg-type]
