"""What the gripper will hold: boxes to keep clear, the person's part, what must stay up and what is sharp."""

from __future__ import annotations

import numpy as np

from hardware.geometry import inverse, lies_under, pose, transform, unit
from hardware.types import FloatArray
from planning.types import Cuboid, Grasp, GraspView, HeldObject

UPRIGHT = ("mug", "cup", "bowl", "glass", "pan", "pot", "jug", "pitcher", "kettle", "plate")
"""Words in a label of things that hold something and must stay as they stood."""
UPRIGHT_IF_STANDING = ("bottle", "can", "jar", "carton")
"""The same for closed things, which may as well lie."""
POINTED = (
    "knife", "scissors", "screwdriver", "trowel", "fork", "chisel", "awl", "saw", "cutter", "peeler",
    "needle", "skewer", "shears", "razor", "scalpel", "pen", "pencil", "cleaver", "drill", "scraper",
)  # fmt: skip
"""Words in a label of things with a blade or a tip at the end a person does not take."""

_SLICE_M = 0.08
_MAX_SLICES = 3
_PADDING_M = 0.003
_STANDING = 0.7
"""A thing stands when it is higher than this share of its length on the table."""
_UNKNOWN_SIZE_M = 0.12


def held_object(label: str, grasp: Grasp, view: GraspView) -> HeldObject:
    """The object in the TCP frame of `grasp`, from what the view shows of it."""
    tcp_from_base = inverse(grasp.base_from_tcp)
    human, robot = (
        (points if len(points) else view.object_points).mean(axis=0)
        for points in (view.human_points, view.robot_points)
    )
    upright = stays_upright(label, view)
    return HeldObject(
        label=label,
        width_m=grasp.width_m,
        cuboids=_boxes(view.object_points, view.table_z_m, tcp_from_base),
        human_point=transform(tcp_from_base, human),
        axis=tcp_from_base[:3, :3] @ _axis(robot, human, grasp, upright),
        upright_axis=tcp_from_base[:3, 2] if upright else None,
        pointed=_named(label, POINTED),
    )


def unknown_object(width_m: float) -> HeldObject:
    """Something in the hand that was never seen: a box at the fingertips, offered along the approach."""
    size = _UNKNOWN_SIZE_M
    return HeldObject(
        label="object",
        width_m=width_m,
        cuboids=(Cuboid("held", pose(translation=(0.0, 0.0, size / 4.0)), np.full(3, size)),),
        human_point=np.array([0.0, 0.0, size / 2.0]),
        axis=np.array([0.0, 0.0, 1.0]),
        pointed=True,
    )


def _axis(robot: FloatArray, human: FloatArray, grasp: Grasp, upright: bool) -> FloatArray:
    """The unit vector from the robot's to the person's part, base frame; level for a thing that lies.

    A thing that stays upright and is held over the person's part has no side of its own: the gripper's
    lean makes one.
    """
    way = human - robot
    if np.linalg.norm(way) < 0.005:
        way = human - grasp.contact
    level = way * (1.0, 1.0, 0.0)
    # One view sees the tops of parts only, so a small slope means nothing.
    lies = np.linalg.norm(level) > abs(way[2])
    chosen = level if lies or upright else way
    if upright and lies_under(human, robot):
        chosen = grasp.base_from_tcp[:3, 2] * (1.0, 1.0, 0.0)
        # Straight down, it has none either: then the camera looks from behind, past the object.
        if np.linalg.norm(chosen) < 0.05:
            chosen = -grasp.base_from_tcp[:3, 1] * (1.0, 1.0, 0.0)
    if np.linalg.norm(chosen) < 1e-6:
        chosen = grasp.base_from_tcp[:3, 2] * (1.0, 1.0, 0.0) - grasp.base_from_tcp[:3, 1] * (1.0, 1.0, 0.0)
    return unit(chosen)


def stays_upright(label: str, view: GraspView) -> bool:
    """Whether the thing must be carried and offered as it stands."""
    if _named(label, UPRIGHT):
        return True
    points = view.object_points
    height = float(points[:, 2].max()) - view.table_z_m
    length = float(np.max(np.ptp(points[:, :2] @ _level_axes(points), axis=0)))
    return _named(label, UPRIGHT_IF_STANDING) and height > _STANDING * length


def could_point(label: str, view: GraspView) -> bool:
    """Whether the thing has a blade or a tip and nothing says which end the person takes: offered by a guess,
    it could come tip first.
    """
    return _named(label, POINTED) and len(view.human_points) == 0


def _named(label: str, words: tuple[str, ...]) -> bool:
    return any(word in words for word in label.lower().replace("-", " ").replace("_", " ").split())


def _boxes(points: FloatArray, table_z_m: float, tcp_from_base: FloatArray) -> tuple[Cuboid, ...]:
    """Upright boxes around slices of the object along its length, each down to the table, TCP frame."""
    axes = _level_axes(points)
    rotation = np.column_stack([np.append(axes[:, 0], 0.0), np.append(axes[:, 1], 0.0), (0.0, 0.0, 1.0)])
    local = points @ rotation
    length = float(np.ptp(local[:, 0]))
    slices = int(np.clip(round(length / _SLICE_M), 1, _MAX_SLICES))
    borders = np.linspace(local[:, 0].min(), local[:, 0].max(), slices + 1)
    boxes = []
    for i in range(slices):
        inside = local[(local[:, 0] >= borders[i]) & (local[:, 0] <= borders[i + 1])]
        if len(inside) == 0:
            continue
        low, high = inside.min(axis=0) - _PADDING_M, inside.max(axis=0) + _PADDING_M
        low[2] = table_z_m
        base_from_box = pose(rotation, rotation @ ((low + high) / 2.0))
        boxes.append(Cuboid(f"held {i}", tcp_from_base @ base_from_box, high - low))
    return tuple(boxes)


def _level_axes(points: FloatArray) -> FloatArray:
    """Columns (2, 2): the object's long and short axis seen from above, right-handed."""
    centred = points[:, :2] - points[:, :2].mean(axis=0)
    along = np.linalg.eigh(centred.T @ centred)[1][:, 1]
    return np.array([[along[0], -along[1]], [along[1], along[0]]])
