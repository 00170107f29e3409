"""What the arm must not touch: the table, other objects seen on it, and the person with room around them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from hardware.gen3 import gripper
from hardware.geometry import pose
from hardware.types import FloatArray
from perception.types import HumanPose, Keypoint, Side
from planning.motion.options import SceneOptions
from planning.types import Capsule, Cuboid, HeldObject, PlanningScene

TABLE = "table"
TORSO, HEAD, OVER_SHOULDERS = "torso", "head", "space over the shoulders"
RECEIVING = ("receiving forearm", "receiving hand")
"""Parts of the person that gripper and object may touch: there the object is taken."""

HEAD_RADIUS_M, TORSO_RADIUS_M, SHOULDER_RADIUS_M, ARM_RADIUS_M, HAND_RADIUS_M = 0.15, 0.15, 0.08, 0.05, 0.05
HAND_LENGTH_M = 0.10
TORSO_LENGTH_M, HEAD_OVER_SHOULDERS_M = 0.50, 0.25
"""From the shoulders down to the hips and up to the middle of the head, where these were not seen."""

_UP = np.array([0.0, 0.0, 1.0])
_CELL_M = 0.01
_MIN_CLUTTER_POINTS = 12
_SOLID_CELL_M, _SOLID_SHARE = 0.02, 0.7
"""A box is good when what was seen, taken as solid down to the table, fills this share of it."""
_SMALL_M3 = 0.0003
"""Boxes smaller than this are never cut."""
_SAVING, _MOST_CUTS = 0.85, 4
"""A cut must bring the room of a box down to this share; a cluster becomes 2^4 boxes at most."""


def build_scene(
    options: SceneOptions,
    *,
    obstacles: Sequence[Cuboid] = (),
    human: HumanPose | None = None,
    held: HeldObject | None = None,
    gripper_width_m: float = gripper.MAX_WIDTH_M,
    allow_contact: Sequence[str] = (),
) -> PlanningScene:
    """Table, `obstacles` and person as one scene; the receiving forearm and hand may be touched."""
    return PlanningScene(
        obstacles=(table_cuboid(options), *obstacles),
        person=() if human is None else person_capsules(human, options),
        held=held,
        gripper_width_m=gripper_width_m,
        allow_contact=(*allow_contact, *RECEIVING),
    )


def table_cuboid(options: SceneOptions) -> Cuboid:
    """The table top as a slab."""
    (x0, x1), (y0, y1), depth = options.table_x_m, options.table_y_m, options.table_thickness_m
    centre = ((x0 + x1) / 2, (y0 + y1) / 2, options.table_top_z_m - depth / 2)
    return Cuboid(TABLE, pose(translation=centre), np.array([x1 - x0, y1 - y0, depth]))


def person_capsules(human: HumanPose, options: SceneOptions) -> tuple[Capsule, ...]:
    """The person as capsules, each with its margin; joints that are not known (NaN) leave theirs out.

    Torso and head need one shoulder; without any shoulder there is no telling where the person is: ().
    """
    joints = human.joints
    shoulders = _mean(joints[[Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER]])
    if shoulders is None:
        return ()
    hips = _mean(joints[[Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP]])
    hips = shoulders - TORSO_LENGTH_M * _UP if hips is None else hips
    head = _mean(joints[Keypoint.NOSE : Keypoint.RIGHT_EAR + 1])
    head = shoulders + HEAD_OVER_SHOULDERS_M * _UP if head is None else head
    column = options.column_radius_m
    near = options.held_margin_m
    parts = [
        _capsule(TORSO, shoulders, hips, TORSO_RADIUS_M, options.torso_margin_m, near),
        _capsule(HEAD, head, head, HEAD_RADIUS_M, options.head_margin_m, options.held_head_margin_m),
        _capsule(OVER_SHOULDERS, head, head + column * _UP, HEAD_RADIUS_M, column - HEAD_RADIUS_M),
    ]
    left, right = joints[Keypoint.LEFT_SHOULDER], joints[Keypoint.RIGHT_SHOULDER]
    parts.append(_capsule("shoulders", left, right, SHOULDER_RADIUS_M, options.torso_margin_m, near))
    parts += _arm_capsules(human, "left", options.arm_margin_m)
    parts += _arm_capsules(human, "right", options.arm_margin_m)
    return tuple(part for part in parts if np.all(np.isfinite([part.start, part.end])))


def _arm_capsules(human: HumanPose, side: Side, margin_m: float) -> list[Capsule]:
    shoulder, elbow, wrist = (human.joint(name, side) for name in ("shoulder", "elbow", "wrist"))
    forearm = wrist - elbow
    fingers = wrist + HAND_LENGTH_M * forearm / max(float(np.linalg.norm(forearm)), 1e-6)
    receiving = side == human.arm
    forearm_name, hand_name = RECEIVING if receiving else (f"{side} forearm", f"{side} hand")
    margin = 0.0 if receiving else margin_m
    return [
        _capsule(f"{side} upper arm", shoulder, elbow, ARM_RADIUS_M, margin_m),
        _capsule(forearm_name, elbow, wrist, ARM_RADIUS_M, margin),
        _capsule(hand_name, wrist, fingers, HAND_RADIUS_M, margin),
    ]


def _capsule(
    name: str,
    start: FloatArray,
    end: FloatArray,
    radius_m: float,
    margin_m: float,
    held_margin_m: float | None = None,
) -> Capsule:
    return Capsule(name, start, end, radius_m + margin_m, margin_m, held_margin_m)


def _mean(points: FloatArray) -> FloatArray | None:
    known = points[np.all(np.isfinite(points), axis=1)]
    return np.asarray(known.mean(axis=0)) if len(known) else None


def clutter_cuboids(
    points: FloatArray, table_z_m: float, options: SceneOptions | None = None
) -> tuple[Cuboid, ...]:
    """Upright boxes around the objects that points (N, 3) over the table show, reaching down to the table.

    Points of one box lie within `clutter_gap_m` of each other, seen from above; the box is turned to fit
    them. Things that stand close, or one that is not box-shaped, take several: a box around them all would
    cover the free room between.
    """
    options = options or SceneOptions()
    (x0, x1), (y0, y1) = options.table_x_m, options.table_y_m
    x, y, height = points[:, 0], points[:, 1], points[:, 2] - table_z_m
    points = points[(height > options.clutter_height_m) & (x > x0) & (x < x1) & (y > y0) & (y < y1)]
    if not len(points):
        return ()
    cells = np.floor((points[:, :2] - (x0, y0)) / _CELL_M).astype(int)
    occupied = np.zeros(cells.max(axis=0) + 1, dtype=bool)
    occupied[tuple(cells.T)] = True
    reach = max(1, round(options.clutter_gap_m / _CELL_M / 2))
    grown = np.pad(occupied, reach)
    grown = ndimage.binary_dilation(grown, np.ones((3, 3), dtype=bool), iterations=reach)
    labels, count = ndimage.label(grown, np.ones((3, 3)))
    of_point = labels[tuple((cells + reach).T)]
    clusters = [points[of_point == i] for i in range(1, count + 1)]
    pieces = [
        piece
        for cluster in clusters
        if len(cluster) >= _MIN_CLUTTER_POINTS
        for piece in _pieces(cluster, table_z_m, _MOST_CUTS)
    ]
    return tuple(_upright_box(f"clutter {i}", piece, table_z_m, options) for i, piece in enumerate(pieces))


def _pieces(points: FloatArray, table_z_m: float, cuts: int) -> list[FloatArray]:
    """The points (N, 3) in one piece where they fill the upright box around them, else cut in two where that
    saves most room, up to `cuts` times over.
    """
    local = points @ _level_rotation(points)
    cells = np.floor(local[:, :2] / _SOLID_CELL_M).astype(int)
    cells -= cells.min(axis=0)
    height = np.zeros(cells.max(axis=0) + 1)
    np.maximum.at(height, tuple(cells.T), local[:, 2] - table_z_m)
    box = height.size * height.max()
    small = np.prod(np.ptp(local[:, :2], axis=0)) * height.max() < _SMALL_M3
    if cuts == 0 or small or height.sum() > _SOLID_SHARE * box:
        return [points]
    room, axis, at = min(
        ((_room(height, axis, at), axis, at) for axis in (0, 1) for at in range(1, height.shape[axis])),
        default=(box, 0, 0),
    )
    if room > _SAVING * box:
        return [points]
    first = cells[:, axis] < at
    return [piece for half in (first, ~first) for piece in _pieces(points[half], table_z_m, cuts - 1)]


def _room(height: FloatArray, axis: int, at: int) -> float:
    """Cells times metres of the two boxes around a height map (I, J) cut before row or column `at`."""
    room = 0.0
    for part in np.split(height, [at], axis=axis):
        rows, columns = np.nonzero(part)
        if len(rows):
            room += (np.ptp(rows) + 1) * (np.ptp(columns) + 1) * float(part.max())
    return room


def _upright_box(name: str, points: FloatArray, table_z_m: float, options: SceneOptions) -> Cuboid:
    rotation = _level_rotation(points)
    local = points @ rotation
    low, high = local.min(axis=0), local.max(axis=0)
    low[2] = table_z_m
    padding = options.clutter_padding_m * np.array([1.0, 1.0, 0.5])
    centre = (low + high) / 2 + np.array([0.0, 0.0, padding[2]])
    return Cuboid(name, pose(rotation, rotation @ centre), high - low + 2 * padding)


def _level_rotation(points: FloatArray) -> FloatArray:
    """The rotation (3, 3) about the vertical whose first column is the points' longest level direction."""
    centred = points[:, :2] - points[:, :2].mean(axis=0)
    along = np.linalg.eigh(centred.T @ centred)[1][:, 1]
    return np.array([[along[0], -along[1], 0.0], [along[1], along[0], 0.0], [0.0, 0.0, 1.0]])
