"""The gripper through Kortex: an object shows by the stall, commands are few, a cancelled grip holds on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from hardware.errors import LimitViolation
from hardware.kinova.gripper import KortexGripper
from hardware.kinova.loopback.mischief import Refuse
from tests.hardware.kinova.rig import CLIENTS, Rig, rig


@pytest.fixture(params=CLIENTS)
def gripper_rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    with rig(client=request.param) as made:
        yield made


def test_it_goes_where_it_is_told_and_holds_nothing(gripper_rig: Rig) -> None:
    for width_m in (0.05, 0.08):
        assert gripper_rig.end_of(gripper_rig.gripper.move(width_m, 40.0)).succeeded
        assert gripper_rig.gripper.state().width_m == pytest.approx(width_m, abs=0.002)
        assert not gripper_rig.gripper.state().holding


def test_closing_on_an_object_succeeds_and_holds_until_it_opens(gripper_rig: Rig) -> None:
    gripper_rig.fingers.object_width_m = 0.03
    status = gripper_rig.end_of(gripper_rig.gripper.move(0.0, 40.0))
    assert status.succeeded
    assert "30 mm" in status.reason
    assert gripper_rig.gripper.state().holding
    assert gripper_rig.end_of(gripper_rig.gripper.move(0.06, 40.0)).succeeded
    assert not gripper_rig.gripper.state().holding


def test_closing_on_nothing_holds_nothing(gripper_rig: Rig) -> None:
    assert gripper_rig.end_of(gripper_rig.gripper.move(0.0, 40.0)).succeeded
    assert not gripper_rig.gripper.state().holding


def test_an_object_that_slips_out_is_no_longer_held(gripper_rig: Rig) -> None:
    gripper_rig.fingers.object_width_m = 0.03
    gripper_rig.end_of(gripper_rig.gripper.move(0.0, 40.0))
    gripper_rig.fingers.object_width_m = None
    gripper_rig.fingers.move(0.0, 40.0)  # the fingers go on closing
    gripper_rig.until(lambda: not gripper_rig.gripper.state().holding)


def test_fingers_that_quiver_on_an_object_still_hold_it(gripper_rig: Rig) -> None:
    gripper_rig.fingers.object_width_m = 0.03
    gripper_rig.end_of(gripper_rig.gripper.move(0.0, 40.0))
    gripper_rig.until(lambda: gripper_rig.gripper._grip is not None)
    reading = gripper_rig.feedback.newest()
    for k in range(10):
        quiver = 0.01 * (-1) ** k
        gripper_rig.gripper._felt(replace(reading, closed=reading.closed + quiver))
        assert gripper_rig.gripper._holds(replace(reading, closed=reading.closed + quiver))
    gripper_rig.gripper._felt(replace(reading, closed=reading.closed + 0.1))
    assert not gripper_rig.gripper._holds(replace(reading, closed=reading.closed + 0.1))


def test_a_cancelled_grip_keeps_gripping_and_a_cancelled_closing_keeps_its_width(gripper_rig: Rig) -> None:
    gripper_rig.fingers.object_width_m = 0.03
    motion = gripper_rig.gripper.move(0.0, 40.0)
    gripper_rig.until(lambda: gripper_rig.gripper.state().holding)
    motion.cancel()
    assert gripper_rig.gripper.state().holding
    gripper_rig.fingers.object_width_m = None
    gripper_rig.end_of(gripper_rig.gripper.move(0.08, 40.0))
    motion = gripper_rig.gripper.move(0.0, 40.0)
    gripper_rig.until(lambda: gripper_rig.gripper.state().width_m < 0.06)
    motion.cancel()
    width_m = gripper_rig.gripper.state().width_m
    gripper_rig.until(lambda: gripper_rig.gripper._wanted is None)
    assert width_m - 0.02 < gripper_rig.gripper.state().width_m < 0.08


def test_commands_that_come_fast_are_sent_few_and_the_last_one_wins(gripper_rig: Rig) -> None:
    motions = [gripper_rig.gripper.move(0.08 - 0.001 * k, 40.0) for k in range(30)]
    assert gripper_rig.end_of(motions[-1]).succeeded
    assert gripper_rig.gripper.state().width_m == pytest.approx(0.051, abs=0.002)
    assert gripper_rig.count("SendGripperCommand") <= 6
    assert all(not motion.poll().succeeded for motion in motions[:-1])


def test_a_refused_command_fails_with_the_arm_s_reason(gripper_rig: Rig) -> None:
    gripper_rig.controller.mischief.answers["SendGripperCommand"].append(Refuse("UNIMPLEMENTED"))
    status = gripper_rig.end_of(gripper_rig.gripper.move(0.05, 40.0))
    assert "Robotiq" in status.reason


def test_what_the_stroke_cannot_is_refused_here(gripper_rig: Rig) -> None:
    with pytest.raises(LimitViolation):
        gripper_rig.gripper.move(0.2, 40.0)
    assert gripper_rig.count("SendGripperCommand") == 0


def test_a_link_that_is_silent_for_a_while_says_nothing_of_the_fingers(gripper_rig: Rig) -> None:
    """That no reading came is no proof that the fingers stood still: only readings tell a stall."""
    gripper, clock = gripper_rig.gripper, gripper_rig.clock
    gripper_rig.feedback.listeners.clear()
    gripper.move(0.0, 40.0)
    gripper_rig.until(lambda: gripper._wanted is None)
    reading, begun_s = gripper_rig.feedback.newest(), clock.now()

    def told(closed: float, after_s: float) -> bool:
        arm = replace(reading.arm, stamp_s=begun_s + after_s)
        gripper._felt(replace(reading, arm=arm, closed=closed))
        return gripper._holds(replace(reading, closed=closed))

    assert not told(0.3, 0.0)
    assert not told(0.4, 0.1)
    clock.sleep(1.0)
    assert not gripper._holds(replace(reading, closed=0.4))
    assert told(0.4, 0.1 + 1.1 * gripper_rig.options.gripper_stall_s)


@pytest.mark.parametrize(
    ("object_width_m", "opening_m", "holding"), [(0.03, 0.0, True), (None, 0.0, False), (None, 0.085, False)]
)
def test_a_program_that_is_started_again_finds_what_the_hand_holds(
    gripper_rig: Rig, object_width_m: float | None, opening_m: float, holding: bool
) -> None:
    gripper_rig.fingers.object_width_m = object_width_m
    gripper_rig.end_of(gripper_rig.gripper.move(opening_m, 40.0))
    sent = gripper_rig.controller.calls.count("SendGripperCommand")
    again = KortexGripper(gripper_rig.session, gripper_rig.feedback, gripper_rig.options, gripper_rig.clock)
    assert again.state().holding == holding
    assert gripper_rig.controller.calls.count("SendGripperCommand") == sent, "nothing is moved for it"
    if holding:
        assert gripper_rig.end_of(again.move(0.06, 40.0)).succeeded
        assert not again.state().holding
