"""Finding, checking and opening the camera on USB.

No camera is here: devices are the library's own software devices, and where a pipeline must start, the
genuine one plays a recording in the camera's place. What only a camera can show is not tested: its live
stream and `hardware_reset`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyrealsense2 as rs
import pytest

from hardware.realsense.device import DeviceSource, check_usb, explained, find, not_offered
from hardware.realsense.errors import (
    CameraBusy,
    CameraRefused,
    NoCamera,
    ProfileNotOffered,
    RealSenseMissing,
    SeveralCameras,
    UsbTooSlow,
)
from hardware.realsense.options import RealSenseOptions
from hardware.realsense.package import realsense
from tests.hardware.realsense.software import (
    HEIGHT,
    QUICK,
    SERIAL,
    WIDTH,
    SoftwareCamera,
    pattern,
    plane,
    record,
    recorded_pair,
)

SMALL = replace(QUICK, depth_size_px=(WIDTH, HEIGHT), colour_size_px=(WIDTH, HEIGHT))


def device(serial: str, usb: str = "3.2") -> Any:
    made = rs.software_device()
    made.register_info(rs.camera_info.serial_number, serial)
    made.register_info(rs.camera_info.usb_type_descriptor, usb)
    return made


def serial_of(found: Any) -> str:
    return str(found.get_info(rs.camera_info.serial_number))


def test_the_only_camera_is_taken() -> None:
    assert serial_of(find(rs, [device("17")], None)) == "17"


def test_the_named_camera_is_taken() -> None:
    assert serial_of(find(rs, [device("17"), device("18")], "18")) == "18"


def test_among_several_one_must_be_named() -> None:
    with pytest.raises(
        SeveralCameras, match=r"2 RealSense cameras are connected \(17, 18\).*realsense.serial"
    ):
        find(rs, [device("18"), device("17")], None)


@pytest.mark.parametrize(
    ("there", "serial", "words"),
    [
        ([], None, r"no RealSense camera is connected \(none was found\)"),
        ([], "17", r"no RealSense camera 17 is connected \(none was found\)"),
        (["18"], "17", r"camera 17 is connected \(found: 18\); check the cable"),
    ],
)
def test_a_missing_camera_is_named(there: list[str], serial: str | None, words: str) -> None:
    with pytest.raises(NoCamera, match=words):
        find(rs, [device(name) for name in there], serial)


@pytest.mark.parametrize(
    ("usb", "size", "rate_hz", "fits"),
    [
        ("3.2", (848, 480), 30, True),
        ("3.1", (1280, 720), 30, True),
        ("2.1", (848, 480), 30, False),
        ("2.1", (640, 480), 30, False),
        ("2.0", (848, 480), 15, False),
        ("2.1", (640, 480), 15, True),
    ],
)
def test_usb_2_is_refused_for_what_it_cannot_carry(
    usb: str, size: tuple[int, int], rate_hz: int, fits: bool
) -> None:
    options = RealSenseOptions(depth_size_px=(480, 270), colour_size_px=size, rate_hz=rate_hz)
    if fits:
        check_usb(rs, device("17", usb), options)
    else:
        with pytest.raises(UsbTooSlow, match=rf"17 is connected over USB {usb}.*USB 3 port"):
            check_usb(rs, device("17", usb), options)


def test_what_is_offered_is_listed() -> None:
    fault = not_offered(rs, SoftwareCamera().device, RealSenseOptions(depth_size_px=(999, 480)))
    assert isinstance(fault, ProfileNotOffered)
    assert "does not offer depth of 999 x 480 with colour of 848 x 480 at 30 Hz" in str(fault)
    assert "depth of 96 x 64 and colour of 96 x 64" in str(fault)
    other = not_offered(rs, SoftwareCamera().device, RealSenseOptions(rate_hz=90))
    assert "at 90 Hz it offers depth of nothing and colour of nothing" in str(other)


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        (
            "xioctl(VIDIOC_S_FMT) failed, errno=16 Last Error: Device or resource busy",
            CameraBusy,
            "17 is in use",
        ),
        ("failed to set power state", CameraBusy, "one process owns the camera"),
        ("hwmon command 0x4f failed", CameraRefused, "could not start .hwmon command 0x4f failed"),
    ],
)
def test_the_librarys_errors_are_explained(text: str, kind: type[Exception], words: str) -> None:
    fault = explained("17", RuntimeError(text))
    with pytest.raises(kind, match=words):
        raise fault


def test_without_a_camera_opening_fails_at_once() -> None:
    source = DeviceSource(rs, replace(QUICK, serial="000000000000"))
    with pytest.raises(NoCamera, match="000000000000"):
        source.open()
    source.reset()
    source.close()


def test_a_missing_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert realsense() is rs
    monkeypatch.setitem(__import__("sys").modules, "pyrealsense2", None)
    with pytest.raises(RealSenseMissing, match=r"\[robot\].*libusb-1.0-0"):
        realsense()


# Opening: the genuine pipeline, config and profiles, with a recording for a camera ------------------------


class Played:
    """pyrealsense2 in which a camera is plugged in: asking for it by its serial plays a recording of it."""

    def __init__(self, path: Path) -> None:
        self._path, self.camera = path, SoftwareCamera()
        self.asked: list[str] = []
        self.busy = False

    def __getattr__(self, name: str) -> Any:
        return getattr(rs, name)

    def context(self) -> Any:
        return self

    def query_devices(self) -> list[Any]:
        return [self.camera.device]

    def pipeline(self, context: Any) -> Any:
        assert context is self
        genuine = rs.pipeline()
        return Busy() if self.busy else genuine

    def pipeline_wrapper(self, pipeline: Any) -> Any:
        return rs.pipeline_wrapper(pipeline if isinstance(pipeline, rs.pipeline) else rs.pipeline())

    def config(self) -> Any:
        played = self

        class Config(rs.config):
            def enable_device(self, serial: str) -> None:
                played.asked.append(serial)
                self.enable_device_from_file(str(played._path), repeat_playback=False)

        return Config()


class Busy:
    def start(self, config: Any) -> None:
        raise RuntimeError("failed to open, Device or resource busy")


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("device") / "plane.db3"
    record(path, 10, lambda number: plane(0.5))
    return path


def test_the_streams_asked_for_come(recording: Path) -> None:
    played = Played(recording)
    source = DeviceSource(played, SMALL)
    facts = source.open()
    assert played.asked == [SERIAL]
    assert (facts.serial, facts.colour.width, facts.depth.height) == (SERIAL, WIDTH, HEIGHT)
    colour = recorded_pair(source).get_color_frame()
    np.testing.assert_array_equal(np.asanyarray(colour.get_data()), pattern(colour.get_frame_number()))
    source.close()
    source.open()  # and again
    source.close()


def test_streams_that_are_not_offered_are_refused_before_the_start(recording: Path) -> None:
    options = replace(SMALL, depth_size_px=(848, 480))
    with pytest.raises(ProfileNotOffered, match="depth of 848 x 480 with colour of 96 x 64"):
        DeviceSource(Played(recording), options).open()


def test_a_busy_camera_is_said_to_be_busy(recording: Path) -> None:
    played = Played(recording)
    played.busy = True
    with pytest.raises(CameraBusy, match=f"{SERIAL} is in use by another program"):
        DeviceSource(played, SMALL).open()


def test_a_camera_on_usb_2_is_refused(recording: Path) -> None:
    played = Played(recording)
    played.camera.device.update_info(rs.camera_info.usb_type_descriptor, "2.1")
    with pytest.raises(UsbTooSlow):
        DeviceSource(played, replace(SMALL, rate_hz=30)).open()
