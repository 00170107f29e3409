"""Regions of a method that knows no parts: the robot may hold the object anywhere."""

from __future__ import annotations

import numpy as np

from hardware.types import RGBDFrame
from perception.types import Detection, Regions

SOURCE = "no regions"


class WholeObjectGrounder:
    """A RegionGrounder without an opinion."""

    name = SOURCE

    def ground(self, frame: RGBDFrame, detection: Detection) -> Regions:
        """The whole object for the robot, no part for the person. Raises ValueError without a mask."""
        if detection.mask is None:
            raise ValueError("regions need a segmented object")
        return Regions(detection.mask, np.zeros_like(detection.mask), None, SOURCE)
