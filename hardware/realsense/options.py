"""The numbers of the real camera (light: nothing but the standard library)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal


@dataclass(frozen=True)
class RealSenseOptions:
    """The RealSense D435i on the wrist."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    serial: str | None = None
    """Which camera; null: the only one there is."""
    recording: str | None = None
    """A .db3 recording that takes the camera's place, played again and again at its own pace."""
    depth_size_px: tuple[int, int] = (848, 480)
    """Width and height; 848 x 480 is the D435's best mode and reads from 0.17 m on, 640 x 480 from 0.15 m."""
    colour_size_px: tuple[int, int] = (848, 480)
    """Width and height of the pictures; depth is aligned to them. A hand-eye file holds for one size."""
    rate_hz: int = 30
    preset: Literal["default", "hand", "high_accuracy", "high_density", "medium_density"] = "high_accuracy"
    """high_accuracy drops the smeared edges between object and hand, at the price of holes."""
    depth_unit_m: float = 0.0001  # 1 mm steps hide what a fingertip feels; reaches 6.5 m
    depth_exposure_s: float | None = None
    """Null: automatic, as for the colour."""
    colour_exposure_s: float | None = None
    laser_mw: float | None = None
    """The projector's power, 0 to 360 in steps of 30; null: what the preset says."""
    warm_up_frames: int = 30
    """Pictures dropped until automatic exposure has settled."""
    farthest_m: float = 4.0
    """Depth beyond is dropped; the D435i is made for 0.3 to 3 m."""
    near_margin_m: float = 0.02
    """So far beyond the camera's nearest distance depth is dropped too: below it readings are random."""
    gripper_strip_share: float = 0.0
    """Share of the picture, from its bottom, without depth: for mounts that have the fingers in view, nearer
    than the camera can measure. 0 for a camera that looks along the fingers; about 0.3 when tilted by 10
    degrees."""
    spatial: bool = True
    """Smooth depth within the picture, edges kept."""
    temporal_while_still: bool = False
    """Smooth depth over time while the arm stands still; what moves, such as a hand, is smeared."""
    still_s: float = 0.3
    """The arm stands still when its joints did not move for so long."""
    frame_s: float = 0.2
    """Longest single wait for a picture."""
    silent_s: float = 1.0
    """After so long without a new picture the camera is reset and connected again."""
    first_s: float = 5.0
    """... but a camera that has just been opened may take this long over its first one."""
    start_s: float = 15.0
    """The first picture must have come within this time."""
    reset_s: float = 3.0
    """A camera that was reset shows up again after 3 to 10 s; it is not asked before ..."""
    reconnect_s: float = 12.0
    """... and given up for this try after that."""
    reconnect_tries: int = 3
    close_s: float = 5.0
    """The library's stop may hang: it is waited for no longer."""
