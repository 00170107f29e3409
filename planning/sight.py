"""How far to tilt the wrist camera so that what the gripper holds hides no shoulder of the person.

The camera looks along the tool's z axis with the picture's long side along the tool's x axis. The held object
hangs in the middle of the picture and reaches to its edge along the short side, so turning the arm about the
vertical (the short side, in the person view) brings nobody out from behind it; tilting does.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

from hardware.gen3.gripper import flange_from_tcp
from hardware.geometry import inverse, transform
from hardware.types import FloatArray
from planning.robot_model import flange_pose
from planning.types import HeldObject

WRIST = 5
"""Index of the joint that tilts the tool about the picture's short side, in the person view."""
HALF_VIEW_DEG = 34.5
"""To each side along the long side: half of the D435i's 69 degrees."""
BASELINE_M = 0.05
"""Between the imagers of the D435i: to the left of something near, by this much at its distance, one of them
sees what the other does not, and there is no depth."""
_CORNERS = np.array(list(product((-0.5, 0.5), repeat=3)))


def clear_tilt_deg(
    joints: FloatArray, held: HeldObject, points: FloatArray, tilts_deg: Sequence[float], clear_deg: float
) -> float:
    """The first of `tilts_deg`, added to joint 6 of joints (7,), that shows all `points` (N, 3) at least
    `clear_deg` from the held object and from the picture's edge; else the one that shows them best.

    points: base frame; without any that is known (not NaN), 0.
    """
    points = points[np.all(np.isfinite(points), axis=1)]
    if not len(points):
        return 0.0
    low, high = _hidden_deg(held)

    def room_deg(tilt: float) -> float:
        tilted = np.asarray(joints, dtype=np.float64).copy()
        tilted[WRIST] += np.radians(tilt)
        at = _along_picture_deg(transform(inverse(flange_pose(tilted)), points))
        return float(np.min(np.minimum(np.maximum(low - at, at - high), HALF_VIEW_DEG - np.abs(at))))

    rooms = [room_deg(tilt) for tilt in tilts_deg]
    enough = [tilt for tilt, room in zip(tilts_deg, rooms, strict=True) if room >= clear_deg]
    return enough[0] if enough else tilts_deg[int(np.argmax(rooms))]


def _hidden_deg(held: HeldObject) -> tuple[float, float]:
    """Where the held object, with its stereo shadow, begins and ends along the picture's long side."""
    if not held.cuboids:
        return 0.0, 0.0
    tip = flange_from_tcp(held.width_m)
    corners = np.concatenate([transform(tip @ c.a_from_box, _CORNERS * c.size_m) for c in held.cuboids])
    # The picture's right is the tool's -x: the shadow is at the end of larger x.
    shadow = corners + np.array([BASELINE_M, 0.0, 0.0])
    return float(np.min(_along_picture_deg(corners))), float(np.max(_along_picture_deg(shadow)))


def _along_picture_deg(points: FloatArray) -> FloatArray:
    """Angles (N,) of points (N, 3) of the flange frame off the tool's axis, along its x."""
    return np.degrees(np.arctan2(points[:, 0], np.maximum(points[:, 2], 1e-3)))
