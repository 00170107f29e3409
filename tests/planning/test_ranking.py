"""Eqs. 1-4 against their definition, written out term by term."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from planning.ranking import grasps_in_region, rank_grasps


def poses(count: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    result = np.tile(np.eye(4), (count, 1, 1))
    if count:
        result[:, :3, :3] = Rotation.random(count, rng=rng).as_matrix()
        result[:, :3, 3] = rng.normal(0.0, 0.1, (count, 3))
    return result


def at(*positions: tuple[float, float, float]) -> np.ndarray:
    result = np.tile(np.eye(4), (len(positions), 1, 1))
    result[:, :3, 3] = positions
    return result


def test_region_border_is_outside() -> None:
    region = np.zeros((1, 3))
    grasps = at((0.0199, 0, 0), (0.02, 0, 0), (0.0201, 0, 0))
    assert grasps_in_region(grasps, region, 0.02).tolist() == [True, False, False]


def test_region_takes_the_nearest_point() -> None:
    region = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    assert grasps_in_region(at((0.99, 0, 0), (0.5, 0, 0)), region).tolist() == [True, False]


def test_empty_inputs_of_eq_1() -> None:
    assert grasps_in_region(poses(3, 0), np.zeros((0, 3))).tolist() == [False] * 3
    assert grasps_in_region(poses(0, 0), np.zeros((4, 3))).shape == (0,)


@given(st.integers(1, 6), st.integers(1, 6), st.floats(0.0, 1.0), st.integers(0, 99))
def test_score_is_the_written_out_sum(n: int, m: int, alpha: float, seed: int) -> None:
    robot, human = poses(n, seed), poses(m, seed + 1000)
    distance = [[np.linalg.norm(r[:3, 3] - h[:3, 3]) for h in human] for r in robot]
    angle = [[np.arccos(np.clip(r[:3, 2] @ h[:3, 2], -1, 1)) for h in human] for r in robot]

    def z(table: list[list[float]]) -> np.ndarray:
        values = np.array(table)
        return (values - values.mean()) / values.std() if values.std() > 1e-12 else 0.0 * values

    expected = [
        sum(alpha * z(distance)[i, j] + (1 - alpha) * z(angle)[i, j] for j in range(m)) / m for i in range(n)
    ]
    ranking = rank_grasps(robot, human, alpha)
    np.testing.assert_allclose(ranking.score, expected, atol=1e-9)
    np.testing.assert_allclose(ranking.distance, np.mean(distance, axis=1))
    np.testing.assert_allclose(ranking.angle, np.mean(angle, axis=1))
    assert np.all(np.diff(ranking.score[ranking.order]) <= 1e-12)


def test_farther_and_differently_turned_wins() -> None:
    turned = at((0.3, 0, 0))
    turned[0, :3, :3] = Rotation.from_euler("x", 90, degrees=True).as_matrix()
    robot = np.concatenate([at((0.1, 0, 0)), turned, at((0.2, 0, 0))])
    assert rank_grasps(robot, at((0, 0, 0), (0.01, 0, 0))).order[0] == 1
    assert rank_grasps(robot, at((0, 0, 0)), alpha=1.0).order.tolist() == [1, 2, 0]


def test_no_spread_gives_zero_and_keeps_the_order() -> None:
    ranking = rank_grasps(at((0.1, 0, 0), (-0.1, 0, 0)), at((0, 0, 0)))
    assert ranking.score.tolist() == [0.0, 0.0]
    assert ranking.order.tolist() == [0, 1]


@given(st.integers(0, 50))
def test_ranking_does_not_depend_on_the_base_frame(seed: int) -> None:
    robot, human = poses(5, seed), poses(4, seed + 7)
    moved = poses(1, seed + 99)[0]
    first, second = rank_grasps(robot, human), rank_grasps(moved @ robot, moved @ human)
    np.testing.assert_allclose(first.score, second.score, atol=1e-6)


def test_human_grasps_are_needed_and_alpha_is_a_share() -> None:
    with pytest.raises(ValueError, match="human grasp"):
        rank_grasps(poses(2, 0), poses(0, 0))
    with pytest.raises(ValueError, match="alpha"):
        rank_grasps(poses(2, 0), poses(2, 1), alpha=1.5)
    assert len(rank_grasps(poses(0, 0), poses(2, 1)).order) == 0
