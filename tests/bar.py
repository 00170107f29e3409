"""The scripted scene: a bar on the table, seen from above, and someone standing there."""

from __future__ import annotations

import numpy as np

from hardware.geometry import pose
from hardware.types import BoolArray, CameraIntrinsics, FloatArray, RGBDFrame
from perception.types import ArmLengths, HumanPose, Keypoint, Regions
from planning.types import Grasp

TABLE_Z_M = -0.08
OBJECT_CENTRE = np.array([0.45, 0.0, -0.06])
OBJECT_SIZE_M = np.array([0.04, 0.16, 0.04])
"""A bar across the robot's front: the half at y < 0 is the robot's, the half at y > 0 the person's."""
CAMERA_HEIGHT_M = 0.45
WIDTH, HEIGHT, FOCAL = 160, 120, 140.0


def table_picture() -> RGBDFrame:
    """The bar on the table, seen straight from above: picture right is the base's -y, picture up its +x."""
    depth = np.full((HEIGHT, WIDTH), CAMERA_HEIGHT_M - TABLE_Z_M, dtype=np.float32)
    depth[bar_mask()] = CAMERA_HEIGHT_M - (OBJECT_CENTRE[2] + OBJECT_SIZE_M[2] / 2)
    rgb = np.full((HEIGHT, WIDTH, 3), 200, dtype=np.uint8)
    rgb[bar_mask()] = (160, 60, 40)
    base_from_camera = pose(
        np.array([[0.0, -1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, -1.0]]),
        (OBJECT_CENTRE[0], OBJECT_CENTRE[1], CAMERA_HEIGHT_M),
    )
    intrinsics = CameraIntrinsics(WIDTH, HEIGHT, FOCAL, FOCAL, WIDTH / 2 - 0.5, HEIGHT / 2 - 0.5)
    return RGBDFrame(rgb, depth, intrinsics, base_from_camera, 0.0, 0, source="scripted")


def bar_mask() -> BoolArray:
    """The bar's pixels (H, W)."""
    per_m = FOCAL / (CAMERA_HEIGHT_M - OBJECT_CENTRE[2])
    v, u = np.mgrid[:HEIGHT, :WIDTH]
    along, across = (
        np.abs(u - WIDTH / 2 + 0.5) / per_m,
        np.abs(v - HEIGHT / 2 + 0.5) / per_m,
    )
    return (along <= OBJECT_SIZE_M[1] / 2) & (across <= OBJECT_SIZE_M[0] / 2)


def bar_regions(source: str = "scripted shape") -> Regions:
    """The robot's half (picture right) and the person's half of the bar."""
    right = np.arange(WIDTH) >= WIDTH // 2
    return Regions(bar_mask() & right, bar_mask() & ~right, None, source)


def grasp_at(y: float, above_m: float = 0.0, lean_rad: float = 0.0) -> Grasp:
    """A grasp of the bar from above, closing along x; its contact lies `above_m` higher than it should."""
    approach_down = np.array([[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, -1.0]])
    contact = np.array([OBJECT_CENTRE[0], y, OBJECT_CENTRE[2] + 0.01 + above_m])
    return Grasp(pose(approach_down, contact - (0, 0, 0.01)), 0.04, contact, 0.9, lean_rad)


def person(
    stamp_s: float,
    distance_m: float = 1.15,
    bearing_deg: float = 0.0,
    wrist: FloatArray | None = None,
    stature_m: float = 1.75,
) -> HumanPose:
    """Someone standing there and facing the robot, arms hanging, or the right wrist at `wrist` (3,)."""
    turn = np.radians(bearing_deg)
    ahead = np.array([np.cos(turn), np.sin(turn), 0.0])
    right = np.array([-np.sin(turn), np.cos(turn), 0.0])  # the person's own right, facing the robot
    floor = TABLE_Z_M - 0.75
    joints = np.full((17, 3), np.nan)

    def at(side: float, height: float) -> FloatArray:
        return distance_m * ahead + side * right + np.array([0.0, 0.0, floor + height * stature_m])

    joints[Keypoint.NOSE] = at(0.0, 0.93) - 0.09 * ahead
    for name, sign in (("RIGHT", 1.0), ("LEFT", -1.0)):
        for joint, out, height in (("SHOULDER", 0.2, 0.818), ("ELBOW", 0.22, 0.63), ("WRIST", 0.23, 0.485)):
            joints[Keypoint[f"{name}_{joint}"]] = at(sign * out, height)
        joints[Keypoint[f"{name}_HIP"]] = at(sign * 0.1, 0.53)
    if wrist is not None:
        joints[Keypoint.RIGHT_WRIST] = wrist
        joints[Keypoint.RIGHT_ELBOW] = wrist + 0.146 * stature_m * ahead
    lengths = ArmLengths(0.186 * stature_m, 0.146 * stature_m, True)
    seen = np.isfinite(joints).all(axis=1)
    return HumanPose(joints, joints, seen, "right", lengths, -ahead, 0.9, stamp_s, "scripted")
