"""A recording played back through librealsense as if it were the camera.

At its end it is opened again: the library's own repeat (2.59) now and then stands still, or hangs in stop.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hardware.errors import BadFile
from hardware.realsense.facts import CameraFacts, facts_of
from hardware.realsense.source import next_frames, stop_within

SUFFIX = ".db3"
CONTENTS = "a recording is a .db3 file of librealsense with a depth and a colour stream"


class RecordingSource:
    """A FrameSource over a .db3 file; `paced`: as fast as it was recorded, else as fast as it is read."""

    live = False

    def __init__(
        self, rs: Any, path: Path, close_s: float, *, repeats: bool = True, paced: bool = True
    ) -> None:
        self._rs, self._path, self._close_s = rs, path, close_s
        self._repeats, self._paced = repeats, paced
        self._pipeline: Any = None
        self._playback: Any = None

    def open(self) -> CameraFacts:
        """Start to play. Raises BadFile."""
        rs, path = self._rs, self._path
        if path.suffix != SUFFIX:
            raise BadFile(path, f"it is no {SUFFIX} file", CONTENTS)
        if not path.is_file():
            raise BadFile(path, "there is no such recording", CONTENTS)
        pipeline, config = rs.pipeline(), rs.config()
        try:
            config.enable_device_from_file(str(path), repeat_playback=False)
            playback = config.resolve(rs.pipeline_wrapper(pipeline)).get_device().as_playback()
            playback.set_real_time(self._paced)
            profile = pipeline.start(config)
        except RuntimeError as error:
            raise BadFile(path, f"it cannot be played ({error})", CONTENTS) from error
        self._pipeline, self._playback = pipeline, profile.get_device().as_playback()
        try:
            streams = [
                profile.get_stream(kind).as_video_stream_profile()
                for kind in (rs.stream.depth, rs.stream.color)
            ]
            return facts_of(rs, profile.get_device(), *streams)
        except RuntimeError as error:
            self.close()
            raise BadFile(path, f"a stream is missing ({error})", CONTENTS) from error

    def wait(self, seconds: float) -> Any | None:
        frames = next_frames(self._pipeline, seconds)
        if frames is None and self._repeats and self._ended():
            self.close()
            self.open()
        return frames

    def _ended(self) -> bool:
        return bool(self._playback.current_status() == self._rs.playback_status.stopped)

    def reset(self) -> None:
        """A file needs none."""

    def close(self) -> None:
        pipeline, self._pipeline, self._playback = self._pipeline, None, None
        if pipeline is not None:
            stop_within(pipeline, self._close_s)
