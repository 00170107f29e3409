"""Decides when to let go of the object: a pure state machine over force, hand, tool and gripper readings.

Guarantees:
1. RELEASE needs two cues: a hand at the object AND a pull, a borne load or a drift of the tool; or, where no
   hand can be seen at all, a pull twice as strong for twice as long that leads away from the robot.
2. No release before the force was tared at rest, on a bump shorter than the persistence of a pull, or while
   the object is pushed toward the robot. Where somebody pulls already, its weight alone is the tare; what
   was pulled out of the fingers meanwhile is taken, not dropped.
3. Every state says why it is where it is; a final phase never changes again.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from planning.options import ReleaseOptions
from planning.release_cues import (
    ReleasePhase,
    ReleaseSample,
    ReleaseState,
    blind,
    hand_at_object,
    lasted,
    lasting_cues,
    released_by,
    since,
)

__all__ = ["ReleasePhase", "ReleaseSample", "ReleaseState", "start", "step"]


def start(now_s: float, weight_n: float, options: ReleaseOptions) -> ReleaseState:
    """The detector at the moment the arm came to rest at the handover pose.

    weight_n: what the object weighed in N when nobody could touch it.
    """
    reason = f"standing still {options.settle_s:.1f} s before taring the force"
    return ReleaseState(
        ReleasePhase.SETTLE, reason, "", weight_n, now_s, now_s, np.zeros(3), np.zeros((3, 3))
    )


def step(state: ReleaseState, sample: ReleaseSample, options: ReleaseOptions) -> ReleaseState:
    """The state after one sample; samples come at 50 Hz or more, a final phase is returned unchanged."""
    if state.phase.final:
        return state
    state = _filtered(replace(state, prompt=""), sample, options)
    lost_s = since(not sample.holding, state.lasting.lost_s, sample.now_s)
    state = replace(state, lasting=replace(state.lasting, lost_s=lost_s))
    if lasted(lost_s, sample.now_s, options.lost_s):
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
    usual = state.tare if state.phase is ReleasePhase.WAIT else state.hanging
    # The object's fall changes the force by its weight.
    pulled = np.linalg.norm(force - usual) > max(options.blind_pull_n, 1.5 * state.weight_n)
    near = distance is not None and distance <= options.hand_distance_m
    return replace(
        state,
        stamp_s=sample.now_s,
        force=force,
        pulled_s=sample.now_s if pulled else state.pulled_s,
        hand_seen_s=state.hand_seen_s if distance is None else sample.now_s,
        hand_near_s=sample.now_s if near else state.hand_near_s,
    )


def _lost(state: ReleaseState, sample: ReleaseSample, options: ReleaseOptions) -> ReleaseState:
    hand = hand_at_object(state, sample, options)
    pulled = sample.now_s - state.pulled_s < options.hand_memory_s
    if (hand and (pulled or state.phase is ReleasePhase.WAIT)) or (pulled and blind(state, sample, options)):
        return _end(state, ReleasePhase.RELEASE, "the person pulled the object out of the gripper")
    return _end(state, ReleasePhase.DROPPED, "the gripper lost the object and nobody was at it")


def _settle(state: ReleaseState, sample: ReleaseSample, options: ReleaseOptions) -> ReleaseState:
    if sample.now_s - state.started_s < options.settle_s:
        return state
    return replace(state, phase=ReleasePhase.TARE, reason="taring the force, nobody should touch the object")


def _tare(state: ReleaseState, sample: ReleaseSample, options: ReleaseOptions) -> ReleaseState:
    sums = state.tare_sum + np.array([sample.force, np.square(sample.force), state.tare_count * sample.force])
    state = replace(state, tare_sum=sums, tare_count=state.tare_count + 1)
    if sample.now_s - state.started_s < options.settle_s + options.tare_s:
        return state
    off_n = float(np.linalg.norm(state.tare - state.hanging))
    early = off_n > options.tare_doubt_n or state.drift_n > options.tare_drift_n
    return replace(
        state,
        phase=ReleasePhase.WAIT,
        reason="waiting for a hand",
        taken_early=early,
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
    state = replace(
        state, lasting=lasting_cues(state, sample, change, pushed or push > options.push_hold_n, options)
    )
    hand = hand_at_object(state, sample, options)
    cue = released_by(state, change, now_s, hand, sample, options)
    if cue:
        return _end(state, ReleasePhase.RELEASE, cue)
    if now_s - state.waiting_s >= options.timeout_s:
        return _end(state, ReleasePhase.TIMED_OUT, f"not taken within {options.timeout_s:.0f} s")
    return _prompted(state, now_s, hand, _waiting_for(state, size, hand, sample, options), options)


def _waiting_for(
    state: ReleaseState, size_n: float, hand: bool, sample: ReleaseSample, options: ReleaseOptions
) -> str:
    if hand:
        return f"a hand is at the object, force changed by {size_n:.1f} N, {options.pull_n:.0f} N are a pull"
    if blind(state, sample, options):
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
