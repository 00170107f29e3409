"""Intel's package, imported when a camera is built and not before."""

from __future__ import annotations

from typing import Any

from hardware.realsense.errors import RealSenseMissing


def realsense() -> Any:
    """The module pyrealsense2. Raises RealSenseMissing."""
    try:
        import pyrealsense2
    except ImportError as error:
        raise RealSenseMissing(error) from error
    return pyrealsense2
