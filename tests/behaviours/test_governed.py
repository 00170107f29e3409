"""The arm behind the governor: what leaves send is slowed, counted, told; everything else passes through."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from py_trees.common import Status

from behaviours import keys
from behaviours.conditions import WaitUntilSafe
from behaviours.governed import GovernedArm
from behaviours.put_back import SetDown
from hardware.errors import DeviceFault
from hardware.gen3.facts import HOME
from hardware.geometry import pose
from hardware.types import Trajectory, readonly
from planning.errors import PersonInTheWay
from planning.options import SafetyOptions
from planning.types import Cuboid, HeldObject, Phase
from tests.bar import person
from tests.bench import Bench
from tests.hardware.simulated import move_to
from tests.leaves import get, put, ready, run, tick

OPTIONS = SafetyOptions()


@pytest.fixture
def bench() -> Bench:
    """One whose leaves get the governed arm."""
    made = Bench()
    arm = GovernedArm(made.arm, made.gripper, made.clock, OPTIONS)
    made.services = replace(made.services, robot=replace(made.services.robot, arm=arm))
    return made


def sweep(seconds: float) -> Trajectory:
    return move_to(HOME, HOME + 0.5 * np.eye(7)[0], seconds)


def governed(bench: Bench) -> GovernedArm:
    arm = bench.services.robot.arm
    assert isinstance(arm, GovernedArm)
    return arm


def test_a_leaf_that_sends_too_fast_a_motion_is_slowed_and_says_so(bench: Bench) -> None:
    put(keys.PUT_BACK_PLAN, sweep(1.0))
    leaf = ready(SetDown("Set Down"), bench)
    bench.arm.motion_s = 1.0
    assert tick(leaf, bench) is Status.RUNNING
    assert "slowed" in leaf.feedback_message
    assert "0.25 m/s are allowed there" in leaf.feedback_message
    assert run(leaf, bench) is Status.SUCCESS
    sent = bench.log[0].value
    assert sent.duration_s > 1.25
    np.testing.assert_array_equal(sent.end, sweep(1.0).end)
    assert (get(keys.SAFETY).clamps, get(keys.SAFETY).slowest) == (1, pytest.approx(sent.duration_s))


def test_the_person_of_now_counts_not_the_one_of_the_plan(bench: Bench) -> None:
    put(keys.PHASE, Phase.TRANSPORT)
    way = sweep(2.5)
    governed(bench).follow(way)
    assert bench.log[-1].value is way
    assert get(keys.SAFETY) is None
    near = person(bench.clock.now())
    put(keys.HUMAN, replace(near, joints=near.joints - [0.7, 0.0, 0.0], raw=near.raw - [0.7, 0.0, 0.0]))
    governed(bench).follow(way)
    assert bench.log[-1].value.duration_s > way.duration_s
    assert get(keys.SAFETY).clamps == 1


def test_a_cancelled_motion_is_no_longer_under_way(bench: Bench) -> None:
    """Or the guard would judge an arm that stands by where it would have gone, and never let it go on."""
    put(keys.PHASE, Phase.TRANSPORT)
    first = governed(bench).follow(sweep(2.5))
    second = governed(bench).follow(sweep(3.0))
    first.cancel()
    assert get(keys.WAY).trajectory.duration_s == 3.0, "what replaced it still is"
    second.cancel()
    assert get(keys.WAY) is None


def test_a_stop_for_speed_ends_once_the_arm_stands(bench: Bench) -> None:
    """A person turns up in mid-motion: too fast for them, so it stops; standing there is no reason to."""
    put(keys.PHASE, Phase.TRANSPORT)
    bench.arm.motion_s = 2.5
    motion = governed(bench).follow(sweep(2.5))
    bench.clock.now_s += 1.2
    bench.arm.joints = sweep(2.5).sample(1.2)[0]
    near = person(bench.clock.now())
    put(keys.HUMAN, replace(near, joints=near.joints - [0.7, 0.0, 0.0], raw=near.raw - [0.7, 0.0, 0.0]))
    wait = ready(WaitUntilSafe("Wait Until Safe", OPTIONS, calm_s=0.2), bench)
    assert tick(wait, bench, times=30) is Status.RUNNING
    assert "the tool would move" in wait.feedback_message
    motion.cancel()
    assert run(wait, bench, seconds=1.0) is Status.SUCCESS


def test_what_was_held_counts_only_while_it_is_held(bench: Bench) -> None:
    bar = Cuboid("bar", pose(translation=(0.0, 0.0, 0.5)), readonly((0.03, 0.03, 1.0)))
    put(keys.HELD, HeldObject("bar", 0.03, (bar,), np.zeros(3), np.eye(3)[2]))
    nod = move_to(HOME, HOME + 0.3 * np.eye(7)[5], 2.0)
    bench.gripper.drop()
    governed(bench).follow(nod)
    assert bench.log[-1].value is nod
    bench.gripper.take()
    governed(bench).follow(nod)
    assert bench.log[-1].value.duration_s > nod.duration_s


def test_what_the_arm_refuses_is_refused_and_counts_as_no_clamp(bench: Bench) -> None:
    bench.arm.script[0] = DeviceFault("arm", "brake", "clear it")
    with pytest.raises(DeviceFault):
        governed(bench).follow(sweep(1.0))
    assert get(keys.SAFETY) is None


def test_cancel_and_stops_pass_through(bench: Bench) -> None:
    arm = governed(bench)
    motion = arm.follow(sweep(1.0))
    motion.cancel()
    assert bench.arm.motions[0].cancels == 1
    arm.stop()
    arm.emergency_stop()
    assert [command.device for command in bench.log] == ["arm", "stop", "emergency stop"]
    assert arm.state().stamp_s == bench.arm.state().stamp_s


def test_a_motion_refused_is_counted_and_what_was_sent_is_told(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    way = sweep(2.5)
    governed(bench).follow(way)
    assert get(keys.WAY).trajectory is way
    monkeypatch.setattr("planning.governor.leads_too_near", lambda *_: "torso 0.05 m from the robot")
    put(keys.HUMAN, person(bench.clock.now()))
    put(keys.PHASE, Phase.TRANSPORT)
    with pytest.raises(PersonInTheWay, match=r"torso 0\.05 m"):
        governed(bench).follow(sweep(3.0))
    assert get(keys.SAFETY).refused == 1
    assert get(keys.WAY).trajectory is way
    assert len(bench.log) == 1
