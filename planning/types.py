"""What planning decides: frozen values in the base frame, metres, radians.

Grasp frame (TCP): origin midway between the fingertips, z = approach, x = closing direction.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property

import numpy as np

from hardware.geometry import transform
from hardware.types import BoolArray, FloatArray, IntArray, RGBDFrame, Trajectory, readonly


class Phase(Enum):
    """What the robot is about; the safety rules differ by phase."""

    IDLE = "idle"
    LOOK = "look"
    PICK = "pick"
    GRIP = "grip"
    """The fingers close on the object or open from it: they push the arm about, which is no collision."""
    TRANSPORT = "transport"
    HANDOVER = "handover"
    RETREAT = "retreat"
    RECOVER = "recover"


@dataclass(frozen=True)
class Grasp:
    """One grasp in the base frame at the moment of the picture.

    base_from_tcp (4, 4); width_m: opening at contact; contact (3,): T of the paper, the middle of the pads'
    overlap with
    the part; score: the generator's own, 0..1; lean_rad: tilt of the approach from vertical about the
    closing axis,
    positive toward the person's end; tier: 0 for the surest, the rest are tried later.
    """

    base_from_tcp: FloatArray
    width_m: float
    contact: FloatArray
    score: float = 0.0
    lean_rad: float = 0.0
    tier: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "base_from_tcp", readonly(self.base_from_tcp, (4, 4)))
        object.__setattr__(self, "contact", readonly(self.contact, (3,)))


@dataclass(frozen=True)
class GraspSet:
    """All candidates of one picture; `in_robot` and `in_human` mark those inside each region (Eq. 1).

    robot_centroid, human_centroid (3,): the middles of the two regions' points; source: the generator.
    """

    grasps: tuple[Grasp, ...]
    in_robot: BoolArray
    in_human: BoolArray
    robot_centroid: FloatArray
    human_centroid: FloatArray
    source: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "in_robot", readonly(self.in_robot, (len(self.grasps),), np.bool_))
        object.__setattr__(self, "in_human", readonly(self.in_human, (len(self.grasps),), np.bool_))
        object.__setattr__(self, "robot_centroid", readonly(self.robot_centroid, (3,)))
        object.__setattr__(self, "human_centroid", readonly(self.human_centroid, (3,)))

    @property
    def poses(self) -> FloatArray:
        """base_from_tcp of all candidates (N, 4, 4)."""
        return np.array([g.base_from_tcp for g in self.grasps]).reshape(-1, 4, 4)


@dataclass(frozen=True)
class Rejection:
    """A candidate that was dropped, and why; kept for the record."""

    contact: FloatArray
    reason: str


@dataclass(frozen=True)
class Proposals:
    """What a network said about P contacts on the object, in the base frame but otherwise as it was.

    base_from_hand (P, 4, 4): the hand it was trained for, z = approach, x = closing direction; contacts
    (P, 3): points of the object on one pad; widths_m (P,) at contact; scores (P,).
    """

    base_from_hand: FloatArray
    contacts: FloatArray
    widths_m: FloatArray
    scores: FloatArray

    def take(self, chosen: BoolArray | IntArray) -> Proposals:
        return Proposals(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class GraspView:
    """All that a grasp generator may look at; points are in the base frame.

    object_points (N, 3): the object's visible surface; scene_points (M, 3): everything else near it (table
    included);
    robot_points, human_points (K, 3): the two regions' points; table_z_m: height of the table top;
    contact_map (H, W) of the frame, 0..1, where a method draws one: how surely a person's hand goes there.
    """

    frame: RGBDFrame
    object_mask: BoolArray
    object_points: FloatArray
    scene_points: FloatArray
    robot_points: FloatArray
    human_points: FloatArray
    table_z_m: float
    contact_map: FloatArray | None = None


@dataclass(frozen=True)
class Ranking:
    """Eqs. 2-4: indices best first; score, mean distance (m) and mean approach angle (rad) per robot
    grasp.
    """

    order: IntArray
    score: FloatArray
    distance: FloatArray
    angle: FloatArray


@dataclass(frozen=True)
class Capsule:
    """A solid every motion must stay out of: the segment start-end (3,), (3,) swept by a sphere, base
    frame. margin_m: how much of the radius is room around the body itself; held_margin_m: how much of that
    room the held object keeps too, all of it by default.
    """

    name: str
    start: FloatArray
    end: FloatArray
    radius_m: float
    margin_m: float = 0.0
    held_margin_m: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", readonly(self.start, (3,)))
        object.__setattr__(self, "end", readonly(self.end, (3,)))

    @property
    def held_radius_m(self) -> float:
        """The radius that the held object stays out of."""
        kept = self.margin_m if self.held_margin_m is None else min(self.held_margin_m, self.margin_m)
        return self.radius_m - self.margin_m + kept


@dataclass(frozen=True)
class Cuboid:
    """A box obstacle: a_from_box (4, 4) with its centre as origin, and its full edge lengths size_m (3,)."""

    name: str
    a_from_box: FloatArray
    size_m: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "a_from_box", readonly(self.a_from_box, (4, 4)))
        object.__setattr__(self, "size_m", readonly(self.size_m, (3,)))

    @cached_property
    def axis(self) -> tuple[FloatArray, FloatArray, float]:
        """The capsule around it along its longest edge: start (3,), end (3,), radius in m, in frame a."""
        longest = int(np.argmax(self.size_m))
        half = np.zeros(3)
        half[longest] = self.size_m[longest] / 2
        radius_m = float(np.linalg.norm(np.delete(self.size_m, longest))) / 2
        return transform(self.a_from_box, -half), transform(self.a_from_box, half), radius_m


@dataclass(frozen=True)
class HeldObject:
    """The object in the hand, in the TCP frame of the grasp.

    cuboids: what to keep clear of everything; human_point (3,): centroid of the person's region;
    axis (3,): unit vector from the robot's part to the person's part; upright_axis (3,) or None: what must
    stay up;
    pointed: the end opposite the human part is a blade or a tip.
    """

    label: str
    width_m: float
    cuboids: tuple[Cuboid, ...]
    human_point: FloatArray
    axis: FloatArray
    upright_axis: FloatArray | None = None
    pointed: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "human_point", readonly(self.human_point, (3,)))
        object.__setattr__(self, "axis", readonly(self.axis, (3,)))
        if self.upright_axis is not None:
            object.__setattr__(self, "upright_axis", readonly(self.upright_axis, (3,)))


@dataclass(frozen=True)
class PlanningScene:
    """What a motion must not touch, in the base frame: cuboids (table, clutter), the person's capsules with
    their margins,    the held object, and how far the fingers are open.
    """

    obstacles: tuple[Cuboid, ...] = ()
    person: tuple[Capsule, ...] = ()
    held: HeldObject | None = None
    gripper_width_m: float = 0.085
    allow_contact: tuple[str, ...] = ()
    """Names of obstacles the gripper or the held object may touch (the object to grasp, the table it rests
    on).
    """


@dataclass(frozen=True)
class ToolGoal:
    """Where the TCP shall be, for a finger opening of `width_m` (the tips advance while closing)."""

    base_from_tcp: FloatArray
    width_m: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "base_from_tcp", readonly(self.base_from_tcp, (4, 4)))


@dataclass(frozen=True)
class GraspPlan:
    """How to take one grasp: free motion to the pre-grasp pose and the straight line in, as one trajectory;
    then the lift.
    """

    grasp: Grasp
    approach: Trajectory
    lift: Trajectory


@dataclass(frozen=True)
class HandoverPose:
    """One way to present the object: where the TCP goes, the hand point it serves (3,), its cost, and words
    for the record.
    """

    goal: ToolGoal
    hand_point: FloatArray
    cost: float
    description: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "hand_point", readonly(self.hand_point, (3,)))
