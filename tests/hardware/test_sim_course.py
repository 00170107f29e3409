"""Servo references: smooth starts, exact ends, and braking within the joints' limits."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hardware.gen3.facts import ACCELERATION_LIMITS, VELOCITY_LIMITS
from hardware.sim import course
from hardware.sim.course import Course
from tests.hardware.simulated import move_to

STEP_S = 0.002
SHARES = arrays(float, 7, elements=st.floats(-1.0, 1.0))


@given(SHARES, st.floats(-0.04, 0.04), st.floats(0.3, 4.0))
@settings(max_examples=50)
def test_a_course_starts_where_the_servos_are_and_ends_where_the_trajectory_does(
    goal: np.ndarray, off: float, duration_s: float
) -> None:
    trajectory = move_to(np.zeros(7), goal, duration_s)
    path = course.along(trajectory, np.full(7, off), STEP_S)
    np.testing.assert_allclose(path.positions[0], off, atol=1e-12)
    np.testing.assert_allclose(path.positions[-1], goal, atol=1e-12)
    np.testing.assert_allclose(path.velocities[-1], 0.0, atol=1e-12)
    fade_speed = 1.5 * abs(off) / min(0.3, duration_s)
    fastest = np.max(np.abs(np.diff(path.positions, axis=0))) / STEP_S
    assert fastest <= np.max(np.abs(trajectory.velocities)) + fade_speed + 1e-6


@given(SHARES, SHARES)
@settings(max_examples=50)
def test_braking_keeps_the_direction_and_the_limits(position: np.ndarray, share: np.ndarray) -> None:
    speed = share * VELOCITY_LIMITS
    path = course.brake(Course(position[None], speed[None]), STEP_S)
    np.testing.assert_allclose(path.velocities[-1], 0.0, atol=1e-12)
    assert len(path.positions) * STEP_S <= 0.28
    np.testing.assert_allclose(path.positions[0], position)
    acceleration = np.abs(np.diff(path.velocities, axis=0)) / STEP_S
    assert np.all(acceleration <= ACCELERATION_LIMITS * (1.0 + 1e-6))
    travel = path.positions - position
    assert np.all(travel * np.sign(speed) >= -1e-12)
    # One straight line in joint space: every row is a multiple of the speed.
    np.testing.assert_allclose(np.outer(travel[-1], speed), np.outer(speed, travel[-1]), atol=1e-9)


def test_braking_at_rest_is_holding() -> None:
    path = course.brake(course.hold(np.arange(7.0)), STEP_S)
    assert path.finished
    np.testing.assert_array_equal(path.position, np.arange(7.0))
