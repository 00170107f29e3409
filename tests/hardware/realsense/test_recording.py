"""A recording made by librealsense's recorder, played through its pipeline as if it were the camera."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import pyrealsense2 as rs
import pytest

from hardware.calibration.mounts import FixedMount
from hardware.clock import SystemClock
from hardware.errors import BadFile
from hardware.realsense.camera import RealSenseCamera
from hardware.realsense.errors import CameraHangs, NoPicture, StaleFrame
from hardware.realsense.recording import RecordingSource
from hardware.realsense.source import stop_within
from tests.hardware.realsense.software import (
    COLOUR_F,
    QUICK,
    SERIAL,
    pattern,
    plane,
    record,
    recorded_pair,
    until,
)

COUNT = 20


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """20 pairs of a plane that moves away from 0.5 m by 10 mm a frame."""
    path = tmp_path_factory.mktemp("recording") / "plane.db3"
    record(path, COUNT, lambda number: plane(0.5 + 0.01 * number))
    return path


def camera_on(source: RecordingSource) -> RealSenseCamera:
    return RealSenseCamera(rs, source, FixedMount(np.eye(4)), SystemClock(), QUICK)


def test_what_was_recorded_comes_back_exactly(recording: Path) -> None:
    source = RecordingSource(rs, recording, 5.0, paced=False)
    facts = source.open()
    assert (facts.serial, facts.colour.fx, facts.usb) == (SERIAL, COLOUR_F, "3.2")
    assert facts.baseline_m == pytest.approx(0.05)
    assert facts.depth_unit_m == pytest.approx(0.0001)
    numbers: set[int] = set()
    # The pipeline keeps the newest pair only: a busy machine misses some, and sees them in the next round.
    while len(numbers) < COUNT - 2:
        frames = recorded_pair(source)
        depth, colour = frames.get_depth_frame(), frames.get_color_frame()
        numbers.add(number := depth.get_frame_number())
        np.testing.assert_array_equal(np.asanyarray(depth.get_data()), plane(0.5 + 0.01 * number))
        picture = np.asanyarray(colour.get_data())  # not always of the same moment: the camera sees to that
        np.testing.assert_array_equal(picture, pattern(colour.get_frame_number()))
    source.close()
    assert numbers <= set(range(1, COUNT + 1))


def test_a_recording_takes_the_cameras_place(recording: Path) -> None:
    clock = SystemClock()
    with camera_on(RecordingSource(rs, recording, 5.0)) as camera:
        frame = camera.latest(5.0)
        assert SERIAL in frame.source
        assert abs(clock.now() - frame.stamp_s) < 5.0  # taken now, not when it was recorded
        distance_m = float(np.max(frame.depth_m))
        number = round((distance_m - 0.5) / 0.01)
        assert distance_m == pytest.approx(0.5 + 0.01 * number, abs=1e-4)
        np.testing.assert_array_equal(frame.rgb, pattern(number))
        # It is played again and again.
        until(lambda: camera.counts.taken > 2 * COUNT)


def test_after_the_end_of_a_recording_frames_grow_old(recording: Path) -> None:
    def stale() -> bool:
        try:
            camera.latest(0.2)
        except StaleFrame:
            return True
        return False

    # Played once, the recording lasts less than a second: a machine that stalls may miss all of it.
    for _ in range(5):
        with suppress(NoPicture), camera_on(RecordingSource(rs, recording, 5.0, repeats=False)) as camera:
            until(stale)
            assert camera.counts.taken <= COUNT
            return
    pytest.fail("no picture of the recording was seen in five rounds")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"no such recording; a recording is a \.db3 file"):
        RecordingSource(rs, tmp_path / "nothing.db3", 5.0).open()


def test_the_old_format_is_refused(tmp_path: Path) -> None:
    bag = tmp_path / "old.bag"
    bag.write_bytes(b"#ROSBAG V2.0\n")
    with pytest.raises(BadFile, match=r"it is no \.db3"):
        RecordingSource(rs, bag, 5.0).open()


def test_a_file_that_is_no_recording_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "words.db3"
    path.write_text("nothing of the kind", encoding="utf-8")
    with pytest.raises(BadFile, match="cannot be played"):
        RecordingSource(rs, path, 5.0).open()


def test_a_recording_without_colour_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "depth.db3"
    record(path, 5, lambda number: plane(0.5), with_colour=False)
    source = RecordingSource(rs, path, 5.0)
    with pytest.raises(BadFile, match="a stream is missing"):
        source.open()
    source.close()


def test_closing_twice_is_closing_once(recording: Path) -> None:
    source = RecordingSource(rs, recording, 5.0)
    source.open()
    source.close()
    source.close()


def test_a_stop_that_hangs_is_not_waited_for() -> None:
    from threading import Event

    class Hanging:
        released = Event()

        def stop(self) -> None:
            self.released.wait()

    pipeline = Hanging()
    with pytest.raises(CameraHangs, match=r"did not stop within 0\.02 s"):
        stop_within(pipeline, 0.02)
    pipeline.released.set()


def test_a_stop_that_fails_is_a_stop() -> None:
    stop_within(rs.pipeline(), 5.0)  # it was never started: the library raises
