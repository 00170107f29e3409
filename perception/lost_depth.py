"""Gives slender parts their depth back that a stereo camera loses: shafts, blades and rods on a table.

Such a camera compares windows of some pixels: a part narrower than a window takes on the depth of the table
behind it, and dark or shining ones often have none at all. Their colour still shows where they are.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hardware.types import BoolArray, FloatArray, RGBDFrame
from perception.pointcloud import frame_points, rays

WINDOW_SHARE = 0.0125
"""Width of the matching window over that of the picture."""
LEAST_LENGTH = 2.0
"""A slender part is at least this much longer than the window; shorter ones are corners of wide parts."""
LOST_M = 0.006
"""A part this low over the table may as well be the table seen beside it."""
LEAST_KNOWN_PX = 50
NEIGHBOURS = 200
HIGHEST_M = 0.025
"""No part is taken to lie higher: the fingers of a gripper, closing just over the table, still meet it."""


def restored(frame: RGBDFrame, mask: BoolArray, table_z_m: float) -> tuple[RGBDFrame, BoolArray]:
    """The frame with depth on the slender parts of `mask` (H, W) that lost theirs, and which pixels (H, W)
    these are: there the object is as high as where it is measured nearest by, but `HIGHEST_M` at most.

    The frame as it is where hardly any of the object is measured at all, or nothing is lost.
    """
    from scipy.spatial import cKDTree

    height = frame_points(frame)[..., 2] - table_z_m
    measured = mask & (height > LOST_M)
    lost = _slender(mask) & ~measured
    if not lost.any() or np.count_nonzero(measured) < LEAST_KNOWN_PX:
        return frame, np.zeros_like(mask)
    tree = cKDTree(np.argwhere(measured))
    nearest = tree.query(np.argwhere(lost), k=min(NEIGHBOURS, tree.n))[1]
    top = np.minimum(np.median(height[measured][nearest], axis=1), HIGHEST_M)
    way: FloatArray = rays(frame)[lost] @ frame.base_from_camera[2, :3]
    depth = frame.depth_m.copy()
    depth[lost] = (table_z_m + top - frame.base_from_camera[2, 3]) / way
    return replace(frame, depth_m=depth), lost


def _slender(mask: BoolArray) -> BoolArray:
    """The parts of `mask` (H, W) narrower than the matching window."""
    from scipy import ndimage

    window = max(round(WINDOW_SHARE * mask.shape[1]), 3)
    disc = np.hypot(*(np.indices((window, window)) - (window - 1) / 2.0)) <= window / 2.0
    narrow = mask & ~ndimage.binary_opening(mask, disc)
    pieces, _ = ndimage.label(narrow, structure=np.ones((3, 3)))
    spans = [max(s.stop - s.start for s in place) for place in ndimage.find_objects(pieces)]
    long = np.array([False, *(span >= LEAST_LENGTH * window for span in spans)])
    return np.asarray(long[pieces])
