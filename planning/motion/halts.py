"""Halts on a long way past a person: the guard lets the robot move near one out of sight for a while only.

The path stays what it is; time is bent, so that the arm comes to rest smoothly, stands, and goes on.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hardware.types import BoolArray, FloatArray, Trajectory
from planning.distances import person_distance
from planning.motion.options import MotionOptions
from planning.types import PlanningScene

_RAMP_S = 0.8
"""Coming to rest and starting again each take this long; the way gone meanwhile would take half of it."""


def with_halts(way: Trajectory, scene: PlanningScene, options: MotionOptions) -> Trajectory:
    """`way` with a halt wherever it would stay within `halt_distance_m` of the person's body for longer than
    `halt_after_s`; parts of the person that may be touched do not count.
    """
    body = [part for part in scene.person if part.name not in scene.allow_contact]
    if not body or way.duration_s <= options.halt_after_s:
        return way
    near = person_distance(way.positions, body) < options.halt_distance_m
    halts = list(_halts(way.times_s, near, options.halt_after_s))
    for at_s in reversed(halts):
        way = halted(way, at_s, options.halt_s, options.sample_time_s)
    return way


def _halts(times_s: FloatArray, near: BoolArray, longest_s: float) -> Iterator[float]:
    """When to halt: each stretch near the person in equal parts, none longer than allowed."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], near.astype(np.int8), [0]])))
    for first, last in edges.reshape(-1, 2):
        begin_s, end_s = times_s[first], times_s[min(last, len(times_s) - 1)]
        # A halt costs a part half a ramp at each of its ends.
        parts = int(np.ceil((end_s - begin_s) / (longest_s - _RAMP_S)))
        yield from (float(begin_s + (end_s - begin_s) * i / parts) for i in range(1, parts))


def halted(way: Trajectory, at_s: float, halt_s: float, sample_s: float) -> Trajectory:
    """`way` with a halt of `halt_s` at the pose it has at `at_s`, or as near to it as the ramps fit in."""
    half = _RAMP_S / 2.0
    if way.duration_s <= _RAMP_S:
        return way
    at_s = min(max(at_s, half), way.duration_s - half)
    longer_s = _RAMP_S + halt_s
    count = int(np.ceil((way.duration_s + longer_s) / sample_s))
    times: FloatArray = sample_s * np.arange(count + 1, dtype=np.float64)
    # Time into the ramp down, and into the ramp up.
    down, up = times - (at_s - half), times - (at_s + half + halt_s)
    own = np.where(down <= 0.0, times, at_s - half + _gone(down))
    own = np.where(up >= 0.0, at_s + up - _gone(up), own)
    own = np.where(up >= _RAMP_S, times - longer_s, own)
    pace = np.clip(np.where(up > 0.0, _rise(up), 1.0 - _rise(down)), 0.0, 1.0)
    own, pace = np.minimum(own, way.duration_s), np.where(own >= way.duration_s, 0.0, pace)
    samples = [way.sample(float(t)) for t in own]
    velocities = np.array([velocity for _, velocity in samples]) * pace[:, None]
    return Trajectory(times, np.array([position for position, _ in samples]), velocities)


def _rise(elapsed_s: FloatArray) -> FloatArray:
    """From 0 to 1 over a ramp, level at both ends."""
    share = np.clip(elapsed_s / _RAMP_S, 0.0, 1.0)
    return np.asarray(share**2 * (3.0 - 2.0 * share))


def _gone(elapsed_s: FloatArray) -> FloatArray:
    """The own time that passes within a ramp down from full pace: half of the ramp when it is over."""
    share = np.clip(elapsed_s / _RAMP_S, 0.0, 1.0)
    return np.asarray(_RAMP_S * (share - share**3 + share**4 / 2.0))
