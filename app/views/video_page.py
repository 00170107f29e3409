"""One picture of the film: the scene, beside it the wrist camera's view and what the tree is doing.

Drawn in processes of the film's own, hence light: nothing of the robot is imported here.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from app.record.lettering import font

SCENE_SIZE, WRIST_SIZE = (560, 400), (320, 180)
PAPER, INK, QUIET = (24, 26, 30), (232, 232, 228), (150, 152, 156)
COLOURS = {"SUCCESS": (96, 190, 110), "FAILURE": (226, 96, 88), "RUNNING": (236, 186, 72)}
BIG, MIDDLE, SMALL = 15, 13, 11

Picture = NDArray[np.uint8]


class Eye(Protocol):
    """A camera that draws a moment's poses: rgb (H, W, 3)."""

    def picture(self, moment: Any) -> Picture: ...


class Onlookers(Protocol):
    """Makes the film's two cameras; travels to another process."""

    def scene(self, width: int, height: int) -> Eye: ...
    def wrist(self, width: int, height: int) -> Eye: ...


@dataclass(frozen=True)
class Line:
    """One leaf's last news: name, status, feedback."""

    name: str
    status: str
    feedback: str


@dataclass(frozen=True)
class Moment:
    """Where everything stood at one time, and what the tree was doing then."""

    title: str
    poses: Any
    lines: tuple[Line, ...]
    said: str


class Artist:
    """Draws pages with cameras of its own."""

    def __init__(self, onlookers: Onlookers) -> None:
        self._scene, self._wrist = onlookers.scene(*SCENE_SIZE), onlookers.wrist(*WRIST_SIZE)

    def draw(self, moment: Moment) -> Picture:
        """The page of `moment`: rgb (H, W, 3)."""
        return page(moment, self._scene.picture(moment.poses), self._wrist.picture(moment.poses))


_artist: Artist | None = None
"""The artist of this process, where it is one of the film's."""


def open_studio(onlookers: Onlookers) -> None:
    """Make this process an artist's: it gives way to the run, and Ctrl-C is the run's to handle."""
    global _artist  # what a process pool's initialiser leaves to its tasks
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(5)
    _artist = Artist(onlookers)


def draw_here(moment: Moment) -> Picture:
    """The page of `moment`, by this process's artist."""
    assert _artist is not None
    return _artist.draw(moment)


def page(moment: Moment, scene: Picture, wrist: Picture) -> Picture:
    """One picture of the film, rgb (H, W, 3)."""
    left, height = SCENE_SIZE
    sheet = Image.new("RGB", (left + WRIST_SIZE[0], height), PAPER)
    sheet.paste(Image.fromarray(scene), (0, 0))
    sheet.paste(Image.fromarray(wrist), (left, 0))
    draw = ImageDraw.Draw(sheet)
    draw.text((12, 10), moment.title, PAPER, font(BIG))
    _plate(draw, (left + 6, 6), "wrist camera", SMALL)
    if moment.said:
        _plate(draw, (12, height - 32), f"robot: {moment.said}", MIDDLE)
    _write_lines(draw, moment.lines, (left + 12, WRIST_SIZE[1] + 10), left + WRIST_SIZE[0] - 8)
    return np.asarray(sheet)


def _plate(draw: ImageDraw.ImageDraw, corner: tuple[int, int], text: str, size: int) -> None:
    """Light letters on a dark plate, readable on any picture."""
    x, y = corner
    _, _, right, bottom = draw.textbbox((x + 7, y + 4), text, font=font(size))
    draw.rounded_rectangle((x, y, right + 7, bottom + 5), 5, PAPER)
    draw.text((x + 7, y + 4), text, INK, font(size))


def _write_lines(
    draw: ImageDraw.ImageDraw, lines: Sequence[Line], corner: tuple[int, int], right: int
) -> None:
    """The last news of the tree, newest at the bottom: a dot in the status' colour, name and feedback."""
    x, y = corner
    for line in lines:
        draw.ellipse((x, y + 4, x + 8, y + 12), fill=COLOURS.get(line.status, QUIET))
        draw.text((x + 16, y), line.name, INK, font(MIDDLE))
        draw.text((x + 16, y + 16), _cut(draw, line.feedback, right - x - 16), QUIET, font(SMALL))
        y += 35


def _cut(draw: ImageDraw.ImageDraw, text: str, width_px: int) -> str:
    if draw.textlength(text, font=font(SMALL)) <= width_px:
        return text
    while text and draw.textlength(text + "...", font=font(SMALL)) > width_px:
        text = text[:-1]
    return text + "..."
