"""The values that cross the hardware border: frozen, SI units, read-only arrays, frames in the names.

A pose is a 4x4 float64 matrix named `a_from_b`: it maps coordinates in frame b to frame a.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

JOINT_COUNT = 7


def readonly(
    values: ArrayLike, shape: tuple[int | None, ...] | None = None, dtype: Any = np.float64
) -> NDArray[Any]:
    """A read-only copy of `values`; `shape` entries of None match any length. Raises ValueError on another
    shape.
    """
    array = np.array(values, dtype=dtype)
    if shape is not None and (
        array.ndim != len(shape)
        or any(want is not None and want != got for want, got in zip(shape, array.shape, strict=True))
    ):
        raise ValueError(f"an array of shape {shape} is needed, got {array.shape}")
    array.setflags(write=False)
    return array


class MotionState(Enum):
    """Where a motion stands."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True)
class MotionStatus:
    """What `Motion.poll` answers; `reason` says in one sentence why a motion ended (or how far it is)."""

    state: MotionState
    reason: str = ""

    @property
    def running(self) -> bool:
        return self.state is MotionState.RUNNING

    @property
    def succeeded(self) -> bool:
        return self.state is MotionState.SUCCEEDED


@dataclass(frozen=True)
class Trajectory:
    """A finite joint motion that starts and ends at rest.

    times_s (N,) strictly increasing from 0; positions (N, 7) rad; velocities (N, 7) rad/s, zero in the last
    row.
    N >= 2. Joint order as in `hardware.gen3.JOINT_NAMES`. Raises ValueError when one of this does not hold.
    """

    times_s: FloatArray
    positions: FloatArray
    velocities: FloatArray

    def __post_init__(self) -> None:
        count = len(self.times_s)
        object.__setattr__(self, "times_s", readonly(self.times_s, (None,)))
        object.__setattr__(self, "positions", readonly(self.positions, (count, JOINT_COUNT)))
        object.__setattr__(self, "velocities", readonly(self.velocities, (count, JOINT_COUNT)))
        if count < 2 or self.times_s[0] != 0.0 or np.any(np.diff(self.times_s) <= 0.0):
            raise ValueError("a trajectory needs two or more samples at strictly increasing times from 0")
        if not (np.all(np.isfinite(self.positions)) and np.all(np.isfinite(self.velocities))):
            raise ValueError("a trajectory must be finite")
        if np.any(np.abs(self.velocities[-1]) > 1e-6):
            raise ValueError("a trajectory must end at rest: its last velocities are not zero")

    @property
    def duration_s(self) -> float:
        return float(self.times_s[-1])

    @property
    def start(self) -> FloatArray:
        return self.positions[0]

    @property
    def end(self) -> FloatArray:
        return self.positions[-1]

    def sample(self, time_s: float) -> tuple[FloatArray, FloatArray]:
        """Joint positions (7,) and velocities (7,) at `time_s`, clamped to the ends, linear between
        samples.
        """
        t = min(max(time_s, 0.0), self.duration_s)
        i = int(np.clip(np.searchsorted(self.times_s, t, side="right") - 1, 0, len(self.times_s) - 2))
        share = (t - self.times_s[i]) / (self.times_s[i + 1] - self.times_s[i])
        return (
            self.positions[i] + share * (self.positions[i + 1] - self.positions[i]),
            self.velocities[i] + share * (self.velocities[i + 1] - self.velocities[i]),
        )

    def then(self, following: Trajectory) -> Trajectory:
        """This motion, then `following`, which must start where this one ends (1e-3 rad)."""
        if np.max(np.abs(self.end - following.start)) > 1e-3:
            raise ValueError("the second trajectory does not start where the first one ends")
        return Trajectory(
            np.concatenate([self.times_s, self.duration_s + following.times_s[1:]]),
            np.concatenate([self.positions, following.positions[1:]]),
            np.concatenate([self.velocities, following.velocities[1:]]),
        )


@dataclass(frozen=True)
class ArmState:
    """The arm as last read.

    joints (7,) rad, velocities (7,) rad/s, torques (7,) Nm (load torque, the arm's own weight in it,
    positive along the joint axis).
    wrench (6,): force in N and torque in Nm that the surroundings exert on the tool, at the flange, in the
    base frame,
    the gripper's own weight taken out (an object of 0.5 kg in the hand reads about -4.9 N along z).
    fault: None, or the device's own words. Continuous joints may read any multiple of a turn.
    """

    joints: FloatArray
    velocities: FloatArray
    torques: FloatArray
    wrench: FloatArray
    fault: str | None
    stamp_s: float

    def __post_init__(self) -> None:
        for name, size in (("joints", 7), ("velocities", 7), ("torques", 7), ("wrench", 6)):
            object.__setattr__(self, name, readonly(getattr(self, name), (size,)))

    @property
    def force(self) -> FloatArray:
        """Force (3,) in N on the tool, base frame."""
        return self.wrench[:3]


@dataclass(frozen=True)
class GripperState:
    """The gripper as last read: opening between the pads, force per pad (or its best estimate), whether it
    holds something.
    """

    width_m: float
    force_n: float
    holding: bool
    stamp_s: float


@dataclass(frozen=True)
class RobotState:
    """Arm and gripper read in the same tick."""

    arm: ArmState
    gripper: GripperState

    @property
    def stamp_s(self) -> float:
        """The older of the two stamps: the age that counts for safety."""
        return min(self.arm.stamp_s, self.gripper.stamp_s)


@dataclass(frozen=True)
class CameraIntrinsics:
    """Pinhole camera without distortion (D435i streams come rectified); pixels, x right, y down, z
    forward.
    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float


@dataclass(frozen=True)
class InstanceTruth:
    """What the physics knows of one object in the picture; parts maps part id (as in `SceneTruth.parts`) to
    part name.
    """

    name: str
    label: str
    parts: Mapping[int, str]
    human_part: str
    robot_part: str


@dataclass(frozen=True)
class SceneTruth:
    """What only a simulated camera can know. Never read outside back ends named simulated.

    instances (H, W) int: key into `objects`, -1 = robot, -2 = person, 0 = anything else.
    parts (H, W) int: part id of the object seen there, 0 elsewhere.
    keypoints (17, 3) COCO-17 joints in the camera frame in metres (NaN when there is no person); visible
    (17,) bool.
    """

    instances: NDArray[np.int32]
    parts: NDArray[np.int32]
    objects: Mapping[int, InstanceTruth]
    keypoints: FloatArray
    visible: BoolArray


@dataclass(frozen=True)
class RGBDFrame:
    """One colour picture with depth aligned to it.

    rgb uint8 (H, W, 3); depth_m float32 (H, W), distance along the camera's z, 0 = no reading;
    base_from_camera (4, 4), camera axes x right, y down, z forward; stamp_s on the robot's clock; sequence
    counts frames.
    """

    rgb: NDArray[np.uint8]
    depth_m: NDArray[np.float32]
    intrinsics: CameraIntrinsics
    base_from_camera: FloatArray
    stamp_s: float
    sequence: int
    source: str = ""
    truth: SceneTruth | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        size = (self.intrinsics.height, self.intrinsics.width)
        object.__setattr__(self, "rgb", readonly(self.rgb, (*size, 3), np.uint8))
        object.__setattr__(self, "depth_m", readonly(self.depth_m, size, np.float32))
        object.__setattr__(self, "base_from_camera", readonly(self.base_from_camera, (4, 4)))
