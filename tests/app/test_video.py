"""The film of a run: readable files of the right size whose pictures follow the robot."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imageio.v2 as imageio
import numpy as np
import pytest
from rich.console import Console

from app.errors import UsageError
from app.ticks import Node, NodeState, Result, Tick
from app.views import video, video_page
from behaviours.keys import Outcome
from perception.types import HandoverRequest

WIDTH, HEIGHT = video_page.SCENE_SIZE[0] + video_page.WRIST_SIZE[0], video_page.SCENE_SIZE[1]


@dataclass
class Eye:
    """Sees a scene of one number as a brightness."""

    width: int
    height: int

    def picture(self, moment: int) -> np.ndarray:
        return np.full((self.height, self.width, 3), 20 * moment, dtype=np.uint8)


@dataclass
class Onlookers:
    def scene(self, width: int, height: int) -> Eye:
        return Eye(width, height)

    wrist = scene


class Artists:
    """Draw at once; raise at the picture `fails_at`."""

    def __init__(self, fails_at: int = -1) -> None:
        self.fails_at = fails_at
        self.moments: list[video_page.Moment] = []
        self.closed = 0

    def submit(self, moment: video_page.Moment) -> Future[np.ndarray]:
        drawn: Future[np.ndarray] = Future()
        if len(self.moments) == self.fails_at:
            drawn.set_exception(RuntimeError("no paint"))
        else:
            drawn.set_result(video_page.Artist(Onlookers()).draw(moment))
        self.moments.append(moment)
        return drawn

    def close(self) -> None:
        self.closed += 1


@dataclass
class Assembly:
    world: Any


def film(path: Path, artists: Artists, seconds: int, result: Result) -> None:
    """A run of one leaf, ticked at 20 Hz; a moment is kept three times a second."""
    numbers = iter(range(1000))
    observer = video.Film(path, lambda: next(numbers), artists)
    observer.begin((Node(0, "Approach", "leaf", 0, None),), HandoverRequest("hair_brush"))
    for i in range(20 * seconds):
        state = {0: NodeState("RUNNING", f"{i} done")}
        said = ("Here it is.",) if i == 10 else ()
        observer.tick(Tick(i, 0.05 * i, 0.0, 0.0, 0.0, "Approach", state, {}, said))
    observer.end(result)


@pytest.mark.parametrize("suffix", [".gif", ".mp4"])
def test_film_shows_every_moment_in_order(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"run{suffix}"
    film(path, Artists(), 2, Result(Outcome.HANDED_OVER))
    pictures = [np.asarray(picture)[..., :3] for picture in imageio.mimread(path, memtest=False)]
    assert pictures[0].shape == (HEIGHT, WIDTH, 3)
    brightness = [float(picture[150:350, 100:500].mean()) for picture in pictures]
    assert brightness == sorted(brightness)
    assert len({round(value) for value in brightness}) == 6


def test_the_encoder_starts_without_a_fork_and_deaf_to_ctrl_c(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[object, set[int]]] = []
    popen = subprocess.Popen

    def spy(*words: Any, **options: Any) -> Any:
        if "preexec_fn" in options:  # the encoder: nothing else here sets it, even to None
            started.append((options["preexec_fn"], signal.pthread_sigmask(signal.SIG_BLOCK, ())))
        return popen(*words, **options)

    monkeypatch.setattr("subprocess.Popen", spy)
    film(tmp_path / "run.mp4", Artists(), 1, Result(Outcome.HANDED_OVER))
    assert started
    assert all(fork is None and signal.SIGINT in deaf for fork, deaf in started)
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_the_last_picture_stays_a_second_and_tells_the_outcome(tmp_path: Path) -> None:
    artists = Artists()
    film(tmp_path / "run.mp4", artists, 1, Result(Outcome.NOT_TAKEN, "nobody came"))
    assert len(imageio.mimread(tmp_path / "run.mp4", memtest=False)) == 3 + video.LAST_PICTURES
    last = artists.moments[-1]
    assert last.lines[-1] == video_page.Line("not taken", "FAILURE", "nobody came")
    assert last.said == "Here it is."
    assert "hand me the hair brush" in last.title
    assert artists.closed == 1


def test_a_picture_that_cannot_be_drawn_ends_the_film_and_says_why(tmp_path: Path) -> None:
    artists = Artists(fails_at=2)
    with pytest.raises(RuntimeError, match="no paint"):
        film(tmp_path / "run.gif", artists, 2, Result(Outcome.HANDED_OVER))
    assert artists.closed == 1


def test_the_page_cuts_long_news_and_keeps_the_scene(tmp_path: Path) -> None:
    lines = tuple(video_page.Line(f"Leaf {i}", "RUNNING", "long " * 60) for i in range(video.RECENT))
    moment = video_page.Moment("title", 5, lines, "")
    drawn = video_page.Artist(Onlookers()).draw(moment)
    assert drawn.shape == (HEIGHT, WIDTH, 3)
    assert np.all(drawn[100:, : video_page.SCENE_SIZE[0]] == 100)
    assert np.all(drawn[video_page.WRIST_SIZE[1] :, -6:] == video_page.PAPER)


@pytest.fixture
def own_signals() -> Iterator[None]:
    """The handlers of this process, put back."""
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_artists_process_leaves_ctrl_c_to_the_run(
    own_signals: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    nicer: list[int] = []
    monkeypatch.setattr(os, "nice", nicer.append)
    monkeypatch.setattr(video_page, "_artist", None)
    video_page.open_studio(Onlookers())
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    assert nicer[0] > 0
    assert video_page.draw_here(video_page.Moment("", 3, (), "")).shape == (HEIGHT, WIDTH, 3)


def test_unusable_files_and_real_robots_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.mp4 or \.gif"):
        video.check_video_path(tmp_path / "film.avi")
    with pytest.raises(UsageError, match=r"there is no folder .*films; make it first"):
        video.check_video_path(tmp_path / "films" / "film.mp4")
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(UsageError, match="cannot be written"):
        video.check_video_path(tmp_path / "folder.mp4")
    real = Assembly(None)
    with pytest.raises(UsageError, match="real"):
        video.create_video(tmp_path / "film.mp4", real, Console())  # type: ignore[arg-type]  # all it needs


def test_processes_of_their_own_draw_the_same_picture() -> None:
    moment = video_page.Moment("title", 4, (), "")
    studio = video.Studio(Onlookers())
    try:
        drawn = studio.submit(moment).result(timeout=60.0)
    finally:
        studio.close()
    np.testing.assert_array_equal(drawn, video_page.Artist(Onlookers()).draw(moment))
