"""The paper's equations and the clouds at growing sizes, against plain loops and scipy's optimiser."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np

from app.bench.speed import Race, Stage
from hardware.types import BoolArray, FloatArray
from perception.pointcloud import voxel_downsample
from planning.ergonomics import (
    BOUNDS,
    ELBOW_RANGE_DEG,
    SHOULDER_RANGE_DEG,
    ArmModel,
    ArmPosture,
    arm_cost,
    least_effort_angles,
    wrist_in_plane,
)
from planning.ranking import grasps_in_region, rank_grasps
from planning.types import Ranking

LOOP, LOOPS, SCIPY = "numpy, grasp by grasp", "plain loops", "scipy SLSQP"
_GRASPS, _EPSILON_M, _VOXEL_M = 200, 0.02, 0.004
_ROUNDING = 1e-9
_GRID_COST = 0.01  # what the grid gives away: 0.0053 at most over 200 random arms; costs go up to 2


def stages() -> list[Stage]:
    """Eq. 1 by points, Eqs. 2-4 by grasps, Eq. 5 by people, the cloud's thinning by points."""
    return [
        Stage(f"Eq. 1, {_GRASPS} grasps", "points of the region", (100, 1000, 10_000, 30_000), _region),
        Stage("Eqs. 2-4, as many human grasps", "robot grasps", (10, 50, 100, 200, 500, 1000), _ranking),
        Stage("Eq. 5", "people", (1, 2, 4, 8), _effort, 2),
        Stage("thinning a cloud", "points", (1000, 10_000, 50_000, 200_000), _thinning, 50_000),
    ]


def random_poses(rng: np.random.Generator, number: int) -> FloatArray:
    """Poses (number, 4, 4) within a cube of 0.2 m."""
    from scipy.spatial.transform import Rotation

    poses = np.tile(np.eye(4), (number, 1, 1))
    poses[:, :3, :3] = Rotation.random(number, rng=rng).as_matrix()
    poses[:, :3, 3] = rng.uniform(-0.1, 0.1, (number, 3))
    return poses


def _region(size: int, rng: np.random.Generator) -> Race:
    """A handle's points, so that some grasps are inside at every size and most are not."""
    grasps, points = random_poses(rng, _GRASPS), rng.uniform(-0.06, 0.06, (size, 3)) * (1.0, 0.3, 0.3)

    def loop() -> BoolArray:
        nearest = [np.linalg.norm(points - grasp[:3, 3], axis=1).min() for grasp in grasps]
        return np.array(nearest) < _EPSILON_M

    return Race(
        lambda: grasps_in_region(grasps, points, _EPSILON_M),
        {LOOP: loop},
        lambda ours, other: float(np.count_nonzero(ours != other)),
    )


def _ranking(size: int, rng: np.random.Generator) -> Race:
    robot, human = random_poses(rng, size), random_poses(rng, size)

    def loop() -> FloatArray:
        distance, angle = np.empty((size, size)), np.empty((size, size))
        for row, grasp in enumerate(robot):
            distance[row] = np.linalg.norm(human[:, :3, 3] - grasp[:3, 3], axis=1)
            angle[row] = np.arccos(np.clip(human[:, :3, 2] @ grasp[:3, 2], -1.0, 1.0))
        z_distance = (distance - distance.mean()) / distance.std()
        z_angle = (angle - angle.mean()) / angle.std()
        return np.asarray(np.mean(0.5 * z_distance + 0.5 * z_angle, axis=1))

    def difference(ours: Ranking, other: FloatArray) -> float:
        return float(np.max(np.abs(ours.score - other)))

    return Race(lambda: rank_grasps(robot, human), {LOOP: loop}, difference, _ROUNDING)


def _effort(size: int, rng: np.random.Generator) -> Race:
    """One answer for each of `size` people; kept answers are left out, the tree meets one person."""
    arms = [ArmModel(*lengths) for lengths in rng.uniform((0.27, 0.23), (0.36, 0.30), (size, 2))]
    search = least_effort_angles.__wrapped__

    def difference(ours: list[ArmPosture], other: list[ArmPosture]) -> float:
        """In cost: scipy's answer is not bound to our grid of 1 degree, so its angles may differ more."""
        return max(abs(a.cost - b.cost) for a, b in zip(ours, other, strict=True))

    return Race(
        lambda: [search(arm) for arm in arms],
        {LOOPS: lambda: [_effort_by_loops(arm) for arm in arms], SCIPY: lambda: [_by_scipy(a) for a in arms]},
        difference,
        _GRID_COST,
    )


def _effort_by_loops(arm: ArmModel) -> ArmPosture:
    best = ArmPosture(0.0, 0.0, math.inf)
    for shoulder in np.arange(SHOULDER_RANGE_DEG[0], SHOULDER_RANGE_DEG[1] + 1.0):
        for elbow in np.arange(ELBOW_RANGE_DEG[0], ELBOW_RANGE_DEG[1] + 1.0):
            forward, up = wrist_in_plane(shoulder, elbow, arm)
            if not -arm.upper_arm_m <= up <= -BOUNDS.below_shoulder_m or forward < BOUNDS.forward_of(arm):
                continue
            cost = float(arm_cost(shoulder, elbow, arm))
            if cost < best.cost:
                best = ArmPosture(float(shoulder), float(elbow), cost)
    return best


def _by_scipy(arm: ArmModel) -> ArmPosture:
    from scipy.optimize import minimize

    def room(angles: FloatArray) -> FloatArray:
        forward, up = wrist_in_plane(angles[0], angles[1], arm)
        return np.array(
            [up + arm.upper_arm_m, -BOUNDS.below_shoulder_m - up, forward - BOUNDS.forward_of(arm)]
        )

    found = minimize(
        lambda angles: float(arm_cost(angles[0], angles[1], arm)),
        (40.0, 60.0),
        method="SLSQP",
        bounds=(SHOULDER_RANGE_DEG, ELBOW_RANGE_DEG),
        constraints={"type": "ineq", "fun": room},
        options={"maxiter": 200, "ftol": 1e-10},
    )
    return ArmPosture(float(found.x[0]), float(found.x[1]), float(found.fun))


def _thinning(size: int, rng: np.random.Generator) -> Race:
    points = rng.uniform(-0.15, 0.15, (size, 3)) * (1.0, 1.0, 0.2)

    def loops() -> FloatArray:
        cells: dict[tuple[int, ...], list[FloatArray]] = defaultdict(list)
        for point in points:
            cells[tuple(math.floor(value / _VOXEL_M) for value in point)].append(point)
        return np.array([np.mean(cells[cell], axis=0) for cell in sorted(cells)])

    def difference(ours: FloatArray, other: FloatArray) -> float:
        return float(np.max(np.abs(ours - other))) if ours.shape == other.shape else math.inf

    return Race(lambda: voxel_downsample(points, _VOXEL_M), {LOOPS: loops}, difference, _ROUNDING)
