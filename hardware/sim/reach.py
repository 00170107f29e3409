"""How an arm reaches: smooth hand paths, two-link elbow, the hand's turn about what it takes (pure numpy)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hardware.geometry import unit
from hardware.sim.person_spec import Side, side_sign
from hardware.types import FloatArray

UP = np.array([0.0, 0.0, 1.0])


def minimum_jerk(share: float) -> tuple[float, float, float]:
    """Progress 0..1 of a minimum-jerk motion and its first two derivatives by `share` of the time (clamped).

    Source: Flash and Hogan 1985: 10 s^3 - 15 s^4 + 6 s^5.
    """
    s = min(max(share, 0.0), 1.0)
    return (
        s**3 * (10.0 - 15.0 * s + 6.0 * s * s),
        30.0 * s * s * (1.0 - s) ** 2,
        60.0 * s * (1.0 - s) * (1.0 - 2.0 * s),
    )


@dataclass(frozen=True)
class Path:
    """A point-to-point motion of least jerk from a moving start to rest.

    start, velocity (3,): where the motion begins and how fast it already is there; begin_s, duration_s: when.
    """

    start: FloatArray
    velocity: FloatArray
    begin_s: float
    duration_s: float

    def done(self, now_s: float) -> bool:
        """Whether the motion has ended."""
        return now_s >= self.begin_s + self.duration_s

    def share(self, now_s: float) -> float:
        """Progress 0..1 of the motion at `now_s`."""
        return minimum_jerk((now_s - self.begin_s) / self.duration_s)[0]

    def at(self, now_s: float, goal: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Position, velocity, acceleration (3,) each at `now_s` of the motion to `goal`, which may drift
        slowly.

        The starting velocity is run down by s (1-s)^3 (1+3s), the quintic that begins with slope 1 and
        leaves both ends
        otherwise at rest.
        """
        duration = self.duration_s
        s = min(max((now_s - self.begin_s) / duration, 0.0), 1.0)
        progress, rate, bend = minimum_jerk(s)
        run = s - 6.0 * s**3 + 8.0 * s**4 - 3.0 * s**5
        run_rate = 1.0 - 18.0 * s**2 + 32.0 * s**3 - 15.0 * s**4
        run_bend = -36.0 * s + 96.0 * s**2 - 60.0 * s**3
        way, glide = goal - self.start, self.velocity * duration
        return (
            self.start + progress * way + run * glide,
            (rate * way + run_rate * glide) / duration,
            (bend * way + run_bend * glide) / duration**2,
        )


def bend_arm(
    shoulder: FloatArray, wrist: FloatArray, upper_arm_m: float, forearm_m: float, hint: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Elbow and wrist (3,) of a two-link arm; the elbow lies toward `hint` (3,), a direction.

    A wrist out of reach is brought to the nearest distance the two lengths allow, on the same line from the
    shoulder.
    """
    way = wrist - shoulder
    distance = float(np.sqrt(way @ way))
    along = way / distance if distance > 1e-9 else -UP
    nearest, farthest = abs(upper_arm_m - forearm_m) + 0.02, upper_arm_m + forearm_m - 1e-4
    distance = min(max(distance, nearest), farthest)
    foot = (upper_arm_m**2 - forearm_m**2 + distance**2) / (2.0 * distance)
    height = max(upper_arm_m**2 - foot**2, 0.0) ** 0.5
    side = hint - (hint @ along) * along
    length = float(np.sqrt(side @ side))
    if length < 1e-6:  # a hint along the arm says nothing: any perpendicular will do
        side, length = np.cross(along, (1.0, 0.0, 0.0) if abs(along[0]) < 0.9 else (0.0, 1.0, 0.0)), 1.0
        side = unit(side)
    return shoulder + foot * along + (height / length) * side, shoulder + distance * along


def hand_rotation(fingers: FloatArray, thumb: FloatArray, side: Side) -> FloatArray:
    """Hand axes (3, 3) in the base frame: x along the fingers, z out of the palm, y across it (thumb at -y
    of a right
    hand, +y of a left one). `thumb` (3,) is where the thumb should point, as far as the fingers allow.
    """
    x = unit(fingers)
    across = side_sign(side) * thumb
    across = across - (across @ x) * x
    if across @ across < 1e-6:
        across = np.cross((0.0, 0.0, 1.0) if abs(x[2]) < 0.9 else (1.0, 0.0, 0.0), x)
    y = unit(across)
    return np.column_stack([x, y, np.cross(x, y)])


def grasping_rotation(shoulder: FloatArray, place: FloatArray, axis: FloatArray, side: Side) -> FloatArray:
    """How the hand turns to take something long (`axis`, (3,), any sign) at `place`: fingers away from the
    elbow, the
    long side across the palm as far as the wrist can, the thumb rather up than down.
    """
    # The elbow of a reaching arm hangs a little before and below its shoulder.
    elbow = shoulder - 0.28 * UP + 0.15 * (place - shoulder)
    fingers = unit(place - elbow)
    across = axis - (axis @ fingers) * fingers
    if across[2] < 0.0:
        across = -across
    return hand_rotation(fingers, across + 0.35 * UP, side)
