"""The tool as MJCF: the 2F-85 with its coupled fingers, the flange site and the wrist camera."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import numpy as np
from scipy.spatial.transform import Rotation

from hardware.gen3 import facts, gripper
from hardware.gen3.mjcf_shapes import DARK_RGBA, Meshes, add_box, add_capsule, add_mesh, quat, text
from hardware.types import FloatArray

CAMERA_SIZE_M = (0.090, 0.025, 0.025)
CAMERA_MASS_KG = 0.072
KNUCKLE_MASS_KG, TIP_MASS_KG = 0.03, 0.045
PAD_THICKNESS_M = 0.008
BAR_FROM_KNUCKLE_M = (0.03152616, 0.0, -0.00376347)
"""Where the finger's mesh sits in the knuckle's frame (x mirrored for the left finger)."""
FINGERS = ("right", "left")
"""The finger at +x of the flange, then the one at -x."""
PAD_CONTACT = {
    # Friction and softness measured to hold by friction alone; priority lets the pad's figures win.
    "friction": "0.8 0.01 0.0005",
    "condim": "4",
    "solref": "0.004 1",
    "solimp": "0.95 0.99 0.001",
    "priority": "1",
}


def add_tool(
    flange: ET.Element,
    flange_from_camera: FloatArray,
    fovy_deg: float,
    meshes: Meshes,
    movable_fingers: bool,
    finger_width_m: float,
) -> None:
    """Fill the flange's body with gripper and camera (arguments as in `mjcf.robot_xml`)."""
    moving_kg = 2.0 * (KNUCKLE_MASS_KG + TIP_MASS_KG)
    ET.SubElement(
        flange,
        "inertial",
        pos=text((0.0, 0.0, gripper.COM_HEIGHT_M - 0.01)),
        mass=f"{gripper.MASS_KG - moving_kg + CAMERA_MASS_KG:g}",
        diaginertia="0.0006 0.0006 0.0005",
    )
    _add_site(flange, "flange", 0.0)
    _add_site(flange, "tcp_open", gripper.tip_height(gripper.MAX_WIDTH_M))
    palm = facts.PALM_CAPSULE
    shown = add_mesh(flange, "robotiq_base", meshes, DARK_RGBA)
    add_capsule(flange, "gripper_palm", palm.start, palm.end, palm.radius_m, DARK_RGBA, hidden=shown)
    _add_camera(flange, flange_from_camera, fovy_deg)
    for side in FINGERS:
        _add_finger(flange, side, movable_fingers, finger_width_m, meshes)


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


def _add_site(body: ET.Element, name: str, height_m: float) -> None:
    ET.SubElement(body, "site", name=name, pos=text((0.0, 0.0, height_m)), size="0.003", rgba="0 0 0 0")


def _add_camera(flange: ET.Element, flange_from_camera: FloatArray, fovy_deg: float) -> None:
    optical, position = flange_from_camera[:3, :3], flange_from_camera[:3, 3]
    mujoco_axes = optical @ np.diag([1.0, -1.0, -1.0])
    ET.SubElement(
        flange, "camera", name="wrist", pos=text(position), quat=quat(mujoco_axes), fovy=f"{fovy_deg:g}"
    )
    # The body stands behind the lens, so that the camera's own rays start outside it.
    centre = position - optical[:, 2] * (CAMERA_SIZE_M[2] / 2 + 0.001)
    body = add_box(flange, "camera_body", centre, CAMERA_SIZE_M, "0.7 0.72 0.75 1")
    body.set("quat", quat(optical))


def _add_finger(flange: ET.Element, side: str, movable: bool, width_m: float, meshes: Meshes) -> None:
    sign = 1.0 if side == "right" else -1.0
    drive = 0.0 if movable else gripper.drive_angle(width_m)
    # A positive drive angle closes: the right finger turns about -y, the left one about +y.
    turn = Rotation.from_rotvec([0.0, -sign * drive, 0.0])
    knuckle = ET.SubElement(
        flange,
        "body",
        name=f"finger_{side}_knuckle_link",
        pos=text((sign * gripper.PIVOT_LATERAL_M, 0, gripper.PIVOT_HEIGHT_M)),
        quat=text(turn.as_quat(scalar_first=True)),
        gravcomp="1",
    )
    tip_offset = np.array([sign * gripper.LINK_LATERAL_M, 0.0, gripper.LINK_HEIGHT_M])
    if movable:
        hinge = _add_hinge(knuckle, f"finger_{side}_knuckle", -sign)
        hinge.set("limited", "true")
        hinge.set("range", text((0.0, gripper.DRIVE_CLOSED_RAD)))
    ET.SubElement(
        knuckle, "inertial", pos=text(tip_offset / 2), mass=str(KNUCKLE_MASS_KG), diaginertia="1e-5 1e-5 1e-5"
    )
    add_mesh(knuckle, f"finger_{side}_knuckle", meshes, DARK_RGBA)
    bar_at = np.multiply(BAR_FROM_KNUCKLE_M, (sign, 1.0, 1.0))
    shown = add_mesh(knuckle, f"finger_{side}_bar", meshes, DARK_RGBA, bar_at)
    add_capsule(knuckle, f"finger_{side}_link", (0, 0, 0), tip_offset, 0.009, DARK_RGBA, hidden=shown)
    tip = ET.SubElement(
        knuckle,
        "body",
        name=f"finger_{side}_tip_link",
        pos=text(tip_offset),
        quat=text(turn.inv().as_quat(scalar_first=True)),
        gravcomp="1",
    )
    if movable:
        _add_hinge(tip, f"finger_{side}_tip", -sign).set("limited", "false")
    _fill_tip(tip, side, sign, meshes)


def _fill_tip(tip: ET.Element, side: str, sign: float, meshes: Meshes) -> None:
    ET.SubElement(
        tip,
        "inertial",
        pos=text((-sign * 0.015, 0, 0.025)),
        mass=str(TIP_MASS_KG),
        diaginertia="2e-5 2e-5 1e-5",
    )
    shown = add_mesh(tip, f"finger_{side}_tip", meshes, DARK_RGBA)
    face = sign * gripper.PAD_FACE_LATERAL_M
    pad = add_box(
        tip,
        f"pad_{side}",
        (face + sign * PAD_THICKNESS_M / 2, 0, gripper.PAD_CENTRE_M),
        (PAD_THICKNESS_M, gripper.PAD_WIDTH_M, gripper.PAD_HEIGHT_M),
        "0.1 0.1 0.1 1",
        hidden=shown,
    )
    for key, value in PAD_CONTACT.items():
        pad.set(key, value)
    back_m = gripper.FINGER_THICKNESS_M - PAD_THICKNESS_M
    add_box(
        tip,
        f"finger_{side}_back",
        (face + sign * (PAD_THICKNESS_M + back_m / 2), 0, 0.026),
        (back_m, gripper.PAD_WIDTH_M, 0.050),
        hidden=shown,
    )
    add_capsule(
        tip,
        f"finger_{side}_joint",
        (0, 0, 0),
        (face + sign * 0.012, 0, 0.010),
        0.0075,
        DARK_RGBA,
        hidden=shown,
    )


def _add_hinge(body: ET.Element, name: str, axis_y: float) -> ET.Element:
    return ET.SubElement(
        body, "joint", name=name, type="hinge", axis=f"0 {axis_y:g} 0", armature="0.001", damping="0.05"
    )
