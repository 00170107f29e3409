"""What tells that a person takes the object: pull, load, drift and hand, each with how long it lasted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from hardware.types import FloatArray, readonly
from planning.options import ReleaseOptions


class ReleasePhase(Enum):
    """Where the handover of the object stands; all but the first three are final."""

    SETTLE = "settle"
    TARE = "tare"
    WAIT = "wait"
    RELEASE = "release"
    DROPPED = "dropped"
    TIMED_OUT = "timed_out"
    ABORTED = "aborted"

    @property
    def final(self) -> bool:
        return self not in (ReleasePhase.SETTLE, ReleasePhase.TARE, ReleasePhase.WAIT)


@dataclass(frozen=True)
class ReleaseSample:
    """One reading.

    force (3,) N on the tool, base frame, z up; tool (3,): TCP in the base frame; toward_robot (3,):
    horizontal unit vector from the object to the robot's base; hand_distance_m: from the nearest hand that is
    seen to the person's part, None when no hand can be seen; holding: the gripper reports an object.
    """

    now_s: float
    force: FloatArray
    tool: FloatArray
    toward_robot: FloatArray
    hand_distance_m: float | None
    holding: bool

    def __post_init__(self) -> None:
        for name in ("force", "tool", "toward_robot"):
            object.__setattr__(self, name, readonly(getattr(self, name), (3,)))


@dataclass(frozen=True)
class Lasting:
    """Since when each condition holds without a break; None while it does not."""

    pull_s: float | None = None
    strong_pull_s: float | None = None
    load_s: float | None = None
    drift_s: float | None = None
    lost_s: float | None = None


@dataclass(frozen=True)
class ReleaseState:
    """The detector between two samples. `prompt` is what to say now, empty on all other steps."""

    phase: ReleasePhase
    reason: str
    prompt: str
    weight_n: float
    started_s: float
    stamp_s: float
    force: FloatArray
    """Low-passed force (3,)."""
    tare_sum: FloatArray
    """Per axis (3, 3) the sum of the readings while taring, of their squares, and each times its number."""
    tare_count: int = 0
    tool: FloatArray | None = None
    """Where the tool waited (3,)."""
    waiting_s: float = 0.0
    """When waiting began."""
    hand_near_s: float = -np.inf
    hand_seen_s: float = -np.inf
    """When a hand was last at the object, and last seen at all."""
    pulled_s: float = -np.inf
    """When somebody last pulled, harder than the object's fall could."""
    no_hand_s: float = 0.0
    """Since when nobody reaches for the object: the prompts count from here."""
    prompted: int = 0
    lasting: Lasting = Lasting()
    taken_early: bool = False
    """Somebody pulled at the object already while the force was tared."""

    @property
    def hanging(self) -> FloatArray:
        """The force (3,) that the object's weight alone makes."""
        return np.array([0.0, 0.0, -self.weight_n])

    @property
    def tare(self) -> FloatArray:
        """The force (3,) with the object in the hand and nobody touching it."""
        if self.taken_early:
            return self.hanging
        return np.asarray(self.tare_sum[0] / max(self.tare_count, 1))

    @property
    def drift_n(self) -> float:
        """How much the force changed from the first to the last reading of the tare, by a straight line."""
        count = self.tare_count
        if count < 2:
            return 0.0
        slope = 12.0 * (self.tare_sum[2] - 0.5 * (count - 1) * self.tare_sum[0]) / (count * (count**2 - 1))
        return float(np.linalg.norm(slope) * (count - 1))

    @property
    def sigma_n(self) -> float:
        """Standard deviation of the force reading, the worst axis; 0 where somebody pulled at the time."""
        if self.taken_early:
            return 0.0
        count = max(self.tare_count, 1)
        variance = self.tare_sum[1] / count - np.square(self.tare_sum[0] / count)
        return float(np.sqrt(np.max(np.maximum(variance, 0.0))))


def lasting_cues(
    state: ReleaseState, sample: ReleaseSample, change: FloatArray, pushed: bool, options: ReleaseOptions
) -> Lasting:
    """Which cues hold with this sample, and since when; `change` (3,) is the force less the tare, N.

    While `pushed` toward the robot nothing counts.
    """
    now_s, so_far = sample.now_s, state.lasting
    size = float(np.linalg.norm(change))
    # A hand that gropes for its hold presses at fingers and palm every way but this.
    away = float(change @ sample.toward_robot) < -options.blind_away_share * size
    least = max(options.pull_n, options.pull_sigmas * state.sigma_n)
    heavy = state.weight_n >= max(options.min_weight_n, 4.0 * state.sigma_n)
    # The object's weight reads as a force down: what the person bears comes off it.
    load_n = state.weight_n - change[2]
    drift_m = float(np.linalg.norm(sample.tool - state.tool)) if state.tool is not None else 0.0
    return Lasting(
        pull_s=since(size > least and not pushed, so_far.pull_s, now_s),
        strong_pull_s=since(
            size > max(least, options.blind_pull_n) and away and not pushed, so_far.strong_pull_s, now_s
        ),
        load_s=since(
            heavy and load_n <= options.load_share * state.weight_n and not pushed, so_far.load_s, now_s
        ),
        drift_s=since(drift_m > options.drift_m and not pushed, so_far.drift_s, now_s),
        lost_s=so_far.lost_s,
    )


def released_by(
    state: ReleaseState,
    change: FloatArray,
    now_s: float,
    hand: bool,
    sample: ReleaseSample,
    options: ReleaseOptions,
) -> str:
    """Why to release now, or an empty string."""
    lasting, pull_n = state.lasting, float(np.linalg.norm(change))
    if hand:
        if lasted(lasting.pull_s, now_s, options.pull_s):
            return f"a hand at the object pulls with {pull_n:.1f} N"
        if lasted(lasting.load_s, now_s, options.load_s):
            return f"a hand bears the object: {change[2]:.1f} of {state.weight_n:.1f} N"
        if lasted(lasting.drift_s, now_s, options.pull_s):
            return f"a hand moved object and tool by more than {1e3 * options.drift_m:.0f} mm"
    elif blind(state, sample, options) and lasted(lasting.strong_pull_s, now_s, options.blind_pull_s):
        return f"no hand can be seen, but something pulls with {pull_n:.1f} N"
    return ""


def hand_at_object(state: ReleaseState, sample: ReleaseSample, options: ReleaseOptions) -> bool:
    """A hand is seen at the object, or was until it vanished from sight a moment ago."""
    if sample.hand_distance_m is not None:
        return sample.hand_distance_m <= options.hand_distance_m
    vanished_there = state.hand_near_s >= state.hand_seen_s
    return vanished_there and sample.now_s - state.hand_near_s < options.hand_memory_s


def blind(state: ReleaseState, sample: ReleaseSample, options: ReleaseOptions) -> bool:
    """No hand was seen anywhere for a while."""
    return sample.hand_distance_m is None and sample.now_s - state.hand_seen_s > options.hand_memory_s


def since(holds: bool, since_s: float | None, now_s: float) -> float | None:
    """When a condition that holds now began to; None when it does not hold."""
    return None if not holds else now_s if since_s is None else since_s


def lasted(since_s: float | None, now_s: float, duration_s: float) -> bool:
    """Whether a condition has held for `duration_s` without a break."""
    return since_s is not None and now_s - since_s >= duration_s - 1e-9
