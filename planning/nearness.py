"""How near the robot is to the person's body and to the arm that receives, from the unfiltered joints."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hardware.types import BoolArray, FloatArray, IntArray
from perception.types import HumanPose
from planning.distances import above, robot_segments, segment_distance
from planning.motion.options import SceneOptions
from planning.robot_model import CAPSULE_RADII, capsule_segments
from planning.scene import HEAD, OVER_SHOULDERS, RECEIVING, TORSO, person_capsules
from planning.types import HeldObject

_NO_MARGINS = SceneOptions(head_margin_m=0.0, column_radius_m=0.0, torso_margin_m=0.0, arm_margin_m=0.0)
_ROBOT = len(CAPSULE_RADII)
"""So many parts are the robot's; those of the held object follow."""


@dataclass(frozen=True)
class Body:
    """The person as P capsules without room around them: starts, ends (P, 3), radii (P,); `receiving` (P,)
    marks the forearm and hand that take the object, `head` (P,) the head. shoulders_z_m: from there up
    nothing may enter the column about the head's middle `over` (2,).
    """

    names: tuple[str, ...]
    starts: FloatArray
    ends: FloatArray
    radii: FloatArray
    receiving: BoolArray
    head: BoolArray
    shoulders_z_m: float
    over: FloatArray


@dataclass(frozen=True)
class Nearness:
    """Distances in m between surfaces, never below 0, inf where the person's part is not known.

    body_m: robot to everything but the receiving forearm and hand, `body_part` being the nearest;
    receiving_m: robot to these two; reach_m: robot or held object to the body; held_head_m: held object to
    the head; column_m: what the robot has above the person's shoulders, to the vertical through their head.
    """

    body_m: float
    body_part: str
    receiving_m: float
    reach_m: float
    held_head_m: float
    column_m: float


NOBODY = Nearness(np.inf, "person", np.inf, np.inf, np.inf, np.inf)


@dataclass(frozen=True)
class Distances:
    """The same along a way, each (N,); `parts` (N,) are the nearest parts of the body, as indices."""

    names: tuple[str, ...]
    parts: IntArray
    body_m: FloatArray
    receiving_m: FloatArray
    reach_m: FloatArray
    held_head_m: FloatArray
    column_m: FloatArray

    def at(self, i: int) -> Nearness:
        """Those of one pose."""
        return Nearness(
            float(self.body_m[i]),
            self.names[self.parts[i]],
            float(self.receiving_m[i]),
            float(self.reach_m[i]),
            float(self.held_head_m[i]),
            float(self.column_m[i]),
        )

    def toward_person(self, *, receiving_counts: bool) -> FloatArray:
        """What speed depends on (N,): robot and held object to the body, and the robot to the receiving
        forearm and hand where these count.
        """
        return np.minimum(self.reach_m, self.receiving_m) if receiving_counts else self.reach_m


def body_of(human: HumanPose) -> Body | None:
    """The person's capsules; None where no shoulder is known, and with it not where they are."""
    known = np.where(np.isfinite(human.raw), human.raw, human.joints)
    seen = person_capsules(replace(human, joints=known), _NO_MARGINS)
    parts = {part.name: part for part in seen if part.name != OVER_SHOULDERS}
    if not parts:
        return None
    return Body(
        names=tuple(parts),
        starts=np.array([part.start for part in parts.values()]),
        ends=np.array([part.end for part in parts.values()]),
        radii=np.array([part.radius_m for part in parts.values()]),
        receiving=np.array([name in RECEIVING for name in parts], dtype=np.bool_),
        head=np.array([name == HEAD for name in parts], dtype=np.bool_),
        shoulders_z_m=float(parts[TORSO].start[2]),
        over=parts[HEAD].start[:2],
    )


def distances(joints: FloatArray, body: Body, held: HeldObject | None, uncertainty_m: float) -> Distances:
    """From the robot at joints (N, 7) and what it holds, less the uncertainty of the person's joints."""
    starts, ends, radii = robot_segments(joints, held)
    gaps = segment_distance(starts[:, :, None], ends[:, :, None], body.starts, body.ends)
    gaps = np.maximum(gaps - (radii[:, None] + body.radii + uncertainty_m), 0.0)
    others = ~body.receiving
    by_part = gaps[:, :_ROBOT].min(axis=1)
    to_body = np.where(others, by_part, np.inf)
    return Distances(
        names=body.names,
        parts=np.argmin(to_body, axis=1),
        body_m=to_body.min(axis=1),
        receiving_m=np.min(by_part, axis=1, where=body.receiving, initial=np.inf),
        reach_m=np.min(gaps, axis=(1, 2), where=others, initial=np.inf),
        held_head_m=np.min(gaps[:, _ROBOT:], axis=(1, 2), where=body.head, initial=np.inf),
        column_m=_to_column(starts[:, :_ROBOT], ends[:, :_ROBOT], body, uncertainty_m),
    )


def nearness(
    joints: FloatArray, human: HumanPose, held: HeldObject | None = None, uncertainty_m: float = 0.0
) -> Nearness:
    """From the robot at joints (7,)."""
    body = body_of(human)
    return NOBODY if body is None else distances(joints[None], body, held, uncertainty_m).at(0)


def _to_column(starts: FloatArray, ends: FloatArray, body: Body, uncertainty_m: float) -> FloatArray:
    """From the robot's segments (N, K, 3), where they are over the shoulders, to the column's middle (N,)."""
    starts, ends, there = above(starts, ends, body.shoulders_z_m)
    off = segment_distance(starts[..., :2], ends[..., :2], body.over, body.over)
    off = np.where(there, off - CAPSULE_RADII - uncertainty_m, np.inf)
    return np.asarray(np.maximum(off.min(axis=1), 0.0))


def to_robot(joints: FloatArray, points: FloatArray) -> FloatArray:
    """Distances (...,) from points (..., 3) to the surface of the robot at joints (7,); NaN stays NaN."""
    starts, ends = capsule_segments(joints)
    points = np.asarray(points)[..., None, :]
    return np.asarray(np.min(segment_distance(points, points, starts, ends) - CAPSULE_RADII, axis=-1))
