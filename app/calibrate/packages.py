"""Says what to install where the calibration's own package is missing."""

from __future__ import annotations

from importlib.util import find_spec

from app.errors import MissingPackage, UsageError

NEEDED = ("calibrateHandEye", "aruco", "solvePnP")


def check_opencv() -> None:
    """Raises MissingPackage without OpenCV, UsageError for one that cannot calibrate (version 5)."""
    remedy = "pip install 'handover[robot]' (it asks for opencv-python-headless below 5)"
    if find_spec("cv2") is None:
        raise MissingPackage("opencv-python-headless", "handover calibrate", remedy)
    import cv2

    lacking = [name for name in NEEDED if not hasattr(cv2, name)]
    if lacking:
        raise UsageError(f"OpenCV {cv2.__version__} has no {', '.join(lacking)}; {remedy}")
