"""The robot with everything around it as one MJCF document, read by the path planner and by the collision
check.

Obstacles are static bodies under the base and the held object is a body under the flange, so that both
readers place them alike. Which pairs of bodies may touch is decided here, once, for both.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from xml.etree import ElementTree as ET

import numpy as np
from scipy.spatial.transform import Rotation

from hardware.gen3 import facts, gripper
from hardware.gen3.mjcf import robot_xml
from hardware.types import FloatArray
from planning.types import Capsule, Cuboid, PlanningScene

HELD = "held_object"
_OBSTACLE = "obstacle_"
_FOR_HELD = "_for_held"
CONTINUOUS_RANGE_RAD = 2.0 * np.pi
"""Continuous joints get this range either way: the path planner samples within limits only."""

_HELD_CLEAR_OF = (
    "base_link",
    "shoulder_link",
    "half_arm_1_link",
    "half_arm_2_link",
    "forearm_link",
    "spherical_wrist_1_link",
)


@dataclass(frozen=True)
class PlanningModel:
    """xml: the document; ignored: pairs of bodies that are never checked; words: body name -> name for
    people.
    """

    xml: str
    ignored: tuple[tuple[str, str], ...]
    words: dict[str, str]


def planning_model(scene: PlanningScene, flange_from_camera: FloatArray) -> PlanningModel:
    """Robot (fingers fixed at the scene's opening), obstacles, person and held object."""
    base = robot_xml(flange_from_camera, movable_fingers=False, finger_width_m=scene.gripper_width_m)
    for joint in base.iter("joint"):
        if joint.get("limited") == "false":
            joint.set("limited", "true")
            joint.set("range", f"{-CONTINUOUS_RANGE_RAD} {CONTINUOUS_RANGE_RAD}")
    robot = [body.get("name", "") for body in base.iter("body")]
    words = {name: _word(name) for name in robot}
    solids: tuple[Cuboid | Capsule, ...] = (*scene.obstacles, *scene.person)
    named = {f"{_OBSTACLE}{i}": solid for i, solid in enumerate(solids)}
    ignored = _robot_pairs(robot)
    if scene.held is not None and scene.held.cuboids:
        _add_held(base, scene)
        words[HELD] = f"the held {scene.held.label}"
        ignored += [(body, HELD) for body in robot if body not in _HELD_CLEAR_OF]
        closer = _closer_for_held(scene.person, len(scene.obstacles))
        ignored += [(HELD, body.removesuffix(_FOR_HELD)) for body in closer]
        ignored += [(part, body) for part in robot for body in closer]
        named |= closer
    words |= {body: solid.name for body, solid in named.items()}
    touching = [b for b in words if b.startswith("finger") or b == HELD]
    allowed = [body for body, solid in named.items() if solid.name in scene.allow_contact]
    ignored += [(body, obstacle) for body in touching for obstacle in allowed]
    for body, solid in named.items():
        _add_solid(base, body, solid)
    return PlanningModel(_document(base, ignored), tuple(ignored), words)


def _closer_for_held(person: tuple[Capsule, ...], first: int) -> dict[str, Capsule]:
    """Body name -> the smaller solid that stands for a part of the person where the held object is meant."""
    return {
        f"{_OBSTACLE}{first + i}{_FOR_HELD}": replace(part, radius_m=part.held_radius_m)
        for i, part in enumerate(person)
        if part.held_radius_m < part.radius_m
    }


def is_obstacle(body: str) -> bool:
    """Whether a body of the document is an obstacle or a part of the person, not of the robot."""
    return body.startswith(_OBSTACLE)


TOOL_BODIES = ("bracelet_link", "end_effector_link", HELD)


def is_tool(body: str) -> bool:
    """Whether a body is rigid with the flange, the held object included."""
    return body in TOOL_BODIES or body.startswith("finger")


def _word(body: str) -> str:
    """What people call a body of the robot."""
    if body.startswith("finger"):
        return f"the {body.split('_')[1]} finger"
    return (
        "the gripper"
        if body == "end_effector_link"
        else f"the {body.removesuffix('_link').replace('_', ' ')}"
    )


def _robot_pairs(bodies: list[str]) -> list[tuple[str, str]]:
    """All pairs of robot bodies but those of the arm's own list."""
    tool = [body for body in bodies if body.startswith(("end_effector", "finger"))]
    checked = set()
    for first, second in facts.SELF_COLLISION_PAIRS:
        checked |= {frozenset((first, body)) for body in (tool if second == "gripper" else [second])}
    return [pair for pair in combinations(bodies, 2) if frozenset(pair) not in checked]


def _add_held(base: ET.Element, scene: PlanningScene) -> None:
    assert scene.held is not None
    flange = next(body for body in base.iter("body") if body.get("name") == "end_effector_link")
    held = ET.SubElement(flange, "body", name=HELD)
    flange_from_tcp = gripper.flange_from_tcp(scene.held.width_m)
    for i, cuboid in enumerate(scene.held.cuboids):
        _add_box(held, f"{HELD}_{i}", flange_from_tcp @ cuboid.a_from_box, cuboid.size_m)


def _add_solid(base: ET.Element, name: str, solid: Cuboid | Capsule) -> None:
    body = ET.SubElement(base, "body", name=name)
    geom = f"{name}_geom"
    if isinstance(solid, Cuboid):
        _add_box(body, geom, solid.a_from_box, solid.size_m)
    elif np.linalg.norm(solid.end - solid.start) < 1e-6:
        ET.SubElement(
            body, "geom", name=geom, type="sphere", pos=_text(solid.start), size=f"{solid.radius_m:.9g}"
        )
    else:
        ends = f"{_text(solid.start)} {_text(solid.end)}"
        ET.SubElement(body, "geom", name=geom, type="capsule", fromto=ends, size=f"{solid.radius_m:.9g}")


def _add_box(body: ET.Element, name: str, placement: FloatArray, size_m: FloatArray) -> None:
    quaternion = Rotation.from_matrix(placement[:3, :3]).as_quat(scalar_first=True)
    half = np.maximum(size_m / 2.0, 1e-4)
    ET.SubElement(
        body,
        "geom",
        name=name,
        type="box",
        pos=_text(placement[:3, 3]),
        quat=_text(quaternion),
        size=_text(half),
        mass="0",
    )


def _document(base: ET.Element, ignored: list[tuple[str, str]]) -> str:
    root = ET.Element("mujoco", model="planning")
    ET.SubElement(root, "compiler", angle="radian")
    option = ET.SubElement(root, "option")
    # Parent and child pairs follow the list below like all others.
    ET.SubElement(option, "flag", filterparent="disable")
    ET.SubElement(root, "worldbody").append(base)
    contact = ET.SubElement(root, "contact")
    for first, second in ignored:
        ET.SubElement(contact, "exclude", body1=first, body2=second)
    return ET.tostring(root, encoding="unicode")


def _text(values: FloatArray) -> str:
    return " ".join(f"{value:.9g}" for value in values)
