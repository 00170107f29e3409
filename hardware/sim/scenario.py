"""What a simulated run begins with: the object to hand over, other objects around it, and the person.

All poses are in the base frame. Objects begin at rest: their poses come from letting them settle on a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from hardware.errors import BadFile, HandoverError
from hardware.sim.objects import (
    INSTANCES,
    ObjectModel,
    categories,
    load_object,
    object_file,
    resolve_category,
)
from hardware.sim.options import SimOptions
from hardware.sim.person_spec import PersonSpec, sample_person
from hardware.sim.resting import Resting, resting
from hardware.sim.scenery import TABLE_TOP_Z_M, TABLE_X_M, TABLE_Y_M
from hardware.types import FloatArray, readonly

PICK_X_M, PICK_Y_M = (0.30, 0.55), (-0.35, 0.35)
PICK_REACH_M = (0.32, 0.62)
"""Where the robot picks reliably (measured with the base 0 to 0.10 m above the table top)."""
CLUTTER_X_M, CLUTTER_Y_M = (0.22, 0.55), (-0.42, 0.42)
EDGE_MARGIN_M = 0.02
BASE_HALF_M = 0.12
"""Objects stay out of this square around the base axis, which the riser fills up to 0.09 m."""
GAPS_M = (0.06, 0.03)
"""Room between objects for the gripper's fingers; the smaller one where there is no place with the larger."""
MAX_CLUTTER = 4
_TRIES = 300


class TooCrowded(HandoverError):
    """More (or fewer) objects were asked for than the table takes."""

    def __init__(self, count: int) -> None:
        super().__init__(
            f"{count} other objects do not go on the table; set sim.clutter to 0 .. {MAX_CLUTTER}"
        )


@dataclass(frozen=True)
class ObjectPlacement:
    """An object and where its body is: position (3,) and quaternion (4,) wxyz in the base frame."""

    model: ObjectModel
    position: FloatArray
    quaternion: FloatArray


@dataclass(frozen=True)
class SceneSpec:
    """Everything that differs from one simulated scene to the next."""

    target: ObjectPlacement
    clutter: tuple[ObjectPlacement, ...] = ()
    person: PersonSpec | None = None


def sample_scene(
    label: str | None, object_file: Path | None, options: SimOptions, rng: np.random.Generator
) -> SceneSpec:
    """Draw the object (of `object_file`, else of category `label`, else any), its place, clutter and person.

    The person and the target are drawn first, so that neither depends on the clutter. Objects that find no
    room are left out. Raises UnknownName, BadFile, TooCrowded.
    """
    if not 0 <= options.clutter <= MAX_CLUTTER:
        raise TooCrowded(options.clutter)
    person = sample_person(options.person, rng)
    target = load_object(object_file) if object_file is not None else _draw_object(label, options, rng)
    placed = [_place_target(target, rng)]
    for category in _other_categories(target, options.clutter, rng):
        spot = _place_clutter(_draw_instance(category, None, rng), placed, rng)
        if spot is not None:
            placed.append(spot)
    return SceneSpec(placed[0].placement, tuple(spot.placement for spot in placed[1:]), person)


@dataclass(frozen=True)
class _Spot:
    placement: ObjectPlacement
    corners: FloatArray
    """(4, 2) of the rectangle it covers, in order."""
    pick_point: FloatArray


def _draw_object(label: str | None, options: SimOptions, rng: np.random.Generator) -> ObjectModel:
    drawn = str(rng.choice(categories()))
    return _draw_instance(drawn if label is None else resolve_category(label), options.instance, rng)


def _draw_instance(category: str, instance: int | None, rng: np.random.Generator) -> ObjectModel:
    drawn = int(rng.choice(INSTANCES))
    return load_object(object_file(category, drawn if instance is None else instance))


def _other_categories(target: ObjectModel, count: int, rng: np.random.Generator) -> list[str]:
    others = [name for name in categories() if name.replace("_", " ") != target.label]
    return [str(name) for name in rng.permutation(others)[:count]]


def _place_target(model: ObjectModel, rng: np.random.Generator) -> _Spot:
    rest = resting(model)
    for _ in range(_TRIES):
        spot = _draw_spot(model, rest, PICK_X_M, PICK_Y_M, rng)
        reach = np.linalg.norm(spot.pick_point)
        in_reach = PICK_REACH_M[0] <= reach <= PICK_REACH_M[1]
        if in_reach and _inside(spot.pick_point, PICK_X_M, PICK_Y_M) and _on_table(spot.corners):
            return spot
    size = " x ".join(f"{side:.2f}" for side in rest.upper - rest.lower)
    raise BadFile(model.path, f"it covers {size} m and finds no place before the robot", "make it smaller")


def _place_clutter(model: ObjectModel, placed: Sequence[_Spot], rng: np.random.Generator) -> _Spot | None:
    rest = resting(model)
    for gap in GAPS_M:
        for _ in range(_TRIES):
            spot = _draw_spot(model, rest, CLUTTER_X_M, CLUTTER_Y_M, rng)
            apart = all(gap_between(spot.corners, other.corners) >= gap for other in placed)
            if apart and _on_table(spot.corners):
                return spot
    return None


def _draw_spot(
    model: ObjectModel,
    rest: Resting,
    x_m: tuple[float, float],
    y_m: tuple[float, float],
    rng: np.random.Generator,
) -> _Spot:
    """The object with the middle of its rectangle anywhere in x_m, y_m, at any heading."""
    middle = np.array([rng.uniform(*x_m), rng.uniform(*y_m)])
    turn = Rotation.from_euler("z", rng.uniform(-np.pi, np.pi))
    plane = turn.as_matrix()[:2, :2]
    origin = middle - plane @ ((rest.lower + rest.upper) / 2)
    (x0, y0), (x1, y1) = rest.lower, rest.upper
    corners = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]) @ plane.T + origin
    quaternion = (turn * Rotation.from_quat(rest.quaternion, scalar_first=True)).as_quat(scalar_first=True)
    position = readonly([*origin, TABLE_TOP_Z_M + rest.height_m])
    return _Spot(
        ObjectPlacement(model, position, readonly(quaternion)), corners, origin + plane @ rest.pick_point
    )


def _inside(point: FloatArray, x_m: tuple[float, float], y_m: tuple[float, float]) -> bool:
    return bool(x_m[0] <= point[0] <= x_m[1] and y_m[0] <= point[1] <= y_m[1])


def _on_table(corners: FloatArray) -> bool:
    lower = np.array([TABLE_X_M[0], TABLE_Y_M[0]]) + EDGE_MARGIN_M
    upper = np.array([TABLE_X_M[1], TABLE_Y_M[1]]) - EDGE_MARGIN_M
    beside_base = gap_between(corners, _BASE_CORNERS) >= 0.0
    return bool(np.all(corners >= lower) and np.all(corners <= upper) and beside_base)


_BASE_CORNERS = BASE_HALF_M * np.array([(-1.0, -1), (1, -1), (1, 1), (-1, 1)])


def gap_between(first: FloatArray, second: FloatArray) -> float:
    """The widest gap between two convex polygons (N, 2), corners in order, seen along their sides' normals.

    Never more than their distance; negative when they overlap.
    """
    widest = -np.inf
    for corners in (first, second):
        sides = np.roll(corners, -1, axis=0) - corners
        normals = np.stack([sides[:, 1], -sides[:, 0]], axis=1)
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        a, b = first @ normals.T, second @ normals.T
        gaps = np.maximum(a.min(axis=0) - b.max(axis=0), b.min(axis=0) - a.max(axis=0))
        widest = max(widest, float(gaps.max()))
    return widest
