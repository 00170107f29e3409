"""The receiving hand: a free body drawn by a spring-damper of limited force, and the weld that is its grip.

1. The drive never applies more than `MAX_FORCE_N` and `MAX_TORQUE_NM`, whatever it is asked for.
2. Fingers and thumb are bent by at most `DIGIT_TORQUE_NM`, so they stop at what is in their way.
3. Hand and object are coupled only while the hand is closed; nothing of the robot is ever coupled to either.
4. `drive` costs a few microseconds: it runs at every physics step.
"""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np

from hardware.sim.groups import find
from hardware.sim.person_model import HAND_KG, TARGET_BODY
from hardware.sim.reach import Path
from hardware.types import FloatArray

GRIP_EQUALITY = "hand_grip"
MAX_FORCE_N, MAX_TORQUE_NM = 20.0, 5.0
STIFFNESS_N_M, DAMPING_NS_M = 400.0, 30.0
TURN_STIFFNESS_NM, TURN_DAMPING_NMS = 10.0, 0.4
"""Critically damped for the hand's own mass and inertia."""
PULL_DAMPING_NS_M = 30.0
"""While pulling, the hand is not drawn to a place: what comes free leaves at 15 N / 30 = 0.5 m/s."""
GRIP_SOLREF, GRIP_TORQUE_SCALE = (0.02, 1.0), 1.0
"""Soft, so that closing does not jerk. With a torque scale of 0.1 a hammer droops by 74 deg, with 1 by 12."""
OPEN_RAD, CLOSED_RAD = np.array([0.35, 0.40, 0.25]), np.array([1.15, 1.25, 0.85])
"""How far fingers, fingertips and thumb are bent, hand open and closed."""
BEND_STIFFNESS_NM = 1.0
DIGIT_TORQUE_NM = np.array([0.5, 0.25, 0.3])
"""A light grip, as for taking something offered: 6 N at the fingertips together, 80 mm from the knuckles."""


class Hand:
    """The free body `person_hand`. Positions are those of the middle of the grip."""

    def __init__(self, model: mujoco.MjModel, data: mujoco.MjData) -> None:
        self._model, self._data = model, data
        body = find(model, "body", "person_hand")
        joint = int(model.body_jntadr[body])
        q, v = int(model.jnt_qposadr[joint]), int(model.jnt_dofadr[joint])
        self.position: FloatArray = data.qpos[q : q + 3]
        self.quaternion: FloatArray = data.qpos[q + 3 : q + 7]
        self._velocity: FloatArray = data.qvel[v : v + 3]
        self._spin: FloatArray = data.qvel[v + 3 : v + 6]
        self._applied: FloatArray = data.xfrc_applied[body]
        self._object = find(model, "body", TARGET_BODY)
        self._weight_n = float(model.body_subtreemass[self._object] * -model.opt.gravity[2])
        self._grip = find(model, "equality", GRIP_EQUALITY)
        model.eq_solref[self._grip] = GRIP_SOLREF
        bends = [find(model, "joint", f"person_hand_{name}_bend") for name in ("fingers", "tips", "thumb")]
        self._bends = model.jnt_qposadr[bends]
        self._bend_dofs = model.jnt_dofadr[bends]
        self._bend_goal = OPEN_RAD
        self._turn_error = np.zeros(3)
        self._goal = np.zeros(3)
        self._goal_velocity = np.zeros(3)
        self._feed_forward = np.zeros(3)
        self._goal_quaternion = np.array([1.0, 0.0, 0.0, 0.0])
        self._goal_set_s = 0.0
        self._pull: FloatArray | None = None
        self._path = Path(np.zeros(3), np.zeros(3), 0.0, 1.0)
        self._turns = self._goal_quaternion, self._goal_quaternion

    @property
    def velocity(self) -> FloatArray:
        """(3,) m/s in the base frame, a copy."""
        return self._velocity.copy()

    @property
    def rotation(self) -> FloatArray:
        """Hand axes (3, 3) in the base frame."""
        matrix = np.empty(9)
        mujoco.mju_quat2Mat(matrix, self.quaternion)
        return matrix.reshape(3, 3)

    @property
    def holding(self) -> bool:
        """Whether the closed hand has the object."""
        return bool(self._data.eq_active[self._grip])

    def place(self, position: FloatArray, rotation: FloatArray) -> None:
        """Put the hand there at once, at rest: only when a scene begins."""
        self.position[:] = position
        self.quaternion[:] = quaternion(rotation)
        self._velocity[:] = self._spin[:] = 0.0
        self._data.qpos[self._bends] = OPEN_RAD
        self.rest(position, rotation)

    def begin(self, now_s: float, duration_s: float, rotation: FloatArray) -> None:
        """Begin a motion of least jerk from wherever the hand is, ending turned as `rotation` (3, 3)."""
        self._path = Path(self.position.copy(), self.velocity, now_s, duration_s)
        self._turns = self.quaternion.copy(), quaternion(rotation)

    def arrived(self, now_s: float) -> bool:
        """Whether the motion's time is over."""
        return self._path.done(now_s)

    def overdue(self, now_s: float, by_s: float) -> bool:
        """Whether the motion should have ended `by_s` ago."""
        return self._path.done(now_s - by_s)

    def move(self, now_s: float, goal: FloatArray) -> None:
        """Go on with the motion begun, toward `goal` (3,), which may drift; stays there afterwards.

        A hand that has the object carries its weight as well.
        """
        position, velocity, acceleration = self._path.at(now_s, goal)
        self._draw(position, velocity, HAND_KG * acceleration)
        self._goal_quaternion[:] = turn_between(*self._turns, self._path.share(now_s))

    def rest(self, position: FloatArray, rotation: FloatArray) -> None:
        """Stay at `position` (3,), turned as `rotation` (3, 3)."""
        self._draw(position, np.zeros(3), np.zeros(3))
        self._goal_quaternion[:] = quaternion(rotation)

    def _draw(self, position: FloatArray, velocity: FloatArray, feed_forward_n: FloatArray) -> None:
        self._pull = None
        self._goal[:], self._goal_velocity[:], self._feed_forward[:] = position, velocity, feed_forward_n
        if self.holding:
            self._feed_forward[2] += self._weight_n
        self._goal_set_s = self._data.time

    def pull(self, force_n: FloatArray) -> None:
        """Press with this force (3,) instead of being drawn to a place; the turn stays as it was."""
        self._pull = np.array(force_n)

    def close(self, share: float) -> None:
        """Bend the fingers: 0 open, 1 closed, as far as nothing is in their way. They hold nothing before
        `grip`.
        """
        self._bend_goal = OPEN_RAD + share * (CLOSED_RAD - OPEN_RAD)

    def grip(self) -> None:
        """Couple hand and object as they are now, at the middle of the grip, without a jump."""
        data, row = self._data, self._model.eq_data[self._grip]
        object_rotation = data.xmat[self._object].reshape(3, 3)
        row[0:3] = object_rotation.T @ (self.position - data.xpos[self._object])
        row[3:6] = 0.0
        inverse, relative = np.empty(4), np.empty(4)
        mujoco.mju_negQuat(inverse, self.quaternion)
        mujoco.mju_mulQuat(relative, inverse, data.xquat[self._object])
        row[6:10] = relative
        row[10] = GRIP_TORQUE_SCALE
        data.eq_active[self._grip] = 1

    def let_go(self) -> None:
        """Uncouple hand and object."""
        self._data.eq_active[self._grip] = 0

    def drive(self) -> None:
        """Apply force and torque for the coming physics step."""
        force = self._force()
        strength = float(np.sqrt(force @ force))
        if strength > MAX_FORCE_N:
            force *= MAX_FORCE_N / strength
        self._applied[:3] = force
        # The error and the spin are both in the hand's own axes; the applied torque is in the base's.
        mujoco.mju_subQuat(self._turn_error, self._goal_quaternion, self.quaternion)
        torque = TURN_STIFFNESS_NM * self._turn_error - TURN_DAMPING_NMS * self._spin
        strength = float(np.sqrt(torque @ torque))
        if strength > MAX_TORQUE_NM:
            torque *= MAX_TORQUE_NM / strength
        mujoco.mju_rotVecQuat(self._applied[3:], torque, self.quaternion)
        bend = BEND_STIFFNESS_NM * (self._bend_goal - self._data.qpos[self._bends])
        self._data.qfrc_applied[self._bend_dofs] = np.clip(bend, -DIGIT_TORQUE_NM, DIGIT_TORQUE_NM)

    def _force(self) -> FloatArray:
        if self._pull is not None:
            return self._pull - PULL_DAMPING_NS_M * self._velocity
        ahead = self._data.time - self._goal_set_s
        error = self._goal + ahead * self._goal_velocity - self.position
        drawn: Any = STIFFNESS_N_M * error + DAMPING_NS_M * (self._goal_velocity - self._velocity)
        return drawn + self._feed_forward


def quaternion(rotation: FloatArray) -> FloatArray:
    """A rotation matrix (3, 3) as a quaternion (4,) wxyz."""
    result = np.empty(4)
    mujoco.mju_mat2Quat(result, np.ascontiguousarray(rotation).ravel())
    return result


def turn_between(start: FloatArray, end: FloatArray, share: float) -> FloatArray:
    """The quaternion (4,) wxyz a `share` of the way from `start` to `end`, the short way round."""
    error, result = np.empty(3), start.copy()
    mujoco.mju_subQuat(error, end, start)
    mujoco.mju_quatIntegrate(result, error, share)
    return result
