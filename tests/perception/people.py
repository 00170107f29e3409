"""A stick person in front of a camera: joints, frames whose depth shows them, keypoints, and a clock set
by hand.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hardware.errors import HandoverError, StaleData
from hardware.geometry import inverse, pose, transform
from hardware.types import CameraIntrinsics, RGBDFrame
from perception.keypoints import _DEPTH_M, COUNT, Keypoints2D, part_of
from perception.types import Keypoint

WIDTH, HEIGHT, FOCAL = 320, 240, 200.0
INTRINSICS = CameraIntrinsics(WIDTH, HEIGHT, FOCAL, FOCAL, WIDTH / 2, HEIGHT / 2)
CAMERA = pose([[0, 0, 1], [-1, 0, 0], [0, -1, 0]], (0.1, 0.0, 0.35))
"""Looking along +x of the base, level."""
UPPER_ARM_M, FOREARM_M = 0.30, 0.26


def person(
    *,
    x: float = 1.3,
    y: float = 0.0,
    reach: str | None = None,
    forward_m: float = 0.35,
) -> np.ndarray:
    """Joints (17, 3) of a person who faces the robot, arms hanging; `reach` side's wrist is held out."""
    joints = np.full((COUNT, 3), np.nan)
    joints[Keypoint.NOSE] = (x - 0.1, y, 0.70)
    for side, sign in (("LEFT", -1), ("RIGHT", 1)):  # facing -x, the person's right is +y
        at = y + 0.18 * sign
        joints[Keypoint[f"{side}_SHOULDER"]] = (x, at, 0.50)
        joints[Keypoint[f"{side}_HIP"]] = (x, at * 0.7 + y * 0.3, 0.05)
        elbow, wrist = np.array([x, at + 0.05 * sign, 0.50 - 0.296]), np.array([x, at + 0.07 * sign, -0.055])
        if reach is not None and reach.upper() == side:
            wrist = np.array([x - forward_m, at, 0.50 - 0.30])
            middle, gap = (
                (wrist + joints[Keypoint[f"{side}_SHOULDER"]]) / 2,
                wrist - joints[Keypoint[f"{side}_SHOULDER"]],
            )
            bend = np.sqrt(max(0.28**2 - (np.linalg.norm(gap) / 2) ** 2, 0.0))
            across = np.cross(gap, [0.0, 1.0, 0.0])
            elbow = middle + bend * across / np.linalg.norm(across) * np.sign(-across[2] or 1.0)
        joints[Keypoint[f"{side}_ELBOW"]], joints[Keypoint[f"{side}_WRIST"]] = elbow, wrist
    return joints


def project(joints: np.ndarray, camera: np.ndarray = CAMERA) -> np.ndarray:
    """u, v, z (17, 3) of joints in the picture."""
    x, y, z = transform(inverse(camera), joints).T
    return np.stack([FOCAL * x / z + WIDTH / 2, FOCAL * y / z + HEIGHT / 2, z], axis=1)


def seen(joints: np.ndarray, stamp_s: float, score: float = 0.9) -> Keypoints2D:
    """Exact keypoints; unknown joints score 0."""
    points = project(joints)
    points[:, 2] = np.where(np.isfinite(joints[:, 0]), score, 0.0)
    return Keypoints2D(np.nan_to_num(points), stamp_s, "test")


def frame(
    joints: np.ndarray, stamp_s: float, without: Sequence[Keypoint] = (), camera: np.ndarray = CAMERA
) -> RGBDFrame:
    """A frame that has depth only in discs around the joints, on the skin in front of them."""
    depth = np.zeros((HEIGHT, WIDTH), dtype=np.float32)
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    for keypoint, (u, v, z) in zip(Keypoint, project(joints, camera), strict=True):
        if not np.isfinite(z) or keypoint in without:
            continue
        ray = np.linalg.norm([(u - WIDTH / 2) / FOCAL, (v - HEIGHT / 2) / FOCAL, 1.0])
        disc = (rows - v) ** 2 + (columns - u) ** 2 <= 5.0**2
        depth[disc] = z - _DEPTH_M[part_of(keypoint)] / ray
    rgb = np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)
    return RGBDFrame(rgb, depth, INTRINSICS, camera, stamp_s, 0)


class HandClock:
    """Time that goes on only when told."""

    def __init__(self) -> None:
        self.time_s = 0.0

    def now(self) -> float:
        return self.time_s

    def sleep(self, seconds: float) -> None:
        self.time_s += seconds


class Stage:
    """A camera and an estimator that see the person put on it; `fault` makes either fail."""

    name = "stage"

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.joints: np.ndarray | None = person()
        self.fault: HandoverError | None = None
        self.looks = 0

    def latest(self, max_age_s: float) -> RGBDFrame:
        self.looks += 1
        if isinstance(self.fault, StaleData):
            raise self.fault
        joints = np.full((COUNT, 3), np.nan) if self.joints is None else self.joints
        return frame(joints, self.clock.now())

    def estimate(self, picture: RGBDFrame) -> Keypoints2D | None:
        if self.fault is not None:
            raise self.fault
        return None if self.joints is None else seen(self.joints, picture.stamp_s)
