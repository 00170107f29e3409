"""What a simulated camera knows: which object and part each pixel shows, and where the person's joints are.

Object geoms are named `<part>_<number>`, with the object's prefix in front.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import mujoco
import numpy as np
from numpy.typing import NDArray

from hardware.sim.groups import geoms_below
from hardware.sim.model import SEEN_BY_WRIST, TARGET, placements
from hardware.sim.objects import part_of
from hardware.sim.rays import cast, group_mask
from hardware.types import BoolArray, CameraIntrinsics, FloatArray, InstanceTruth

if TYPE_CHECKING:
    from hardware.sim.scenario import ObjectPlacement, SceneSpec

ROBOT, PERSON, NOTHING = -1, -2, 0
BODY_DEPTH_M = 0.16
"""A joint lies at most this far behind the person's surface."""

Keypoints = Callable[[], FloatArray]
"""The person's COCO-17 joints (17, 3) in the base frame, now."""


class SceneIndex:
    """Per geom of the model: which instance it belongs to and which part of it it is."""

    def __init__(self, model: mujoco.MjModel, scene: SceneSpec) -> None:
        # One entry more than geoms: -1, nothing, looks up the last one.
        self._instances = np.zeros(model.ngeom + 1, dtype=np.int32)
        self._parts = np.zeros(model.ngeom + 1, dtype=np.int32)
        self._instances[geoms_below(model, [model.body("base_link").id])] = ROBOT
        people = [i for i in range(model.nbody) if model.body(i).name.startswith("person_")]
        self._instances[geoms_below(model, people)] = PERSON
        self.objects: Mapping[int, InstanceTruth] = {
            number: self._add(model, number, prefix, placement)
            for number, (prefix, placement) in enumerate(placements(scene).items(), start=1)
        }

    def instances(self, geoms: NDArray[np.int32]) -> NDArray[np.int32]:
        """Instance numbers of geom ids (any shape): keys of `objects`, ROBOT, PERSON or NOTHING."""
        return self._instances[geoms]

    def parts(self, geoms: NDArray[np.int32]) -> NDArray[np.int32]:
        """Part numbers of geom ids (any shape), 0 where there is no object."""
        return self._parts[geoms]

    def _add(
        self, model: mujoco.MjModel, number: int, prefix: str, placement: ObjectPlacement
    ) -> InstanceTruth:
        geoms = parts_of_geoms(model, prefix)
        names = sorted(set(geoms.values()))
        for geom, name in geoms.items():
            self._instances[geom] = number
            self._parts[geom] = names.index(name) + 1
        thing = placement.model
        return InstanceTruth(
            name=prefix.rstrip("/"),
            label=thing.label,
            parts=dict(enumerate(names, start=1)),
            human_part=",".join(thing.human_parts),
            robot_part=",".join(thing.robot_parts),
        )


def parts_of_geoms(model: mujoco.MjModel, prefix: str) -> dict[int, str]:
    """The part that each geom of the object with this prefix belongs to."""
    geoms = geoms_below(model, [model.body(f"{prefix}object").id])
    return {int(geom): part_of(model.geom(geom).name.removeprefix(prefix)) for geom in geoms}


def human_geoms(model: mujoco.MjModel, scene: SceneSpec) -> list[int]:
    """The target's geoms that are meant for the person."""
    parts = scene.target.model.human_parts
    return [geom for geom, part in parts_of_geoms(model, TARGET).items() if part in parts]


def lens_body(model: mujoco.MjModel) -> int:
    """The body whose coarse shape encloses the wrist camera's lens: its own rays pass through it."""
    return int(model.body("bracelet_link").id)


def visible_joints(
    model: mujoco.MjModel,
    data: mujoco.MjData,
    index: SceneIndex,
    base_from_camera: FloatArray,
    keypoints: FloatArray,
    intrinsics: CameraIntrinsics,
) -> tuple[FloatArray, BoolArray]:
    """The joints (17, 3) in the camera frame, and which of them (17,) are seen: in the picture, with nothing
    but the person's own surface before them. `keypoints` (17, 3): base frame, NaN when there is no person.
    """
    origin = base_from_camera[:3, 3]
    way = keypoints - origin
    in_camera = way @ base_from_camera[:3, :3]
    if np.isnan(keypoints).any():
        return in_camera, np.zeros(len(keypoints), dtype=bool)
    distance_m = np.linalg.norm(way, axis=1)
    hits = cast(model, data, origin, way / distance_m[:, None], group_mask(SEEN_BY_WRIST), lens_body(model))
    on_person = index.instances(hits.geoms) == PERSON
    near = (hits.distance_m > distance_m - BODY_DEPTH_M) & on_person
    free = (hits.geoms < 0) | (hits.distance_m > distance_m)
    depth = np.maximum(in_camera[:, 2], 1e-6)
    u = intrinsics.fx * in_camera[:, 0] / depth + intrinsics.cx
    v = intrinsics.fy * in_camera[:, 1] / depth + intrinsics.cy
    inside = (in_camera[:, 2] > 0.0) & (u >= 0) & (u < intrinsics.width) & (v >= 0) & (v < intrinsics.height)
    return in_camera, inside & (near | free)
