"""Preset, exposure, projector and clock of the camera's sensors, set before the streams start."""

from __future__ import annotations

import logging
from typing import Any

from hardware.realsense.errors import CameraRefused, SettingRefused
from hardware.realsense.options import RealSenseOptions

DEPTH_EXPOSURE_S, COLOUR_EXPOSURE_S = 1e-6, 1e-4
"""One count of the option `exposure`: microseconds for the depth, tenths of a millisecond for the colour."""

logger = logging.getLogger(__name__)


def apply_settings(rs: Any, device: Any, options: RealSenseOptions) -> None:
    """Set both sensors of an `rs.device`. Raises SettingRefused or CameraRefused."""
    option = rs.option
    depth, colour = (_sensor(device, stream) for stream in (rs.stream.depth, rs.stream.color))
    # The preset first: it sets the others.
    preset = getattr(rs.rs400_visual_preset, options.preset)
    _set(depth, option.visual_preset, float(int(preset)), "preset")
    _set(depth, option.depth_units, options.depth_unit_m, "depth_unit_m")
    _set(depth, option.emitter_enabled, 1.0, "the projector")
    if options.laser_mw is not None:
        _set(depth, option.laser_power, options.laser_mw, "laser_mw")
    _expose(rs, depth, options.depth_exposure_s, DEPTH_EXPOSURE_S, "depth_exposure_s")
    _expose(rs, colour, options.colour_exposure_s, COLOUR_EXPOSURE_S, "colour_exposure_s")
    # Keep the rate in the dark: a dark picture is better than a late one.
    _set(colour, option.auto_exposure_priority, 0.0, "the rate")
    for sensor in (depth, colour):
        _set(sensor, option.global_time_enabled, 1.0, "global time")


def _sensor(device: Any, stream: Any) -> Any:
    """The sensor that gives that stream. Raises CameraRefused."""
    for sensor in device.query_sensors():
        if any(profile.stream_type() == stream for profile in sensor.get_stream_profiles()):
            return sensor
    raise CameraRefused("be used", f"it has no {stream.name} stream", "a D435 or D435i is needed")


def _expose(rs: Any, sensor: Any, seconds: float | None, count_s: float, key: str) -> None:
    _set(sensor, rs.option.enable_auto_exposure, float(seconds is None), key)
    if seconds is not None:
        _set(sensor, rs.option.exposure, round(seconds / count_s), key, count_s)


def _set(sensor: Any, option: Any, value: float, key: str, unit: float = 1.0) -> None:
    """Set a sensor's option; one it does not have is reported. `unit` of a count, for the error's words."""
    if not sensor.supports(option) or sensor.is_option_read_only(option):
        logger.warning("the camera lets nobody set %s (%s)", option.name, key)
        return
    span = sensor.get_option_range(option)
    if not span.min <= value <= span.max:
        raise SettingRefused(key, value * unit, span.min * unit, span.max * unit)
    try:
        sensor.set_option(option, value)
    except RuntimeError as error:
        raise CameraRefused(f"set {option.name}", error) from error
