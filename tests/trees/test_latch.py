"""A contact where a person decides when the robot goes on: it stops, holds what it has, waits for a start."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from behaviours import keys
from behaviours.governed import GovernedArm
from behaviours.keys import Outcome
from planning.safety_verdict import StopCode
from tests.bench import Bench
from tests.leaves import get
from tests.trees.mission import OPTIONS, Mission
from tests.trees.scenarios import tugs

SAFETY = replace(OPTIONS.planning.safety, latch_contact=True)
LATCHING = replace(OPTIONS, planning=replace(OPTIONS.planning, safety=SAFETY))


def test_after_a_contact_the_object_stays_in_the_hand_and_nothing_moves() -> None:
    run = Mission(options=LATCHING)
    tugs(30.0)(run)
    run.run_until_in("Move To Handover")
    moves, widths = len(run.bench.arm.motions), run.widths_mm
    run.run()
    assert run.outcome is Outcome.UNSAFE
    assert "until a person starts it again" in get(keys.FAILURE).reason
    assert (len(run.bench.arm.motions), run.widths_mm) == (moves, widths)
    assert run.bench.gripper.holding
    assert get(keys.SAFETY).stops == (StopCode.CONTACT,)


def test_started_again_it_resumes_with_the_object_in_the_hand() -> None:
    run = Mission(options=LATCHING)
    tugs(30.0)(run)
    run.run()
    again = Mission(bench=run.bench, options=LATCHING)
    again.bench.arm.force_n = np.zeros(3)
    again.run()
    assert again.outcome is Outcome.HANDED_OVER
    assert again.ends("Already Holding?") == "S"
    assert again.ends("Close Gripper") == ""


def test_what_is_no_contact_is_put_back_as_ever() -> None:
    run = Mission(options=LATCHING).run_until_in("Move To Handover")
    run.bench.arm.fault = "following error of joint 3"
    run.during["Wait Until Safe"] = lambda: setattr(run.bench.arm, "fault", None)
    run.run()
    assert run.outcome is Outcome.UNSAFE
    assert run.ends("Let Go") == run.ends("Go Home") == "S"
    assert get(keys.SAFETY).stops == (StopCode.ARM_FAULT,)


@pytest.fixture
def governed() -> Bench:
    bench = Bench()
    arm = GovernedArm(bench.arm, bench.gripper, bench.clock, SAFETY)
    bench.services = replace(bench.services, robot=replace(bench.services.robot, arm=arm))
    return bench


def test_motions_that_come_too_fast_are_slowed_and_the_object_is_handed_over(governed: Bench) -> None:
    """The scripted planner plans at any speed: a radian in a tenth of a second."""
    governed.planner.duration_s = 0.01
    run = Mission(bench=governed, options=LATCHING).run()
    assert run.outcome is Outcome.HANDED_OVER
    tally = get(keys.SAFETY)
    assert tally.clamps >= 3
    sent = [command.value for command in governed.log if command.device == "arm"]
    assert min(trajectory.duration_s for trajectory in sent) > 0.01
    assert tally.stops == ()
