"""Settings, on the sensors of the library's software device: it keeps ranges and refuses as a camera does."""

from __future__ import annotations

from typing import Any

import pyrealsense2 as rs
import pytest

from hardware.realsense.errors import CameraRefused, SettingRefused
from hardware.realsense.options import RealSenseOptions
from hardware.realsense.settings import apply_settings
from tests.hardware.realsense.software import SoftwareCamera

RANGES = {
    "depth": {
        rs.option.visual_preset: (0.0, 5.0, 1.0, 0.0),
        rs.option.depth_units: (0.0001, 0.01, 0.000001, 0.001),
        rs.option.emitter_enabled: (0.0, 2.0, 1.0, 0.0),
        rs.option.laser_power: (0.0, 360.0, 30.0, 150.0),
        rs.option.enable_auto_exposure: (0.0, 1.0, 1.0, 0.0),
        rs.option.exposure: (1.0, 165000.0, 1.0, 8500.0),
        rs.option.global_time_enabled: (0.0, 1.0, 1.0, 0.0),
    },
    "colour": {
        rs.option.enable_auto_exposure: (0.0, 1.0, 1.0, 0.0),
        rs.option.exposure: (1.0, 10000.0, 1.0, 156.0),
        rs.option.auto_exposure_priority: (0.0, 1.0, 1.0, 1.0),
        rs.option.global_time_enabled: (0.0, 1.0, 1.0, 0.0),
    },
}
"""Least, most, step and default of each option."""


class Ordered:
    """A sensor that remembers the order in which it was set; its streams are those of `streams`."""

    def __init__(self, sensor: Any, streams: Any) -> None:
        self._sensor, self._streams = sensor, streams
        self.order: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sensor, name)

    def get_stream_profiles(self) -> list[Any]:
        return list(self._streams.get_stream_profiles())

    def set_option(self, option: Any, value: float) -> None:
        self.order.append(option)
        self._sensor.set_option(option, value)


class Device:
    """What `apply_settings` reads of an `rs.device`."""

    def __init__(self, *without: Any) -> None:
        self._device = rs.software_device()
        sensors = {}
        for name, kind in (("depth", "Stereo Module"), ("colour", "RGB Camera")):
            sensors[name] = self._device.add_sensor(kind)
            for option, (least, most, step, default) in RANGES[name].items():
                if option in without:
                    continue
                span = rs.option_range()
                span.min, span.max, span.step, span.default = least, most, step, default
                sensors[name].add_option(option, span, True)
        camera = SoftwareCamera()
        self.depth = Ordered(sensors["depth"], camera.depth)
        self.colour = Ordered(sensors["colour"], camera.colour)

    def query_sensors(self) -> list[Ordered]:
        return [self.colour, self.depth]


def test_the_defaults_are_set() -> None:
    device = Device()
    apply_settings(rs, device, RealSenseOptions())
    depth, colour = device.depth.get_option, device.colour.get_option
    assert depth(rs.option.visual_preset) == 3.0  # high accuracy
    assert depth(rs.option.depth_units) == pytest.approx(0.0001)
    assert depth(rs.option.emitter_enabled) == 1.0
    assert depth(rs.option.laser_power) == 150.0  # left as the preset has it
    assert depth(rs.option.enable_auto_exposure) == colour(rs.option.enable_auto_exposure) == 1.0
    assert depth(rs.option.global_time_enabled) == colour(rs.option.global_time_enabled) == 1.0
    assert colour(rs.option.auto_exposure_priority) == 0.0


def test_the_preset_comes_first() -> None:
    device = Device()
    apply_settings(rs, device, RealSenseOptions(laser_mw=300.0))
    assert device.depth.order[0] == rs.option.visual_preset
    assert device.depth.get_option(rs.option.laser_power) == 300.0


@pytest.mark.parametrize(
    ("preset", "value"),
    [("default", 1), ("hand", 2), ("high_accuracy", 3), ("high_density", 4), ("medium_density", 5)],
)
def test_every_preset_has_its_number(preset: Any, value: int) -> None:
    device = Device()
    apply_settings(rs, device, RealSenseOptions(preset=preset))
    assert device.depth.get_option(rs.option.visual_preset) == value


def test_exposure_is_counted_in_each_sensors_unit() -> None:
    device = Device()
    apply_settings(rs, device, RealSenseOptions(depth_exposure_s=0.008, colour_exposure_s=0.01))
    assert device.depth.get_option(rs.option.exposure) == 8000.0
    assert device.colour.get_option(rs.option.exposure) == 100.0
    for sensor in (device.depth, device.colour):
        assert sensor.get_option(rs.option.enable_auto_exposure) == 0.0
        assert sensor.order.index(rs.option.enable_auto_exposure) < sensor.order.index(rs.option.exposure)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (RealSenseOptions(laser_mw=400.0), "realsense.laser_mw: the camera takes 0 to 360, got 400"),
        (
            RealSenseOptions(depth_exposure_s=0.2),
            "depth_exposure_s: the camera takes 1e-06 to 0.165, got 0.2",
        ),
        (RealSenseOptions(colour_exposure_s=2.0), "colour_exposure_s: the camera takes 0.0001 to 1, got 2"),
    ],
)
def test_what_the_camera_does_not_take_is_refused_with_its_range(
    options: RealSenseOptions, words: str
) -> None:
    with pytest.raises(SettingRefused, match=words):
        apply_settings(rs, Device(), options)


def test_what_the_camera_does_not_have_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    apply_settings(rs, Device(rs.option.visual_preset), RealSenseOptions())
    assert "visual_preset" in caplog.text


def test_a_camera_without_colour_is_refused() -> None:
    with pytest.raises(CameraRefused, match=r"no depth stream\); a D435 or D435i"):
        apply_settings(rs, rs.software_device(), RealSenseOptions())
