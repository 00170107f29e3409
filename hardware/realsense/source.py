"""Where raw pairs of frames come from: a camera on USB, or a recording in its place."""

from __future__ import annotations

from contextlib import suppress
from threading import Thread
from typing import Any, Protocol

from hardware.realsense.errors import CameraHangs
from hardware.realsense.facts import CameraFacts


class FrameSource(Protocol):
    """A camera that can be opened again after a fault. Used by one thread at a time."""

    live: bool
    """Frames bear the time they were taken; those of a recording count as taken when they come."""

    def open(self) -> CameraFacts:
        """Start the streams. Raises HardwareError or BadFile, and has nothing open then."""
        ...

    def wait(self, seconds: float) -> Any | None:
        """The next `rs.composite_frame`, or None when none came in time. Raises RuntimeError."""
        ...

    def reset(self) -> None:
        """Have a closed device start anew, if it still answers; it goes away for some seconds."""
        ...

    def close(self) -> None:
        """Stop the streams; nothing happens when they are not open. Raises CameraHangs."""
        ...


def next_frames(pipeline: Any, seconds: float) -> Any | None:
    """`FrameSource.wait` on an `rs.pipeline` or an `rs.syncer`."""
    came, frames = pipeline.try_wait_for_frames(int(1000.0 * seconds))
    return frames if came else None


def stop_within(pipeline: Any, seconds: float) -> None:
    """Stop an `rs.pipeline`, whose stop may hang for ever: its thread is left behind then.

    Raises CameraHangs.
    """

    def stop() -> None:
        with suppress(RuntimeError):  # of a device that is gone
            pipeline.stop()

    thread = Thread(target=stop, name="camera stop", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise CameraHangs("stop", seconds)
