"""Inverse kinematics finds back what forward kinematics made."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.gen3 import facts
from hardware.geometry import pose
from planning.motion.inverse_kinematics import Solutions, closed_form
from planning.robot_model import flange_pose, within_limits
from tests.planning.scenes import VIEW, random_joints


def test_nearly_every_pose_of_the_arm_is_found_again() -> None:
    rng = np.random.default_rng(4)
    targets = [flange_pose(random_joints(rng)) for _ in range(150)]
    found = [next(iter(Solutions(target, VIEW, 24)), None) for target in targets]
    assert sum(joints is not None for joints in found) >= 148
    for target, joints in zip(targets, found, strict=True):
        if joints is not None:
            assert np.linalg.norm(flange_pose(joints)[:3, 3] - target[:3, 3]) < 1e-4
            assert np.allclose(flange_pose(joints)[:3, :3], target[:3, :3], atol=1.1e-3)
            assert within_limits(joints)


@settings(max_examples=15)
@given(seed=st.integers(0, 10_000))
def test_the_pose_one_stands_in_is_its_own_nearest_solution(seed: int) -> None:
    joints = random_joints(np.random.default_rng(seed))
    assert np.allclose(next(iter(Solutions(flange_pose(joints), joints, 24))), joints, atol=1e-3)


def test_solutions_differ_and_begin_near() -> None:
    solutions = list(Solutions(flange_pose(facts.HOME), facts.HOME, 24))
    distances = [np.linalg.norm((q - facts.HOME) / facts.VELOCITY_LIMITS) for q in solutions]
    assert len(solutions) > 50
    assert distances[0] == pytest.approx(0.0, abs=1e-3)
    assert distances[0] == min(distances)
    assert len({tuple(np.round(q, 2)) for q in solutions}) == len(solutions)


def test_out_of_reach_the_error_is_what_is_missing() -> None:
    solutions = Solutions(pose(np.diag([1.0, -1.0, -1.0]), (1.3, 0.0, 0.1)), VIEW, 24)
    assert list(solutions) == []
    # Shoulder to wrist: 1.30 m out and 0.017 m down, where the arm spans 0.735 m.
    assert solutions.error_m == pytest.approx(0.565, abs=0.03)


def test_closed_form_misses_the_exact_chain_by_its_offsets_only() -> None:
    poses = flange_pose(closed_form(flange_pose(facts.HOME), 24))
    assert np.max(np.linalg.norm(poses[:, :3, 3] - flange_pose(facts.HOME)[:3, 3], axis=1)) < 0.03
    assert np.max(np.abs(poses[:, :3, :3] - flange_pose(facts.HOME)[:3, :3])) < 0.01
