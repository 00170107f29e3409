"""The release detector against scripted handovers at 50 Hz: who pulls how, seen or unseen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planning.options import ReleaseOptions
from planning.release import ReleasePhase, ReleaseSample, ReleaseState, start, step

OPTIONS = ReleaseOptions()
TO_ROBOT = np.array([-1.0, 0.0, 0.0])
READY_S = OPTIONS.settle_s + OPTIONS.tare_s + 0.04
"""From here on the detector waits."""
Scene = Callable[[float], dict[str, object]]


def run(
    scene: Scene, duration_s: float = 3.0, weight_n: float = 3.0, noise_n: float = 0.0, seed: int = 0
) -> Iterator[ReleaseState]:
    """States from the moment the arm stands; `scene` tells per time what differs from waiting alone."""
    rng = np.random.default_rng(seed)
    state = start(0.0, weight_n, OPTIONS)
    for tick in range(1, round(duration_s * 50) + 1):
        now_s = 0.02 * tick
        told = scene(now_s)
        force = np.array([0.0, 0.0, -weight_n]) + np.asarray(told.pop("extra", np.zeros(3)))
        sample = ReleaseSample(now_s, force + rng.normal(0, noise_n, 3), np.zeros(3), TO_ROBOT, 1.0, True)
        state = step(state, replace(sample, **told), OPTIONS)  # type: ignore[arg-type]  # fields by name
        yield state


def last(scene: Scene, duration_s: float = 3.0, weight_n: float = 3.0, noise_n: float = 0.0) -> ReleaseState:
    return list(run(scene, duration_s, weight_n, noise_n))[-1]


def pull(
    newtons: float, hand_m: float | None = 0.05, from_s: float = READY_S, to_s: float = 99.0,
    direction: tuple[float, float, float] = (1.0, 0.0, 0.0),
) -> Scene:  # fmt: skip
    def scene(now_s: float) -> dict[str, object]:
        pulled = from_s <= now_s < to_s
        return {"extra": newtons * np.array(direction) * pulled, "hand_distance_m": hand_m}

    return scene


def test_pull_with_a_hand_releases_soon() -> None:
    states = list(run(pull(8.0)))
    first = next(i for i, state in enumerate(states) if state.phase is ReleasePhase.RELEASE)
    assert (first + 1) * 0.02 - READY_S < 0.25
    assert "pulls with" in states[first].reason
    assert states[-1] is states[first]


def test_pulled_out_before_the_tare_is_taken_and_fallen_out_is_dropped() -> None:
    out = last(lambda t: {"extra": 20.0 * np.array([1, 0, 0]), "holding": t < 0.2, "hand_distance_m": None})
    assert out.phase is ReleasePhase.RELEASE
    elsewhere = last(lambda t: {"extra": 20.0 * np.array([1, 0, 0]), "holding": t < 0.2})
    assert elsewhere.phase is ReleasePhase.DROPPED
    fallen = last(lambda t: {"extra": (0, 0, 3.0 * (t >= 0.2)), "holding": t < 0.2, "hand_distance_m": None})
    assert fallen.phase is ReleasePhase.DROPPED


def test_somebody_who_pulls_since_before_the_tare_gets_the_object() -> None:
    early = last(pull(20.0, hand_m=None, from_s=-1.0))
    assert early.phase is ReleasePhase.RELEASE
    assert early.taken_early
    ramped = last(lambda t: {"extra": (min(20.0 * t, 13.0), 0, 0), "hand_distance_m": None})
    assert ramped.phase is ReleasePhase.RELEASE


@pytest.mark.parametrize("direction", [(0, 0, 1), (0, 1, 0), (0.8, 0, -0.6)])
def test_pulling_up_or_sideways_counts(direction: tuple[float, float, float]) -> None:
    assert last(pull(8.0, direction=direction)).phase is ReleasePhase.RELEASE


@pytest.mark.parametrize(
    ("scene", "why"),
    [
        (pull(4.0), "too weak"),
        (pull(30.0, hand_m=0.6), "the hand is elsewhere"),
        (pull(8.0, hand_m=None), "too weak without a hand in sight"),
        (pull(40.0, to_s=READY_S + 0.04), "a bump"),
        (pull(20.0, direction=(-1, 0, 0)), "a push toward the robot"),
        (lambda now_s: {"hand_distance_m": 0.02}, "a hand alone"),
        (lambda now_s: {"extra": (6, 0, 0), "hand_distance_m": 0.02}, "there since before the tare"),
    ],
)
def test_holds_on(scene: Scene, why: str) -> None:
    assert last(scene).phase is ReleasePhase.WAIT, why


def test_strong_pull_releases_blind_but_later() -> None:
    assert last(pull(14.0, hand_m=None)).phase is ReleasePhase.RELEASE
    assert last(pull(14.0, hand_m=None, to_s=READY_S + 0.16)).phase is ReleasePhase.WAIT


@pytest.mark.parametrize("direction", [(0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (-0.5, 0.1, 0.85), (0.2, 0.0, 1.0)])
def test_pressing_at_the_gripper_unseen_releases_nothing(direction: tuple[float, float, float]) -> None:
    """A hand that gropes for its hold presses from below or from beside; seen at the object, it may lift."""
    assert last(pull(20.0, hand_m=None, direction=direction)).phase is ReleasePhase.WAIT
    assert last(pull(20.0, hand_m=None, direction=(0.6, 0.0, 0.8))).phase is ReleasePhase.RELEASE


def test_hand_hidden_by_the_object_still_counts() -> None:
    def scene(now_s: float) -> dict[str, object]:
        seen = 0.05 if now_s < 1.5 else None
        return {"hand_distance_m": seen, "extra": (7.0 if now_s >= 1.7 else 0.0, 0, 0)}

    assert last(scene).phase is ReleasePhase.RELEASE

    def too_late(now_s: float) -> dict[str, object]:
        return {**scene(now_s), "extra": (7.0 if now_s >= 2.7 else 0.0, 0, 0)}

    assert last(too_late).phase is ReleasePhase.WAIT


def test_bearing_a_heavy_object_releases_without_a_pull() -> None:
    borne = pull(4.5, direction=(0, 0, 1))
    assert last(borne, weight_n=6.0).phase is ReleasePhase.RELEASE
    assert "bears" in last(borne, weight_n=6.0).reason
    # The same lift under an object too light to be weighed tells nothing.
    assert last(borne, weight_n=3.5).phase is ReleasePhase.WAIT


def test_drift_with_a_hand_releases() -> None:
    def scene(now_s: float) -> dict[str, object]:
        return {"tool": np.array([0.02 * (now_s > 1.5), 0, 0]), "hand_distance_m": 0.05}

    assert last(scene).phase is ReleasePhase.RELEASE
    assert last(lambda now_s: {**scene(now_s), "hand_distance_m": 0.5}).phase is ReleasePhase.WAIT


def test_noise_raises_the_pull_that_counts() -> None:
    assert last(pull(8.0), noise_n=0.3).phase is ReleasePhase.RELEASE
    assert last(pull(8.0), noise_n=4.0).phase is ReleasePhase.WAIT


def test_hard_push_aborts() -> None:
    state = last(pull(45.0, direction=(-1, 0, 0)))
    assert state.phase is ReleasePhase.ABORTED
    assert "toward the robot" in state.reason


def test_empty_gripper_is_a_drop_unless_a_hand_was_there() -> None:
    gone = {"holding": False}
    assert last(lambda t: gone if t > 1.5 else {}).phase is ReleasePhase.DROPPED
    assert (
        last(lambda t: {**(gone if t > 1.5 else {}), "hand_distance_m": 0.05}).phase is ReleasePhase.RELEASE
    )
    assert last(lambda t: gone if t < 0.2 else {}).phase is ReleasePhase.DROPPED
    assert last(lambda t: gone if 1.5 < t < 1.55 else {}).phase is ReleasePhase.WAIT


def test_prompts_come_once_each_then_time_runs_out() -> None:
    states = list(run(lambda t: {}, duration_s=25.0))
    said = [(round(0.02 * (i + 1)), s.prompt) for i, s in enumerate(states) if s.prompt]
    assert said == [(6, OPTIONS.prompts[0]), (11, OPTIONS.prompts[1])]
    assert states[-1].phase is ReleasePhase.TIMED_OUT
    assert "20 s" in states[-1].reason


def test_no_prompt_while_a_hand_is_at_the_object() -> None:
    assert not any(state.prompt for state in run(lambda t: {"hand_distance_m": 0.1}, duration_s=12.0))


forces = st.floats(-60, 60)
readings = st.tuples(
    forces, forces, st.one_of(st.none(), st.floats(0.0, 1.0)), st.booleans(), st.integers(1, 30)
)


@settings(max_examples=150)
@given(st.lists(readings, max_size=20), st.floats(0.0, 15.0))
def test_never_releases_without_two_cues(episodes: list[tuple], weight_n: float) -> None:
    state, now_s, near_s, seen_s = start(0.0, weight_n, OPTIONS), 0.0, -np.inf, -np.inf
    for along, up, hand_m, holding, ticks in episodes:
        for _ in range(ticks):
            now_s += 0.02
            near_s = now_s if hand_m is not None and hand_m <= OPTIONS.hand_distance_m else near_s
            seen_s = now_s if hand_m is not None else seen_s
            force = np.array([along, 0.0, up - weight_n])
            sample = ReleaseSample(now_s, force, np.zeros(3), TO_ROBOT, hand_m, holding)
            before, state = state, step(state, sample, OPTIONS)
            assert state.reason
            if before.phase.final:
                assert state is before
            elif state.phase is ReleasePhase.RELEASE:
                gate = now_s - near_s <= OPTIONS.hand_memory_s
                size = np.linalg.norm(state.force - state.tare)
                strong = size > OPTIONS.blind_pull_n and now_s - seen_s > OPTIONS.hand_memory_s
                pulled_out = not holding and now_s - state.pulled_s <= OPTIONS.hand_memory_s
                unseen = now_s - seen_s > OPTIONS.hand_memory_s
                assert gate or strong or (pulled_out and unseen)
                assert pulled_out or now_s >= OPTIONS.settle_s + OPTIONS.tare_s
