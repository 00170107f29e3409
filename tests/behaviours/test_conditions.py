"""Conditions over time: how long an empty hand is believed, when it is calm, what was weighed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from py_trees.common import Status

from behaviours import keys
from behaviours.conditions import AlreadyHolding, ObjectInHand, Safe, StillHolding, WaitUntilSafe
from behaviours.keys import Outcome
from behaviours.options import GripOptions
from planning.options import SafetyOptions
from planning.safety_verdict import StopCode
from planning.types import Phase
from tests.bench import Bench
from tests.leaves import TICK_S, get, put, ready, run, tick

GRIP, SAFETY = GripOptions(), SafetyOptions()


def test_a_hand_that_reads_empty_for_a_moment_still_holds() -> None:
    bench = Bench()
    leaf = ready(StillHolding("Still Holding?", GRIP), bench)
    bench.gripper.take()
    for _ in range(4):
        bench.gripper.take()
        assert tick(leaf, bench) is Status.SUCCESS
        bench.gripper.drop()
        assert tick(leaf, bench, times=5) is Status.SUCCESS
    assert tick(leaf, bench, times=4) is Status.FAILURE


def test_a_hand_asked_for_the_first_time_is_given_the_same_while() -> None:
    bench = Bench()
    leaf = ready(StillHolding("Still Holding?", GRIP), bench)
    asked = 0
    while tick(leaf, bench) is Status.SUCCESS:
        asked += 1
    assert asked * TICK_S >= GRIP.lost_s - TICK_S


@pytest.mark.parametrize(("force_z", "weight_n"), [(-3.2, 3.2), (0.0, 0.0), (0.4, 0.0)])
def test_the_object_is_weighed_when_it_is_found_in_the_hand(force_z: float, weight_n: float) -> None:
    bench = Bench()
    bench.gripper.take()
    bench.arm.force_n = np.array([5.0, 0.0, force_z])
    tick(ready(AlreadyHolding("Already Holding?"), bench), bench)
    assert get(keys.WEIGHT) == pytest.approx(weight_n)


def test_the_grip_is_judged_a_moment_after_it_closed() -> None:
    bench = Bench()
    bench.gripper.take()
    leaf = ready(ObjectInHand("Object In Hand?", GRIP), bench)
    assert tick(leaf, bench, times=3) is Status.RUNNING
    bench.gripper.drop()
    assert run(leaf, bench) is Status.FAILURE


def test_the_guard_remembers_over_the_ticks_what_one_reading_cannot_tell() -> None:
    """A collision is a force that lasts; it is stopped for a while, though each tick asks anew."""
    bench = Bench()
    put(keys.PHASE, Phase.TRANSPORT)
    leaf = ready(Safe("Safe?", SAFETY), bench)
    tick(leaf, bench, times=10)
    bench.arm.force_n = np.array([25.0, 0.0, 0.0])
    ended = [tick(leaf, bench) for _ in range(5)]
    assert ended[0] is Status.SUCCESS
    assert ended[-1] is Status.FAILURE
    assert "20 N for 0.05 s are a collision" in leaf.feedback_message
    bench.arm.force_n = np.zeros(3)
    assert tick(leaf, bench, times=50) is Status.FAILURE, "gone with the next reading"
    assert tick(leaf, bench, times=int(SAFETY.contact_hold_s / TICK_S)) is Status.SUCCESS


def test_calm_is_counted_from_the_last_reason_to_stop() -> None:
    bench = Bench()
    leaf = ready(WaitUntilSafe("Wait Until Safe", SAFETY, calm_s=1.0), bench)
    tick(leaf, bench, times=40)
    bench.arm.fault = "brake"
    assert tick(leaf, bench) is Status.RUNNING
    assert "brake" in leaf.feedback_message
    bench.arm.fault = None
    assert tick(leaf, bench, times=45) is Status.RUNNING
    assert run(leaf, bench, seconds=0.2) is Status.SUCCESS


def hit(leaf: Safe | WaitUntilSafe, bench: Bench, newtons: float = 60.0) -> None:
    """A contact, seen by this guard, that is over at once."""
    put(keys.PHASE, Phase.TRANSPORT)
    tick(leaf, bench, times=3)
    bench.arm.force_n = np.array([newtons, 0.0, 0.0])
    tick(leaf, bench)
    bench.arm.force_n = np.zeros(3)
    assert "are a collision" in leaf.feedback_message


def test_a_fault_that_is_over_does_not_last_into_the_wait() -> None:
    bench = Bench()
    bench.arm.fault = "brake"
    tick(ready(Safe("Safe?", SAFETY), bench), bench)
    bench.arm.fault = None
    assert (
        run(ready(WaitUntilSafe("Wait Until Safe", SAFETY, calm_s=0.2), bench), bench, 0.5) is Status.SUCCESS
    )


def test_a_contact_holds_the_wait_of_another_guard_too() -> None:
    bench = Bench()
    hit(ready(Safe("Safe?", SAFETY), bench), bench)
    wait = ready(WaitUntilSafe("Wait Until Safe", SAFETY, calm_s=0.2), bench)
    assert run(wait, bench, seconds=SAFETY.contact_hold_s - 0.2) is Status.RUNNING
    assert "holding for" in wait.feedback_message
    assert run(wait, bench, seconds=0.5) is Status.SUCCESS


def test_a_latched_contact_waits_for_a_person_not_for_time() -> None:
    latching = replace(SAFETY, latch_contact=True)
    bench = Bench()
    hit(ready(Safe("Safe?", latching), bench), bench)
    bench.clock.now_s += 10.0 * SAFETY.contact_hold_s
    wait = ready(WaitUntilSafe("Wait Until Safe", latching, calm_s=0.2), bench)
    assert run(wait, bench, seconds=1.0) is Status.FAILURE
    assert "until a person starts it again" in wait.feedback_message
    assert get(keys.FAILURE).outcome is Outcome.UNSAFE


def test_what_is_no_contact_latches_nothing() -> None:
    latching = replace(SAFETY, latch_contact=True)
    bench = Bench()
    bench.arm.fault = "brake"
    tick(ready(Safe("Safe?", latching), bench), bench)
    bench.arm.fault = None
    wait = ready(WaitUntilSafe("Wait Until Safe", latching, calm_s=0.2), bench)
    assert run(wait, bench, seconds=0.5) is Status.SUCCESS


def test_one_stop_seen_by_two_guards_counts_once() -> None:
    bench = Bench()
    safe, wait = Safe("Safe?", SAFETY), WaitUntilSafe("Wait Until Safe", SAFETY, calm_s=0.2)
    ready(safe, bench), ready(wait, bench)
    for _ in range(2):
        bench.arm.fault = "brake"
        tick(safe, bench, times=3)
        tick(wait, bench, times=3)
        bench.arm.fault = None
        tick(wait, bench)
    assert get(keys.SAFETY).stops == (StopCode.ARM_FAULT, StopCode.ARM_FAULT)
