"""How near the robot is to the person's body and to the arm that receives, from the unfiltered joints."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hardware.types import BoolArray, FloatArray
from perception.types import HumanPose
from planning.distances import robot_segments, segment_distance
from planning.motion.options import SceneOptions
from planning.robot_model import CAPSULE_RADII, capsule_segments
from planning.scene import RECEIVING, person_capsules
from planning.types import Capsule, HeldObject

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
    person = _capsules(human)
    if not person:
        return Nearness(np.inf, "person", np.inf, np.inf)
    gaps, body = _gaps(joints[None], person, held, uncertainty_m)[0], _is_body(person)
    robot = gaps[: len(CAPSULE_RADII)].min(axis=0)
    nearest = int(np.argmin(np.where(body, robot, np.inf)))
    return Nearness(
        body_m=float(np.min(robot[body], initial=np.inf)),
        body_part=person[nearest].name,
        receiving_m=float(np.min(robot[~body], initial=np.inf)),
        reach_m=float(np.min(gaps[:, body], initial=np.inf)),
    )


def ways_near(
    joints: FloatArray,
    human: HumanPose,
    held: HeldObject | None,
    uncertainty_m: float,
    *,
    receiving_counts: bool,
) -> FloatArray:
    """What speed depends on, for joints (N, 7): distances (N,) of robot and held object to the body, and of
    the robot to the receiving forearm and hand where these count.
    """
    person = _capsules(human)
    if not person:
        return np.full(len(joints), np.inf)
    gaps, body = _gaps(joints, person, held, uncertainty_m), _is_body(person)
    near = np.min(gaps[:, :, body], axis=(1, 2), initial=np.inf)
    if not receiving_counts:
        return np.asarray(near)
    robot = gaps[:, : len(CAPSULE_RADII)][:, :, ~body]
    return np.asarray(np.minimum(near, np.min(robot, axis=(1, 2), initial=np.inf)))


def _capsules(human: HumanPose) -> tuple[Capsule, ...]:
    known = np.where(np.isfinite(human.raw), human.raw, human.joints)
    return tuple(person_capsules(replace(human, joints=known), _NO_MARGINS))


def _is_body(person: tuple[Capsule, ...]) -> BoolArray:
    return np.array([capsule.name not in RECEIVING for capsule in person], dtype=np.bool_)


def _gaps(
    joints: FloatArray, person: tuple[Capsule, ...], held: HeldObject | None, uncertainty_m: float
) -> FloatArray:
    """Between the surfaces of every part of the robot and of the person (N, K, P)."""
    starts, ends, radii = robot_segments(joints, held)
    gaps = segment_distance(
        starts[:, :, None],
        ends[:, :, None],
        np.array([capsule.start for capsule in person]),
        np.array([capsule.end for capsule in person]),
    )
    gaps -= radii[:, None] + np.array([capsule.radius_m for capsule in person]) + uncertainty_m
    return np.maximum(gaps, 0.0)


def to_robot(joints: FloatArray, points: FloatArray) -> FloatArray:
    """Distances (...,) from points (..., 3) to the surface of the robot at joints (7,); NaN stays NaN."""
    starts, ends = capsule_segments(joints)
    points = np.asarray(points)[..., None, :]
    return np.asarray(np.min(segment_distance(points, points, starts, ends) - CAPSULE_RADII, axis=-1))
