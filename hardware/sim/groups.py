"""Which geoms of the compiled model are the robot, its fingers and the person's regions, read from names."""

from __future__ import annotations

from collections.abc import Iterable

import mujoco
import numpy as np

from hardware.errors import UnknownName
from hardware.types import IntArray

REGIONS = ("head", "torso", "upper_arm", "forearm", "hand", "leg")
"""Body regions that contact is told apart by (ISO/TS 15066 limits differ between them)."""
FINGER_PREFIXES = ("pad_", "finger_")


def find(model: mujoco.MjModel, kind: str, name: str) -> int:
    """The id of the `kind` ("body", "geom", "equality", ...) called `name`. Raises UnknownName."""
    code = getattr(mujoco.mjtObj, f"mjOBJ_{kind.upper()}")
    index = mujoco.mj_name2id(model, code, name)
    if index < 0:
        count = {"body": model.nbody, "geom": model.ngeom, "equality": model.neq}.get(kind, 0)
        raise UnknownName(kind, name, [mujoco.mj_id2name(model, code, i) or f"#{i}" for i in range(count)])
    return index


def geoms_below(model: mujoco.MjModel, bodies: Iterable[int]) -> IntArray:
    """The geoms of these bodies and of all that hangs on them."""
    inside = np.zeros(model.nbody, dtype=bool)
    inside[list(bodies)] = True
    for body in range(1, model.nbody):  # parents come before their children
        inside[body] |= inside[model.body_parentid[body]]
    return np.flatnonzero(inside[model.geom_bodyid])


def solid(model: mujoco.MjModel, geoms: IntArray) -> IntArray:
    """Those of `geoms` that can touch anything; looks-only geoms are left out."""
    return geoms[(model.geom_contype[geoms] | model.geom_conaffinity[geoms]) != 0]


def fingers(model: mujoco.MjModel, robot: IntArray) -> IntArray:
    """Those of the robot's geoms that are its fingers and pads."""
    return np.array([g for g in robot if model.geom(g).name.startswith(FINGER_PREFIXES)], dtype=np.int64)


def person_region(body_name: str) -> str | None:
    """The region of `REGIONS` that a body of the person belongs to; None for any other body."""
    if not body_name.startswith("person_"):
        return None
    part = body_name.removeprefix("person_")
    return next((region for region in REGIONS if part.startswith(region)), None)


def person_geoms(model: mujoco.MjModel) -> dict[int, str]:
    """The region of every geom of the person that can touch anything."""
    regions = {}
    for geom in solid(model, np.arange(model.ngeom)):
        region = person_region(model.body(int(model.geom_bodyid[geom])).name)
        if region is not None:
            regions[int(geom)] = region
    return regions
