"""The tally of a run: each stop once, by its code; what latches, what holds, how motions were slowed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from planning.safety_tally import SafetyTally
from planning.safety_verdict import LASTING, LATCHING, SafetyVerdict, StopCode, stopping

FREE = SafetyVerdict(False, 0.25, "nobody seen")
HOLD_S = 3.0


def after(*verdicts: SafetyVerdict) -> SafetyTally:
    tally = SafetyTally()
    for number, verdict in enumerate(verdicts):
        tally = tally.judged(verdict, float(number), HOLD_S)
    return tally


def test_a_stop_that_lasts_is_one_stop() -> None:
    stop = stopping(StopCode.PERSON_NEAR, "0.10 m")
    assert after(stop, stop, stop).stops == (StopCode.PERSON_NEAR,)
    assert after(stop, FREE, stop).stops == (StopCode.PERSON_NEAR, StopCode.PERSON_NEAR)


def test_a_stop_for_another_reason_is_another_stop() -> None:
    near, hit = stopping(StopCode.PERSON_NEAR, "0.10 m"), stopping(StopCode.CONTACT, "41 N")
    tally = after(near, hit)
    assert tally.summary()["stops"] == {"contact": 1, "person_near": 1}
    assert tally.held_until_s == 1.0 + HOLD_S
    assert tally.latched == "41 N"


def test_nothing_new_is_the_same_object() -> None:
    tally = after(FREE)
    assert tally.judged(FREE, 9.0, HOLD_S) is tally
    stopped = after(stopping(StopCode.CLOCK, "ahead"))
    assert stopped.judged(stopping(StopCode.CLOCK, "more ahead"), 9.0, HOLD_S) is stopped


@given(st.lists(st.one_of(st.just(FREE), st.sampled_from(StopCode).map(lambda code: stopping(code, "x")))))
def test_only_what_may_latch_latches_and_nothing_unlatches(verdicts: list[SafetyVerdict]) -> None:
    tally = after(*verdicts)
    codes = {verdict.code for verdict in verdicts}
    assert bool(tally.latched) is bool(codes & LATCHING)
    assert (tally.held_until_s > 0.0) is bool(codes & LASTING)
    assert set(tally.stops) == codes - {None}


def test_clamps_are_counted_with_the_slowest() -> None:
    summary = SafetyTally().slowed(1.5).slowed(3.0).slowed(2.0).summary()
    assert (summary["clamps"], summary["slowest_factor"]) == (3, 3.0)
