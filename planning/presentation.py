"""How to offer the object: the person's part at the person's hand, facing the person, upright if need be.

Cost order of the ways tried, dearest freedom last: turn about the object's own axis, hand point outward, turn
off the person, tip, hand point nearer to the robot, object across. Measured: one freedom added to the exact
pose makes 78 to 84 % of cases reachable instead of 67 %, two make 96 to 99 %.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import product

import numpy as np

from hardware.geometry import angle_between, pose, rotation_about, transform, unit
from hardware.types import FloatArray
from perception.types import HumanPose
from planning.ergonomics import ArmModel, hand_point, toward_robot
from planning.errors import NoHandoverPose
from planning.held import held_object, unknown_object
from planning.nominal import nominal_person
from planning.options import PresentationOptions
from planning.types import HandoverPose, HeldObject, ToolGoal

__all__ = ["default_poses", "handover_poses", "held_object", "nominal_person", "unknown_object"]

_BASE = np.zeros(3)
_UP = np.array([0.0, 0.0, 1.0])
_CONE_DEG = 46.0
"""Turns and tips together stay within this of the direction to the person."""
_ACROSS_DEG = 90.0
_FAR_M = 1.1
"""Shoulders beyond this are reached better with the person's end tipped up, nearer ones with it down."""


@dataclass(frozen=True)
class _Turns:
    """One way to turn the object, degrees: about its axis, off the person, the person's end up."""

    roll: float
    yaw: float
    tip: float


@dataclass(frozen=True)
class _Place:
    """Where the object is offered, m from the hand point: away from the person's middle, to the robot."""

    outward_m: float
    nearer_m: float

    @property
    def cost(self) -> float:
        return (1.0 if self.outward_m else 0.0) + (2.0 + 30.0 * self.nearer_m if self.nearer_m else 0.0)


def _describe(turns: _Turns, place: _Place) -> str:
    parts = [
        f"rolled {turns.roll:+.0f} deg" if turns.roll else "",
        f"turned {turns.yaw:+.0f} deg off the person" if turns.yaw else "",
        f"person's end {'up' if turns.tip > 0 else 'down'} {abs(turns.tip):.0f} deg" if turns.tip else "",
        f"{place.outward_m:.2f} m outward" if place.outward_m else "",
        f"{place.nearer_m:.2f} m nearer to the robot" if place.nearer_m else "",
    ]
    return ", ".join(part for part in parts if part) or "straight at the person, as it lay"


def handover_poses(
    held: HeldObject, person: HumanPose, options: PresentationOptions
) -> tuple[HandoverPose, ...]:
    """Ways to present the object to this person, cheapest first.

    Each puts `held.human_point` at the middle of the receiving hand in its pose of least effort (Eq. 5 within
    bounds, raised over the table), the object's axis toward the person. Upright things stay exactly upright;
    pointed ones are never presented across, so blade and tip look away from the person.
    Raises NoHandoverPose when the receiving shoulder is not known or right above the robot's base.
    """
    shoulder = person.joint("shoulder")
    if not np.all(np.isfinite(shoulder)):
        raise NoHandoverPose(f"the person's {person.arm} shoulder is not seen; look at the person again")
    lengths = person.arm_lengths
    hand = hand_point(shoulder, _BASE, ArmModel(lengths.upper_arm_m, lengths.forearm_m))
    to_robot = toward_robot(shoulder, _BASE)
    # Facing the robot, the person's right is at up x forward, the left opposite.
    outward = np.cross(to_robot, _UP) * (1.0 if person.arm == "right" else -1.0)
    far = bool(np.hypot(shoulder[0], shoulder[1]) > _FAR_M)
    poses, corners = [], _corners(held)
    for turns in _turns(held, options):
        rotation = _rotation(held, -to_robot, turns)
        from_hand, cost = rotation @ held.human_point, _turns_cost(turns, rotation, far)
        low = rotation @ corners[np.argmin(corners @ rotation[2])]
        for place in _places(options):
            at = hand + place.nearer_m * to_robot + place.outward_m * outward
            at = _over_table(at, at - from_hand, from_hand[2] - low[2], shoulder[2], options)
            goal = ToolGoal(pose(rotation, at - from_hand), held.width_m)
            poses.append(HandoverPose(goal, at, cost + place.cost, _describe(turns, place)))
    return tuple(sorted(poses, key=lambda candidate: candidate.cost))


def default_poses(held: HeldObject, options: PresentationOptions) -> tuple[HandoverPose, ...]:
    """Ways to present the object straight ahead, to a person of average size who may stand there."""
    return tuple(
        replace(candidate, description=f"default place, {candidate.description}")
        for candidate in handover_poses(held, nominal_person(options), options)
    )


def _over_table(
    hand: FloatArray, tool: FloatArray, hangs_m: float, shoulder_m: float, options: PresentationOptions
) -> FloatArray:
    """The hand point raised where a seated person's would come too near the table for object and gripper.

    A person beside the table is offered an object whose other end, with the gripper, still hangs above it.
    hangs_m: how far the object reaches below the hand point; never raised above the shoulder.
    """
    (x0, x1), (y0, y1) = options.table_x_m, options.table_y_m
    near_m = options.table_margin_m
    above_table = any(
        x0 - near_m <= x <= x1 + near_m and y0 - near_m <= y <= y1 + near_m for x, y, _ in (hand, tool)
    )
    least_m = options.clearance_over_table_m
    if above_table:
        least_m = max(options.clearance_above_table_m, options.clearance_below_object_m + hangs_m)
    raised_m = min(options.table_top_z_m + least_m, max(shoulder_m, hand[2]))
    return np.array([hand[0], hand[1], max(hand[2], raised_m)])


def _corners(held: HeldObject) -> FloatArray:
    """The corners (8 n, 3) of what is held, TCP frame; the origin where nothing is known of it."""
    signs = np.array(list(product((-0.5, 0.5), repeat=3)))
    found = [transform(cuboid.a_from_box, signs * cuboid.size_m) for cuboid in held.cuboids]
    return np.concatenate(found) if found else np.zeros((1, 3))


def _turns(held: HeldObject, options: PresentationOptions) -> Iterator[_Turns]:
    upright = held.upright_axis is not None
    rolls = [0.0] if upright else list(np.arange(0.0, 360.0, options.roll_step_deg))
    rolls = [roll - 360.0 if roll > 180.0 else roll for roll in rolls]
    yaws = [0.0, *(sign * yaw for yaw in options.yaws_deg for sign in (1.0, -1.0))]
    tips = [0.0, *(sign * tip for tip in options.tips_deg for sign in (1.0, -1.0))]
    aims = [
        (yaw, tip) for yaw, tip in product(yaws, [0.0] if upright else tips) if _off(yaw, tip) <= _CONE_DEG
    ]
    if not held.pointed:
        aims += [(_ACROSS_DEG, 0.0), (-_ACROSS_DEG, 0.0)]
    for (yaw, tip), roll in product(aims, rolls):
        yield _Turns(roll, yaw, tip)


@cache
def _places(options: PresentationOptions) -> tuple[_Place, ...]:
    return tuple(
        _Place(outward_m, nearer_m)
        for nearer_m, outward_m in product((0.0, *options.nearer_m), (0.0, options.outward_m))
    )


def _off(yaw_deg: float, tip_deg: float) -> float:
    """Angle in degrees between the object's axis and the person's direction."""
    return float(np.degrees(np.arccos(np.cos(np.radians(yaw_deg)) * np.cos(np.radians(tip_deg)))))


def _rotation(held: HeldObject, to_person: FloatArray, turns: _Turns) -> FloatArray:
    """base_from_tcp (3, 3) that points the object's axis at the person, then turns it as `turns` says."""
    across = np.cross(_UP, to_person)
    yaw, tip = np.radians(turns.yaw), np.radians(turns.tip)
    aim = rotation_about(_UP, yaw) @ rotation_about(across, -tip)
    forward, up = aim @ to_person, aim @ _UP
    if held.upright_axis is not None:
        world = np.column_stack([_perpendicular(forward, up), up])
        tool = np.column_stack([_perpendicular(held.axis, held.upright_axis), held.upright_axis])
    else:
        # As the object lay, the approach came from above: what it came from is up.
        world = np.column_stack([forward, up])
        tool = np.column_stack([held.axis, _perpendicular(np.array([0.0, 0.0, -1.0]), held.axis)])
    return rotation_about(forward, np.radians(turns.roll)) @ _triad(world) @ _triad(tool).T


def _triad(columns: FloatArray) -> FloatArray:
    """The rotation (3, 3) of two perpendicular unit columns and their cross product."""
    return np.column_stack([columns, np.cross(columns[:, 0], columns[:, 1])])


def _perpendicular(vector: FloatArray, axis: FloatArray) -> FloatArray:
    """The unit vector perpendicular to `axis` nearest to `vector`; any such one where these are parallel."""
    rest = vector - (vector @ axis) * axis
    if np.linalg.norm(rest) < 1e-3:
        other = np.eye(3)[int(np.argmin(np.abs(axis)))]
        rest = other - (other @ axis) * axis
    return unit(rest)


def _turns_cost(turns: _Turns, rotation: FloatArray, far: bool) -> float:
    """No unit; orders the ways as the module says. Within a place the approach should be near level."""
    slope_deg = abs(90.0 - np.degrees(angle_between(rotation[:, 2], _UP)))
    cost = 0.1 * abs(turns.roll) / 30.0 + 0.05 * max(slope_deg - 45.0, 0.0)
    if abs(turns.yaw) == _ACROSS_DEG:
        cost += 10.0
    elif turns.yaw:
        cost += 1.0 + 0.02 * abs(turns.yaw)
    if turns.tip:
        cost += 2.0 + 0.02 * abs(turns.tip) + (0.1 if (turns.tip > 0.0) != far else 0.0)
    return float(cost)
