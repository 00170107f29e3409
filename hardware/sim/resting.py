"""How an object lies on a table: its pose at rest, found by letting it settle, and the room it takes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import mujoco
import numpy as np
from scipy.spatial.transform import Rotation

from hardware.errors import BadFile
from hardware.sim.objects import BODY, ObjectModel, part_of
from hardware.types import FloatArray, readonly

SETTLE_S, WATCH_S = 5.0, 0.5
STILL_M, STILL_RAD = 0.0003, 0.002
"""An object rests once it has moved less than this over WATCH_S."""
UPRIGHT_DEG = 10.0
TIMESTEP_S = 0.002
PREFIX = "object/"

_TABLE = f"""
<mujoco>
  <option timestep="{TIMESTEP_S}" integrator="implicitfast" cone="elliptic" impratio="10"/>
  <worldbody><geom name="table" type="box" size="1 1 0.1" pos="0 0 -0.1"/></worldbody>
</mujoco>
"""


@dataclass(frozen=True)
class Resting:
    """A stable pose on a table at z = 0, heading 0, body origin above (0, 0).

    quaternion (4,) wxyz; lower, upper (2,): the rectangle the object covers; pick_point (2,): the middle of
    the parts the robot may hold. Metres.
    """

    height_m: float
    quaternion: FloatArray
    lower: FloatArray
    upper: FloatArray
    pick_point: FloatArray


def table_world(model: ObjectModel) -> mujoco.MjModel:
    """The object, free, over a table top at z = 0, with the contact settings of the full scene."""
    spec = mujoco.MjSpec.from_string(_TABLE)
    child = model.spec
    if not child.body(BODY).joints:
        child.body(BODY).add_freejoint()
    spec.attach(child, prefix=PREFIX, frame=spec.worldbody.add_frame())
    return spec.compile()


@lru_cache(maxsize=64)
def resting(model: ObjectModel) -> Resting:
    """Let the object settle, turned as in its file. Raises BadFile when it does not rest, or topples."""
    world = table_world(model)
    data = mujoco.MjData(world)
    data.qpos[:3] = 0.0, 0.0, 1.0
    data.qpos[3:] = world.body(f"{PREFIX}{BODY}").quat
    mujoco.mj_kinematics(world, data)
    data.qpos[2] -= _outline(world, data)[:, 2].min()
    before = data.qpos[3:].copy()
    _settle(model, world, data)
    turned = Rotation.from_quat(data.qpos[3:], scalar_first=True)
    if model.upright:
        was = Rotation.from_quat(before, scalar_first=True)
        axis = turned.apply(was.inv().apply((0.0, 0.0, 1.0)))
        if axis[2] < np.cos(np.radians(UPRIGHT_DEG)):
            raise BadFile(
                model.path, "it is to stay upright but topples", "give it a flat base or upright=false"
            )
    along = turned.apply((1.0, 0.0, 0.0))
    level = Rotation.from_euler("z", -np.arctan2(along[1], along[0])) * turned
    data.qpos[:2] = 0.0
    data.qpos[3:] = level.as_quat(scalar_first=True)
    mujoco.mj_kinematics(world, data)
    points = _outline(world, data)[:, :2]
    held = [
        g
        for g in range(1, world.ngeom)
        if part_of(world.geom(g).name.removeprefix(PREFIX)) in model.robot_parts
    ]
    held_points = _outline(world, data, held)[:, :2]
    return Resting(
        height_m=float(data.qpos[2]),
        quaternion=readonly(data.qpos[3:]),
        lower=readonly(points.min(axis=0)),
        upper=readonly(points.max(axis=0)),
        pick_point=readonly((held_points.min(axis=0) + held_points.max(axis=0)) / 2),
    )


def _settle(model: ObjectModel, world: mujoco.MjModel, data: mujoco.MjData) -> None:
    for _ in range(round(SETTLE_S / WATCH_S)):
        before = data.qpos.copy()
        mujoco.mj_step(world, data, nstep=round(WATCH_S / TIMESTEP_S))
        moved_m = np.linalg.norm(data.qpos[:3] - before[:3])
        turned_rad = 2.0 * np.arccos(min(1.0, abs(float(data.qpos[3:] @ before[3:]))))
        if data.ncon and moved_m < STILL_M and turned_rad < STILL_RAD:
            return
    remedy = "give it flat facets, a flat base or rolling friction (condim 6)"
    raise BadFile(model.path, f"it does not come to rest on a table within {SETTLE_S:g} s", remedy)


def _outline(world: mujoco.MjModel, data: mujoco.MjData, geoms: list[int] | None = None) -> FloatArray:
    """Box corners or mesh vertices of `geoms`, else of all but the table, (N, 3) in the world."""
    signs = np.array(np.meshgrid([-1, 1], [-1, 1], [-1, 1])).reshape(3, -1).T
    points = []
    for g in geoms if geoms is not None else range(1, world.ngeom):
        if world.geom_type[g] == mujoco.mjtGeom.mjGEOM_MESH:
            mesh = world.geom_dataid[g]
            first = world.mesh_vertadr[mesh]
            local = world.mesh_vert[first : first + world.mesh_vertnum[mesh]]
        else:
            local = world.geom_aabb[g, :3] + signs * world.geom_aabb[g, 3:]
        points.append(local @ data.geom_xmat[g].reshape(3, 3).T + data.geom_xpos[g])
    return np.concatenate(points).astype(np.float64)
