"""The Kinova Gen3 7-DoF arm in figures: kinematics, masses, limits, collision capsules and named poses.

Sources: Kinova's ros2_kortex description (gen3_macro.xacro at commit 1fdbef345954), Robotiq 2F-85 geometry
as in
`hardware.gen3.gripper`. Each link frame is the URDF one; origins map child to parent as Trans(xyz) Rz Ry
Rx(rpy).
SI units, radians unless a name says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hardware.types import FloatArray, readonly

Vector = tuple[float, float, float]


@dataclass(frozen=True)
class JointFacts:
    """A revolute joint about its own z; limits are None for a continuous one; velocity and effort are hard
    limits.
    """

    name: str
    child: str
    origin_xyz: Vector
    origin_rpy: Vector
    limits_rad: tuple[float, float] | None
    velocity_rad_s: float
    effort_nm: float


@dataclass(frozen=True)
class LinkFacts:
    """Mass, centre of mass and inertia about it (xx, yy, zz, xy, xz, yz), in the link frame."""

    name: str
    mass_kg: float
    com: Vector
    inertia: tuple[float, float, float, float, float, float]


@dataclass(frozen=True)
class CapsuleFacts:
    """The smallest capsule around a link's shell, in the link frame."""

    link: str
    start: Vector
    end: Vector
    radius_m: float


JOINTS: tuple[JointFacts, ...] = (
    JointFacts("joint_1", "shoulder_link", (0.0, 0.0, 0.15643), (3.1416, 0.0, 0.0), None, 1.3963, 39.0),
    JointFacts(
        "joint_2",
        "half_arm_1_link",
        (0.0, 0.005375, -0.12838),
        (1.5708, 0.0, 0.0),
        (-2.24, 2.24),
        1.3963,
        39.0,
    ),
    JointFacts(
        "joint_3", "half_arm_2_link", (0.0, -0.21038, -0.006375), (-1.5708, 0.0, 0.0), None, 1.3963, 39.0
    ),
    JointFacts(
        "joint_4", "forearm_link", (0.0, 0.006375, -0.21038), (1.5708, 0.0, 0.0), (-2.57, 2.57), 1.3963, 39.0
    ),
    JointFacts(
        "joint_5",
        "spherical_wrist_1_link",
        (0.0, -0.20843, -0.006375),
        (-1.5708, 0.0, 0.0),
        None,
        1.2218,
        9.0,
    ),
    JointFacts(
        "joint_6",
        "spherical_wrist_2_link",
        (0.0, 0.00017505, -0.10593),
        (1.5708, 0.0, 0.0),
        (-2.09, 2.09),
        1.2218,
        9.0,
    ),
    JointFacts(
        "joint_7", "bracelet_link", (0.0, -0.10593, -0.00017505), (-1.5708, 0.0, 0.0), None, 1.2218, 9.0
    ),
)

LINKS: tuple[LinkFacts, ...] = (
    LinkFacts(
        "base_link",
        1.697,
        (-0.000648, -0.000166, 0.084487),
        (0.004622, 0.004495, 0.002079, 9e-06, 6e-05, 9e-06),
    ),
    LinkFacts(
        "shoulder_link",
        1.3773,
        (-2.3e-05, -0.010364, -0.07336),
        (0.00457, 0.004831, 0.001409, 1e-06, 2e-06, 0.000448),
    ),
    LinkFacts(
        "half_arm_1_link",
        1.1636,
        (-4.4e-05, -0.09958, -0.013278),
        (0.011088, 0.001072, 0.011255, 5e-06, 0.0, -0.000691),
    ),
    LinkFacts(
        "half_arm_2_link",
        1.1636,
        (-4.4e-05, -0.006641, -0.117892),
        (0.010932, 0.011127, 0.001043, 0.0, -7e-06, 0.000606),
    ),
    LinkFacts(
        "forearm_link",
        0.9302,
        (-1.8e-05, -0.075478, -0.015006),
        (0.008147, 0.000631, 0.008316, -1e-06, 0.0, -0.0005),
    ),
    LinkFacts(
        "spherical_wrist_1_link",
        0.6781,
        (1e-06, -0.009432, -0.063883),
        (0.001596, 0.001607, 0.000399, 0.0, 0.0, 0.000256),
    ),
    LinkFacts(
        "spherical_wrist_2_link",
        0.6781,
        (1e-06, -0.045483, -0.00965),
        (0.001641, 0.00041, 0.001641, 0.0, 0.0, -0.000278),
    ),
    # Upstream prints the bracelet's x and y with the wrong sign; the vision module sits at y < 0.
    LinkFacts(
        "bracelet_link",
        0.5,
        (-0.000281, -0.011402, -0.029798),
        (0.000587, 0.000369, 0.000609, 3e-06, 3e-06, -0.000118),
    ),
)

CAPSULES: tuple[CapsuleFacts, ...] = (
    CapsuleFacts("base_link", (0.0001, 0.0, 0.1445), (-0.0045, 0.0, 0.0149), 0.0528),
    CapsuleFacts("shoulder_link", (0.0, 0.0, -0.0326), (0.0, -0.0078, -0.1284), 0.0535),
    CapsuleFacts("half_arm_1_link", (0.0, -0.2128, -0.0063), (0.0, 0.0037, -0.0192), 0.0476),
    CapsuleFacts("half_arm_2_link", (0.0, -0.0043, -0.2155), (0.0, 0.0, -0.0298), 0.052),
    CapsuleFacts("forearm_link", (0.0, -0.1885, -0.0064), (0.0, 0.0033, -0.0202), 0.0475),
    CapsuleFacts("spherical_wrist_1_link", (0.0, 0.0, -0.0298), (0.0, -0.0129, -0.1059), 0.0431),
    CapsuleFacts("spherical_wrist_2_link", (0.0, -0.001, -0.0197), (0.0, -0.1005, -0.0002), 0.0392),
    CapsuleFacts("bracelet_link", (0.0, 0.0, -0.0359), (0.0, -0.0538, -0.0548), 0.0473),
)

PALM_CAPSULE = CapsuleFacts("end_effector_link", (0.0, 0.0, 0.0241), (0.0, 0.0, 0.0512), 0.0431)
"""The 2F-85's body without its fingers, in the flange frame."""

SELF_COLLISION_PAIRS: tuple[tuple[str, str], ...] = (
    ("base_link", "spherical_wrist_1_link"),
    ("base_link", "spherical_wrist_2_link"),
    ("base_link", "bracelet_link"),
    ("base_link", "gripper"),
    ("shoulder_link", "spherical_wrist_2_link"),
    ("shoulder_link", "bracelet_link"),
    ("shoulder_link", "gripper"),
    ("half_arm_1_link", "spherical_wrist_2_link"),
    ("half_arm_1_link", "bracelet_link"),
    ("half_arm_1_link", "gripper"),
    ("half_arm_2_link", "gripper"),
)
"""The pairs that can meet, by Kinova's own list; "gripper" is everything from the flange on."""

FLANGE_ORIGIN_XYZ: Vector = (0.0, 0.0, -0.061525)
FLANGE_ORIGIN_RPY: Vector = (3.14159265358979, 0.0, 0.0)
"""The flange (end_effector_link) in the bracelet frame; z points out of the arm, x is the gripper's closing
direction.
"""

JOINT_NAMES: tuple[str, ...] = tuple(joint.name for joint in JOINTS)
VELOCITY_LIMITS: FloatArray = readonly([joint.velocity_rad_s for joint in JOINTS])
EFFORT_LIMITS: FloatArray = readonly([joint.effort_nm for joint in JOINTS])
ACCELERATION_LIMITS: FloatArray = readonly([5.2, 5.2, 5.2, 5.2, 10.0, 10.0, 10.0])
"""Hard acceleration limits of high-level control in rad/s2, as read from a real arm (297.94 and 572.96
deg/s2).
"""

POSITION_LOWER: FloatArray = readonly([-np.inf if j.limits_rad is None else j.limits_rad[0] for j in JOINTS])
POSITION_UPPER: FloatArray = readonly([np.inf if j.limits_rad is None else j.limits_rad[1] for j in JOINTS])
CONTINUOUS: tuple[bool, ...] = tuple(joint.limits_rad is None for joint in JOINTS)

TWIST_LIMIT_M_S = 0.5
"""The fastest the tool may move in a straight line (Kinova's rating)."""

HOME: FloatArray = readonly(np.radians([0.0, 15.0, 180.0, -130.0, 0.0, 55.0, 90.0]))
RETRACT: FloatArray = readonly(np.radians([0.0, -20.0, 180.0, -146.0, 0.0, -50.0, 90.0]))
"""The poses stored on the robot under these names, joints 1..7."""
