"""Collision check of joint poses and trajectories in MuJoCo, with the names of what touches."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from hardware.types import FloatArray
from planning.motion.model import PlanningModel, is_obstacle, is_tool

_DEEPER_M = 5e-4


@dataclass(frozen=True)
class Touch:
    """Two things that touch, in words, and how deep."""

    first: str
    second: str
    depth_m: float
    by_tool: bool = False
    """Whether it is the gripper or what it holds that touches something which is not of the robot: so it
    would with any joint pose for the same tool pose."""

    def __str__(self) -> str:
        return f"{self.first} touches {self.second}"


class CollisionChecker:
    """Answers for one scene; keeps its own state and is not for two threads at once."""

    def __init__(self, model: PlanningModel) -> None:
        self._words = model.words
        self._model = mujoco.MjModel.from_xml_string(model.xml)
        self._data = mujoco.MjData(self._model)

    def free(self, joints: FloatArray) -> bool:
        """Whether nothing touches at joints (7,)."""
        return self._contacts(joints) == 0

    def touches(self, joints: FloatArray) -> list[Touch]:
        """All that touches at joints (7,), the deepest first; the robot or what it holds is named first."""
        self._contacts(joints)
        found = []
        for contact in self._data.contact:
            bodies = [self._model.body(self._model.geom_bodyid[geom]).name for geom in contact.geom]
            first, second = sorted(bodies, key=is_obstacle)
            by_tool = is_tool(first) and is_obstacle(second)
            found.append(Touch(self._words[first], self._words[second], -float(contact.dist), by_tool))
        return sorted(found, key=lambda touch: -touch.depth_m)

    def first_touch(self, positions: FloatArray, leaving: bool = False) -> Touch | None:
        """The first contact along positions (N, 7), or None.

        leaving: what touches at the first position may go on touching as long as it gets no deeper.
        """
        depths = self._depths(positions[0]) if leaving else {}
        for joints in positions:
            if not self._contacts(joints):
                depths = {}
                continue
            now = self._depths(joints)
            for pair, depth_m in now.items():
                if depth_m > depths.get(pair, -np.inf) + _DEEPER_M:
                    return Touch(*pair, depth_m)
            depths = {pair: min(depth_m, depths[pair]) for pair, depth_m in now.items()}
        return None

    def _depths(self, joints: FloatArray) -> dict[tuple[str, str], float]:
        return {(touch.first, touch.second): touch.depth_m for touch in reversed(self.touches(joints))}

    def _contacts(self, joints: FloatArray) -> int:
        self._data.qpos[:] = joints
        mujoco.mj_kinematics(self._model, self._data)
        mujoco.mj_collision(self._model, self._data)
        return int(self._data.ncon)


def dense(positions: FloatArray, step_rad: float) -> FloatArray:
    """Positions (N, 7) with more in between, so that no joint moves by more than `step_rad` from one to the
    next.
    """
    counts = np.ceil(np.max(np.abs(np.diff(positions, axis=0)), axis=1) / step_rad).astype(int)
    pieces = [
        a + (b - a) * (np.arange(n) / n)[:, None]
        for a, b, n in zip(positions, positions[1:], np.maximum(counts, 1), strict=False)
    ]
    return np.concatenate([*pieces, positions[-1:]])
