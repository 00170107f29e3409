"""All arm poses that reach one flange pose: closed form over the elbow's circle, then Newton on the exact
chain.

Own code, because the library's gradient search finds one solution from one start and stops on wall-clock time
(142 of 200 poses); here every branch is visited, the answers come nearest first, and they are always the
same. Without its 5 to 6 mm offsets the Gen3 is a z-y-z-y-z-y-z chain with a spherical shoulder and wrist: for
each place of the elbow on its circle there are eight branches. Newton steps then take the offsets back in.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from hardware.gen3 import facts
from hardware.geometry import unit
from hardware.types import FloatArray
from planning.robot_model import flange_pose_and_jacobian, nearest_turn, within_limits

POSITION_TOLERANCE_M, ROTATION_TOLERANCE_RAD = 1e-4, 1e-3
CHUNK = 24
_ITERATIONS = 6
_STEP_RAD = 0.3
_DAMPING = 1e-6

_SHOULDER = np.array([0.0, 0.0, facts.JOINTS[0].origin_xyz[2] - facts.JOINTS[1].origin_xyz[2]])
_UPPER_M = -facts.JOINTS[2].origin_xyz[1] - facts.JOINTS[3].origin_xyz[2]
_LOWER_M = -facts.JOINTS[4].origin_xyz[1] - facts.JOINTS[5].origin_xyz[2]
_WRIST_TO_FLANGE_M = -facts.JOINTS[6].origin_xyz[1] - facts.FLANGE_ORIGIN_XYZ[2]
_OFFSETS_M = 0.03
# Joints 1, 3, 5 and 7 turn about the arm pointing inward.
_SIGNS = np.array([-1.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0])


def within_reach(base_from_flange: FloatArray) -> bool:
    """Whether the stretched arm is long enough, the offsets counted in."""
    wrist = base_from_flange[:3, 3] - _WRIST_TO_FLANGE_M * base_from_flange[:3, 2]
    return bool(np.linalg.norm(wrist - _SHOULDER) < _UPPER_M + _LOWER_M + _OFFSETS_M)


def closed_form(base_from_flange: FloatArray, elbow_angles: int) -> FloatArray:
    """Joint poses (8 * elbow_angles, 7) of the arm without its offsets; out of reach, the stretched arm's."""
    wrist = base_from_flange[:3, 3] - _WRIST_TO_FLANGE_M * base_from_flange[:3, 2]
    line = wrist - _SHOULDER
    distance = max(float(np.linalg.norm(line)), 1e-6)
    line = line / distance
    bend = (distance**2 - _UPPER_M**2 - _LOWER_M**2) / (2.0 * _UPPER_M * _LOWER_M)
    elbow = float(np.arccos(np.clip(bend, np.cos(facts.POSITION_UPPER[3]), 1.0)))
    # The elbow's circle about the line from shoulder to wrist.
    side = unit(np.cross(line, (0.0, 0.0, 1.0) if abs(line[2]) < 0.9 else (1.0, 0.0, 0.0)))
    angles = 2.0 * np.pi * np.arange(elbow_angles)[:, None] / elbow_angles
    circle = np.cos(angles) * side + np.sin(angles) * np.cross(line, side)
    lean = np.arctan2(_LOWER_M * np.sin(elbow), _UPPER_M + _LOWER_M * np.cos(elbow))
    upper = np.cos(lean) * line + np.sin(lean) * circle
    lower = (wrist - _SHOULDER - _UPPER_M * upper) / _LOWER_M
    branches = [
        _branch(upper, lower, elbow, base_from_flange[:3, :3], *signs)
        for signs in product((1.0, -1.0), repeat=3)
    ]
    return np.concatenate(branches) * _SIGNS


def _branch(
    upper: FloatArray, lower: FloatArray, elbow: float, rotation: FloatArray, s2: float, s4: float, s6: float
) -> FloatArray:
    """Angles (N, 7) of the z-y-z-y-z-y-z chain for upper arm and forearm directions (N, 3) and signs of
    joints 2, 4, 6.
    """
    q2 = s2 * np.arccos(np.clip(upper[:, 2], -1.0, 1.0))
    q1 = np.arctan2(s2 * upper[:, 1], s2 * upper[:, 0])
    shoulder = _rz(q1) @ _ry(q2)
    forearm = np.einsum("nji,nj->ni", shoulder, lower)
    q3 = np.arctan2(s4 * forearm[:, 1], s4 * forearm[:, 0])
    q4 = np.full_like(q1, s4 * elbow)
    hand = np.swapaxes(shoulder @ _rz(q3) @ _ry(q4), -1, -2) @ rotation
    q6 = s6 * np.arccos(np.clip(hand[:, 2, 2], -1.0, 1.0))
    q5 = np.arctan2(s6 * hand[:, 1, 2], s6 * hand[:, 0, 2])
    q7 = np.arctan2(s6 * hand[:, 2, 1], -s6 * hand[:, 2, 0])
    return np.stack([q1, q2, q3, q4, q5, q6, q7], axis=-1)


def _rz(angles: FloatArray) -> FloatArray:
    c, s, o, i = np.cos(angles), np.sin(angles), np.zeros_like(angles), np.ones_like(angles)
    return np.stack([c, -s, o, s, c, o, o, o, i], axis=-1).reshape(-1, 3, 3)


def _ry(angles: FloatArray) -> FloatArray:
    c, s, o, i = np.cos(angles), np.sin(angles), np.zeros_like(angles), np.ones_like(angles)
    return np.stack([c, o, s, o, i, o, -s, o, c], axis=-1).reshape(-1, 3, 3)


def refine(joints: FloatArray, base_from_flange: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Newton steps of least joint motion from joints (N, 7) -> joints (N, 7), errors (N,) in m and (N,) in
    rad.
    """
    q = np.array(joints, dtype=np.float64)
    for last in (*[False] * _ITERATIONS, True):
        now, jac = flange_pose_and_jacobian(q)
        shift = base_from_flange[:3, 3] - now[:, :3, 3]
        turn = _rotation_vectors(base_from_flange[:3, :3] @ np.swapaxes(now[:, :3, :3], -1, -2))
        error_m, error_rad = np.linalg.norm(shift, axis=-1), np.linalg.norm(turn, axis=-1)
        if last or (
            np.max(error_m) < 0.1 * POSITION_TOLERANCE_M and np.max(error_rad) < 0.1 * ROTATION_TOLERANCE_RAD
        ):
            break
        square = jac @ np.swapaxes(jac, -1, -2) + _DAMPING * np.eye(6)
        error = np.concatenate([shift, turn], axis=-1)[..., None]
        step = (np.swapaxes(jac, -1, -2) @ np.linalg.solve(square, error))[..., 0]
        q += step * np.minimum(
            1.0, _STEP_RAD / np.maximum(np.max(np.abs(step), axis=-1, keepdims=True), 1e-12)
        )
    return q, error_m, error_rad


def _rotation_vectors(rotations: FloatArray) -> FloatArray:
    """Axis times angle (N, 3) of rotations (N, 3, 3); near half a turn only the direction is right."""
    skew = rotations - np.swapaxes(rotations, -1, -2)
    sine_axis = 0.5 * np.stack([skew[:, 2, 1], skew[:, 0, 2], skew[:, 1, 0]], axis=-1)
    sine = np.linalg.norm(sine_axis, axis=-1)
    cosine = 0.5 * (np.trace(rotations, axis1=-2, axis2=-1) - 1.0)
    angle = np.arctan2(sine, cosine)
    return sine_axis * (angle / np.maximum(sine, 1e-12))[:, None]


class Solutions:
    """The joint poses for one flange pose, nearest to `near` first; remembers the smallest error met."""

    def __init__(self, base_from_flange: FloatArray, near: FloatArray, elbow_angles: int) -> None:
        self.target = np.asarray(base_from_flange)
        self.near = np.asarray(near)
        self.error_m, self.error_rad = np.inf, np.inf
        seeds = nearest_turn(closed_form(self.target, elbow_angles), self.near)
        self.seeds = np.concatenate(
            [self.near[None], seeds[np.argsort(self._distance(seeds), kind="stable")]]
        )

    def _distance(self, joints: FloatArray) -> FloatArray:
        """How long the motion from `near` takes at full joint speed, roughly: (N,)."""
        return np.linalg.norm((joints - self.near) / facts.VELOCITY_LIMITS, axis=-1)

    def __iter__(self) -> Iterator[FloatArray]:
        found: list[FloatArray] = []
        for first in range(0, len(self.seeds), CHUNK):
            joints, error_m, error_rad = refine(self.seeds[first : first + CHUNK], self.target)
            self._remember(error_m, error_rad)
            good = (
                (error_m < POSITION_TOLERANCE_M)
                & (error_rad < ROTATION_TOLERANCE_RAD)
                & within_limits(joints)
            )
            joints = nearest_turn(joints[good], self.near)
            for q in joints[np.argsort(self._distance(joints), kind="stable")]:
                if all(np.max(np.abs(q - other)) > 0.02 for other in found):
                    found.append(q)
                    yield q

    def _remember(self, error_m: FloatArray, error_rad: FloatArray) -> None:
        # A radian counts like the 0.2 m it moves at the fingertips.
        best = int(np.argmin(error_m + 0.2 * error_rad))
        if error_m[best] + 0.2 * error_rad[best] < self.error_m + 0.2 * self.error_rad:
            self.error_m, self.error_rad = float(error_m[best]), float(error_rad[best])
