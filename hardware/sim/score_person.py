"""How near the robot comes to the person, how fast it is there, and how the person's arm takes the object."""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import ArrayLike

from hardware.sim.clearance import least_distance
from hardware.sim.groups import person_region
from hardware.sim.person_spec import PersonSpec
from hardware.types import FloatArray, IntArray

FAR_M = 1.0
"""Distances beyond this are not told apart."""


class PersonWatch:
    """`look` now and then; the least distances so far are its attributes, in m (`FAR_M` = at least that).

    head_m: of robot, or object in its gripper, to the head. torso_m: of the gripper to the torso. body_m: of
    robot or object to anything of the person but the receiving forearm and hand, which come by themselves;
    speed_m_s: how fast the fingers moved then.
    """

    def __init__(
        self,
        model: mujoco.MjModel,
        data: mujoco.MjData,
        spec: PersonSpec,
        robot: IntArray,
        gripper: IntArray,
        target: IntArray,
        person: dict[int, str],
    ) -> None:
        self._model, self._data, self._spec = model, data, spec
        self._robot, self._gripper = robot, gripper
        self._with_object = np.concatenate([robot, target])
        self._head, self._torso = (_of(person, region) for region in ("head", "torso"))
        receiving = {geom for geom in person if self._receives(geom)}
        self._body = np.array([geom for geom in person if geom not in receiving], dtype=np.int64)
        self.head_m = self.torso_m = self.body_m = FAR_M
        self.speed_m_s: float | None = None

    def look(self, in_gripper: bool) -> None:
        """Take in where everything is."""
        model, data = self._model, self._data
        robot = self._with_object if in_gripper else self._robot
        self.head_m = least_distance(model, data, robot, self._head, self.head_m)
        self.torso_m = least_distance(model, data, self._gripper, self._torso, self.torso_m)
        body_m = least_distance(model, data, robot, self._body, self.body_m)
        if body_m < self.body_m:
            velocity = np.zeros(6)
            mujoco.mj_objectVelocity(
                model, data, mujoco.mjtObj.mjOBJ_GEOM, int(self._gripper[-1]), velocity, 0
            )
            self.body_m, self.speed_m_s = body_m, float(np.linalg.norm(velocity[3:]))

    def arm_deg(self) -> tuple[float, float]:
        """Shoulder and elbow of the receiving arm now, as `arm_angles_deg` counts them."""
        side = self._spec.hand
        upper, fore = (self._data.body(f"person_{part}_{side}") for part in ("upper_arm", "forearm"))
        forward = -upper.xpos * (1.0, 1.0, 0.0)  # toward the robot's base, where the object comes from
        return arm_angles_deg(upper.xmat.reshape(3, 3)[:, 2], fore.xmat.reshape(3, 3)[:, 2], forward)

    def _receives(self, geom: int) -> bool:
        name, side = self._model.body(int(self._model.geom_bodyid[geom])).name, self._spec.hand
        idle = "left" if side == "right" else "right"
        arm = person_region(name) == "hand" and name != f"person_hand_{idle}"
        return arm or name == f"person_forearm_{side}"


def arm_angles_deg(upper_arm: ArrayLike, forearm: ArrayLike, forward: ArrayLike) -> tuple[float, float]:
    """Shoulder flexion (0 = hanging, positive forward) and elbow flexion (0 = straight), in degrees.

    upper_arm (3,), forearm (3,): along the bones, away from the body; forward (3,): level, of any length.
    """
    upper, fore, ahead = (_direction(vector) for vector in (upper_arm, forearm, forward))
    shoulder = np.arctan2(upper @ ahead, -upper[2])
    elbow = np.arccos(np.clip(upper @ fore, -1.0, 1.0))
    return float(np.degrees(shoulder)), float(np.degrees(elbow))


def _direction(vector: ArrayLike) -> FloatArray:
    array = np.asarray(vector, dtype=np.float64)
    return array / np.linalg.norm(array)


def _of(person: dict[int, str], region: str) -> IntArray:
    return np.array([geom for geom, name in person.items() if name == region], dtype=np.int64)
