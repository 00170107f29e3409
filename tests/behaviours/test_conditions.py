"""Conditions over time: how long an empty hand is believed, when it is calm, what was weighed."""

from __future__ import annotations

import numpy as np
import pytest
from py_trees.common import Status

from behaviours import keys
from behaviours.conditions import AlreadyHolding, ObjectInHand, Safe, StillHolding, WaitUntilSafe
from behaviours.options import GripOptions
from planning.options import SafetyOptions
from planning.types import Phase
from tests.bar import person
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


def test_what_tripped_the_guard_before_does_not_last_into_the_wait() -> None:
    """It starts with a fresh memory: the collision that ended the mission is over."""
    bench = Bench()
    put(keys.PHASE, Phase.RECOVER)
    put(keys.HUMAN, person(bench.clock.now()))
    leaf = ready(WaitUntilSafe("Wait Until Safe", SAFETY, calm_s=0.2), bench)
    tick(leaf, bench, times=3)
    bench.arm.force_n = np.array([60.0, 0.0, 0.0])
    tick(leaf, bench, times=3)
    assert "are a collision" in leaf.feedback_message
    leaf.stop(Status.INVALID)
    bench.arm.force_n = np.zeros(3)
    assert run(leaf, bench, seconds=0.5) is Status.SUCCESS
