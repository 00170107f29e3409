"""Films a simulated run: the scene, beside it the wrist camera's view and what the tree is doing.

- During the run only moments are kept (poses and a few words); nothing is drawn, so no tick gets slower.
- Afterwards two threads draw the moments with cameras of their own and the file is written in order.
- A run that fails or is interrupted has its video too.
"""

from __future__ import annotations

import logging
import queue
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from app.assembly import Assembly
from app.errors import UsageError
from app.ticks import Node, Observer, Result, Tick
from perception.types import HandoverRequest

SUFFIXES = (".mp4", ".gif")
MOMENTS_PER_S, SPEED = 4.0, 2.0
"""Moments kept per simulated second, and how much faster than that second the video plays."""
SCENE_SIZE, WRIST_SIZE = (560, 400), (320, 180)
THREADS = 2

PAPER, INK, QUIET = (24, 26, 30), (232, 232, 228), (150, 152, 156)
COLOURS = {"SUCCESS": (96, 190, 110), "FAILURE": (226, 96, 88), "RUNNING": (236, 186, 72)}
RECENT = 6

Picture = NDArray[np.uint8]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Line:
    """One leaf's last news: name, status, feedback."""

    name: str
    status: str
    feedback: str


@dataclass(frozen=True)
class Moment:
    """Where everything stood at one time, and what the tree was doing then."""

    t_s: float
    poses: Any
    lines: tuple[Line, ...]
    said: str


def check_video_path(path: Path) -> None:
    """Raises UsageError for a file this program cannot write a video to."""
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(
            f"--video {path}: the name must end in {' or '.join(SUFFIXES)}, it ends in {path.suffix!r}"
        )


def create_video(path: Path, assembly: Assembly) -> Observer:
    """The camera crew for one run. Raises UsageError for another file type or where nothing is simulated."""
    check_video_path(path)
    if assembly.world is None:
        raise UsageError("--video shows a simulation, and this robot is real; film it with a camera")
    return _Film(path, assembly.world)


class _Film:
    """Keeps moments while the run lasts; draws and writes them at its end."""

    def __init__(self, path: Path, world: Any) -> None:
        self._path, self._world = path, world
        self._nodes: tuple[Node, ...] = ()
        self._title = ""
        self._news: list[Line] = []
        self._said = ""
        self._moments: list[Moment] = []

    def begin(self, nodes: tuple[Node, ...], request: HandoverRequest) -> None:
        self._nodes, self._title = nodes, f"hand me the {request.label.replace('_', ' ')}"

    def tick(self, tick: Tick) -> None:
        for number, state in tick.nodes.items():
            node = self._nodes[number]
            if node.kind == "leaf" and state.status != "INVALID":
                line = Line(node.name, state.status, " ".join(state.feedback.split()))
                kept = [old for old in self._news if old.name != node.name]
                self._news = [*kept[-RECENT + 1 :], line]
        self._said = tick.said[-1] if tick.said else self._said
        if not self._moments or tick.t_s >= self._moments[-1].t_s + 1.0 / MOMENTS_PER_S - 1e-6:
            poses = self._world.world.snapshot()
            self._moments.append(Moment(tick.t_s, poses, tuple(self._news), self._said))

    def end(self, result: Result) -> None:
        if not self._moments:
            return
        ending = Line(result.outcome.value.replace("_", " "), "SUCCESS", result.reason)
        last = self._moments[-1]
        self._moments += [Moment(last.t_s, last.poses, (*last.lines[1:], ending), last.said)] * 4
        self._path.parent.mkdir(parents=True, exist_ok=True)
        logger.info("drawing %d pictures of the video", len(self._moments))
        self._write(self._pictures())

    def _pictures(self) -> Iterator[Picture]:
        # OpenGL belongs to the thread that started it.
        threads = THREADS if self._world.options.renderer == "ray" else 1
        crews: queue.SimpleQueue[tuple[Any, Any]] = queue.SimpleQueue()
        for _ in range(threads):
            crews.put((self._world.onlooker(*SCENE_SIZE), self._world.wrist_view(*WRIST_SIZE)))

        def draw(moment: Moment) -> Picture:
            scene, wrist = crew = crews.get()
            try:
                return _page(self._title, moment, scene.picture(moment.poses), wrist.picture(moment.poses))
            finally:
                crews.put(crew)

        if threads == 1:
            yield from map(draw, self._moments)
            return
        with ThreadPoolExecutor(threads) as pool:
            yield from pool.map(draw, self._moments)

    def _write(self, pictures: Iterator[Picture]) -> None:
        import imageio.v2 as imageio

        rate = MOMENTS_PER_S * SPEED
        if self._path.suffix.lower() == ".gif":
            imageio.mimwrite(self._path, list(pictures), duration=1000.0 / rate, loop=0)
            return
        writer: Any = imageio.get_writer(self._path, fps=rate, macro_block_size=8, quality=7)
        with writer:
            for picture in pictures:
                writer.append_data(picture)


def _page(title: str, moment: Moment, scene: Picture, wrist: Picture) -> Picture:
    """One picture of the video, rgb (H, W, 3)."""
    width, height = SCENE_SIZE[0] + WRIST_SIZE[0], SCENE_SIZE[1]
    page = Image.new("RGB", (width, height), PAPER)
    page.paste(Image.fromarray(scene), (0, 0))
    page.paste(Image.fromarray(wrist), (SCENE_SIZE[0], 0))
    draw = ImageDraw.Draw(page)
    draw.text(
        (SCENE_SIZE[0] + 8, 6), "wrist camera", fill=INK, font=_font(11), stroke_width=1, stroke_fill=PAPER
    )
    draw.text((12, 10), f"“{title}”   {moment.t_s:5.1f} s   {SPEED:g}x", fill=PAPER, font=_font(15))
    if moment.said:
        draw.text((12, height - 26), f"robot: {moment.said}", fill=PAPER, font=_font(14), stroke_width=2,
                  stroke_fill=(240, 240, 240))  # fmt: skip
    _write_lines(draw, moment.lines, (SCENE_SIZE[0] + 12, WRIST_SIZE[1] + 10), width - 8)
    return np.asarray(page)


def _write_lines(
    draw: ImageDraw.ImageDraw, lines: Sequence[Line], corner: tuple[int, int], right: int
) -> None:
    """The last news of the tree, newest at the bottom: a dot in the status' colour, name and feedback."""
    x, y = corner
    for line in lines:
        draw.ellipse((x, y + 4, x + 8, y + 12), fill=COLOURS.get(line.status, QUIET))
        draw.text((x + 16, y), line.name, fill=INK, font=_font(13))
        draw.text((x + 16, y + 16), _cut(draw, line.feedback, right - x - 16), fill=QUIET, font=_font(11))
        y += 35


def _cut(draw: ImageDraw.ImageDraw, text: str, width_px: int) -> str:
    font = _font(11)
    if draw.textlength(text, font=font) <= width_px:
        return text
    while text and draw.textlength(text + "...", font=font) > width_px:
        text = text[:-1]
    return text + "..."


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
