"""From a raw pair of frames to one picture: librealsense's filters, depth aligned to colour, arrays copied.

The filters work on depth as the camera saw it; aligning comes last, because it mixes neighbours. Nothing
fills holes: an invented surface between object and hand is worse than none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hardware.realsense.errors import CameraRefused
from hardware.realsense.facts import CameraFacts, intrinsics_of
from hardware.realsense.options import RealSenseOptions
from hardware.types import CameraIntrinsics


@dataclass(frozen=True)
class Picture:
    """rgb uint8 (H, W, 3); depth_m float32 (H, W), aligned to it, 0 = no reading; the colour lens."""

    rgb: NDArray[np.uint8]
    depth_m: NDArray[np.float32]
    intrinsics: CameraIntrinsics


class PictureMaker:
    """The filters of one opened camera; they remember earlier frames, so each opening makes new ones."""

    def __init__(self, rs: Any, options: RealSenseOptions, facts: CameraFacts) -> None:
        self._rs, self._options = rs, options
        nearest_m = facts.nearest_m + options.near_margin_m
        self._threshold = rs.threshold_filter(nearest_m, options.farthest_m)
        self._to_disparity, self._to_depth = rs.disparity_transform(True), rs.disparity_transform(False)
        self._spatial = rs.spatial_filter() if options.spatial else None
        self._temporal: Any = None
        self._align = rs.align(rs.stream.color)

    def make(self, frames: Any, still: bool) -> Picture:
        """A picture from an `rs.composite_frame` with depth and colour. Raises CameraRefused.

        still: the arm stands still, so that depth may be smoothed over time.
        """
        try:
            for block in self._blocks(still):
                frames = block.process(frames).as_frameset()
            return self._copied(frames.get_depth_frame(), frames.get_color_frame())
        except RuntimeError as error:
            raise CameraRefused("process a picture", error) from error

    def _blocks(self, still: bool) -> list[Any]:
        if not (still and self._options.temporal_while_still):
            self._temporal = None  # what it remembers is another view's
        elif self._temporal is None:
            self._temporal = self._rs.temporal_filter()
        smoothing = [block for block in (self._spatial, self._temporal) if block is not None]
        if smoothing:
            smoothing = [self._to_disparity, *smoothing, self._to_depth]
        return [self._threshold, *smoothing, self._align]

    def _copied(self, depth: Any, colour: Any) -> Picture:
        """Copies: the library has few buffers, and stops when they are held."""
        depth_m = np.asanyarray(depth.get_data()).astype(np.float32) * np.float32(depth.get_units())
        strip = round(self._options.gripper_strip_share * len(depth_m))
        depth_m[len(depth_m) - strip :] = 0.0
        profile = colour.get_profile().as_video_stream_profile()
        return Picture(self._rgb(colour, profile.format()), depth_m, intrinsics_of(profile))

    def _rgb(self, colour: Any, form: Any) -> NDArray[np.uint8]:
        if form not in (self._rs.format.rgb8, self._rs.format.bgr8):
            raise CameraRefused("give colour as rgb8 or bgr8", f"it comes as {form}", "record it as rgb8")
        picture = np.array(colour.get_data(), dtype=np.uint8)
        return picture if form == self._rs.format.rgb8 else picture[..., ::-1]
