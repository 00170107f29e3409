"""A D435i made of librealsense's own software device: its syncer, filters and align are the genuine ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
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
from hardware.realsense.source import next_frames
from tests.fakes import FakeClock

WIDTH, HEIGHT, RATE_HZ = 96, 64, 30
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

    def feed(self, shot: Shot) -> None:
        self.shots.append(shot)  # the library reads the arrays later
        for sensor, profile, pixels, size, number in (
            (self.depth, self.depth_profile, shot.depth, 2, shot.depth_number),
            (self.colour, self.colour_profile, shot.rgb, 3, shot.colour_number),
        ):
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
        self.faults: list[Exception | None] = []
        """What the next calls of `open` raise."""
        self._syncer: Any = None

    def open(self) -> CameraFacts:
        self.calls.append("open")
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            raise fault
        self._syncer = rs.syncer(8)
        self.camera.start(self._syncer)
        return self.camera.facts()

    def wait(self, seconds: float) -> Any | None:
        frames = next_frames(self._syncer, 0.0)
        if frames is not None:
            return frames
        try:
            shot = self.shots.get(timeout=seconds)
        except Empty:
            return None
        if isinstance(shot, Exception):
            raise shot
        self.camera.feed(shot)
        return next_frames(self._syncer, seconds)

    def reset(self) -> None:
        self.calls.append("reset")

    def close(self) -> None:
        self.calls.append("close")
        if self._syncer is not None:
            self.camera.stop()
            self._syncer = None


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
        """Connect: the warm-up and one picture come first. The syncer needs one more pair to begin."""
        for _ in range(self.options.warm_up_frames + 2):
            self.source.shots.put(self.shot())
            self.clock.now_s += 1.0 / RATE_HZ
        self.camera.__enter__()
        until(self.source.shots.empty)

    def seen(self) -> int:
        """How many pairs the camera has dealt with."""
        counts = self.camera.counts
        return counts.taken + counts.repeated + counts.dropped + counts.warm_up

    def show(self, *shots: Shot) -> None:
        """Let these pairs come, one period apart, and wait until the camera has dealt with each."""
        for shot in shots:
            before = self.seen()
            self.source.shots.put(shot)
            until(lambda before=before: self.seen() > before)  # type: ignore[misc]


def record(path: Path, count: int, depth: Callable[[int], NDArray[np.uint16]]) -> None:
    """Record `count` pairs (numbers from 1, colours `pattern(number)`) with librealsense's own recorder."""
    camera = SoftwareCamera()
    recorder = rs.recorder(str(path), camera.device)
    sensors = recorder.query_sensors()
    for sensor in sensors:
        sensor.open(sensor.get_stream_profiles())
        sensor.start(lambda frame: None)
    for number in range(1, count + 1):
        stamp_ms = 1000.0 * (EPOCH_S + number / RATE_HZ)
        camera.feed(Shot(depth(number), pattern(number), stamp_ms, number, number))
    recorder.pause()
    for sensor in sensors:
        sensor.stop()
        sensor.close()
