"""Distances between capsules."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planning.distances import person_distance, segment_distance
from planning.types import Capsule
from tests.planning.scenes import VIEW, rod

points = st.lists(st.floats(-1.0, 1.0), min_size=3, max_size=3).map(np.array)


@given(a=points, b=points, c=points, d=points)
def test_segments_against_a_fine_grid(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> None:
    shares = np.linspace(0.0, 1.0, 60)[:, None]
    first, second = a + shares * (b - a), c + shares * (d - c)
    grid = np.min(np.linalg.norm(first[:, None] - second[None], axis=-1))
    assert float(segment_distance(a, b, c, d)) <= grid + 1e-6
    assert float(segment_distance(a, b, c, d)) >= grid - 0.06


def test_parallel_and_pointlike_segments() -> None:
    x, up = np.array([1.0, 0, 0]), np.array([0, 0, 1.0])
    assert segment_distance(0 * x, x, up, up + x) == pytest.approx(1.0)
    assert segment_distance(0 * x, x, 3 * x, 4 * x) == pytest.approx(2.0)
    assert segment_distance(0 * x, 0 * x, 2 * up, 2 * up) == pytest.approx(2.0)


def test_cuboid_lies_in_its_capsule() -> None:
    (box,) = rod(0.25).cuboids
    start, end, radius = box.axis
    assert np.linalg.norm(end - start) == pytest.approx(0.25)
    assert radius == pytest.approx(np.hypot(0.015, 0.015))


def test_margins_are_not_part_of_the_body_and_a_held_object_is_part_of_the_robot() -> None:
    far = np.array([2.0, 0.0, 0.3])
    bare = person_distance(VIEW[None], [Capsule("torso", far, far, 0.15)])[0]
    padded = person_distance(VIEW[None], [Capsule("torso", far, far, 0.50, 0.35)])[0]
    with_rod = person_distance(VIEW[None], [Capsule("torso", far, far, 0.15)], rod(0.8, 0.0))[0]
    assert bare == pytest.approx(padded)
    assert with_rod < bare
    assert np.isinf(person_distance(VIEW[None], [])[0])
