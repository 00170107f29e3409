"""What a recording shows of the object, made ready for planning, or why it shows too little."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hardware.types import FloatArray, RGBDFrame
from perception.lost_depth import restored
from perception.markers import find_markers
from perception.pointcloud import frame_points, masked_points, without_smears
from perception.types import Detection
from planning.errors import NoGrasp
from planning.motion.options import SceneOptions

LEAST_SPAN = 0.5
"""The object spans at least this share of the box around it."""
FLAT_M, LOWEST_VIEW_DEG = 0.012, 30.0
"""5 mm of error in height are 9 mm across the table from there, and more from below."""


@dataclass(frozen=True)
class ObjectView:
    """The frame without made-up depth and with lost depth restored; the object in it without the markers
    stuck on it, to be held; the whole with them, to be lifted; and notes on both.
    """

    frame: RGBDFrame
    detection: Detection
    whole: Detection
    notes: tuple[str, ...]


def check_fills(found: Detection) -> None:
    """Raises NoGrasp where what was found spans too little of its box to be all of the thing in it: of clear
    glass depth and colour show what lies behind.
    """
    assert found.mask is not None  # what a segmenter promises
    rows, columns = np.nonzero(found.mask)
    x0, y0, x1, y1 = found.box
    share = float((np.ptp(rows) + 1) * (np.ptp(columns) + 1)) / ((x1 - x0) * (y1 - y0))
    if share < LEAST_SPAN:
        raise NoGrasp(
            f"what stands out spans {100 * share:.0f} % of the box, {100 * LEAST_SPAN:.0f} % are needed: "
            f"draw the box close around the {found.label}, or it can hardly be seen (glass, wires)"
        )


def prepare(frame: RGBDFrame, found: Detection, table_z_m: float) -> ObjectView:
    """Takes markers out of the object and gives it the depth back that its shafts lost. Raises NoGrasp."""
    assert found.mask is not None  # what a segmenter promises
    notes = []
    markers = find_markers(frame.rgb, found.mask)
    own, whole = replace(found, mask=found.mask & ~markers), replace(found, mask=found.mask | markers)
    assert own.mask is not None
    if markers.any():
        notes.append(f"{np.count_nonzero(markers)} pixels are printed markers: nothing to hold there")
    frame, lost = restored(without_smears(frame), own.mask, table_z_m)
    if lost.any():
        notes.append(f"{np.count_nonzero(lost)} pixels of slender parts lost their depth: taken from beside")
    _check_view(frame, own, table_z_m)
    return ObjectView(frame, own, whole, tuple(notes))


def _check_view(frame: RGBDFrame, found: Detection, table_z_m: float) -> None:
    """Raises NoGrasp for a flat thing seen so low that a small error in height is a large one in width."""
    assert found.mask is not None
    points = masked_points(frame, found.mask)
    if len(points) == 0:
        raise NoGrasp(f"none of the {found.label} has depth; look from another side")
    top_m = float(np.percentile(points[:, 2], 95)) - table_z_m
    way = frame.base_from_camera[:3, 3] - points.mean(axis=0)
    elevation = float(np.degrees(np.arctan2(way[2], np.hypot(way[0], way[1]))))
    if top_m < FLAT_M and elevation < LOWEST_VIEW_DEG:
        raise NoGrasp(
            f"the {found.label} stands {1e3 * top_m:.0f} mm high and is seen from {elevation:.0f} deg above "
            f"the table, too low to tell its width: look from {LOWEST_VIEW_DEG:.0f} deg or more"
        )


def over_table(frame: RGBDFrame, whole: Detection, scene: SceneOptions) -> RGBDFrame:
    """The frame with depth only on the object and on what may be an obstacle; all else takes time only."""
    points = frame_points(frame)
    (x0, x1), (y0, y1) = scene.table_x_m, scene.table_y_m
    x, y, z = np.moveaxis(points, -1, 0)
    raised = (z > scene.table_top_z_m + scene.clutter_height_m) & (x > x0) & (x < x1) & (y > y0) & (y < y1)
    assert whole.mask is not None
    return replace(frame, depth_m=np.where(raised | whole.mask, frame.depth_m, 0.0).astype(np.float32))


def why_none(points: FloatArray, widest_m: float) -> str:
    """Why points (N, 3) may offer no grasp at all, from how wide they are at their narrowest."""
    angles = np.radians(np.arange(0.0, 180.0, 5.0))
    spread = points[:, :2] @ np.stack([np.cos(angles), np.sin(angles)])
    narrowest_m = float(np.min(np.ptp(np.percentile(spread, [2, 98], axis=0), axis=0)))
    if narrowest_m > widest_m:
        return (
            f"it is {1e3 * narrowest_m:.0f} mm wide at its narrowest, the fingers take "
            f"{1e3 * widest_m:.0f} mm at most, and no rim or slender part is seen"
        )
    return "no part has straight edges, enough height over the table and room for the open gripper"
