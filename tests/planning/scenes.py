"""Scenes and an independently built collision model for the tests of motions."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import mujoco
import numpy as np

from hardware.gen3 import facts, gripper
from hardware.gen3.mjcf import robot_xml
from hardware.geometry import pose
from perception.types import ArmLengths, HumanPose, Keypoint
from planning.types import Capsule, Cuboid, HeldObject, PlanningScene

CAMERA = pose(np.diag([-1.0, -1.0, 1.0]), (0.0, 0.0615, 0.03))
VIEW = np.radians([0.0, -44.4, 180.0, -129.2, 0.0, -65.2, 90.0])
DOWN = np.diag([1.0, -1.0, -1.0])


def standing_person(distance_m: float = 1.1, stature_m: float = 1.75) -> HumanPose:
    """Somebody straight ahead who looks at the robot, the right hand free, arms hanging."""
    floor = -0.08 - 0.75
    shoulder = floor + 0.818 * stature_m
    upper, fore = 0.186 * stature_m, 0.146 * stature_m
    joints = np.full((17, 3), np.nan)
    joints[Keypoint.NOSE] = (distance_m - 0.08, 0.0, floor + 0.93 * stature_m)
    for side, y in (("LEFT", -0.22), ("RIGHT", 0.22)):
        joints[Keypoint[f"{side}_SHOULDER"]] = (distance_m, y, shoulder)
        joints[Keypoint[f"{side}_ELBOW"]] = (distance_m, y, shoulder - upper)
        joints[Keypoint[f"{side}_WRIST"]] = (distance_m - 0.03, y, shoulder - upper - fore)
        joints[Keypoint[f"{side}_HIP"]] = (distance_m, 0.5 * y, floor + 0.53 * stature_m)
    known = np.isfinite(joints[:, 0])
    lengths = ArmLengths(upper, fore, measured=True)
    return HumanPose(joints, joints, known, "right", lengths, np.array([-1.0, 0.0, 0.0]), 1.0, 0.0, "test")


def rod(length_m: float = 0.25, ahead_m: float = 0.08) -> HeldObject:
    """A rod along the tool's y axis, held `ahead_m` off its middle, the person's end at +y."""
    box = Cuboid("rod", pose(translation=(0.0, ahead_m, 0.0)), np.array([0.03, length_m, 0.03]))
    end = np.array([0.0, ahead_m + length_m / 2 - 0.05, 0.0])
    return HeldObject("rod", 0.03, (box,), end, np.array([0.0, 1.0, 0.0]))


def penetration(positions: np.ndarray, scene: PlanningScene) -> float:
    """How deep the robot or its rod enters any obstacle along positions (N, 7), in m; below 0 when clear.

    Contacts of a model built here, nothing of the planner's own; -0.05 stands for that much or more.
    """
    root = ET.Element("mujoco")
    ET.SubElement(root, "compiler", angle="radian")
    world = ET.SubElement(root, "worldbody")
    robot = robot_xml(CAMERA, movable_fingers=False, finger_width_m=scene.gripper_width_m)
    flange = next(b for b in robot.iter("body") if b.get("name") == "end_effector_link")
    for cuboid in () if scene.held is None else scene.held.cuboids:
        _box(flange, gripper.flange_from_tcp(scene.held.width_m) @ cuboid.a_from_box, cuboid.size_m)
    for geom in robot.iter("geom"):
        geom.set("contype", "1")
        geom.set("conaffinity", "0")
    world.append(robot)
    for solid in (*scene.obstacles, *scene.person):
        if solid.name in scene.allow_contact:
            continue
        if isinstance(solid, Capsule):
            end = (*solid.end[:2], solid.end[2] + 1e-5)
            ends = " ".join(map(str, (*solid.start, *end)))
            geom = ET.SubElement(world, "geom", type="capsule", fromto=ends, size=str(solid.radius_m))
        else:
            geom = _box(world, solid.a_from_box, solid.size_m)
        for key, value in {"contype": "0", "conaffinity": "1", "margin": "0.05"}.items():
            geom.set(key, value)
    model = mujoco.MjModel.from_xml_string(ET.tostring(root, encoding="unicode"))
    data = mujoco.MjData(model)
    deepest = -0.05
    for joints in positions:
        data.qpos[:] = joints
        mujoco.mj_kinematics(model, data)
        mujoco.mj_collision(model, data)
        deepest = max(deepest, *(-contact.dist for contact in data.contact), deepest)
    return float(deepest)


def _box(body: ET.Element, placement: np.ndarray, size_m: np.ndarray) -> ET.Element:
    quaternion = np.zeros(4)
    mujoco.mju_mat2Quat(quaternion, placement[:3, :3].ravel())
    return ET.SubElement(
        body,
        "geom",
        type="box",
        mass="0",
        pos=" ".join(map(str, placement[:3, 3])),
        quat=" ".join(map(str, quaternion)),
        size=" ".join(map(str, size_m / 2)),
    )


def random_joints(rng: np.random.Generator) -> np.ndarray:
    """Joints (7,) anywhere within the limits."""
    low = np.where(np.isfinite(facts.POSITION_LOWER), facts.POSITION_LOWER, -np.pi)
    return rng.uniform(low, -low)
