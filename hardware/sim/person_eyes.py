"""What the simulated person can see of the handover: where object and fingers are, and how they move.

It reads poses only, as eyes would: nothing of the robot's commands, plans or forces.
"""

from __future__ import annotations

from collections.abc import Sequence

import mujoco
import numpy as np

from hardware.geometry import transform
from hardware.sim.groups import find, fingers, geoms_below, solid
from hardware.sim.person_model import TARGET_BODY
from hardware.sim.scenery import TABLE_X_M, TABLE_Y_M
from hardware.types import FloatArray

HELD_WITHIN_M = 0.06
"""An object hangs in the gripper when its surface may be this near to the middle between the fingers."""
LIFTED_M = 0.08
"""Over the table it is in the air when it is this much above where it lay at first."""
STEADY_M_S = 0.03  # seen from a metre that is under two degrees per second
CLEAR_OF_FINGERS_M = 0.065
"""A hand has room where no finger's middle is nearer than this."""


class Eyes:
    """Judges object and gripper once per `look`. `human_geoms`: the object's part meant for people."""

    def __init__(
        self, model: mujoco.MjModel, data: mujoco.MjData, human_geoms: Sequence[int], gripper_body: str
    ) -> None:
        self._model, self._data = model, data
        self._object = find(model, "body", TARGET_BODY)
        self._gripper = find(model, "body", gripper_body)
        self._target_geoms = solid(model, geoms_below(model, [self._object]))
        self._fingers = fingers(model, geoms_below(model, [self._gripper]))
        self._places, self._axes, self._is_human = self._hold_places(set(human_geoms))
        self._lay_z: float | None = None
        self._last: tuple[float, FloatArray] | None = None
        self.speed_m_s = np.inf
        """Of the object's middle, over the last look."""

    def look(self) -> None:
        """Take in the present scene (call at a steady pace)."""
        now, position = self._data.time, self._data.xpos[self._object].copy()
        if self._lay_z is None:
            self._lay_z = float(position[2])
        if self._last is not None and now > self._last[0]:
            self.speed_m_s = float(np.linalg.norm(position - self._last[1])) / (now - self._last[0])
        self._last = now, position

    @property
    def steady(self) -> bool:
        """Whether the object is as good as at rest."""
        return self.speed_m_s < STEADY_M_S

    @property
    def finger_spread_m(self) -> float:
        """Mean distance of the fingers' pieces from the middle between them; grows when the gripper opens."""
        points = self._data.geom_xpos[self._fingers]
        return float(np.linalg.norm(points - self._between_fingers(), axis=1).mean()) if len(points) else 0.0

    @property
    def object_pose(self) -> tuple[FloatArray, FloatArray]:
        """Position (3,) and axes (3, 3) of the object."""
        return self._data.xpos[self._object], self._data.xmat[self._object].reshape(3, 3)

    @property
    def held_up(self) -> bool:
        """Whether the object hangs in the gripper: over where it lay, or with no table under it."""
        lay = self._lay_z if self._lay_z is not None else np.inf
        x, y, z = self._data.xpos[self._object]
        beside_table = not (TABLE_X_M[0] <= x <= TABLE_X_M[1] and TABLE_Y_M[0] <= y <= TABLE_Y_M[1])
        return bool(z >= lay + LIFTED_M or beside_table) and self.in_fingers

    @property
    def in_fingers(self) -> bool:
        """Whether anything of the object is near the middle between the fingers."""
        away = self._data.geom_xpos[self._target_geoms] - self._between_fingers()
        reach = self._model.geom_rbound[self._target_geoms] + HELD_WITHIN_M
        return bool(np.any(np.einsum("ij,ij->i", away, away) < reach**2))

    @property
    def way_out(self) -> FloatArray:
        """The unit vector (3,) from the palm to the fingertips: the way the gripper is open."""
        return self._data.xmat[self._gripper].reshape(3, 3)[:, 2].copy()

    def in_gripper(self, point: FloatArray) -> FloatArray:
        """A point (3,) as the gripper's frame sees it, origin between the fingers: how far it has slipped."""
        axes = self._data.xmat[self._gripper].reshape(3, 3)
        return axes.T @ (point - self._between_fingers())

    def to_object(self, point: FloatArray) -> FloatArray:
        """A point (3,) of the base frame in the object's frame."""
        position, axes = self.object_pose
        return axes.T @ (point - position)

    def from_object(self, point: FloatArray) -> FloatArray:
        """A point (3,) of the object's frame in the base frame."""
        position, axes = self.object_pose
        return position + axes @ point

    def nearest_place(self, point: FloatArray) -> float:
        """Distance from `point` (3,) to the nearest place of the object that a hand could hold, in m."""
        places = self._places @ self.object_pose[1].T + self.object_pose[0]
        return float(np.min(np.linalg.norm(places - point, axis=1)))

    def choose_place(self, shoulder: FloatArray, reach_m: float) -> tuple[FloatArray, FloatArray]:
        """Where to hold and the long direction there, (3,) and (3,), both in the object's frame.

        Of the places within reach: the person's part near its middle if the fingers leave room there; else
        any free
        place, the nearest to the shoulder; else the place farthest from the fingers.
        """
        position, axes = self.object_pose
        places = self._places @ axes.T + position
        finger_points = self._data.geom_xpos[self._fingers]
        room = np.full(len(places), np.inf)
        if len(finger_points):
            room = np.min(np.linalg.norm(places[:, None] - finger_points[None], axis=2), axis=1)
        away = np.linalg.norm(places - shoulder, axis=1)
        free = (room >= CLEAR_OF_FINGERS_M) & (away <= reach_m)
        if np.any(free & self._is_human):
            centre = places[self._is_human].mean(axis=0)
            cost, allowed = np.linalg.norm(places - centre, axis=1), free & self._is_human
        elif np.any(free):
            cost, allowed = away, free
        else:
            cost, allowed = np.maximum(away - reach_m, 0.0) - room, np.ones(len(places), dtype=bool)
        best = int(np.argmin(np.where(allowed, cost, np.inf)))
        return self._places[best], self._axes[best]

    def _between_fingers(self) -> FloatArray:
        if len(self._fingers) == 0:
            return self._data.xpos[self._gripper]
        return self._data.geom_xpos[self._fingers].mean(axis=0)

    def _hold_places(self, human: set[int]) -> tuple[FloatArray, FloatArray, np.ndarray]:
        """Three places along each geom's long side, in the object's frame, with that direction."""
        model = self._model
        places, axes, is_human = [], [], []
        for geom in self._target_geoms:
            object_from_geom = self._geom_pose(int(geom))
            centre, half = model.geom_aabb[geom, :3], model.geom_aabb[geom, 3:]
            along = np.eye(3)[int(np.argmax(half))]
            for share in (-0.6, 0.0, 0.6):
                places.append(transform(object_from_geom, centre + share * half.max() * along))
                axes.append(object_from_geom[:3, :3] @ along)
                is_human.append(not human or int(geom) in human)
        return np.array(places), np.array(axes), np.array(is_human)

    def _geom_pose(self, geom: int) -> FloatArray:
        """The geom's frame in the object's body frame (bodies between them are rigid)."""
        result = np.eye(4)
        mujoco.mju_quat2Mat(matrix := np.empty(9), self._model.geom_quat[geom])
        result[:3, :3], result[:3, 3] = matrix.reshape(3, 3), self._model.geom_pos[geom]
        body = int(self._model.geom_bodyid[geom])
        while body != self._object:
            step = np.eye(4)
            mujoco.mju_quat2Mat(matrix, self._model.body_quat[body])
            step[:3, :3], step[:3, 3] = matrix.reshape(3, 3), self._model.body_pos[body]
            result, body = step @ result, int(self._model.body_parentid[body])
        return result
