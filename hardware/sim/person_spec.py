"""Who the simulated person is: body measures, place, hand and temperament, drawn once from the run's seed.

The person's own frame stands on the floor under the torso's axis: x forward, y to the person's left, z up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from hardware.sim.options import PersonOptions, Posture, Script
from hardware.types import FloatArray

Side = Literal["left", "right"]
Rgb = tuple[float, float, float]
Place = tuple[float, float]

FLOOR_Z_M = -0.83
"""The floor in the base frame: a table 0.75 m high whose top lies at -0.08."""
SEAT_HEIGHT_M = 0.45
HIP_OVER_SEAT_M = 0.08

SKIN: tuple[Rgb, ...] = ((0.95, 0.79, 0.67), (0.85, 0.65, 0.50), (0.66, 0.46, 0.34), (0.44, 0.30, 0.22))
HAIR: tuple[Rgb, ...] = ((0.12, 0.09, 0.08), (0.30, 0.20, 0.12), (0.55, 0.40, 0.22), (0.45, 0.45, 0.47))
SHIRT: tuple[Rgb, ...] = ((0.22, 0.42, 0.60), (0.66, 0.30, 0.26), (0.30, 0.50, 0.38), (0.78, 0.66, 0.36))
TROUSERS: tuple[Rgb, ...] = ((0.17, 0.20, 0.28), (0.32, 0.29, 0.26), (0.24, 0.25, 0.26))


@dataclass(frozen=True)
class Looks:
    """Colours as red, green, blue in 0..1."""

    skin: Rgb = SKIN[1]
    hair: Rgb = HAIR[1]
    shirt: Rgb = SHIRT[0]
    trousers: Rgb = TROUSERS[0]


@dataclass(frozen=True)
class PersonSpec:
    """One person. Places (x, y) are in the base frame; lengths follow from the stature.

    start: where the person is at first; stand: where the object will be taken (both equal except for
    `steps_closer`).
    yaw_rad: heading of the chest. reaction_s: from seeing the object arrive to starting to reach; reach_s:
    duration of
    the reach; close_s: of closing the hand; pull_n: the force a pull rises to. Segment fractions of the
    stature:
    Drillis and Contini, as tabulated by Winter.
    """

    stature_m: float
    posture: Posture
    start: Place
    stand: Place
    yaw_rad: float
    hand: Side = "right"
    script: Script = "takes"
    reaction_s: float = 0.35
    reach_s: float = 1.0
    close_s: float = 0.25
    pull_n: float = 15.0
    looks: Looks = Looks()

    def __post_init__(self) -> None:
        if not 1.2 <= self.stature_m <= 2.2:
            raise ValueError(f"a stature of {self.stature_m} m is outside 1.2 to 2.2 m")

    @property
    def upper_arm_m(self) -> float:
        """Shoulder to elbow."""
        return 0.186 * self.stature_m

    @property
    def forearm_m(self) -> float:
        """Elbow to wrist."""
        return 0.146 * self.stature_m

    @property
    def hand_m(self) -> float:
        """Wrist to fingertips."""
        return 0.108 * self.stature_m

    @property
    def palm_m(self) -> float:
        """Wrist to the middle of what the hand holds."""
        return self.hand_m / 2

    @property
    def reach_m(self) -> float:
        """From the shoulder to what the hand can hold without leaning; the elbow stays a little bent."""
        return 0.97 * (self.upper_arm_m + self.forearm_m) + self.palm_m

    @property
    def hip_z_m(self) -> float:
        """Height of the hip joints above the floor."""
        return SEAT_HEIGHT_M + HIP_OVER_SEAT_M if self.posture == "seated" else 0.530 * self.stature_m

    def over_hip(self, fraction: float) -> float:
        """Height above the floor, in this posture, of what is at `fraction` of the stature when standing."""
        return self.hip_z_m + (fraction - 0.530) * self.stature_m

    def shoulder(self, side: Side) -> FloatArray:
        """Shoulder joint (3,) in the person's frame."""
        return np.array([0.0, side_sign(side) * 0.115 * self.stature_m, self.over_hip(0.818)])

    def hip(self, side: Side) -> FloatArray:
        """Hip joint (3,) in the person's frame."""
        return np.array([0.0, side_sign(side) * 0.055 * self.stature_m, self.hip_z_m])

    def knee(self, side: Side) -> FloatArray:
        """Knee (3,) in the person's frame: below the hip, or before it when seated."""
        thigh = 0.245 * self.stature_m
        forward, down = (thigh, 0.0) if self.posture == "seated" else (0.0, thigh)
        return self.hip(side) + np.array([forward, 0.0, -down])

    def ankle(self, side: Side) -> FloatArray:
        """Ankle (3,) in the person's frame, below the knee."""
        knee = self.knee(side)
        return np.array([knee[0], knee[1], 0.039 * self.stature_m])

    def head(self) -> FloatArray:
        """Middle of the head (3,) in the person's frame."""
        return np.array([0.01 * self.stature_m, 0.0, self.over_hip(0.932)])


def side_sign(side: Side) -> float:
    """+1 for left, -1 for right: the sign of y in the person's frame."""
    return 1.0 if side == "left" else -1.0


def _polar(distance_m: float, bearing_rad: float) -> Place:
    return (float(distance_m * np.cos(bearing_rad)), float(distance_m * np.sin(bearing_rad)))


def sample_person(options: PersonOptions, rng: np.random.Generator) -> PersonSpec | None:
    """A person as `options` ask for, the rest drawn; None when nobody is to be there.

    Drawn: stature 1.50-1.90 m, seated in one case of five (then beside the table, bearing 60-90 degrees on
    either side;
    standing within 30 degrees of straight ahead), distance 1.05-1.25 m, facing the robot within 10 degrees.
    Every draw is
    made whether or not the options fix its value, so fixing one leaves the others as they were.
    """
    stature = float(rng.uniform(1.50, 1.90))
    drawn_posture: Posture = "seated" if rng.random() < 0.2 else "standing"
    distance, ahead, beside = rng.uniform(1.05, 1.25), rng.uniform(-30, 30), rng.uniform(60, 90)
    beside *= rng.choice((-1.0, 1.0))
    turn = np.radians(rng.uniform(-10, 10))
    far = rng.uniform(1.6, 1.8)
    reaction, late_reaction = rng.uniform(0.2, 0.6), rng.uniform(6.0, 8.0)
    reach, close, pull = rng.uniform(0.8, 1.3), rng.uniform(0.2, 0.3), rng.uniform(14.0, 15.5)
    looks = Looks(*(shades[rng.integers(len(shades))] for shades in (SKIN, HAIR, SHIRT, TROUSERS)))
    if not options.present:
        return None

    posture = options.posture or drawn_posture
    if options.script in ("steps_closer", "leaves"):
        posture = "standing"  # these people walk
    bearing_deg = options.bearing_deg
    if bearing_deg is None:
        bearing_deg = beside if posture == "seated" else ahead
    bearing = float(np.radians(bearing_deg))
    stand = _polar(distance if options.distance_m is None else options.distance_m, bearing)
    return PersonSpec(
        stature_m=stature if options.stature_m is None else options.stature_m,
        posture=posture,
        start=_polar(far, bearing) if options.script == "steps_closer" else stand,
        stand=stand,
        yaw_rad=float(np.arctan2(-stand[1], -stand[0]) + turn),
        hand=options.hand,
        script=options.script,
        reaction_s=float(late_reaction if options.script == "late" else reaction),
        reach_s=float(reach),
        close_s=float(close),
        pull_n=float(pull),
        looks=looks,
    )
