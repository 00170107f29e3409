"""The figure behind the hand: stands, sits, walks, and lets its arms follow the hands."""

from __future__ import annotations

import mujoco
import numpy as np

from hardware.geometry import rotation_about
from hardware.sim.groups import find
from hardware.sim.person_model import SIDES, face
from hardware.sim.person_spec import FLOOR_Z_M, PersonSpec, Side, side_sign
from hardware.sim.reach import UP, bend_arm, hand_rotation
from hardware.types import FloatArray

STRIDE_M, SWING_RAD = 0.62, 0.38
"""Length of a step and how far a leg swings from the vertical at full walking speed."""
FULL_SPEED_M_S = 0.8


class Body:
    """Mocap segments of the person. Poses them through `stand` (everything) and `arm` (one arm)."""

    def __init__(self, spec: PersonSpec, model: mujoco.MjModel, data: mujoco.MjData) -> None:
        self._spec = spec
        self._data = data
        other = "left" if spec.hand == "right" else "right"
        names = ["torso", "head", f"hand_{other}"]
        names += [f"{part}_{side}" for part in ("leg", "upper_arm", "forearm") for side in SIDES]
        self._mocap = {name: int(model.body_mocapid[find(model, "body", f"person_{name}")]) for name in names}
        self._keypoints = np.zeros((17, 3))
        self._resting: dict[Side, tuple[FloatArray, FloatArray]] = {}
        """Where the hands rest while the person stays in place."""
        self.stand(np.array(spec.start), spec.yaw_rad)

    @property
    def keypoints(self) -> FloatArray:
        """COCO-17 joint centres (17, 3) in the base frame, a copy."""
        return self._keypoints.copy()

    @property
    def position(self) -> FloatArray:
        """(2,) where the torso's axis meets the floor, base frame."""
        return self._foot[:2].copy()

    @property
    def forward(self) -> FloatArray:
        """(3,) unit vector the chest points to."""
        return self._axes[:, 0].copy()

    def at(self, point: FloatArray) -> FloatArray:
        """A point (3,) of the person's frame in the base frame."""
        return self._foot + self._axes @ point

    def shoulder(self, side: Side) -> FloatArray:
        """(3,) in the base frame."""
        return self.at(self._spec.shoulder(side))

    def can_reach(self, point: FloatArray, margin_m: float = 0.0) -> bool:
        """Whether the receiving hand gets to `point` (3,), or misses it by no more than `margin_m`."""
        away = point - self.shoulder(self._spec.hand)
        return float(away @ away) <= (self._spec.reach_m + margin_m) ** 2

    def within_reach(self, goal: FloatArray) -> FloatArray:
        """`goal` (3,), or the farthest point on the way to it that the receiving hand gets to."""
        shoulder, reach = self.shoulder(self._spec.hand), self._spec.reach_m
        way = goal - shoulder
        distance = float(np.sqrt(way @ way))
        return goal if distance <= reach else shoulder + way * (reach / distance)

    def resting_hand(self, side: Side) -> tuple[FloatArray, FloatArray]:
        """Middle of the grip (3,) and hand axes (3, 3) of an arm at rest: beside the hip, or on the thigh."""
        if side not in self._resting:
            self._resting[side] = self._rest(side)
        return self._resting[side]

    def _rest(self, side: Side) -> tuple[FloatArray, FloatArray]:
        spec, out = self._spec, side_sign(side)
        shoulder, h = spec.shoulder(side), spec.stature_m
        if spec.posture == "seated":
            wrist = spec.hip(side) + np.array([0.14 * h, 0.01 * h * out, 0.062 * h])
            fingers, thumb = np.array([0.97, -0.15 * out, -0.12]), np.array([0.1, -out, 0.1])
        else:
            along = np.array([0.13, 0.10 * out, -1.0])
            along /= np.linalg.norm(along)
            wrist = shoulder + 0.975 * (spec.upper_arm_m + spec.forearm_m) * along
            fingers, thumb = np.array([0.22, 0.02 * out, -1.0]), np.array([1.0, 0.0, 0.0])
        axes = self._axes @ hand_rotation(fingers, thumb, side)
        return self.at(wrist) + spec.palm_m * axes[:, 0], axes

    def chest_hold(self, side: Side) -> FloatArray:
        """Where (3,) something taken is held: before the chest, a forearm away from it."""
        spec = self._spec
        return self.at(spec.shoulder(side) + spec.stature_m * np.array([0.20, 0.0, -0.155]))

    def stand(self, place: FloatArray, yaw_rad: float, walked_m: float = 0.0, speed_m_s: float = 0.0) -> None:
        """Put torso, head, legs and the idle arm at `place` (2,), heading `yaw_rad`; legs swing with the way
        walked.
        """
        spec = self._spec
        self._foot = np.array([place[0], place[1], FLOOR_Z_M])
        self._axes = rotation_about(UP, yaw_rad)
        self._resting = {}
        self._set("torso", self.at(np.array([0.0, 0.0, spec.hip_z_m])), self._axes)
        head = self.at(spec.head())
        self._set("head", head, self._axes)
        nose, eyes, ears = face(spec)
        self._keypoints[:5] = head + np.vstack([nose, eyes, ears]) @ self._axes.T
        swing = SWING_RAD * min(speed_m_s / FULL_SPEED_M_S, 1.0) * np.sin(np.pi * walked_m / STRIDE_M)
        for i, side in enumerate(SIDES):
            hip = self.at(spec.hip(side))
            leg = self._axes @ rotation_about((0, 1, 0), side_sign(side) * swing)
            self._set(f"leg_{side}", hip, leg)
            self._keypoints[5 + i] = self.shoulder(side)
            self._keypoints[11 + i] = hip
            self._keypoints[13 + i] = hip + leg @ (spec.knee(side) - spec.hip(side))
            self._keypoints[15 + i] = hip + leg @ (spec.ankle(side) - spec.hip(side))
        idle: Side = "left" if spec.hand == "right" else "right"
        grip, axes = self.resting_hand(idle)
        self.arm(idle, grip, axes)
        self._set(f"hand_{idle}", grip, axes)

    def arm(self, side: Side, grip: FloatArray, hand_axes: FloatArray) -> None:
        """Let an arm follow its hand: `grip` (3,) and `hand_axes` (3, 3) in the base frame; elbow down and
        out.
        """
        spec = self._spec
        shoulder = self._keypoints[5 + SIDES.index(side)]
        hint = -0.9 * UP - 0.35 * self._axes[:, 0] + 0.35 * side_sign(side) * self._axes[:, 1]
        wrist = grip - spec.palm_m * hand_axes[:, 0]
        elbow, wrist = bend_arm(shoulder, wrist, spec.upper_arm_m, spec.forearm_m, hint)
        self._along(f"upper_arm_{side}", shoulder, elbow)
        self._along(f"forearm_{side}", elbow, wrist)
        row = SIDES.index(side)
        self._keypoints[7 + row], self._keypoints[9 + row] = elbow, wrist

    def _set(self, name: str, position: FloatArray, axes: FloatArray) -> None:
        index = self._mocap[name]
        self._data.mocap_pos[index] = position
        mujoco.mju_mat2Quat(self._data.mocap_quat[index], np.ascontiguousarray(axes).ravel())

    def _along(self, name: str, start: FloatArray, end: FloatArray) -> None:
        index = self._mocap[name]
        self._data.mocap_pos[index] = start
        mujoco.mju_quatZ2Vec(self._data.mocap_quat[index], end - start)
