"""Eqs. 1 to 4 of arXiv 2409.17621: which grasps lie in a region, and which of them suits the person best."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial import cKDTree

from hardware.types import BoolArray, FloatArray
from planning.types import Ranking

_NO_SPREAD = 1e-12


def grasps_in_region(grasps: ArrayLike, region_points: ArrayLike, epsilon_m: float = 0.02) -> BoolArray:
    """Eq. 1: which grasps (N, 4, 4) have their origin nearer than `epsilon_m` to a region's points (M, 3).

    Returns (N,) bool; strictly nearer, so a grasp at exactly `epsilon_m` is outside. The origin is what Eq. 1
    calls T: pass poses moved to the contact point where it is known. An empty region contains nothing.
    """
    origins = np.asarray(grasps, dtype=np.float64).reshape(-1, 4, 4)[:, :3, 3]
    points = np.asarray(region_points, dtype=np.float64).reshape(-1, 3)
    if len(points) == 0:
        return np.zeros(len(origins), dtype=np.bool_)
    nearest, _ = cKDTree(points).query(origins)
    return np.asarray(nearest < epsilon_m, dtype=np.bool_)


def rank_grasps(robot_grasps: ArrayLike, human_grasps: ArrayLike, alpha: float = 0.5) -> Ranking:
    """Eqs. 2 to 4: robot grasps (N, 4, 4) ranked by distance and angle of approach from the human ones.

    score = mean over the human grasps (M, 4, 4) of alpha z(distance) + (1 - alpha) z(angle between approach
    axes); z standardises over all N x M pairs (population deviation), and a term without spread is 0. Both
    sums run over the human grasps: the second G_robot printed in Eq. 2 is a slip. Ties keep the given order.
    Raises ValueError without human grasps (no score is defined) or for alpha outside [0, 1].
    """
    robot = np.asarray(robot_grasps, dtype=np.float64).reshape(-1, 4, 4)
    human = np.asarray(human_grasps, dtype=np.float64).reshape(-1, 4, 4)
    if not 0.0 <= alpha <= 1.0:
        raise ValueError(f"alpha must lie in [0, 1], got {alpha}")
    if len(human) == 0:
        raise ValueError("ranking needs at least one human grasp")
    distance = _distances(robot[:, :3, 3], human[:, :3, 3])
    angle = _angles(robot[:, :3, 2], human[:, :3, 2])
    score = alpha * _mean_z(distance) + (1.0 - alpha) * _mean_z(angle)
    order = np.argsort(-score, kind="stable")
    return Ranking(order, score, distance.mean(axis=1), angle.mean(axis=1))


def _distances(a: FloatArray, b: FloatArray) -> FloatArray:
    """Euclidean distances (N, M) between points (N, 3) and (M, 3), exact also for near ones."""
    squares = np.zeros((len(a), len(b)))
    for i in range(3):
        squares += np.square(a[:, i, None] - b[None, :, i])
    return np.sqrt(squares)


def _angles(a: FloatArray, b: FloatArray) -> FloatArray:
    """Angles (N, M) in rad between directions (N, 3) and (M, 3), normalised here."""
    a = a / np.linalg.norm(a, axis=1, keepdims=True)
    b = b / np.linalg.norm(b, axis=1, keepdims=True)
    return np.arccos(np.clip(a @ b.T, -1.0, 1.0))


def _mean_z(values: FloatArray) -> FloatArray:
    """The mean z-score (N,) of each row of values (N, M), standardised over all of them."""
    spread = values.std() if values.size else 0.0
    if spread <= _NO_SPREAD:
        return np.zeros(len(values))
    return (values.mean(axis=1) - values.mean()) / spread
