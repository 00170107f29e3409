"""The whole scene as one MuJoCo model: scenery, robot, objects and, if there is one, the person.

Geom groups: 0 = scenery, objects, people; 1 = the robot's meshes, which never collide; 2 = robot shapes that
collide and are seen by everyone; 3 = robot shapes that collide and hide behind a mesh.
No equality joins the gripper and an object; the only one that touches an object is the person's hand grip.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import mujoco
import numpy as np

from hardware.gen3 import facts, gripper
from hardware.gen3.looks import mesh_files
from hardware.gen3.mjcf import finger_equalities, robot_xml
from hardware.gen3.mjcf_shapes import text
from hardware.geometry import pose, rotation_from_rpy
from hardware.sim.options import SimOptions, WristCameraOptions
from hardware.sim.scenery import scenery_xml
from hardware.types import FloatArray

if TYPE_CHECKING:
    from hardware.sim.scenario import ObjectPlacement, SceneSpec

ARM_GAINS = ((2000.0, 100.0),) * 4 + ((500.0, 30.0),) * 3
"""Stiffness in Nm/rad and damping in Nms/rad of the seven joint servos."""
GRIPPER_GAINS = (200.0, 6.0)
GRIPPER_CONTROL = facts.VELOCITY_LIMITS.size
"""Index of the gripper's control, after the arm's seven."""
GRIPPER_ROOM_RAD = 0.5
"""How far past closed the fingers may be commanded: a servo that aims at closed only has no force left there.
"""

WRIST_CAMERA = "wrist"
FLANGE_SITE = "flange"
HAND_GRIP = "hand_grip"
TARGET = "target/"
SEEN_BY_WRIST = (0, 2, 3)
SEEN_BY_ONLOOKER = (0, 1, 2)


def placements(scene: SceneSpec) -> dict[str, ObjectPlacement]:
    """Every object of the scene by the prefix of its names: "target/", "clutter0/", ..."""
    others = {f"clutter{i}/": placement for i, placement in enumerate(scene.clutter)}
    return {TARGET: scene.target, **others}


def camera_mount(options: WristCameraOptions) -> FloatArray:
    """flange_from_camera (4, 4): optical x along the flange's -x, y along its -y, z along its z, then turned
    by `mount_rpy_deg`.
    """
    turned = rotation_from_rpy(*np.radians(options.mount_rpy_deg))
    return pose(np.diag([-1.0, -1.0, 1.0]) @ turned, options.mount_xyz_m)


def build_model(scene: SceneSpec, options: SimOptions, *, looks: bool = True) -> mujoco.MjModel:
    """Compile the scene. With `looks` the robot's meshes are shown where they are installed."""
    root = scenery_xml(options)
    _add_robot(root, options, looks)
    if scene.person is not None:
        from hardware.sim.person_model import person_mjcf

        person = person_mjcf(scene.person)
        _section(root, "worldbody").extend(person.bodies)
        for first, second in person.excludes:
            ET.SubElement(_section(root, "contact"), "exclude", body1=first, body2=second)
    spec = mujoco.MjSpec.from_string(ET.tostring(root, encoding="unicode"))
    for prefix, placement in placements(scene).items():
        _attach(spec, placement, prefix)
    if scene.person is not None:
        _add_hand_grip(spec)
    return spec.compile()


def _section(root: ET.Element, name: str) -> ET.Element:
    section = root.find(name)
    assert section is not None, f"the scenery has no <{name}>"
    return section


def _add_robot(root: ET.Element, options: SimOptions, looks: bool) -> None:
    files = mesh_files() if looks else {}
    for part, path in files.items():
        ET.SubElement(_section(root, "asset"), "mesh", name=f"{part}_mesh", file=str(path), inertia="shell")
    base = robot_xml(
        camera_mount(options.camera),
        meshes={part: f"{part}_mesh" for part in files},
        fovy_deg=float(np.degrees(2 * np.arctan(options.camera.height / 2 / options.camera.focal_px))),
    )
    for geom in base.iter("geom"):
        if geom.get("contype") != "0":
            # Robot shapes meet the world but not each other; the pairs that can meet are listed below.
            geom.set("contype", "1")
            geom.set("conaffinity", "2")
    _section(root, "worldbody").append(base)
    _section(root, "equality").extend(finger_equalities())
    _add_self_contacts(_section(root, "contact"))
    _add_actuators(root)
    # The arm reads these two as one wrench: they stay next to each other.
    sensors = _section(root, "sensor")
    ET.SubElement(sensors, "force", name="flange_force", site=FLANGE_SITE)
    ET.SubElement(sensors, "torque", name="flange_torque", site=FLANGE_SITE)


def _add_self_contacts(contact: ET.Element) -> None:
    for pair in facts.SELF_COLLISION_PAIRS:
        shapes = [("gripper_palm", "camera_body") if p == "gripper" else (f"{p}_capsule",) for p in pair]
        for first, second in product(*shapes):
            ET.SubElement(contact, "pair", geom1=first, geom2=second)


def _add_actuators(root: ET.Element) -> None:
    actuators = _section(root, "actuator")
    for joint, (stiffness, damping) in zip(facts.JOINTS, ARM_GAINS, strict=True):
        ET.SubElement(
            actuators,
            "position",
            name=joint.name,
            joint=joint.name,
            kp=f"{stiffness:g}",
            kv=f"{damping:g}",
            forcerange=text((-joint.effort_nm, joint.effort_nm)),
        )
    fixed = ET.SubElement(_section(root, "tendon"), "fixed", name="fingers")
    for side in ("right", "left"):
        ET.SubElement(fixed, "joint", joint=f"finger_{side}_knuckle", coef="0.5")
    stiffness, damping = GRIPPER_GAINS
    ET.SubElement(
        actuators,
        "general",
        name="gripper",
        tendon="fingers",
        gainprm=f"{stiffness:g}",
        biastype="affine",
        biasprm=text((0.0, -stiffness, -damping)),
        ctrlrange=text((0.0, gripper.DRIVE_CLOSED_RAD + GRIPPER_ROOM_RAD)),
        forcerange="-6 6",
    )


def _attach(spec: mujoco.MjSpec, placement: ObjectPlacement, prefix: str) -> None:
    """Put the object into the scene as a free body called `<prefix>object`."""
    child = placement.model.spec
    body = child.body("object")
    if not body.joints:
        body.add_freejoint()
    body.pos = placement.position
    body.quat = placement.quaternion
    spec.attach(child, prefix=prefix, frame=spec.worldbody.add_frame())


def _add_hand_grip(spec: mujoco.MjSpec) -> None:
    """The weld that lets the person's closed hand hold the object; inactive until the hand has closed."""
    grip = spec.add_equality()
    grip.name = HAND_GRIP
    grip.type = mujoco.mjtEq.mjEQ_WELD
    grip.objtype = mujoco.mjtObj.mjOBJ_BODY
    grip.name1, grip.name2 = "person_hand", f"{TARGET}object"
    grip.active = False
    grip.solref = [0.02, 1.0]
    grip.data[10] = 1.0  # torque scale
