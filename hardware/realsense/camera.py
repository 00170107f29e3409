"""The RealSense as a camera of this program: a thread takes every picture, and the newest is handed out.

Guarantees (those of `hardware.protocols`, and):
1. A frame bears the moment it was taken, on the program's clock, and where the camera was at that moment; one
   whose moment or place cannot be known is dropped, and `latest` says why nothing newer came.
2. A frame counts only when both its depth and its colour are new: a camera that repeats itself is silent.
3. A silent camera is reset and connected again, a few times; then it is lost, and `latest` raises CameraLost.
4. Every wait is bounded, and every array is a copy.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any

from hardware.calibration.mounts import Mount
from hardware.clock import epoch_s
from hardware.errors import HandoverError, NotConnected
from hardware.protocols import Clock
from hardware.realsense.errors import CameraLost, NoCamera, NoPicture, StaleFrame
from hardware.realsense.facts import CameraFacts
from hardware.realsense.options import RealSenseOptions
from hardware.realsense.pictures import PictureMaker
from hardware.realsense.source import FrameSource
from hardware.realsense.stamps import FrameStamps
from hardware.types import RGBDFrame

SEEK_S = 0.5
"""How often a camera that was reset is looked for."""
JOIN_S = 2.0
PAIR_PERIODS = 0.75

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Counts:
    """What became of the frames so far."""

    taken: int = 0
    warm_up: int = 0
    unpaired: int = 0
    """Depth without colour, colour without depth, or of two moments."""
    repeated: int = 0
    dropped: int = 0
    """Without a moment or a place, or the library failed to process them."""
    unstamped: int = 0
    """Taken to be of the moment they came, because the camera's clock is not the machine's."""
    reconnects: int = 0


def mismatch(depth: Any, colour: Any) -> str:
    """Why two frames are no picture of one moment; empty when they are.

    librealsense pairs what lies within half a period, but where a frame was lost its pipeline fills up with
    the last one of that stream.
    """
    if not depth or not colour:
        return f"{'only depth' if depth else 'only colour' if colour else 'neither stream'} comes"
    apart_ms = abs(depth.get_timestamp() - colour.get_timestamp())
    one_clock = depth.get_frame_timestamp_domain() == colour.get_frame_timestamp_domain()
    if one_clock and apart_ms > PAIR_PERIODS * 1000.0 / depth.get_profile().fps():
        return f"depth and colour come {apart_ms:.0f} ms apart"
    return ""


class RealSenseCamera:
    """A Camera over a source of raw frames; a context manager, entered after what its mount reads from."""

    def __init__(
        self,
        rs: Any,
        source: FrameSource,
        mount: Mount,
        clock: Clock,
        options: RealSenseOptions,
        wall_s: Callable[[], float] = epoch_s,
    ) -> None:
        self._rs, self._source, self._mount, self._clock, self._options = rs, source, mount, clock, options
        self._stamps = FrameStamps(clock, wall_s)
        self._lock, self._leaving, self._first = Lock(), Event(), Event()
        self._thread: Thread | None = None
        self._facts: CameraFacts | None = None
        self._maker: PictureMaker
        self._frame: RGBDFrame | None = None
        self._numbers: tuple[int, int] | None = None
        self._to_drop = 0
        self._fresh_s = self._patience_s = 0.0
        self._trouble = self._lost = ""
        self._counts = Counts()

    def __enter__(self) -> RealSenseCamera:
        """Connect and wait for the first picture.

        Raises HardwareError, or BadFile where recording or calibration do not fit.
        """
        try:
            self._open()
            self._thread = Thread(target=self._run, name="camera", daemon=True)
            self._thread.start()
            self._first.wait(self._options.start_s)
            if self._lost:
                raise CameraLost(self._lost)
            if self._frame is None:
                raise NoPicture(self._options.start_s, self._trouble)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leaving.set()
        if self._thread is not None:
            self._thread.join(self._options.frame_s + self._options.close_s + JOIN_S)
        if self._thread is None or not self._thread.is_alive():
            self._close()

    @property
    def facts(self) -> CameraFacts:
        """Who the camera is. Raises NotConnected before it was opened."""
        if self._facts is None:
            raise NotConnected("the camera", "enter its context first")
        return self._facts

    @property
    def counts(self) -> Counts:
        """What became of the frames so far."""
        with self._lock:
            return self._counts

    def latest(self, max_age_s: float) -> RGBDFrame:
        """The newest frame; raises StaleFrame when it is older than `max_age_s`, CameraLost when none will
        come, NotConnected before the first.
        """
        with self._lock:
            frame, trouble, lost = self._frame, self._trouble, self._lost
        if lost:
            raise CameraLost(lost)
        if frame is None:
            raise NotConnected("the camera", "enter its context first")
        age_s = self._clock.now() - frame.stamp_s
        if age_s > max_age_s:
            raise StaleFrame(age_s, max_age_s, trouble)
        return frame

    def silent_s(self) -> float:
        """How long ago the newest frame was taken (`hardware.protocols.PictureWatch`)."""
        with self._lock:
            frame = self._frame
        return float("inf") if frame is None else self._clock.now() - frame.stamp_s

    def _open(self) -> None:
        facts = self._source.open()
        self._mount.check(facts.serial, facts.colour)
        self._facts, self._maker = facts, PictureMaker(self._rs, self._options, facts)
        self._to_drop, self._numbers = self._options.warm_up_frames, None
        self._fresh_s, self._patience_s = self._clock.now(), self._options.first_s
        logger.info(
            "%s %s, firmware %s, USB %s: %d x %d, depth from %.2f m",
            *(facts.name, facts.serial, facts.firmware or "unknown", facts.usb or "unknown"),
            *(facts.colour.width, facts.colour.height, facts.nearest_m + self._options.near_margin_m),
        )

    def _close(self) -> None:
        try:
            self._source.close()
        except HandoverError as error:
            logger.warning("%s", error)

    def _run(self) -> None:
        """In a thread: take pictures until the camera is left or lost."""
        try:
            while not self._leaving.is_set():
                self._take()
                silent_s = self._clock.now() - self._fresh_s
                if silent_s > self._patience_s and not self._reconnected(silent_s):
                    return
        except HandoverError as error:
            self._lose(str(error))
        except Exception as error:  # a bug must not leave a camera that is silent without a reason
            logger.exception("the camera's thread failed")
            self._lose(repr(error))
        finally:
            self._first.set()

    def _take(self) -> None:
        try:
            frames = self._source.wait(self._options.frame_s)
        except RuntimeError as error:
            self._say(f"the library says: {error}")
            self._leaving.wait(self._options.frame_s)
            return
        if frames is None:
            return
        depth, colour = frames.get_depth_frame(), frames.get_color_frame()
        if fault := mismatch(depth, colour):
            self._count(unpaired=1)
            self._say(fault)
            return
        numbers = (depth.get_frame_number(), colour.get_frame_number())
        if self._numbers is not None and (numbers[0] == self._numbers[0] or numbers[1] == self._numbers[1]):
            self._count(repeated=1)
            self._say(f"the camera repeats frame {numbers[0]}")
            return
        self._numbers, self._fresh_s, self._patience_s = numbers, self._clock.now(), self._options.silent_s
        if self._to_drop > 0:
            self._to_drop -= 1
            self._count(warm_up=1)
            return
        try:
            self._publish(frames, self._stamp_s(depth, colour))
        except HandoverError as error:
            self._count(dropped=1)
            self._say(str(error))

    def _stamp_s(self, depth: Any, colour: Any) -> float:
        """Of the older half of the pair."""
        domains = {depth.get_frame_timestamp_domain(), colour.get_frame_timestamp_domain()}
        if not self._source.live or self._rs.timestamp_domain.hardware_clock in domains:
            self._count(unstamped=1)
            return self._stamps.stamp_s(None)
        return self._stamps.stamp_s(min(depth.get_timestamp(), colour.get_timestamp()))

    def _publish(self, frames: Any, stamp_s: float) -> None:
        base_from_camera = self._mount.base_from_camera(stamp_s)
        picture = self._maker.make(frames, self._mount.still(stamp_s, self._options.still_s))
        with self._lock:
            self._counts = replace(self._counts, taken=self._counts.taken + 1)
            self._frame = RGBDFrame(
                rgb=picture.rgb,
                depth_m=picture.depth_m,
                intrinsics=picture.intrinsics,
                base_from_camera=base_from_camera,
                stamp_s=stamp_s,
                sequence=self._counts.taken,
                source=f"{self.facts.name} {self.facts.serial}",
            )
            self._trouble = ""
        self._first.set()

    def _reconnected(self, silent_s: float) -> bool:
        """Reset the camera and connect again; False when it stays away and is lost."""
        tries, reason = self._options.reconnect_tries, f"no new picture for {silent_s:.1f} s"
        reason = f"{reason}; {self._trouble}" if self._trouble else reason
        for number in range(1, tries + 1):
            self._say(f"{reason}; connecting again, {number} of {tries}")
            logger.warning("the camera gave %s; connecting again, %d of %d", reason, number, tries)
            self._source.close()
            self._source.reset()
            self._leaving.wait(self._options.reset_s)
            try:
                self._reopen()
            except HandoverError as error:
                reason = str(error)
            else:
                self._count(reconnects=1)
                return True
        self._lose(f"{reason}; given up after {tries} tries")
        return False

    def _reopen(self) -> None:
        """Open as soon as the camera shows up again; return when the program leaves. Raises HandoverError."""
        end_s = self._clock.now() + self._options.reconnect_s
        while not self._leaving.is_set():
            try:
                return self._open()
            except NoCamera:
                if self._clock.now() >= end_s:
                    raise
                self._leaving.wait(SEEK_S)

    def _lose(self, reason: str) -> None:
        logger.error("the camera is lost: %s", reason)
        with self._lock:
            self._lost = reason

    def _say(self, trouble: str) -> None:
        with self._lock:
            self._trouble = trouble

    def _count(self, **more: int) -> None:
        with self._lock:
            counts = {name: getattr(self._counts, name) + number for name, number in more.items()}
            self._counts = replace(self._counts, **counts)
