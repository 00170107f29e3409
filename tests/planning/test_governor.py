"""The last look before a motion is sent: what is slowed, by how much, and what never changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.geometry import pose
from hardware.types import FloatArray, Trajectory, readonly
from perception.types import HumanPose
from planning.governor import Paced, paced, slowed
from planning.motion.timing import tool_points
from planning.nearness import body_of, distances
from planning.options import SafetyOptions
from planning.safety import speed_cap
from planning.types import Cuboid, HeldObject, Phase, PlanningScene
from tests.hardware.simulated import move_to
from tests.planning.people import REACHING, person, reaching_out
from tests.planning.test_safety import beside

OPTIONS = SafetyOptions()
NOW_S = 10.0
FAR = person(3.5, NOW_S)


def swing(radians: float = 0.4, seconds: float = 2.0) -> Trajectory:
    """Joint 1 to the side: the outstretched arm sweeps."""
    return move_to(REACHING, REACHING + radians * np.eye(7)[0], seconds)


def sent(
    way: Trajectory,
    human: HumanPose | None,
    phase: Phase = Phase.TRANSPORT,
    held: HeldObject | None = None,
) -> Paced:
    return paced(way, human, phase, NOW_S, OPTIONS, held, 0.04)


def speeds(way: Trajectory, held: HeldObject | None = None) -> FloatArray:
    """The fastest point of the tool (N,), from positions alone."""
    times_s = np.linspace(0.0, way.duration_s, 400)
    positions = np.array([way.sample(float(time_s))[0] for time_s in times_s])
    points = tool_points(positions, PlanningScene(held=held, gripper_width_m=0.04))
    steps = np.linalg.norm(np.diff(points, axis=0), axis=-1).max(axis=-1)
    return np.asarray(steps / np.diff(times_s))


def test_what_keeps_the_caps_is_sent_as_it_is() -> None:
    slow = swing(0.1, 4.0)
    result = sent(slow, FAR)
    assert result.trajectory is slow
    assert (result.factor, result.reason) == (1.0, "")


def test_too_fast_near_a_person_is_slowed_to_what_is_allowed_there() -> None:
    fast = swing(0.4, 1.5)
    near = person(1.6, NOW_S)
    result = sent(fast, near)
    assert result.factor > 1.0 + OPTIONS.pace_tolerance
    assert result.reason.startswith(f"slowed {result.factor:.1f} times")
    assert "m from the person" in result.reason
    positions = result.trajectory.positions
    body = body_of(near)
    assert body is not None
    along = distances(positions, body, None, OPTIONS.uncertainty_m).toward_person(receiving_counts=True)
    distance_m = float(np.min(along))
    assert np.max(speeds(result.trajectory)) <= 1.03 * speed_cap(distance_m + 0.05, OPTIONS)
    assert sent(result.trajectory, near).trajectory is result.trajectory, "slowed once is slow enough"


def test_nobody_seen_is_not_nobody_there() -> None:
    result = sent(swing(0.4, 1.5), None)
    assert "nobody seen" in result.reason
    assert np.max(speeds(result.trajectory)) == pytest.approx(OPTIONS.unseen_speed_m_s, rel=0.03)


def test_the_end_of_a_long_held_object_counts() -> None:
    bar = Cuboid("bar", pose(translation=(0.0, 0.0, 0.3)), readonly((0.03, 0.03, 0.6)))
    held = HeldObject("bar", 0.03, (bar,), np.zeros(3), np.eye(3)[2])
    way = move_to(REACHING, REACHING + 0.5 * np.eye(7)[5], 1.0)  # the wrist bends
    assert sent(way, FAR, held=held).factor > sent(way, FAR).factor
    assert np.max(speeds(sent(way, FAR, held=held).trajectory, held)) <= 1.03 * 0.5


def test_the_receiving_hand_is_exempt_only_while_handing_over() -> None:
    receiving = reaching_out(person(2.2, NOW_S), beside(0.05))
    way = swing(0.2, 2.0)
    assert sent(way, receiving, Phase.TRANSPORT).factor > sent(way, receiving, Phase.HANDOVER).factor


def test_sparse_samples_hide_no_speed() -> None:
    """Two samples at rest far apart: the way between them has a speed all the same."""
    way = Trajectory(
        np.array([0.0, 0.5]), np.array([REACHING, REACHING + 0.4 * np.eye(7)[0]]), np.zeros((2, 7))
    )
    assert sent(way, FAR).factor > 1.2


@settings(max_examples=40, deadline=None)
@given(st.floats(1.0, 20.0))
def test_slowing_keeps_the_path_and_ends_at_rest(factor: float) -> None:
    way = swing()
    slow = slowed(way, factor)
    np.testing.assert_array_equal(slow.positions, way.positions)
    np.testing.assert_array_equal(slow.velocities[-1], np.zeros(7))
    assert slow.duration_s == pytest.approx(factor * way.duration_s)
    np.testing.assert_allclose(slow.velocities * factor, way.velocities, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(
    st.floats(1.2, 3.0),
    st.floats(0.0, 1.0),
    st.floats(0.02, 0.5),
    st.floats(0.8, 4.0),
    st.sampled_from(Phase),
    st.floats(0.0, 100.0),
)
def test_nearer_is_never_faster(
    away_m: float, nearer_m: float, radians: float, seconds: float, phase: Phase, age_s: float
) -> None:
    way = swing(radians, seconds)
    far = sent(way, person(away_m, NOW_S - age_s), phase)
    near = sent(way, person(max(away_m - nearer_m, 1.0), NOW_S - age_s), phase)
    assert near.factor >= far.factor - 1e-9
    assert near.factor >= 1.0
    assert bool(near.reason) is (near.factor > 1.0)
    np.testing.assert_array_equal(near.trajectory.positions, way.positions)
    lowest = OPTIONS.speeds_m_s[0]
    assert near.factor <= max(1.0, 1.1 * float(np.max(speeds(way))) / lowest), "never slower than leaving"
