"""Examines the camera over some seconds: port, frames, depth, time stamps; and its hand-eye calibration."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from app.doctor.clocks import ClockWatch
from app.doctor.findings import Finding, State
from app.options import Config
from hardware.calibration.hand_eye_file import AGAIN, check_camera, check_quality, load_hand_eye
from hardware.calibration.mounts import FixedMount
from hardware.clock import SystemClock
from hardware.errors import BadFile, StaleData
from hardware.protocols import Clock
from hardware.realsense.camera import Counts, RealSenseCamera
from hardware.realsense.facts import CameraFacts
from hardware.realsense.options import RealSenseOptions
from hardware.realsense.package import realsense
from hardware.types import FloatArray

DEVICE = "camera"
FEW_RATE, NO_RATE = 0.9, 0.5
"""Shares of the frame rate: fewer pictures are warned about, fewer still have failed."""
LITTLE_DEPTH, NO_DEPTH = 0.5, 0.1
"""Shares of the picture's middle with depth; glossy, black and near things have none."""
OLD_S = 0.2
"""A camera chain takes 0.15 to 0.25 s with a model behind it: the picture itself must not be older."""
OLD_PICTURE_S = 5.0
SAMPLE_S = 0.05


def camera_findings(config: Config, seconds: float, at: datetime) -> Iterator[Finding]:
    """All checks of the camera named by `realsense`, or of the recording in its place; at: now, with a zone.

    Raises HardwareError and BadFile.
    """
    rs, clock, watch = realsense(), SystemClock(), ClockWatch()
    camera = RealSenseCamera(rs, _source(rs, config), FixedMount(np.eye(4)), clock, config.realsense)
    with camera:
        yield from facts_findings(camera.facts, config.realsense.recording)
        yield from frame_findings(camera, clock, config.realsense, seconds)
        yield hand_eye_finding(config, camera.facts, at)
    yield watch.finding(DEVICE)


def _source(rs: Any, config: Config) -> Any:
    options = config.realsense
    if options.recording is not None:
        from hardware.realsense.recording import RecordingSource

        return RecordingSource(rs, Path(options.recording).expanduser(), options.close_s)
    from hardware.realsense.device import DeviceSource

    return DeviceSource(rs, options)


def facts_findings(facts: CameraFacts, recording: str | None) -> Iterator[Finding]:
    """Who it is, how it is connected."""
    size = f"{facts.colour.width} x {facts.colour.height}, depth from {facts.nearest_m:.2f} m on"
    if recording is not None:
        yield Finding(DEVICE, "camera", "WARN", f"the recording {recording} takes its place, {size}")
    else:
        yield Finding(DEVICE, "camera", "OK", f"{facts.name} {facts.serial}, {size}")
    firmware: State = "OK" if facts.firmware else "WARN"
    yield Finding(DEVICE, "firmware", firmware, facts.firmware or "unknown; see the RealSense viewer")
    if facts.usb.startswith("3"):
        yield Finding(DEVICE, "USB", "OK", facts.usb)
    elif facts.usb:
        yield Finding(DEVICE, "USB", "WARN", f"{facts.usb}: use a USB 3 port and a USB 3 cable")
    else:
        yield Finding(DEVICE, "USB", "WARN", "unknown")


def frame_findings(
    camera: RealSenseCamera, clock: Clock, options: RealSenseOptions, seconds: float
) -> Iterator[Finding]:
    """What comes within some seconds: how many pictures, how old, with how much depth."""
    before, began_s = camera.counts, clock.now()
    ages_s, fills, silent = [], [], ""
    while clock.now() - began_s < seconds:
        try:
            frame = camera.latest(OLD_PICTURE_S)
        except StaleData as error:  # it may come back, as after its cable was pulled; a lost one is raised
            silent = str(error)
            clock.sleep(SAMPLE_S)
            continue
        silent = ""
        ages_s.append(clock.now() - frame.stamp_s)
        fills.append(depth_fill(np.asarray(frame.depth_m, dtype=np.float64)))
        clock.sleep(SAMPLE_S)
    if silent or not ages_s:
        yield Finding(DEVICE, "frames", "FAIL", silent or "no picture came")
        return
    live = options.recording is None
    yield rate_finding(before, camera.counts, clock.now() - began_s, options.rate_hz, live=live)
    yield depth_finding(float(np.median(fills)))
    yield stamp_finding(float(np.max(ages_s)), camera.counts)


def rate_finding(
    before: Counts, after: Counts, seconds: float, rate_hz: int, *, live: bool = True
) -> Finding:
    """How many pictures of those asked for came, and what became of the rest; a recording that is played
    again and again pauses between, which is no failure.
    """
    names = ("unpaired", "repeated", "dropped", "reconnects")
    lost = {name: getattr(after, name) - getattr(before, name) for name in names}
    taken = after.taken - before.taken
    detail = f"{taken / seconds:.1f} of {rate_hz} a second"
    if any(lost.values()):
        detail += ", " + ", ".join(f"{number} {name}" for name, number in lost.items() if number)
    share = taken / (rate_hz * seconds)
    if share < NO_RATE and live:
        remedy = "another USB 3 port without a hub, and less load on this machine"
        return Finding(DEVICE, "frames", "FAIL", f"{detail}; {remedy}")
    if share < FEW_RATE or lost["reconnects"]:
        return Finding(DEVICE, "frames", "WARN", f"{detail}; is the machine, or the port, busy?")
    return Finding(DEVICE, "frames", "OK", detail)


def depth_fill(depth_m: FloatArray) -> float:
    """Share of the middle half (both ways) of a picture (H, W) that has depth."""
    rows, columns = depth_m.shape
    middle = depth_m[rows // 4 : rows - rows // 4, columns // 4 : columns - columns // 4]
    return float(np.mean(middle > 0.0))


def depth_finding(fill: float) -> Finding:
    detail = f"{100.0 * fill:.0f} % of the picture's middle has depth"
    if fill < NO_DEPTH:
        remedy = "look at the table from 0.4 m; is the lens covered, is the projector on?"
        return Finding(DEVICE, "depth", "FAIL", f"{detail}; {remedy}")
    if fill < LITTLE_DEPTH:
        remedy = "look at the table from 0.4 m; glossy and black things have none"
        return Finding(DEVICE, "depth", "WARN", f"{detail}; {remedy}")
    return Finding(DEVICE, "depth", "OK", detail)


def stamp_finding(oldest_s: float, counts: Counts) -> Finding:
    detail = f"pictures are up to {1e3 * oldest_s:.0f} ms old"
    if counts.unstamped:
        why = f"{counts.unstamped} pictures bear the time they came, not the time they were taken"
        remedy = "with a live camera: is global time on (the RealSense viewer shows it)?"
        return Finding(DEVICE, "time stamps", "WARN", f"{detail}; {why}; {remedy}")
    if oldest_s > OLD_S:
        remedy = "what is seen is late by so much; less load on this machine"
        return Finding(DEVICE, "time stamps", "WARN", f"{detail}; {remedy}")
    return Finding(DEVICE, "time stamps", "OK", detail)


def hand_eye_finding(config: Config, facts: CameraFacts, at: datetime) -> Finding:
    """Whether the calibration is there, of this camera and this stream, young and exact enough."""
    if config.hand_eye.file is None:
        return Finding(DEVICE, "hand-eye", "FAIL", f"hand_eye.file names no calibration; {AGAIN}")
    path = Path(config.hand_eye.file).expanduser()
    try:
        hand_eye = load_hand_eye(path)
        check_quality(path, hand_eye, config.hand_eye, at)
        check_camera(path, hand_eye, facts.serial, facts.colour)
    except BadFile as error:
        return Finding(DEVICE, "hand-eye", "FAIL", str(error))
    age_days = (at - hand_eye.date).total_seconds() / 86400.0
    exact = f"{1e3 * hand_eye.error_m:.1f} mm and {hand_eye.error_deg:.2f} deg held out"
    return Finding(DEVICE, "hand-eye", "OK", f"{max(age_days, 0.0):.0f} days old, {exact}, of this camera")
