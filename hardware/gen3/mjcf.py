"""The robot as MJCF: the one model that physics simulates and that motion planning checks against.

`robot_xml` returns the `<body>` of the base with everything attached to it. Geoms:
group 3, named `<link>_capsule`, `gripper_*`, `finger_*`, `pad_*`, `camera_body`: collision; group 1: looks,
never collide.
Sites: `flange` (end_effector_link), `tcp_open`; camera `wrist` (MuJoCo axes: x right, y up, looking along
-z).
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree as ET

import numpy as np
from scipy.spatial.transform import Rotation

from hardware.gen3 import facts, gripper
from hardware.geometry import rotation_from_rpy
from hardware.types import FloatArray

LINK_RGBA = "0.82 0.83 0.85 1"
FINGER_RGBA = "0.18 0.18 0.2 1"
CAMERA_SIZE_M = (0.090, 0.025, 0.025)
ARMATURE = (0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05)
FINGERS = ("right", "left")
"""The finger at +x of the flange, then the one at -x."""


def _text(values: object) -> str:
    return " ".join(f"{float(v):.9g}" for v in np.ravel(np.asarray(values, dtype=np.float64)))


def _quat(rotation: FloatArray) -> str:
    return _text(Rotation.from_matrix(rotation).as_quat(scalar_first=True))


def robot_xml(
    flange_from_camera: FloatArray,
    *,
    meshes: Mapping[str, str] | None = None,
    fovy_deg: float = 43.0,
    movable_fingers: bool = True,
    finger_width_m: float = gripper.MAX_WIDTH_M,
) -> ET.Element:
    """The robot's base body (pose: the base frame) with arm, gripper and wrist camera.

    flange_from_camera (4, 4): optical frame (x right, y down, z forward) in the flange frame. meshes: link
    name -> mesh
    asset name, for looks; without them the capsules are shown. With movable_fingers the four finger hinges
    are joints
    (`finger_<side>_knuckle`, `finger_<side>_tip`), else the fingers stand fixed at `finger_width_m`.
    """
    meshes = meshes or {}
    links = {link.name: link for link in facts.LINKS}
    base = ET.Element("body", name="base_link", gravcomp="1")
    _fill_link(base, links["base_link"], meshes)
    body = base
    for joint, armature in zip(facts.JOINTS, ARMATURE, strict=True):
        body = ET.SubElement(
            body,
            "body",
            name=joint.child,
            pos=_text(joint.origin_xyz),
            quat=_quat(rotation_from_rpy(*joint.origin_rpy)),
            gravcomp="1",
        )
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
            hinge.set("range", _text(joint.limits_rad))
        _fill_link(body, links[joint.child], meshes)
    flange = ET.SubElement(
        body,
        "body",
        name="end_effector_link",
        pos=_text(facts.FLANGE_ORIGIN_XYZ),
        quat=_quat(rotation_from_rpy(*facts.FLANGE_ORIGIN_RPY)),
        gravcomp="1",
    )
    _fill_flange(flange, flange_from_camera, fovy_deg, meshes)
    for side in FINGERS:
        _add_finger(flange, side, movable_fingers, finger_width_m, meshes)
    return base


def finger_equalities() -> list[ET.Element]:
    """The couplings that keep the movable fingers symmetric and the pads parallel (children of
    `<equality>`).
    """
    couplings = [("finger_left_knuckle", "finger_right_knuckle", 1.0)]
    couplings += [(f"finger_{side}_tip", f"finger_{side}_knuckle", -1.0) for side in FINGERS]
    return [
        ET.Element(
            "joint",
            joint1=first,
            joint2=second,
            polycoef=f"0 {ratio:g} 0 0 0",
            solref="0.004 1",
            solimp="0.95 0.99 0.001",
        )
        for first, second, ratio in couplings
    ]


def _fill_link(body: ET.Element, link: facts.LinkFacts, meshes: Mapping[str, str]) -> None:
    ET.SubElement(
        body, "inertial", pos=_text(link.com), mass=str(link.mass_kg), fullinertia=_text(link.inertia)
    )
    _add_looks(body, link.name, meshes)
    for capsule in facts.CAPSULES:
        if capsule.link == link.name:
            _add_capsule(body, f"{link.name}_capsule", capsule.start, capsule.end, capsule.radius_m)


def _add_looks(body: ET.Element, link: str, meshes: Mapping[str, str], rgba: str = LINK_RGBA) -> None:
    if link in meshes:
        ET.SubElement(
            body,
            "geom",
            name=f"{link}_look",
            type="mesh",
            mesh=meshes[link],
            group="1",
            contype="0",
            conaffinity="0",
            mass="0",
            rgba=rgba,
        )


def _add_capsule(
    body: ET.Element, name: str, start: object, end: object, radius_m: float, rgba: str = LINK_RGBA
) -> None:
    ET.SubElement(
        body,
        "geom",
        name=name,
        type="capsule",
        fromto=f"{_text(start)} {_text(end)}",
        size=f"{radius_m:g}",
        group="3",
        mass="0",
        rgba=rgba,
    )


def _add_box(
    body: ET.Element,
    name: str,
    centre: object,
    size: object,
    rgba: str = FINGER_RGBA,
    quat: str | None = None,
) -> ET.Element:
    geom = ET.SubElement(
        body,
        "geom",
        name=name,
        type="box",
        pos=_text(centre),
        size=_text(np.asarray(size) / 2.0),
        group="3",
        mass="0",
        rgba=rgba,
    )
    if quat is not None:
        geom.set("quat", quat)
    return geom


def _fill_flange(
    flange: ET.Element, flange_from_camera: FloatArray, fovy_deg: float, meshes: Mapping[str, str]
) -> None:
    moving_kg = 2 * 0.075
    ET.SubElement(
        flange,
        "inertial",
        pos=f"0 0 {gripper.COM_HEIGHT_M - 0.01:g}",
        mass=f"{gripper.MASS_KG - moving_kg + 0.072:g}",
        diaginertia="0.0006 0.0006 0.0005",
    )
    ET.SubElement(flange, "site", name="flange", size="0.003", rgba="0 0 0 0")
    ET.SubElement(
        flange,
        "site",
        name="tcp_open",
        pos=f"0 0 {gripper.tip_height(gripper.MAX_WIDTH_M):.6g}",
        size="0.003",
        rgba="0 0 0 0",
    )
    palm = facts.PALM_CAPSULE
    _add_capsule(flange, "gripper_palm", palm.start, palm.end, palm.radius_m, FINGER_RGBA)
    _add_looks(flange, "robotiq_base", meshes, FINGER_RGBA)
    optical = flange_from_camera[:3, :3]
    mujoco_axes = optical @ np.diag([1.0, -1.0, -1.0])
    position = flange_from_camera[:3, 3]
    ET.SubElement(
        flange, "camera", name="wrist", pos=_text(position), quat=_quat(mujoco_axes), fovy=f"{fovy_deg:g}"
    )
    # The body stands behind the lens, so that the camera's own rays start outside it.
    centre = position - optical[:, 2] * (CAMERA_SIZE_M[2] / 2 + 0.001)
    _add_box(flange, "camera_body", centre, CAMERA_SIZE_M, "0.7 0.72 0.75 1", _quat(optical))


def _add_finger(
    flange: ET.Element, side: str, movable: bool, width_m: float, meshes: Mapping[str, str]
) -> None:
    sign = 1.0 if side == "right" else -1.0
    drive = 0.0 if movable else gripper.drive_angle(width_m)
    # A positive drive angle closes: the right finger turns about -y, the left one about +y.
    turn = Rotation.from_rotvec([0.0, -sign * drive, 0.0])
    knuckle = ET.SubElement(
        flange,
        "body",
        name=f"finger_{side}_knuckle_link",
        pos=_text((sign * gripper.PIVOT_LATERAL_M, 0, gripper.PIVOT_HEIGHT_M)),
        quat=_text(turn.as_quat(scalar_first=True)),
        gravcomp="1",
    )
    tip_offset = np.array([sign * gripper.LINK_LATERAL_M, 0.0, gripper.LINK_HEIGHT_M])
    _add_hinge(knuckle, f"finger_{side}_knuckle", -sign, movable)
    ET.SubElement(
        knuckle, "inertial", pos=_text(tip_offset / 2), mass="0.03", diaginertia="0.00001 0.00001 0.00001"
    )
    _add_capsule(knuckle, f"finger_{side}_link", (0, 0, 0), tip_offset, 0.009, FINGER_RGBA)
    tip = ET.SubElement(
        knuckle,
        "body",
        name=f"finger_{side}_tip_link",
        pos=_text(tip_offset),
        quat=_text(turn.inv().as_quat(scalar_first=True)),
        gravcomp="1",
    )
    _add_hinge(tip, f"finger_{side}_tip", -sign, movable)
    ET.SubElement(
        tip,
        "inertial",
        pos=_text((-sign * 0.015, 0, 0.025)),
        mass="0.045",
        diaginertia="0.00002 0.00002 0.00001",
    )
    face = sign * gripper.PAD_FACE_LATERAL_M
    pad = _add_box(
        tip,
        f"pad_{side}",
        (face + sign * 0.004, 0, gripper.PAD_CENTRE_M),
        (0.008, gripper.PAD_WIDTH_M, gripper.PAD_HEIGHT_M),
        "0.1 0.1 0.1 1",
    )
    # Friction and softness measured to hold by friction alone; priority lets the pad's figures win over the
    # object's.
    for key, value in {
        "friction": "0.8 0.01 0.0005",
        "condim": "4",
        "solref": "0.004 1",
        "solimp": "0.95 0.99 0.001",
        "priority": "1",
    }.items():
        pad.set(key, value)
    back_m = gripper.FINGER_THICKNESS_M - 0.008
    _add_box(
        tip,
        f"finger_{side}_back",
        (face + sign * (0.008 + back_m / 2), 0, 0.026),
        (back_m, gripper.PAD_WIDTH_M, 0.050),
    )
    _add_capsule(tip, f"finger_{side}_joint", (0, 0, 0), (face + sign * 0.012, 0, 0.010), 0.0075, FINGER_RGBA)


def _add_hinge(body: ET.Element, name: str, axis_y: float, movable: bool) -> None:
    if movable:
        ET.SubElement(
            body,
            "joint",
            name=name,
            type="hinge",
            axis=f"0 {axis_y:g} 0",
            limited="false",
            armature="0.001",
            damping="0.05",
        )
