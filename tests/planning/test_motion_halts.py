"""Halts on long ways past a person."""

from __future__ import annotations

import numpy as np
import pytest

from hardware.types import FloatArray, Trajectory
from planning.distances import seconds_near
from planning.motion.halts import halted, with_halts
from planning.motion.options import MotionOptions
from planning.types import Capsule, PlanningScene

OPTIONS = MotionOptions()
HOME = np.radians([0.0, -44.4, 180.0, -129.2, 0.0, -65.2, 90.0])


def way(duration_s: float, swing_rad: float = 0.6) -> Trajectory:
    """Joint 1 swings smoothly from rest to rest."""
    count = round(duration_s / OPTIONS.sample_time_s) + 1
    times: FloatArray = OPTIONS.sample_time_s * np.arange(count, dtype=np.float64)
    s = times / times[-1]
    positions, velocities = np.tile(HOME, (len(s), 1)), np.zeros((len(s), 7))
    positions[:, 0] += swing_rad * (10 * s**3 - 15 * s**4 + 6 * s**5)
    velocities[:, 0] = swing_rad * (30 * s**2 - 60 * s**3 + 30 * s**4) / times[-1]
    velocities[-1] = 0.0
    return Trajectory(times, positions, velocities)


def beside(x: float, allow_contact: tuple[str, ...] = ()) -> PlanningScene:
    post = Capsule("torso", np.array([x, 0.0, 0.0]), np.array([x, 0.0, 0.6]), 0.35, margin_m=0.2)
    return PlanningScene(person=(post,), allow_contact=allow_contact)


def speeds(trajectory: Trajectory) -> FloatArray:
    return np.max(np.abs(trajectory.velocities), axis=1)


def test_a_halt_keeps_the_path_and_stands() -> None:
    before = way(8.0)
    after = halted(before, 4.0, 0.5, OPTIONS.sample_time_s)
    np.testing.assert_allclose(after.start, before.start)
    np.testing.assert_allclose(after.end, before.end)
    standing = speeds(after) < 1e-9
    assert np.sum(standing[1:-1]) * OPTIONS.sample_time_s >= 0.5 - 2 * OPTIONS.sample_time_s
    np.testing.assert_allclose(after.positions[1:-1][standing[1:-1]][0], before.sample(4.0)[0], atol=1e-6)
    # Velocities are those of the positions, and nothing jerks.
    measured = np.gradient(after.positions, after.times_s, axis=0)
    np.testing.assert_allclose(after.velocities, measured, atol=2e-3)
    acceleration = np.diff(after.velocities, axis=0) / OPTIONS.sample_time_s
    assert np.all(np.abs(acceleration) < OPTIONS.joint_acceleration_rad_s2)
    assert np.all(speeds(after) <= speeds(before).max() + 1e-9)


@pytest.mark.parametrize("duration_s", [7.0, 12.0, 30.0])
def test_a_long_way_near_the_person_is_broken_by_halts(duration_s: float) -> None:
    scene, before = beside(0.75), way(duration_s)
    assert seconds_near(before, scene, OPTIONS.halt_distance_m) > OPTIONS.halt_after_s
    after = with_halts(before, scene, OPTIONS)
    assert 1.0 < seconds_near(after, scene, OPTIONS.halt_distance_m) <= OPTIONS.halt_after_s
    np.testing.assert_allclose(after.end, before.end)


@pytest.mark.parametrize(
    ("scene", "duration_s"),
    [(PlanningScene(), 30.0), (beside(3.0), 30.0), (beside(0.75), 5.0), (beside(0.75, ("torso",)), 30.0)],
    ids=["nobody", "far away", "short", "may be touched"],
)
def test_other_ways_stay_as_they_are(scene: PlanningScene, duration_s: float) -> None:
    before = way(duration_s)
    assert with_halts(before, scene, OPTIONS) is before or with_halts(
        before, scene, OPTIONS
    ).duration_s == pytest.approx(duration_s)
