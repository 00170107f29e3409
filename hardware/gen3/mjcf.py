"""The robot as MJCF: the one model that physics simulates and that motion planning checks against.

`robot_xml` returns the `<body>` of the base with everything attached to it. Geoms named `<link>_capsule`,
`gripper_*`, `finger_*`, `pad_*` and `camera_body` collide (group 2, or 3 where a mesh hides them); geoms
named `*_look` are meshes that never collide (group 1). Sites: `flange` (end_effector_link), `tcp_open`;
camera `wrist` (MuJoCo axes: x right, y up, looking along -z).
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree as ET

from hardware.gen3 import facts, gripper
from hardware.gen3.mjcf_gripper import add_tool, finger_equalities
from hardware.gen3.mjcf_shapes import Meshes, add_capsule, add_mesh, quat, text
from hardware.geometry import rotation_from_rpy
from hardware.types import FloatArray

__all__ = ["finger_equalities", "robot_xml"]

ARMATURE = (0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05)


def robot_xml(
    flange_from_camera: FloatArray,
    *,
    meshes: Mapping[str, str] | None = None,
    fovy_deg: float = 43.0,
    movable_fingers: bool = True,
    finger_width_m: float = gripper.MAX_WIDTH_M,
) -> ET.Element:
    """The robot's base body (pose: the base frame) with arm, gripper and wrist camera.

    flange_from_camera (4, 4): optical frame (x right, y down, z forward) in the flange frame. meshes: part ->
    mesh asset name, for looks (parts as in `gen3.looks`); without them the collision shapes are shown. With
    movable_fingers the four finger hinges are joints (`finger_<side>_knuckle`, `finger_<side>_tip`), else the
    fingers stand fixed at `finger_width_m`.
    """
    meshes = meshes or {}
    links = {link.name: link for link in facts.LINKS}
    base = ET.Element("body", name="base_link", gravcomp="1")
    _fill_link(base, links["base_link"], meshes)
    body = base
    for joint, armature in zip(facts.JOINTS, ARMATURE, strict=True):
        body = _add_child(body, joint.child, joint.origin_xyz, joint.origin_rpy)
        _add_hinge(body, joint, armature)
        _fill_link(body, links[joint.child], meshes)
    flange = _add_child(body, "end_effector_link", facts.FLANGE_ORIGIN_XYZ, facts.FLANGE_ORIGIN_RPY)
    add_tool(flange, flange_from_camera, fovy_deg, meshes, movable_fingers, finger_width_m)
    return base


def _add_child(parent: ET.Element, name: str, xyz: facts.Vector, rpy: facts.Vector) -> ET.Element:
    return ET.SubElement(
        parent, "body", name=name, pos=text(xyz), quat=quat(rotation_from_rpy(*rpy)), gravcomp="1"
    )


def _add_hinge(body: ET.Element, joint: facts.JointFacts, armature: float) -> None:
    hinge = ET.SubElement(
        body,
        "joint",
        name=joint.name,
        type="hinge",
        axis="0 0 1",
        armature=str(armature),
        damping="0.5",
        frictionloss="0.5",
    )
    if joint.limits_rad is None:
        hinge.set("limited", "false")
    else:
        hinge.set("limited", "true")
        hinge.set("range", text(joint.limits_rad))


def _fill_link(body: ET.Element, link: facts.LinkFacts, meshes: Meshes) -> None:
    ET.SubElement(
        body, "inertial", pos=text(link.com), mass=str(link.mass_kg), fullinertia=text(link.inertia)
    )
    shown = add_mesh(body, link.name, meshes)
    for capsule in facts.CAPSULES:
        if capsule.link == link.name:
            add_capsule(
                body, f"{link.name}_capsule", capsule.start, capsule.end, capsule.radius_m, hidden=shown
            )
