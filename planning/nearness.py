"""How near the robot is to the person's body and to the arm that receives, from the unfiltered joints."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hardware.types import FloatArray
from perception.types import HumanPose
from planning.distances import robot_segments, segment_distance
from planning.motion.options import SceneOptions
from planning.robot_model import CAPSULE_RADII, capsule_segments
from planning.scene import RECEIVING, person_capsules
from planning.types import HeldObject

_NO_MARGINS = SceneOptions(head_margin_m=0.0, column_radius_m=0.0, torso_margin_m=0.0, arm_margin_m=0.0)


@dataclass(frozen=True)
class Nearness:
    """Distances in m between surfaces, inf where the person's part is not known.

    body_m: robot to everything but the receiving forearm and hand, `body_part` being the nearest;
    receiving_m: robot to these two; reach_m: robot or held object to the body.
    """

    body_m: float
    body_part: str
    receiving_m: float
    reach_m: float


def nearness(
    joints: FloatArray, human: HumanPose, held: HeldObject | None = None, uncertainty_m: float = 0.0
) -> Nearness:
    """From the robot at joints (7,), less the uncertainty of the person's joints; never below 0."""
    known = np.where(np.isfinite(human.raw), human.raw, human.joints)
    person = person_capsules(replace(human, joints=known), _NO_MARGINS)
    body = np.array([capsule.name not in RECEIVING for capsule in person], dtype=np.bool_)
    if not person:
        return Nearness(np.inf, "person", np.inf, np.inf)
    starts, ends, radii = robot_segments(joints[None], held)
    gaps = segment_distance(
        starts[0][:, None],
        ends[0][:, None],
        np.array([capsule.start for capsule in person]),
        np.array([capsule.end for capsule in person]),
    )
    gaps -= radii[:, None] + np.array([capsule.radius_m for capsule in person]) + uncertainty_m
    gaps = np.maximum(gaps, 0.0)
    robot = gaps[: len(CAPSULE_RADII)].min(axis=0)
    nearest = int(np.argmin(np.where(body, robot, np.inf)))
    return Nearness(
        body_m=float(np.min(robot[body], initial=np.inf)),
        body_part=person[nearest].name,
        receiving_m=float(np.min(robot[~body], initial=np.inf)),
        reach_m=float(np.min(gaps[:, body], initial=np.inf)),
    )


def to_robot(joints: FloatArray, points: FloatArray) -> FloatArray:
    """Distances (...,) from points (..., 3) to the surface of the robot at joints (7,); NaN stays NaN."""
    starts, ends = capsule_segments(joints)
    points = np.asarray(points)[..., None, :]
    return np.asarray(np.min(segment_distance(points, points, starts, ends) - CAPSULE_RADII, axis=-1))
