"""A D435i made of librealsense's own software device: its syncer, filters and align are the genuine ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event
from typing import Any

import numpy as np
import pyrealsense2 as rs
from numpy.typing import NDArray

from hardware.calibration.mounts import FixedMount, Mount
from hardware.clock import SystemClock
from hardware.realsense.camera import RealSenseCamera
from hardware.realsense.facts import CameraFacts, facts_of
from hardware.realsense.options import RealSenseOptions
from hardware.realsense.source import FrameSource, next_frames
from tests.fakes import FakeClock

WIDTH, HEIGHT, RATE_HZ = 96, 64, 30
PERIOD_MS = 1000.0 / RATE_HZ
DEPTH_F, COLOUR_F = 48.0, 68.0
DEPTH_CENTRE, COLOUR_CENTRE = (48.0, 32.0), (47.5, 31.5)
COLOUR_FROM_DEPTH_M = (-0.015, 0.0, 0.0)
UNIT_M = 0.0001
SERIAL = "048122070001"
EPOCH_S = 1.9e9
"""What the wall clock shows when the fake clock shows 0."""
QUICK = RealSenseOptions(
    warm_up_frames=2, spatial=False, near_margin_m=0.0, frame_s=0.05, start_s=10.0, reset_s=0.0, close_s=5.0
)


@dataclass(frozen=True)
class Shot:
    """One pair of raw frames; depth (H, W) in counts, rgb (H, W, 3), their numbers and time."""

    depth: NDArray[np.uint16]
    rgb: NDArray[np.uint8]
    timestamp_ms: float
    depth_number: int
    colour_number: int
    domain: Any = rs.timestamp_domain.global_time


@dataclass
class SoftwareCamera:
    """The device, its two sensors and their profiles."""

    size: tuple[int, int] = (WIDTH, HEIGHT)
    colour_format: Any = rs.format.rgb8
    device: Any = field(init=False)
    shots: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.device = rs.software_device()
        for key, text in (
            (rs.camera_info.name, "Software D435I"),
            (rs.camera_info.serial_number, SERIAL),
            (rs.camera_info.usb_type_descriptor, "3.2"),
            (rs.camera_info.firmware_version, "5.16.0.1"),
        ):
            self.device.register_info(key, text)
        self.depth = self.device.add_sensor("Stereo Module")
        self.colour = self.device.add_sensor("RGB Camera")
        self.depth.add_read_only_option(rs.option.depth_units, UNIT_M)
        self.depth.add_read_only_option(rs.option.stereo_baseline, 50.0)
        scale = self.size[0] / WIDTH
        self.depth_profile = self.depth.add_video_stream(
            self._stream(rs.stream.depth, 1, 2, rs.format.z16, scale * DEPTH_F, scale, DEPTH_CENTRE)
        )
        self.colour_profile = self.colour.add_video_stream(
            self._stream(rs.stream.color, 2, 3, self.colour_format, scale * COLOUR_F, scale, COLOUR_CENTRE)
        )
        there, back = rs.extrinsics(), rs.extrinsics()
        there.rotation = back.rotation = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
        there.translation = list(COLOUR_FROM_DEPTH_M)
        back.translation = [-value for value in COLOUR_FROM_DEPTH_M]
        self.depth_profile.register_extrinsics_to(self.colour_profile, there)
        self.colour_profile.register_extrinsics_to(self.depth_profile, back)

    def _stream(
        self, kind: Any, uid: int, size: int, form: Any, f: float, scale: float, centre: tuple[float, float]
    ) -> Any:
        stream, lens = rs.video_stream(), rs.intrinsics()
        lens.width, lens.height = self.size
        lens.fx = lens.fy = f
        lens.ppx, lens.ppy = (scale * value for value in centre)
        lens.model, lens.coeffs = rs.distortion.brown_conrady, [0.0] * 5
        stream.type, stream.index, stream.uid, stream.fmt = kind, 0, uid, form
        stream.width, stream.height, stream.fps, stream.bpp = *self.size, RATE_HZ, size
        stream.intrinsics = lens
        return stream

    def start(self, receiver: Any) -> None:
        for sensor, profile in ((self.depth, self.depth_profile), (self.colour, self.colour_profile)):
            sensor.open(profile)
            sensor.start(receiver)

    def stop(self) -> None:
        for sensor in (self.depth, self.colour):
            sensor.stop()
            sensor.close()

    def feed(self, shot: Shot, with_colour: bool = True) -> None:
        self.shots.append(shot)  # the library reads the arrays later
        for sensor, profile, pixels, size, number in (
            (self.depth, self.depth_profile, shot.depth, 2, shot.depth_number),
            (self.colour, self.colour_profile, shot.rgb, 3, shot.colour_number),
        ):
            if sensor is self.colour and not with_colour:
                continue
            frame = rs.software_video_frame()
            frame.pixels, frame.stride, frame.bpp = pixels, size * self.size[0], size
            frame.timestamp, frame.domain, frame.frame_number = shot.timestamp_ms, shot.domain, number
            frame.profile = profile.as_video_stream_profile()
            if sensor is self.depth:
                frame.depth_units = UNIT_M
            sensor.on_video_frame(frame)

    def facts(self) -> CameraFacts:
        profiles = [p.as_video_stream_profile() for p in (self.depth_profile, self.colour_profile)]
        return facts_of(rs, self.device, *profiles)


class SoftwareSource:
    """A FrameSource over the software device: what is put into `shots` comes out of the genuine syncer."""

    live = True

    def __init__(self, camera: SoftwareCamera | None = None) -> None:
        self.camera = camera or SoftwareCamera()
        self.shots: SimpleQueue[Shot | Exception] = SimpleQueue()
        self.calls: list[str] = []
        self.waits = 0
        self.faults: list[Exception | None] = []
        """What the next calls of `open` raise."""
        self.without_colour = False
        self._syncer: Any = None
        self._last: Shot | None = None

    def open(self) -> CameraFacts:
        self.calls.append("open")
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            raise fault
        self._last = None
        return self.camera.facts()

    def wait(self, seconds: float) -> Any | None:
        self.waits += 1
        try:
            shot = self.shots.get(timeout=seconds)
        except Empty:
            return None
        if isinstance(shot, Exception):
            raise shot
        if self._last is None or self._gap(self._last, shot):
            self._begin(shot)
        self._last = shot
        self.camera.feed(shot, with_colour=not self.without_colour)
        return next_frames(self._syncer, seconds)

    def _begin(self, shot: Shot) -> None:
        """Start the streams. The syncer gives the first pair and one after a gap in halves: not `shot`."""
        self._stop()
        self._syncer = rs.syncer(8)
        self.camera.start(self._syncer)
        self.camera.feed(replace(shot, timestamp_ms=shot.timestamp_ms - PERIOD_MS))
        for _ in ("depth", "colour"):
            assert next_frames(self._syncer, 5.0) is not None

    @staticmethod
    def _gap(last: Shot, shot: Shot) -> bool:
        forward_ms = shot.timestamp_ms - last.timestamp_ms
        return last.domain != shot.domain or not 0.5 * PERIOD_MS < forward_ms < 2.0 * PERIOD_MS

    def _stop(self) -> None:
        if self._syncer is not None:
            self.camera.stop()
            self._syncer = None

    def reset(self) -> None:
        self.calls.append("reset")

    def close(self) -> None:
        self.calls.append("close")
        self._stop()


def plane(distance_m: float) -> NDArray[np.uint16]:
    """Depth counts (H, W) of a plane across the view."""
    return np.full((HEIGHT, WIDTH), round(distance_m / UNIT_M), np.uint16)


def pattern(seed: int) -> NDArray[np.uint8]:
    """A colour picture (H, W, 3) that no other seed gives."""
    return np.random.default_rng(seed).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)


def until(holds: Callable[[], bool], within_s: float = 10.0) -> None:
    """Wait for a thread's doing."""
    clock, pause = SystemClock(), Event()
    end_s = clock.now() + within_s
    while not holds():
        assert clock.now() < end_s, "it did not happen"
        pause.wait(0.001)


class Rig:
    """A RealSenseCamera over the software device on a clock that only `show` moves."""

    def __init__(self, options: RealSenseOptions = QUICK, mount: Mount | None = None) -> None:
        self.source, self.clock = SoftwareSource(), FakeClock()
        self.options, self.number = options, 0
        self.wall_ahead_s = 0.0
        """The wall clock is set by so much."""
        self.camera = RealSenseCamera(
            rs, self.source, mount or FixedMount(np.eye(4)), self.clock, options, self.wall_s
        )

    def wall_s(self) -> float:
        return EPOCH_S + self.clock.now() + self.wall_ahead_s

    def shot(
        self,
        depth: NDArray[np.uint16] | None = None,
        *,
        age_s: float = 0.0,
        numbers: tuple[int, int] | None = None,
        domain: Any = rs.timestamp_domain.global_time,
    ) -> Shot:
        """The next pair: its colours are `pattern(number)`."""
        self.number += 1
        stamp_s = EPOCH_S + self.clock.now() - age_s
        depth = plane(0.5) if depth is None else depth
        both = numbers or (self.number, self.number)
        return Shot(depth, pattern(self.number), 1000.0 * stamp_s, *both, domain)

    def enter(self) -> None:
        """Connect: the warm-up and one picture come first."""
        for _ in range(self.options.warm_up_frames + 1):
            self.source.shots.put(self.shot())
            self.clock.now_s += 1.0 / RATE_HZ
        self.camera.__enter__()
        until(self.source.shots.empty)

    def seen(self) -> int:
        """How many pairs the camera has dealt with."""
        counts = self.camera.counts
        return counts.taken + counts.repeated + counts.dropped + counts.warm_up

    def show(self, shot: Shot) -> None:
        """Let this pair come and wait until the camera has dealt with it."""
        before = self.seen()
        self.source.shots.put(shot)
        until(lambda: self.seen() > before)


class ShootingClock:
    """The clock of a rig: while it passes, pictures come, and the camera has dealt with them."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig

    def now(self) -> float:
        return self._rig.clock.now()

    def sleep(self, seconds: float) -> None:
        clock = self._rig.clock
        end_s = clock.now_s + seconds
        while clock.now_s + 1.0 / RATE_HZ <= end_s:
            clock.now_s += 1.0 / RATE_HZ
            self._rig.show(self._rig.shot())
        clock.now_s = end_s


def recorded_pair(source: FrameSource) -> Any:
    """The next whole pair of an open source that plays a recording; played to its end, it is opened again."""
    while True:
        frames = source.wait(0.5)
        if frames is None:
            source.close()
            source.open()
        elif frames.get_depth_frame() and frames.get_color_frame():
            return frames


def record(
    path: Path, count: int, depth: Callable[[int], NDArray[np.uint16]], *, with_colour: bool = True
) -> None:
    """Record `count` pairs (numbers from 1, colours `pattern(number)`) with librealsense's own recorder."""
    camera = SoftwareCamera()
    recorder = rs.recorder(str(path), camera.device)
    sensors = recorder.query_sensors()[: 1 + with_colour]
    for sensor in sensors:
        sensor.open(sensor.get_stream_profiles())
        sensor.start(lambda frame: None)
    for number in range(1, count + 1):
        stamp_ms = 1000.0 * (EPOCH_S + number / RATE_HZ)
        camera.feed(Shot(depth(number), pattern(number), stamp_ms, number, number), with_colour)
    recorder.pause()
    for sensor in sensors:
        sensor.stop()
        sensor.close()
