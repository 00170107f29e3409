"""What perception tells the rest: frozen values in pixels of the frame or metres in the base frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal

import numpy as np

from hardware.types import BoolArray, FloatArray, IntArray, readonly

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in pixels of the frame, x1 and y1 exclusive."""

Side = Literal["left", "right"]


class Keypoint(IntEnum):
    """COCO-17; left and right are the person's own."""

    NOSE = 0
    LEFT_EYE = 1
    RIGHT_EYE = 2
    LEFT_EAR = 3
    RIGHT_EAR = 4
    LEFT_SHOULDER = 5
    RIGHT_SHOULDER = 6
    LEFT_ELBOW = 7
    RIGHT_ELBOW = 8
    LEFT_WRIST = 9
    RIGHT_WRIST = 10
    LEFT_HIP = 11
    RIGHT_HIP = 12
    LEFT_KNEE = 13
    RIGHT_KNEE = 14
    LEFT_ANKLE = 15
    RIGHT_ANKLE = 16


@dataclass(frozen=True)
class HandoverRequest:
    """What the person asked for; `label` is data (at most 40 plain characters), never an instruction to a
    model.
    """

    label: str


@dataclass(frozen=True)
class Detection:
    """One object in one frame; mask bool (H, W) of the frame or None before segmentation; source names the
    back end.
    """

    label: str
    score: float
    box: Box
    mask: BoolArray | None
    source: str
    runner_up: str = ""

    def __post_init__(self) -> None:
        if self.mask is not None:
            object.__setattr__(self, "mask", readonly(self.mask, (None, None), np.bool_))


@dataclass(frozen=True)
class Picture:
    """A PNG shown to a model, with where it came from (box in the frame of `stamp_s`, cells along a side)
    for the record; backward: its labels run from the bottom right.
    """

    png: bytes = field(repr=False)
    source_box: Box
    grid_n: int
    stamp_s: float
    backward: bool = False


@dataclass(frozen=True)
class Message:
    """One turn of a conversation with a vision-language model."""

    role: Literal["system", "user", "assistant"]
    text: str
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True)
class Reply:
    """What a vision-language model answered; source names the back end and model.

    Tokens, bytes_sent (to another machine, all requests for this answer) and cost (in the currency of the
    configured prices) are None where unknown; cached: it was answered earlier, nothing was sent.
    """

    text: str
    source: str
    tokens_in: int | None = None
    tokens_out: int | None = None
    bytes_sent: int | None = None
    cost: float | None = None
    cached: bool = False


@dataclass(frozen=True)
class RegionCells:
    """Grid labels 1..n*n, row-major from the top left of the object's box, most important first."""

    human: tuple[int, ...]
    robot: tuple[int, ...]


@dataclass(frozen=True)
class Regions:
    """Where a person and where the robot would hold the object: disjoint masks bool (H, W) on the object.

    human_mask is empty where a method knows only the robot's part; cells is None when no grid was used;
    source names what decided (a model, a simulated model, the shape rule); contact_map (H, W), 0..1, of a
    method that draws one: how surely a person's hand goes there.
    """

    robot_mask: BoolArray
    human_mask: BoolArray
    cells: RegionCells | None
    source: str
    contact_map: FloatArray | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "robot_mask", readonly(self.robot_mask, (None, None), np.bool_))
        object.__setattr__(self, "human_mask", readonly(self.human_mask, (None, None), np.bool_))
        if self.contact_map is not None:
            object.__setattr__(self, "contact_map", readonly(self.contact_map, (None, None)))


@dataclass(frozen=True)
class Affordances:
    """What a network says of one object: its class, and masks bool (H, W) of the frame by affordance."""

    kind: str
    masks: Mapping[str, BoolArray]


@dataclass(frozen=True)
class ArmLengths:
    """Upper arm (shoulder to elbow) and forearm (elbow to wrist) in metres; `measured` is False for the
    stature fallback.
    """

    upper_arm_m: float
    forearm_m: float
    measured: bool


@dataclass(frozen=True)
class HumanPose:
    """The person as last tracked, in the base frame.

    joints (17, 3) filtered, metres, NaN where unknown; raw (17, 3) the unfiltered newest points, for safety
    distances;
    measured (17,) bool, False where a joint was inferred or held; arm: the side that will receive;
    facing (3,) horizontal unit vector the chest points to; confidence 0..1; stamp_s of the frame; source:
    back end.
    """

    joints: FloatArray
    raw: FloatArray
    measured: BoolArray
    arm: Side
    arm_lengths: ArmLengths
    facing: FloatArray
    confidence: float
    stamp_s: float
    source: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "joints", readonly(self.joints, (17, 3)))
        object.__setattr__(self, "raw", readonly(self.raw, (17, 3)))
        object.__setattr__(self, "measured", readonly(self.measured, (17,), np.bool_))
        object.__setattr__(self, "facing", readonly(self.facing, (3,)))

    def joint(self, name: Literal["shoulder", "elbow", "wrist"], side: Side | None = None) -> FloatArray:
        """One joint (3,) of the receiving arm, or of the `side` given; NaN where unknown."""
        return self.joints[Keypoint[f"{(side or self.arm).upper()}_{name.upper()}"]]


__all__ = [
    "ArmLengths",
    "BoolArray",
    "Box",
    "Detection",
    "FloatArray",
    "HandoverRequest",
    "HumanPose",
    "IntArray",
    "Keypoint",
    "Message",
    "Picture",
    "RegionCells",
    "Regions",
    "Reply",
    "Side",
]
