"""Blackboard values as one short line each: what a view or a record shows, never an array."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from typing import Any

import numpy as np

from behaviours.keys import Failure
from hardware.types import RGBDFrame, RobotState, Trajectory
from perception.types import Detection, HandoverRequest, HumanPose, Message, Regions, Reply
from planning.safety_tally import SafetyTally
from planning.types import Grasp, GraspPlan, GraspSet, GraspView, HandoverPose, HeldObject
from planning.under_way import UnderWay

_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
LIMIT = 80
"""Longest text in characters."""


def short(value: Any) -> str:
    """`value` in at most 80 characters on one line; unknown types by their name only."""
    text = " ".join(_describe(value).split())
    return text if len(text) <= LIMIT else text[: LIMIT - 1] + "…"


def _describe(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, str | int):
        return str(value)
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, tuple):
        return _items(value)
    words = _WORDS.get(type(value))
    return words(value) if words else type(value).__name__


def _items(values: tuple[Any, ...]) -> str:
    if not values:
        return "none"
    kinds = {_CAPITAL.sub(" ", type(value).__name__).lower() for value in values}
    noun = kinds.pop() if len(kinds) == 1 else "item"
    pictures = sum(len(value.pictures) for value in values if isinstance(value, Message))
    count = f"{len(values)} {noun}{'s' if len(values) > 1 else ''}"
    return f"{count}, {pictures} picture{'s' if pictures > 1 else ''}" if pictures else count


def _place(point: Any) -> str:
    return " ".join(f"{x:.2f}" for x in point) + " m"


def _robot(state: RobotState) -> str:
    joints = " ".join(f"{angle:.0f}" for angle in np.degrees(state.arm.joints))
    hand = "holding" if state.gripper.holding else "empty"
    fault = f"FAULT {state.arm.fault}, " if state.arm.fault else ""
    force = float(np.linalg.norm(state.arm.force))
    return (
        f"{fault}joints {joints} deg, hand {1e3 * state.gripper.width_m:.0f} mm {hand}, force {force:.1f} N"
    )


def _frame(frame: RGBDFrame) -> str:
    size = frame.intrinsics
    return f"{size.width}x{size.height} picture {frame.sequence} at {frame.stamp_s:.2f} s, {frame.source}"


def _detection(found: Detection) -> str:
    mask = f", mask {int(found.mask.sum())} px" if found.mask is not None else ""
    box = " ".join(f"{edge:.0f}" for edge in found.box)
    return f"{found.label} {found.score:.2f}, box {box}{mask}, by {found.source}"


def _regions(regions: Regions) -> str:
    if regions.cells is not None:
        human, robot = list(regions.cells.human), list(regions.cells.robot)
        return f"person {human}, robot {robot}, by {regions.source}"
    human_px, robot_px = int(regions.human_mask.sum()), int(regions.robot_mask.sum())
    return f"person {human_px} px, robot {robot_px} px, by {regions.source}"


def _grasp(grasp: Grasp) -> str:
    lean = np.degrees(grasp.lean_rad)
    return f"at {_place(grasp.contact)}, {1e3 * grasp.width_m:.0f} mm wide, lean {lean:.0f} deg"


def _grasps(found: GraspSet) -> str:
    robot, human = int(found.in_robot.sum()), int(found.in_human.sum())
    return f"{len(found.grasps)} grasps, {robot} on robot's part, {human} on person's, by {found.source}"


def _view(view: GraspView) -> str:
    return f"{len(view.object_points)} points on the object, {len(view.scene_points)} around it"


def _human(human: HumanPose) -> str:
    shoulder = _place(human.joint("shoulder"))
    return f"{human.arm} arm, shoulder {shoulder}, confidence {human.confidence:.1f}, by {human.source}"


def _safety(tally: SafetyTally) -> str:
    stop = tally.standing.value if tally.standing else "none"
    return f"stopped by {stop}, {len(tally.stops)} stops, {tally.clamps} motions slowed"


def _held(held: HeldObject) -> str:
    return f"{held.label}, {1e3 * held.width_m:.0f} mm between the fingers"


_WORDS: dict[type, Callable[[Any], str]] = {
    HandoverRequest: lambda request: request.label,
    Failure: lambda failure: f"{failure.outcome.value}: {failure.leaf}: {failure.reason}",
    RobotState: _robot,
    RGBDFrame: _frame,
    Detection: _detection,
    Reply: lambda reply: reply.text,
    Regions: _regions,
    GraspSet: _grasps,
    GraspView: _view,
    Grasp: _grasp,
    GraspPlan: lambda plan: f"approach {plan.approach.duration_s:.1f} s, lift {plan.lift.duration_s:.1f} s",
    HumanPose: _human,
    HandoverPose: lambda pose: f"hand at {_place(pose.hand_point)}, cost {pose.cost:.2f}, {pose.description}",
    Trajectory: lambda path: f"{path.duration_s:.1f} s, {len(path.times_s)} samples",
    HeldObject: _held,
    SafetyTally: _safety,
    UnderWay: lambda way: f"{way.trajectory.duration_s:.1f} s, {len(way.trajectory.times_s)} samples",
}
