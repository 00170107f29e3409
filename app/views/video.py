"""Films a simulated run: the scene, beside it the wrist camera's view and what the tree is doing.

- During a tick only a moment is kept (poses and a few words); processes of their own draw it, giving way to
  the run, and a thread writes what they have drawn, in order.
- A run that fails or is interrupted has its film too.
"""

from __future__ import annotations

import os
import queue
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Protocol

from rich.console import Console

from app.assembly import Assembly
from app.errors import UsageError
from app.ticks import Node, Observer, Result, Tick
from app.views.video_page import Line, Moment, Onlookers, Picture, draw_here, open_studio
from behaviours.keys import Outcome
from perception.types import HandoverRequest

SUFFIXES = (".mp4", ".gif")
MOMENTS_PER_S, SPEED = 3.0, 3.0
"""Moments kept per simulated second, and how much faster than that second the film plays."""
LAST_PICTURES = 9
"""The last picture stays this long: a second."""
RECENT = 6
MOST_ARTISTS = 4
"""Processes that draw, where there are as many processors; each holds a copy of the scene (0.2 GB)."""


def check_video_path(path: Path) -> None:
    """Raises UsageError for a file this program cannot write a film to."""
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(
            f"--video {path}: the name must end in {' or '.join(SUFFIXES)}, it ends in {path.suffix!r}"
        )
    if not path.parent.is_dir():
        raise UsageError(f"--video {path}: there is no folder {path.parent}; make it first or name another")
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise UsageError(f"--video {path}: this file cannot be written; name another")


def create_video(path: Path, assembly: Assembly, console: Console | None = None) -> Observer:
    """The film crew for one run. Raises UsageError for an unusable file or where nothing is simulated."""
    check_video_path(path)
    if assembly.world is None:
        raise UsageError("--video shows a simulation, and this robot is real; film it with a camera")
    return Film(path, assembly.world.world.snapshot, Studio(assembly.world.onlookers), console)


class Artists(Protocol):
    """Whoever draws moments."""

    def submit(self, moment: Moment) -> Future[Picture]: ...
    def close(self) -> None: ...


class Studio:
    """Draws in as many processes as there are processors; the first moment starts them."""

    def __init__(self, onlookers: Onlookers) -> None:
        # Spawned, not forked: planners and pictures have threads of their own in this process.
        self._pool = ProcessPoolExecutor(
            max_workers=min(MOST_ARTISTS, os.cpu_count() or 1),
            mp_context=get_context("spawn"),
            initializer=open_studio,
            initargs=(onlookers,),
        )

    def submit(self, moment: Moment) -> Future[Picture]:
        """The moment's picture, once it is drawn."""
        return self._pool.submit(draw_here, moment)

    def close(self) -> None:
        """Leave; what is not drawn yet never will be."""
        self._pool.shutdown(wait=True, cancel_futures=True)


class Film:
    """Keeps moments while the run lasts; its writer puts their pictures into the file in order."""

    def __init__(
        self, path: Path, snapshot: Callable[[], Any], artists: Artists, console: Console | None = None
    ) -> None:
        self._path, self._snapshot, self._artists = path, snapshot, artists
        self._console = console or Console(quiet=True)
        self._nodes: tuple[Node, ...] = ()
        self._request = ""
        self._news: list[Line] = []
        self._said = ""
        self._last: Moment | None = None
        self._last_s = 0.0
        self._drawn: queue.SimpleQueue[Future[Picture] | None] = queue.SimpleQueue()
        self._kept = self._written = 0
        self._fault: Exception | None = None
        self._writer = threading.Thread(target=self._write, name="film", daemon=True)

    def begin(self, nodes: tuple[Node, ...], request: HandoverRequest) -> None:
        self._nodes, self._request = nodes, request.label.replace("_", " ")
        self._writer.start()

    def tick(self, tick: Tick) -> None:
        for number, state in tick.nodes.items():
            node = self._nodes[number]
            if node.kind == "leaf" and state.status != "INVALID":
                self._report(Line(node.name, state.status, " ".join(state.feedback.split())))
        self._said = tick.said[-1] if tick.said else self._said
        if self._last is None or tick.t_s >= self._last_s + 1.0 / MOMENTS_PER_S - 1e-6:
            self._last_s = tick.t_s
            self._keep(self._snapshot())

    def end(self, result: Result) -> None:
        """Wait until everything is drawn and written; raises what kept it from being written."""
        try:
            if self._last is not None:
                good = result.outcome is Outcome.HANDED_OVER
                word = result.outcome.value.replace("_", " ")
                self._report(Line(word, "SUCCESS" if good else "FAILURE", result.reason))
                self._keep(self._last.poses, times=LAST_PICTURES)
            self._drawn.put(None)
            with self._console.status("") as status:
                while self._writer.is_alive():
                    status.update(f"the film: {self._written} of {self._kept} pictures")
                    self._writer.join(timeout=0.2)
        finally:
            self._artists.close()
        if self._fault is not None:
            raise self._fault

    def _report(self, line: Line) -> None:
        kept = [old for old in self._news if old.name != line.name]
        self._news = [*kept[-RECENT + 1 :], line]

    def _keep(self, poses: Any, times: int = 1) -> None:
        title = f"“hand me the {self._request}”   {self._last_s:5.1f} s   {SPEED:g}x"
        self._last = Moment(title, poses, tuple(self._news), self._said)
        drawn = self._artists.submit(self._last)
        self._kept += times
        for _ in range(times):
            self._drawn.put(drawn)

    def _write(self) -> None:
        # By default a fork starts the encoder, to keep Ctrl-C from it. A fork ends the helpers of linear
        # algebra, and a run that multiplies just then waits for them for ever. This thread's mask keeps
        # Ctrl-C from the encoder as well.
        os.environ["IMAGEIO_FFMPEG_NO_PREVENT_SIGINT"] = "1"
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})

        import imageio.v2 as imageio

        rate = MOMENTS_PER_S * SPEED
        # loop=0 is for ever, duration is in milliseconds.
        kind: dict[str, Any] = {"duration": 1000.0 / rate, "loop": 0}
        if self._path.suffix.lower() == ".mp4":
            kind = {"fps": rate, "macro_block_size": 8, "quality": 7}
        try:
            writer: Any = imageio.get_writer(self._path, **kind)
            with writer:
                while (drawn := self._drawn.get()) is not None:
                    writer.append_data(drawn.result())
                    self._written += 1
        except Exception as error:
            self._fault = error
