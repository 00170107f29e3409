"""The simulated person as MJCF: a clothed figure of capsules and ellipsoids, and one free, soft-driven hand.

Every segment but the receiving hand is a mocap body, moved by `person.Person` and immovable by contact; the
receiving hand
is a free body, so that it can never press harder than its drive allows. Bodies and geoms are named
`person_*`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np

from hardware.sim.person_spec import SEAT_HEIGHT_M, PersonSpec, Rgb, Side, side_sign
from hardware.types import FloatArray

Vector = Sequence[float] | FloatArray

SIDES: tuple[Side, Side] = ("left", "right")
TARGET_BODY = "target/object"
HAND_BODIES = ("person_hand", "person_hand_fingers", "person_hand_tips", "person_hand_thumb")
HAND_KG, DIGIT_KG = 0.55, 0.03
"""The whole hand, and each of the three pieces of it that bend: fingers, fingertips, thumb."""
HAND_INERTIA = 0.004
"""kg m2 about each axis: more than a bare hand's, because the forearm turns with it."""
HAND_CONTACT = {"priority": "2", "solref": "0.01 1", "condim": "4", "friction": "0.7 0.01 0.001"}
"""Flesh gives way: 5 N per mm with the hand's mass behind it. Without a priority of its own the gripper's
stiff pads would make a blow of every touch.
"""
DIGIT_INERTIA = 2e-5  # kg m2 about each axis
DIGIT_JOINT = {"type": "hinge", "axis": "0 -1 0", "range": "0 1.6", "armature": "0.0002", "damping": "0.03"}
"""Bent by what is pressed against them unless `person_hand` holds against it; damped critically for its
stiffness.
"""
SHOE: Rgb = (0.16, 0.14, 0.13)
STOOL: Rgb = (0.55, 0.42, 0.30)
DARK: Rgb = (0.10, 0.08, 0.08)
LIPS: Rgb = (0.70, 0.38, 0.36)


@dataclass(frozen=True)
class PersonMjcf:
    """bodies: children for the worldbody; excludes: pairs of bodies that never touch each other."""

    bodies: list[ET.Element]
    excludes: list[tuple[str, str]]


class _Figure:
    """One body under construction; geoms are numbered in the order they are added."""

    # The person touches robot and objects (conaffinity 1 meets their contype 1), never itself.
    SKIN_BITS = {"contype": "0", "conaffinity": "1"}
    LOOK_BITS = {"contype": "0", "conaffinity": "0"}

    def __init__(self, name: str, parent: ET.Element | None = None, **attributes: str) -> None:
        attributes["name"] = name
        self.body = (
            ET.Element("body", attributes) if parent is None else ET.SubElement(parent, "body", attributes)
        )
        self.bits = self.SKIN_BITS
        self._count = 0

    def _add(self, kind: str, colour: Rgb, size: Vector | float, **where: Any) -> None:
        attributes = {
            "name": f"{self.body.get('name')}_{self._count}",
            "type": kind,
            "size": _text(size),
            "rgba": _text((*colour, 1.0)),
            "group": "0",
            "mass": "0",
        }
        attributes |= self.bits | {key: _text(value) for key, value in where.items()}
        ET.SubElement(self.body, "geom", attributes)
        self._count += 1

    def capsule(self, start: Vector, end: Vector, radius: float, colour: Rgb) -> None:
        self._add("capsule", colour, radius, fromto=(*start, *end))

    def ellipsoid(self, centre: Vector, radii: Vector, colour: Rgb, tilt: float = 0.0) -> None:
        """`tilt` turns it about y, in rad."""
        self._add("ellipsoid", colour, radii, pos=centre, quat=(np.cos(tilt / 2), 0, np.sin(tilt / 2), 0))

    def cylinder(self, start: Vector, end: Vector, radius: float, colour: Rgb) -> None:
        self._add("cylinder", colour, radius, fromto=(*start, *end))


def _text(values: Any) -> str:
    return " ".join(f"{float(value):.6g}" for value in np.ravel(np.asarray(values, dtype=np.float64)))


def person_mjcf(spec: PersonSpec) -> PersonMjcf:
    """The person's bodies, at the origin until `Person` places them, and the pairs to exclude.

    The fingers close around the object, so hand and target are coupled by the weld "hand_grip" instead of
    contact; the arm behind that hand slides along what it holds. Everything else of the person the object can
    strike.
    """
    bodies = [_torso(spec), _head(spec)]
    for side in SIDES:
        bodies += [_leg(spec, side), _upper_arm(spec, side), _forearm(spec, side)]
        bodies.append(_free_hand(spec) if side == spec.hand else _hanging_hand(spec, side))
    arm = (f"person_forearm_{spec.hand}", f"person_upper_arm_{spec.hand}")
    return PersonMjcf(bodies, [(part, TARGET_BODY) for part in HAND_BODIES + arm])


def _torso(spec: PersonSpec) -> ET.Element:
    """Origin between the hip joints, axes of the person's frame."""
    h, shirt, trousers = spec.stature_m, spec.looks.shirt, spec.looks.trousers
    figure = _Figure("person_torso", mocap="true")
    figure.ellipsoid((0, 0, 0.012 * h), (0.067 * h, 0.097 * h, 0.062 * h), trousers)
    figure.ellipsoid((0.004 * h, 0, 0.215 * h), (0.070 * h, 0.095 * h, 0.085 * h), shirt)
    figure.capsule((-0.004 * h, 0, 0.288 * h), (-0.010 * h, 0, 0.318 * h), 0.034 * h, shirt)
    for side in SIDES:
        y = side_sign(side) * h
        figure.capsule((0, 0.038 * y, 0.060 * h), (0, 0.030 * y, 0.140 * h), 0.056 * h, shirt)
        figure.capsule((0, 0.032 * y, 0.130 * h), (0, 0.046 * y, 0.240 * h), 0.060 * h, shirt)
        figure.capsule((-0.004 * h, 0.020 * y, 0.292 * h), (0, 0.108 * y, 0.284 * h), 0.033 * h, shirt)
        figure.capsule(
            (-0.012 * h, 0.052 * y, 0.200 * h), (-0.006 * h, 0.090 * y, 0.272 * h), 0.042 * h, shirt
        )
    if spec.posture == "seated":
        drop = SEAT_HEIGHT_M - spec.hip_z_m
        figure.cylinder((0.06 * h, 0, drop - 0.05), (0.06 * h, 0, drop - 0.005), 0.19, STOOL)
        figure.cylinder((0.06 * h, 0, -spec.hip_z_m), (0.06 * h, 0, drop - 0.05), 0.04, STOOL)
    return figure.body


def _head(spec: PersonSpec) -> ET.Element:
    """Origin in the middle of the head, axes of the person's frame."""
    h, looks = spec.stature_m, spec.looks
    figure = _Figure("person_head", mocap="true")
    figure.capsule((-0.016 * h, 0, -0.100 * h), (-0.008 * h, 0, -0.045 * h), 0.030 * h, looks.skin)
    figure.ellipsoid((0, 0, 0), (0.054 * h, 0.045 * h, 0.066 * h), looks.skin)
    figure.ellipsoid((0.008 * h, 0, -0.032 * h), (0.038 * h, 0.033 * h, 0.034 * h), looks.skin)
    figure.ellipsoid((-0.010 * h, 0, 0.016 * h), (0.054 * h, 0.0485 * h, 0.058 * h), looks.hair, tilt=-0.25)
    figure.bits = _Figure.LOOK_BITS
    nose, eyes, ears = face(spec)
    figure.ellipsoid(nose - (0.006 * h, 0, 0), (0.009 * h, 0.007 * h, 0.011 * h), looks.skin, tilt=-0.35)
    for eye in eyes:
        figure.ellipsoid(eye - (0.003 * h, 0, 0), (0.004 * h, 0.0075 * h, 0.005 * h), (0.96, 0.95, 0.92))
        figure.ellipsoid(eye, (0.0025 * h, 0.0036 * h, 0.0040 * h), DARK)
        figure.ellipsoid(eye - (0.0045 * h, 0, -0.0125 * h), (0.004 * h, 0.009 * h, 0.0018 * h), looks.hair)
    for ear in ears:
        figure.ellipsoid(ear, (0.011 * h, 0.004 * h, 0.016 * h), looks.skin)
    for out in (-0.006 * h, 0.006 * h):  # a mouth with its corners up
        inner, corner = (0.0450 * h, 0.1 * out, -0.0366 * h), (0.0425 * h, 1.9 * out, -0.0348 * h)
        figure.capsule(inner, corner, 0.0020 * h, LIPS)
    return figure.body


def face(spec: PersonSpec) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Nose tip (3,), eyes (2, 3) and ears (2, 3), left first, relative to the middle of the head."""
    nose = np.array([0.064, 0.0, -0.012])
    eyes = np.array([[0.0495, side * 0.019, 0.006] for side in (1, -1)])
    ears = np.array([[-0.004, side * 0.0455, -0.006] for side in (1, -1)])
    return nose * spec.stature_m, eyes * spec.stature_m, ears * spec.stature_m


def _leg(spec: PersonSpec, side: Side) -> ET.Element:
    """Origin in the hip joint, axes of the person's frame; the knee is fixed in its posture."""
    h, trousers = spec.stature_m, spec.looks.trousers
    knee, ankle = spec.knee(side) - spec.hip(side), spec.ankle(side) - spec.hip(side)
    heel = ankle - (0.02 * h, 0, 0.019 * h)
    figure = _Figure(f"person_leg_{side}", mocap="true")
    figure.capsule((0, 0, 0), knee, 0.044 * h, trousers)
    figure.capsule(knee, ankle, 0.031 * h, trousers)
    figure.capsule(heel, heel - (-0.105 * h, 0, 0.004 * h), 0.020 * h, SHOE)
    return figure.body


def _upper_arm(spec: PersonSpec, side: Side) -> ET.Element:
    """Origin in the shoulder joint, z to the elbow."""
    h = spec.stature_m
    figure = _Figure(f"person_upper_arm_{side}", mocap="true")
    figure.ellipsoid((0, 0, 0.01 * h), (0.034 * h, 0.034 * h, 0.045 * h), spec.looks.shirt)
    figure.capsule((0, 0, 0.03 * h), (0, 0, spec.upper_arm_m), 0.0265 * h, spec.looks.shirt)
    return figure.body


def _forearm(spec: PersonSpec, side: Side) -> ET.Element:
    """Origin in the elbow, z to the wrist."""
    h, length = spec.stature_m, spec.forearm_m
    figure = _Figure(f"person_forearm_{side}", mocap="true")
    figure.capsule((0, 0, 0), (0, 0, 0.45 * length), 0.0235 * h, spec.looks.shirt)
    figure.capsule((0, 0, 0.3 * length), (0, 0, 0.65 * length), 0.0205 * h, spec.looks.skin)
    figure.capsule((0, 0, 0.6 * length), (0, 0, length - 0.01 * h), 0.0165 * h, spec.looks.skin)
    return figure.body


def _palm(figure: _Figure, spec: PersonSpec) -> None:
    """The palm behind the middle of the grip, which is the origin: x to the fingers, z out of the palm."""
    s, skin = spec.hand_m, spec.looks.skin
    figure.ellipsoid((-0.24 * s, 0, -0.11 * s), (0.29 * s, 0.23 * s, 0.088 * s), skin)
    figure.capsule((-0.5 * s, 0, -0.08 * s), (-0.40 * s, 0, -0.10 * s), 0.0145 * spec.stature_m, skin)


def _hanging_hand(spec: PersonSpec, side: Side) -> ET.Element:
    """The other hand: a loose fist at the end of the other arm, as one rigid piece."""
    s, skin = spec.hand_m, spec.looks.skin
    figure = _Figure(f"person_hand_{side}", mocap="true")
    _palm(figure, spec)
    for row in (-0.165, -0.055, 0.055, 0.165):
        root, knuckle, tip = (
            (0, row * s, -0.11 * s),
            (0.2 * s, row * s, -0.02 * s),
            (0.20 * s, row * s, 0.15 * s),
        )
        figure.capsule(root, knuckle, 0.05 * s, skin)
        figure.capsule(knuckle, tip, 0.045 * s, skin)
    thumb = side_sign(side) * s
    figure.capsule((-0.25 * s, 0.2 * thumb, -0.05 * s), (0.05 * s, 0.22 * thumb, 0.08 * s), 0.055 * s, skin)
    return figure.body


def _free_hand(spec: PersonSpec) -> ET.Element:
    """The receiving hand; fingers, tips and thumb hang on hinges that `person_hand.Hand` bends."""
    s, skin = spec.hand_m, spec.looks.skin
    hand = _Figure("person_hand", gravcomp="1")
    hand.bits = {"contype": "2", "conaffinity": "1"} | HAND_CONTACT
    ET.SubElement(hand.body, "freejoint", name="person_hand_free")
    _inertial(hand, HAND_KG - 3 * DIGIT_KG, HAND_INERTIA)
    ET.SubElement(hand.body, "site", name="person_hand_grip", size="0.004", group="5")
    _palm(hand, spec)
    fingers = _digit("fingers", hand, (0, 0, -0.11 * s))
    tips = _digit("tips", fingers, (0.22 * s, 0, 0))
    for figure, length in ((fingers, 0.22), (tips, 0.20)):
        for row, share in ((-0.165, 0.95), (-0.055, 1.0), (0.055, 0.95), (0.165, 0.8)):
            row, share = -side_sign(spec.hand) * row, share * length * s
            figure.capsule((0, row * s, 0), (share, row * s, 0), 0.047 * s, skin)
    thumb = side_sign(spec.hand)
    side = _digit("thumb", hand, (-0.28 * s, thumb * 0.17 * s, -0.08 * s))
    side.capsule((0, 0, 0), (0.17 * s, thumb * 0.09 * s, 0), 0.058 * s, skin)
    side.capsule((0.17 * s, thumb * 0.09 * s, 0), (0.33 * s, thumb * 0.09 * s, 0.02 * s), 0.05 * s, skin)
    return hand.body


def _digit(name: str, parent: _Figure, root: Vector) -> _Figure:
    """A piece of the hand on a hinge at `root` of `parent`."""
    figure = _Figure(f"person_hand_{name}", parent.body, pos=_text(root), gravcomp="1")
    figure.bits = parent.bits
    ET.SubElement(figure.body, "joint", DIGIT_JOINT | {"name": f"person_hand_{name}_bend"})
    _inertial(figure, DIGIT_KG, DIGIT_INERTIA)
    return figure


def _inertial(figure: _Figure, mass_kg: float, inertia: float) -> None:
    ET.SubElement(figure.body, "inertial", pos="0 0 0", mass=f"{mass_kg:g}", diaginertia=_text([inertia] * 3))
