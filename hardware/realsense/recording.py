"""A recording played back through librealsense as if it were the camera."""

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

    def open(self) -> CameraFacts:
        """Start to play. Raises BadFile."""
        rs, path = self._rs, self._path
        if path.suffix != SUFFIX or not path.is_file():
            raise BadFile(
                path, "there is no such recording" if path.suffix == SUFFIX else "no .db3", CONTENTS
            )
        pipeline, config = rs.pipeline(), rs.config()
        try:
            config.enable_device_from_file(str(path), repeat_playback=self._repeats)
            profile = pipeline.start(config)
        except RuntimeError as error:
            raise BadFile(path, f"it cannot be played ({error})", CONTENTS) from error
        self._pipeline = pipeline
        try:
            profile.get_device().as_playback().set_real_time(self._paced)
            streams = [
                profile.get_stream(kind).as_video_stream_profile()
                for kind in (rs.stream.depth, rs.stream.color)
            ]
            return facts_of(rs, profile.get_device(), *streams)
        except RuntimeError as error:
            self.close()
            raise BadFile(path, f"a stream is missing ({error})", CONTENTS) from error

    def wait(self, seconds: float) -> Any | None:
        return next_frames(self._pipeline, seconds)

    def reset(self) -> None:
        """A file needs none."""

    def close(self) -> None:
        pipeline, self._pipeline = self._pipeline, None
        if pipeline is not None:
            stop_within(pipeline, self._close_s)
