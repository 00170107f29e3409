"""The person's arms from tracked joints: lengths, which one reaches out, where the chest points, a hidden
wrist.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from hardware.types import BoolArray, FloatArray
from perception.options import TrackerOptions
from perception.types import ArmLengths, HumanPose, Keypoint, Side

SIDES: tuple[Side, Side] = ("left", "right")
UPPER_ARM_RANGE_M = (0.22, 0.40)
FOREARM_RANGE_M = (0.18, 0.33)
RATIO_RANGE = (0.95, 1.60)
UPPER_ARM_OF_STATURE = 0.186
FOREARM_OF_STATURE = 0.146
SHOULDER_OF_STATURE = 0.818
"""Drillis and Contini's proportions, as given by Winter."""
STANDING_HIP_M = 0.75
STATURE_RANGE_M = (1.40, 2.10)
MIN_LIMB_ANGLE_DEG = 35.0
"""Nearer to the line of sight a limb's length is mostly depth noise."""
SIDES_DIFFER = 0.10

TORSO = (Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER, Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP)
SAME_PLACE_M = 0.12

REACH_FORWARD_M = 0.20
REACH_BELOW_CHIN_M = 0.05
REACH_LOWEST = 1.1
"""Of the upper arm's length, below the shoulder."""
REACH_FOREARM_DEG = 60.0
REACH_FRAMES = 5
REACH_HYSTERESIS_M = 0.05


def arm_joints(side: Side) -> tuple[Keypoint, Keypoint, Keypoint]:
    """Shoulder, elbow and wrist of one side."""
    if side == "left":
        return Keypoint.LEFT_SHOULDER, Keypoint.LEFT_ELBOW, Keypoint.LEFT_WRIST
    return Keypoint.RIGHT_SHOULDER, Keypoint.RIGHT_ELBOW, Keypoint.RIGHT_WRIST


class ArmLengthEstimator:
    """Upper arm and forearm as the median over the last seconds, plausible or replaced by a share of
    stature.
    """

    def __init__(self, options: TrackerOptions) -> None:
        self._options = options
        self._samples: dict[Side, deque[tuple[float, float, float]]] = {side: deque() for side in SIDES}

    def add(self, joints: FloatArray, measured: BoolArray, camera: FloatArray, stamp_s: float) -> None:
        """Take the unfiltered joints (17, 3) of one frame seen from `camera` (3,), base frame."""
        for side in SIDES:
            samples = self._samples[side]
            while samples and stamp_s - samples[0][0] > self._options.arm_window_s:
                samples.popleft()
            ids = list(arm_joints(side))
            shoulder, elbow, wrist = joints[ids]
            if (
                not measured[ids].all()
                or _along_sight(shoulder, elbow, camera)
                or _along_sight(elbow, wrist, camera)
            ):
                continue
            samples.append(
                (stamp_s, float(np.linalg.norm(elbow - shoulder)), float(np.linalg.norm(wrist - elbow)))
            )

    def lengths(self, joints: FloatArray) -> ArmLengths:
        """The best lengths so far; `measured` is False when they come from stature (of `joints` (17, 3),
        or as configured).
        """
        found = [lengths for side in SIDES if (lengths := self._median(side)) is not None]
        if len(found) == 2 and np.any(np.abs(found[0] - found[1]) > SIDES_DIFFER * np.maximum(*found)):
            found = []
        if found:
            upper_arm, forearm = np.mean(found, axis=0)
            return ArmLengths(float(upper_arm), float(forearm), measured=True)
        stature = stature_from(joints, self._options.floor_z_m) or self._options.stature_m
        return ArmLengths(UPPER_ARM_OF_STATURE * stature, FOREARM_OF_STATURE * stature, measured=False)

    def forget(self) -> None:
        """Start afresh, for another person."""
        for samples in self._samples.values():
            samples.clear()

    def _median(self, side: Side) -> FloatArray | None:
        if len(self._samples[side]) < self._options.arm_samples:
            return None
        seen = np.array(self._samples[side])[:, 1:]
        middle = np.median(seen, axis=0)
        spread = 1.4826 * np.median(np.abs(seen - middle), axis=0)
        if np.any(spread > self._options.max_arm_spread_m) or not plausible(*middle):
            return None
        return np.asarray(middle)


def plausible(upper_arm_m: float, forearm_m: float) -> bool:
    """Whether the lengths can belong to one adult arm."""
    return (
        UPPER_ARM_RANGE_M[0] <= upper_arm_m <= UPPER_ARM_RANGE_M[1]
        and FOREARM_RANGE_M[0] <= forearm_m <= FOREARM_RANGE_M[1]
        and RATIO_RANGE[0] <= upper_arm_m / forearm_m <= RATIO_RANGE[1]
    )


def stature_from(joints: FloatArray, floor_z_m: float | None) -> float | None:
    """Stature in metres from the shoulders of a standing person; None for a seated one or an unknown
    floor.
    """
    shoulders = joints[[Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER], 2]
    hips = joints[[Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP], 2]
    if floor_z_m is None or not np.isfinite(shoulders).any() or not np.isfinite(hips).any():
        return None
    if np.nanmean(hips) - floor_z_m < STANDING_HIP_M:
        return None
    stature = float(np.nanmean(shoulders) - floor_z_m) / SHOULDER_OF_STATURE
    return stature if STATURE_RANGE_M[0] <= stature <= STATURE_RANGE_M[1] else None


class ReachingArm:
    """Which arm the person stretches toward the robot: it must last, and the other must beat it clearly."""

    def __init__(self, preferred: Side) -> None:
        self._preferred = preferred
        self._arm = preferred
        self._frames: dict[Side, int] = dict.fromkeys(SIDES, 0)

    def update(self, joints: FloatArray) -> Side:
        """The receiving side after one more frame of joints (17, 3), base frame, robot at its origin."""
        forward = {side: forward_reach(*joints[list(arm_joints(side))]) for side in SIDES}
        for side in SIDES:
            self._frames[side] = self._frames[side] + 1 if forward[side] > REACH_FORWARD_M else 0
        reaching = [side for side in SIDES if self._frames[side] >= REACH_FRAMES]
        if not reaching:
            self._arm = self._preferred
        elif self._arm not in reaching:
            self._arm = max(reaching, key=lambda side: forward[side])
        else:
            self._arm = max(
                reaching, key=lambda side: forward[side] + (REACH_HYSTERESIS_M if side == self._arm else 0.0)
            )
        return self._arm

    def forget(self) -> None:
        """Start afresh, for another person."""
        self._arm, self._frames = self._preferred, dict.fromkeys(SIDES, 0)


def forward_reach(shoulder: FloatArray, elbow: FloatArray, wrist: FloatArray) -> float:
    """How far the wrist is stretched from the shoulder toward the robot in metres; 0 when it is not held
    out.

    Held out is hardly lower than the elbow of a hanging arm, where nothing is ever offered: on the thigh of a
    seated person the wrist lies 1.2 upper arms under the shoulder.
    """
    toward = horizontal(-shoulder)
    if toward is None or not np.isfinite([elbow, wrist]).all():
        return 0.0
    reach = wrist - shoulder
    forearm = wrist - elbow
    lowest = -REACH_LOWEST * np.linalg.norm(elbow - shoulder)
    if not lowest <= reach[2] < REACH_BELOW_CHIN_M:
        return 0.0
    raised = -forearm[2] < np.cos(np.deg2rad(REACH_FOREARM_DEG)) * np.linalg.norm(forearm)
    return float(reach @ toward) if raised else 0.0


def facing(joints: FloatArray) -> FloatArray | None:
    """The horizontal unit vector (3,) the chest points to, square to the shoulders; None unless both are
    known.
    """
    across = joints[Keypoint.RIGHT_SHOULDER] - joints[Keypoint.LEFT_SHOULDER]
    return horizontal(np.array([-across[1], across[0], 0.0]))


def horizontal(vector: ArrayLike) -> FloatArray | None:
    """The horizontal part of `vector` (3,) scaled to length 1; None when there is none."""
    flat = np.array(vector, dtype=np.float64) * (1.0, 1.0, 0.0)
    length = np.linalg.norm(flat)
    return flat / length if np.isfinite(length) and length > 1e-6 else None


def hidden_wrist(
    camera: FloatArray, ray: FloatArray, elbow: FloatArray, forearm_m: float
) -> FloatArray | None:
    """The nearer of the two points (3,) on the sight line `camera` + t `ray` that lie a forearm from the
    elbow.

    The nearest point of the line when it just misses that sphere (by a tenth of the forearm); None beyond.
    """
    ray = ray / np.linalg.norm(ray)
    along = float((elbow - camera) @ ray)
    miss = float(np.linalg.norm(camera + along * ray - elbow))
    if miss > 1.1 * forearm_m or along <= 0.0:
        return None
    return np.asarray(camera + (along - np.sqrt(max(forearm_m**2 - miss**2, 0.0))) * ray)


def _along_sight(start: FloatArray, end: FloatArray, camera: FloatArray) -> bool:
    limb, sight = end - start, start - camera
    size = np.linalg.norm(limb) * np.linalg.norm(sight)
    return bool(size < 1e-9 or abs(limb @ sight) > np.cos(np.deg2rad(MIN_LIMB_ANGLE_DEG)) * size)


def completed(pose: HumanPose, before: HumanPose | None) -> HumanPose:
    """The pose with torso joints that are out of sight now taken from `before`, if the person stands as then.

    What the robot holds may hide a shoulder that was seen a moment ago. As then: the joints known in both
    lie within `SAME_PLACE_M` of each other, in the median. Filled joints count as not measured.
    """
    if before is None:
        return pose
    now = np.asarray(np.isfinite(pose.joints).all(axis=1))
    then = np.asarray(np.isfinite(before.joints).all(axis=1))
    both = now & then
    missing = then & ~now & np.isin(np.arange(len(now)), TORSO)
    if not np.any(both) or not np.any(missing):
        return pose
    shift_m = float(np.median(np.linalg.norm(pose.joints[both] - before.joints[both], axis=1)))
    if shift_m > SAME_PLACE_M:
        return pose
    return replace(pose, joints=np.where(missing[:, None], before.joints, pose.joints))
