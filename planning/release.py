"""Decides when to let go of the object: a pure state machine over force, hand, tool and gripper readings.

Guarantees:
1. RELEASE needs two cues: a hand at the object AND a pull, a borne load or a drift of the tool; or, where no
   hand can be seen at all, a pull twice as strong for twice as long.
2. No release before the force was tared at rest, on a bump shorter than the persistence of a pull, or while
   the object is pushed toward the robot.
3. Every state says why it is where it is; a final phase never changes again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
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
class _Held:
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
    """Per axis (2, 3) the sum of the readings while taring and of their squares."""
    tare_count: int = 0
    tool: FloatArray | None = None
    """Where the tool waited (3,)."""
    waiting_s: float = 0.0
    """When waiting began."""
    hand_near_s: float = -np.inf
    hand_seen_s: float = -np.inf
    """When a hand was last at the object, and last seen at all."""
    no_hand_s: float = 0.0
    """Since when nobody reaches for the object: the prompts count from here."""
    prompted: int = 0
    held: _Held = _Held()

    @property
    def tare(self) -> FloatArray:
        """The force (3,) with the object in the hand and nobody touching it."""
        return np.asarray(self.tare_sum[0] / max(self.tare_count, 1))

    @property
    def sigma_n(self) -> float:
        """Standard deviation of the force reading, the worst axis."""
        variance = self.tare_sum[1] / max(self.tare_count, 1) - np.square(self.tare)
        return float(np.sqrt(np.max(np.maximum(variance, 0.0))))


def start(now_s: float, weight_n: float, options: ReleaseOptions) -> ReleaseState:
    """The detector at the moment the arm came to rest at the handover pose; weight_n of the object in N."""
    reason = f"standing still {options.settle_s:.1f} s before taring the force"
    return ReleaseState(
        ReleasePhase.SETTLE, reason, "", weight_n, now_s, now_s, np.zeros(3), np.zeros((2, 3))
    )


def step(state: ReleaseState, sample: ReleaseSample, options: ReleaseOptions) -> ReleaseState:
    """The state after one sample; samples come at 50 Hz or more, a final phase is returned unchanged."""
    if state.phase.final:
        return state
    state = _filtered(replace(state, prompt=""), sample, options)
    lost_s = _since(not sample.holding, state.held.lost_s, sample.now_s)
    state = replace(state, held=replace(state.held, lost_s=lost_s))
    if _lasted(lost_s, sample.now_s, options.lost_s):
        return _lost(state, sample, options)
    if state.phase is ReleasePhase.SETTLE:
        return _settle(state, sample, options)
    if state.phase is ReleasePhase.TARE:
        return _tare(state, sample, options)
    return _wait(state, sample, options)


def _filtered(state: ReleaseState, sample: ReleaseSample, options: ReleaseOptions) -> ReleaseState:
    """Low-passed force and what is known of the hand."""
    elapsed = sample.now_s - state.stamp_s
    share = elapsed / (elapsed + 1.0 / (2.0 * np.pi * options.cutoff_hz))
    force = (
        sample.force
        if state.stamp_s == state.started_s
        else state.force + share * (sample.force - state.force)
    )
    distance = sample.hand_distance_m
    near = distance is not None and distance <= options.hand_distance_m
    return replace(
        state,
        stamp_s=sample.now_s,
        force=force,
        hand_seen_s=state.hand_seen_s if distance is None else sample.now_s,
        hand_near_s=sample.now_s if near else state.hand_near_s,
    )


def _lost(state: ReleaseState, sample: ReleaseSample, options: ReleaseOptions) -> ReleaseState:
    if state.phase is ReleasePhase.WAIT and _hand_at_object(state, sample, options):
        return _end(state, ReleasePhase.RELEASE, "the person pulled the object out of the gripper")
    return _end(state, ReleasePhase.DROPPED, "the gripper no longer holds the object and no hand was at it")


def _settle(state: ReleaseState, sample: ReleaseSample, options: ReleaseOptions) -> ReleaseState:
    if sample.now_s - state.started_s < options.settle_s:
        return state
    return replace(state, phase=ReleasePhase.TARE, reason="taring the force, nobody should touch the object")


def _tare(state: ReleaseState, sample: ReleaseSample, options: ReleaseOptions) -> ReleaseState:
    sums = state.tare_sum + np.array([sample.force, np.square(sample.force)])
    state = replace(state, tare_sum=sums, tare_count=state.tare_count + 1)
    if sample.now_s - state.started_s < options.settle_s + options.tare_s:
        return state
    return replace(
        state,
        phase=ReleasePhase.WAIT,
        reason="waiting for a hand",
        tool=sample.tool,
        waiting_s=sample.now_s,
        no_hand_s=sample.now_s,
    )


def _wait(state: ReleaseState, sample: ReleaseSample, options: ReleaseOptions) -> ReleaseState:
    now_s = sample.now_s
    change = state.force - state.tare
    size = float(np.linalg.norm(change))
    push = float(change @ sample.toward_robot)
    # Along the line to the robot, not merely with a component toward it: people also pull up and sideways.
    pushed = push > 0.7 * size
    if pushed and push > options.push_abort_n:
        limit = options.push_abort_n
        return _end(
            state, ReleasePhase.ABORTED, f"pushed toward the robot with {push:.0f} N, {limit:.0f} N at most"
        )
    state = replace(state, held=_cues(state, sample, change, pushed or push > options.push_hold_n, options))
    hand = _hand_at_object(state, sample, options)
    cue = _released_by(state, change, now_s, hand, sample, options)
    if cue:
        return _end(state, ReleasePhase.RELEASE, cue)
    if now_s - state.waiting_s >= options.timeout_s:
        return _end(state, ReleasePhase.TIMED_OUT, f"not taken within {options.timeout_s:.0f} s")
    return _prompted(state, now_s, hand, _waiting_for(state, size, hand, sample, options), options)


def _cues(
    state: ReleaseState, sample: ReleaseSample, change: FloatArray, pushed: bool, options: ReleaseOptions
) -> _Held:
    now_s, held = sample.now_s, state.held
    size = float(np.linalg.norm(change))
    least = max(options.pull_n, options.pull_sigmas * state.sigma_n)
    heavy = state.weight_n >= max(options.min_weight_n, 4.0 * state.sigma_n)
    # The object's weight reads as a force down: what the person bears comes off it.
    load_n = state.weight_n - change[2]
    drift_m = float(np.linalg.norm(sample.tool - state.tool)) if state.tool is not None else 0.0
    return _Held(
        pull_s=_since(size > least and not pushed, held.pull_s, now_s),
        strong_pull_s=_since(
            size > max(least, options.blind_pull_n) and not pushed, held.strong_pull_s, now_s
        ),
        load_s=_since(
            heavy and load_n <= options.load_share * state.weight_n and not pushed, held.load_s, now_s
        ),
        drift_s=_since(drift_m > options.drift_m and not pushed, held.drift_s, now_s),
        lost_s=held.lost_s,
    )


def _released_by(
    state: ReleaseState,
    change: FloatArray,
    now_s: float,
    hand: bool,
    sample: ReleaseSample,
    options: ReleaseOptions,
) -> str:
    """Why to release now, or an empty string."""
    held, pull_n = state.held, float(np.linalg.norm(change))
    if hand:
        if _lasted(held.pull_s, now_s, options.pull_s):
            return f"a hand at the object pulls with {pull_n:.1f} N"
        if _lasted(held.load_s, now_s, options.load_s):
            return f"a hand bears the object: {change[2]:.1f} of {state.weight_n:.1f} N"
        if _lasted(held.drift_s, now_s, options.pull_s):
            return f"a hand moved object and tool by more than {1e3 * options.drift_m:.0f} mm"
    elif _blind(state, sample, options) and _lasted(held.strong_pull_s, now_s, options.blind_pull_s):
        return f"no hand can be seen, but something pulls with {pull_n:.1f} N"
    return ""


def _hand_at_object(state: ReleaseState, sample: ReleaseSample, options: ReleaseOptions) -> bool:
    """A hand is seen at the object, or was until it vanished from sight a moment ago."""
    if sample.hand_distance_m is not None:
        return sample.hand_distance_m <= options.hand_distance_m
    vanished_there = state.hand_near_s >= state.hand_seen_s
    return vanished_there and sample.now_s - state.hand_near_s < options.hand_memory_s


def _blind(state: ReleaseState, sample: ReleaseSample, options: ReleaseOptions) -> bool:
    """No hand was seen anywhere for a while."""
    return sample.hand_distance_m is None and sample.now_s - state.hand_seen_s > options.hand_memory_s


def _waiting_for(
    state: ReleaseState, size_n: float, hand: bool, sample: ReleaseSample, options: ReleaseOptions
) -> str:
    if hand:
        return f"a hand is at the object, force changed by {size_n:.1f} N, {options.pull_n:.0f} N are a pull"
    if _blind(state, sample, options):
        return f"no hand in sight, force changed by {size_n:.1f} N, {options.blind_pull_n:.0f} N are a pull"
    if sample.hand_distance_m is None:
        return "the hand is out of sight"
    return f"the nearest hand is {sample.hand_distance_m:.2f} m away, {options.hand_distance_m:.2f} m counts"


def _prompted(
    state: ReleaseState, now_s: float, hand: bool, reason: str, options: ReleaseOptions
) -> ReleaseState:
    """Waiting goes on: say the next prompt when nobody reached for the object for long enough."""
    if hand:
        return replace(state, reason=reason, no_hand_s=now_s)
    due = state.prompted < min(len(options.prompts), len(options.prompts_at_s))
    if due and now_s - state.no_hand_s >= options.prompts_at_s[state.prompted]:
        return replace(
            state, reason=reason, prompt=options.prompts[state.prompted], prompted=state.prompted + 1
        )
    return replace(state, reason=reason)


def _end(state: ReleaseState, phase: ReleasePhase, reason: str) -> ReleaseState:
    return replace(state, phase=phase, reason=reason)


def _since(holds: bool, since_s: float | None, now_s: float) -> float | None:
    return None if not holds else now_s if since_s is None else since_s


def _lasted(since_s: float | None, now_s: float, duration_s: float) -> bool:
    return since_s is not None and now_s - since_s >= duration_s - 1e-9
