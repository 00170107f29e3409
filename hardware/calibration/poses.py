"""Where to look at the board from: poses of the camera on a dome over it, and which of them differ most.

The camera looks at a point near the board's middle from a place tilted off the board's normal in every
direction, rolled about its own axis, near and far: what hand-eye solvers need is rotation about several axes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.spatial.transform import Rotation

from hardware.calibration.views import project
from hardware.geometry import inverse, pose, rotation_about, transform, unit
from hardware.types import BoolArray, CameraIntrinsics, FloatArray, IntArray

TILT_DEG = (25.0, 40.0)
ROLL_DEG = (-60.0, 60.0)
DISTANCE_M = (0.30, 0.60)
ASIDE = 0.15
"""How far from its middle the camera aims, as a share of the board's smaller side."""
MARGIN = 0.03
"""The board keeps this share of the picture's height from its edges."""
CORNERS_IN_SHARE = 0.75
"""So much of the board must be in the picture where it does not fit whole."""
_STEP_M = 0.02


def dome(
    base_from_board: FloatArray,
    corners: FloatArray,
    intrinsics: CameraIntrinsics,
    rng: np.random.Generator,
    count: int,
    up: FloatArray,
) -> list[FloatArray]:
    """base_from_camera (4, 4) of up to `count` poses that have the board in the picture.

    corners (N, 3): the board's corners, its own frame, z into the board; up (3,): roughly where the picture's
    top points at roll 0, base frame. Directions of tilt go evenly round; tilt, roll and distance are spread
    evenly in random order.
    """
    middle, size = corners.mean(axis=0), np.ptp(corners[:, :2], axis=0)
    azimuths = 2.0 * np.pi * (np.arange(count) + rng.random()) / count
    tilts = np.radians(_spread(TILT_DEG, count, rng))
    rolls = np.radians(_spread(ROLL_DEG, count, rng))
    distances = _spread(DISTANCE_M, count, rng)
    aims = middle + np.column_stack([rng.uniform(-ASIDE, ASIDE, (count, 2)) * size.min(), np.zeros(count)])
    poses = []
    for azimuth, tilt, roll, distance_m, aim in zip(azimuths, tilts, rolls, distances, aims, strict=True):
        off = np.array([np.cos(azimuth), np.sin(azimuth), 0.0]) * np.sin(tilt)
        toward_camera = off - np.cos(tilt) * np.array([0.0, 0.0, 1.0])
        for distance in np.arange(distance_m, DISTANCE_M[1] + _STEP_M, _STEP_M):
            place = transform(base_from_board, aim + distance * toward_camera)
            camera = looking(place, transform(base_from_board, aim), up, roll)
            if in_picture(inverse(camera) @ base_from_board, corners, intrinsics).mean() >= CORNERS_IN_SHARE:
                poses.append(camera)
                break
    return poses


def looking(place: FloatArray, at: FloatArray, up: FloatArray, roll_rad: float = 0.0) -> FloatArray:
    """base_from_camera (4, 4) of a camera at `place` (3,) that looks at `at` (3,), picture's top toward `up`
    (3,), then turned about its own axis.
    """
    forward = unit(at - place)
    right = unit(np.cross(forward, up))
    rotation = np.column_stack([right, np.cross(forward, right), forward])
    return pose(rotation @ rotation_about((0.0, 0.0, 1.0), roll_rad), place)


def in_picture(camera_from_board: FloatArray, corners: FloatArray, intrinsics: CameraIntrinsics) -> BoolArray:
    """Which of the board's corners (N, 3) are inside the picture (N,), with a margin."""
    points = transform(camera_from_board, corners)
    ahead = points[:, 2] > 0.05
    points[~ahead, 2] = 1.0
    pixels = project(points, intrinsics)
    margin = MARGIN * intrinsics.height
    limits = np.array([intrinsics.width, intrinsics.height]) - margin
    return np.asarray(ahead & np.all((pixels > margin) & (pixels < limits), axis=1))


def most_different(poses: Sequence[FloatArray], count: int) -> IntArray:
    """Which `count` of the poses differ most in rotation: each is the one farthest from all taken before.

    The first two are the pair farthest apart. Fewer come back where there are fewer.
    """
    rotations = Rotation.from_matrix(np.array([p[:3, :3] for p in poses]))
    angles = np.array([(rotations[i].inv() * rotations).magnitude() for i in range(len(poses))])
    if len(poses) <= 2:
        return np.arange(min(count, len(poses)))
    taken = [int(i) for i in np.unravel_index(np.argmax(angles), angles.shape)]
    while len(taken) < min(count, len(poses)):
        nearest = angles[:, taken].min(axis=1)
        nearest[taken] = -1.0
        taken.append(int(np.argmax(nearest)))
    return np.array(taken[:count])


def shortest_round(start: FloatArray, joints: Sequence[FloatArray]) -> list[int]:
    """The order to visit joint poses (7,) in, from `start`: always on to the nearest not yet visited."""
    left, order, here = set(range(len(joints))), [], start
    while left:
        nearest = min(left, key=lambda i: float(np.max(np.abs(joints[i] - here))))
        left.remove(nearest)
        order.append(nearest)
        here = joints[nearest]
    return order


def _spread(between: tuple[float, float], count: int, rng: np.random.Generator) -> FloatArray:
    """`count` values that fill the range evenly, in random order."""
    return rng.permutation(np.linspace(*between, count))
