"""The loop and its safe end: stop first, let go, at rest, shut down, close - whatever goes wrong."""

from __future__ import annotations

import logging
import signal

import numpy as np
import pytest
from py_trees.blackboard import Blackboard
from py_trees.common import Status

from app.options import RunOptions
from behaviours import keys
from behaviours.keys import Failure, Outcome
from hardware.errors import DeviceFault, NotConnected
from tests.app.desk import Desk, Diary, Doing
from tests.leaves import get, put

SAFE_END = ["arm stopped", "leaf let go", "looked", "tree shut down", "closed"]


def once(events: list[str]) -> list[str]:
    """The events in order without repetitions in a row."""
    return [event for i, event in enumerate(events) if i == 0 or event != events[i - 1]]


def ending_after(ticks: int, status: Status = Status.SUCCESS) -> Doing:
    return lambda n: Status.RUNNING if n < ticks else status


def breaking(error: BaseException) -> Doing:
    def doing(tick: int) -> Status:
        if tick == 2:
            raise error
        return Status.RUNNING

    return doing


def hit_by(number: signal.Signals) -> Doing:
    def doing(tick: int) -> Status:
        if tick == 2:
            signal.raise_signal(number)
        return Status.RUNNING

    return doing


@pytest.fixture(autouse=True)
def own_handlers() -> None:
    """Ctrl-C and SIGTERM do here what they do when a program starts."""
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize(
    ("doing", "outcome"),
    [
        (ending_after(3), Outcome.HANDED_OVER),
        (ending_after(3, Status.FAILURE), Outcome.ERROR),
        (breaking(ValueError("boom")), Outcome.ERROR),
        (breaking(DeviceFault("arm", "joint 3 hot", "let it cool")), Outcome.ERROR),
        (hit_by(signal.SIGINT), Outcome.INTERRUPTED),
        (hit_by(signal.SIGTERM), Outcome.INTERRUPTED),
    ],
)
def test_every_run_ends_in_the_same_safe_order_and_leaves_the_gripper_alone(
    doing: Doing, outcome: Outcome
) -> None:
    desk = Desk(doing)
    result = desk.run()
    assert result.outcome is outcome
    assert once(desk.happened) == ["connected", *SAFE_END]
    assert desk.bench.gripper.motions == []
    assert [command.device for command in desk.bench.log] == ["stop"]


def test_nothing_shuts_down_before_the_arm_is_seen_at_rest() -> None:
    desk = Desk(ending_after(1))
    desk.moves_for = 7
    desk.run()
    looks = desk.happened[desk.happened.index("leaf let go") + 1 : desk.happened.index("tree shut down")]
    assert len(looks) >= 7
    assert set(looks) == {"looked"}


def test_an_arm_that_does_not_come_to_rest_is_an_error_that_says_what_to_do() -> None:
    desk = Desk(ending_after(1))
    desk.moves_for = 10_000
    result = desk.run(options=RunOptions(hold_s=0.5))
    assert result.outcome is Outcome.ERROR
    assert "still moves 0.5 s after the stop" in result.reason
    assert "emergency stop button" in result.reason
    assert desk.happened[-2:] == ["tree shut down", "closed"]


@pytest.mark.parametrize("broken", ["arm stopped", "leaf let go", "looked", "tree shut down"])
def test_a_step_of_the_end_that_fails_does_not_keep_the_next_from_running(broken: str) -> None:
    desk = Desk(ending_after(1), faults=[broken])
    result = desk.run()
    assert once(desk.happened) == ["connected", *SAFE_END]
    assert result.outcome is Outcome.ERROR
    assert f"{broken}: broken" in result.reason
    assert desk.bench.gripper.motions == []


def test_every_step_may_fail_at_once() -> None:
    desk = Desk(breaking(ValueError("boom")), faults=SAFE_END[:-1])
    result = desk.run()
    assert once(desk.happened) == ["connected", *SAFE_END]
    assert result.reason.startswith("ValueError: boom; could not stop the arm")


def test_a_leafs_bug_is_named_with_its_leaf_and_kept() -> None:
    error = ValueError("boom")
    result = Desk(breaking(error)).run()
    assert (result.leaf, result.reason) == ("Carry", "ValueError: boom")
    assert result.error is error


def test_a_devices_failure_is_told_in_its_own_words() -> None:
    result = Desk(breaking(DeviceFault("arm", "joint 3 hot", "let it cool"))).run()
    assert result.reason == "the arm reports a fault (joint 3 hot) and takes no commands; let it cool"


def test_a_named_failure_gives_the_outcome_its_leaf_and_its_reason() -> None:
    def doing(tick: int) -> Status:
        put(keys.FAILURE, Failure(Outcome.NOT_FOUND, "Detect Object", "no mug here"))
        return Status.FAILURE

    result = Desk(doing).run()
    assert (result.outcome, result.leaf, result.reason) == (
        Outcome.NOT_FOUND,
        "Detect Object",
        "no mug here",
    )


@pytest.mark.parametrize(
    ("status", "told"), [(Status.FAILURE, ("Retreat", "no way back")), (Status.SUCCESS, ("", ""))]
)
def test_what_failed_after_the_handover_is_told_but_not_what_was_mended(
    status: Status, told: tuple[str, str]
) -> None:
    def doing(tick: int) -> Status:
        put(keys.FAILURE, Failure(Outcome.HANDED_OVER, "Retreat", "no way back"))
        return status

    result = Desk(doing).run()
    assert result.outcome is Outcome.HANDED_OVER
    assert (result.leaf, result.reason) == told


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_at_once_and_the_arm_holds_for_as_long_as_promised(
    number: signal.Signals,
) -> None:
    desk = Desk(hit_by(number))
    diary = Diary()
    result = desk.run([diary], RunOptions(hold_s=1.5))
    assert result.reason == f"stopped by {number.name}"
    assert len(diary.ticks) == 2
    assert desk.bench.clock.now() - desk.bench.log[0].at_s == pytest.approx(1.5, abs=0.03)


def test_a_second_ctrl_c_while_it_holds_is_the_emergency_stop() -> None:
    desk = Desk(hit_by(signal.SIGINT))

    def again(sleep: int) -> None:
        if sleep == 5:
            signal.raise_signal(signal.SIGINT)

    desk.during_sleep = again
    result = desk.run()
    assert result.outcome is Outcome.INTERRUPTED
    assert [command.device for command in desk.bench.log] == ["stop", "emergency stop"]
    assert desk.happened[-1] == "closed"
    assert desk.bench.gripper.motions == []


def test_ctrl_c_while_a_run_ends_by_itself_does_not_break_into_the_end() -> None:
    desk = Desk(ending_after(0))
    desk.moves_for = 5

    def late(sleep: int) -> None:
        if sleep == 2:
            signal.raise_signal(signal.SIGINT)

    desk.during_sleep = late
    assert desk.run().outcome is Outcome.HANDED_OVER
    assert once(desk.happened) == ["connected", *SAFE_END]


def test_ctrl_c_between_ticks_ends_the_run_the_same_way() -> None:
    desk = Desk(ending_after(1_000))

    def hit(sleep: int) -> None:
        if sleep == 4:
            signal.raise_signal(signal.SIGINT)

    desk.during_sleep = hit
    assert desk.run().outcome is Outcome.INTERRUPTED
    assert once(desk.happened) == ["connected", *SAFE_END]


def test_the_handlers_found_at_the_start_are_put_back() -> None:
    def doing(tick: int) -> Status:
        assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
        return Status.SUCCESS

    assert Desk(doing).run().outcome is Outcome.HANDED_OVER
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("event", ["begin", "tick", "end"])
def test_an_onlooker_that_raises_is_told_nothing_more_and_the_run_goes_on(
    event: str, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = Diary(event), Diary()
    with caplog.at_level(logging.WARNING):
        result = Desk(ending_after(3)).run([bad, good])
    assert result.outcome is Outcome.HANDED_OVER
    assert good.told == ["begin", "tick", "tick", "tick", "tick", "end"]
    assert bad.told == good.told[: good.told.index(event) + 1]
    assert "the Diary stopped working (no space left on device)" in caplog.text


def test_a_robot_that_cannot_be_connected_is_an_error_and_nothing_is_commanded() -> None:
    desk = Desk(ending_after(0))

    def step(name: str) -> None:
        raise NotConnected("arm", "switch it on")

    desk.step = step  # type: ignore[method-assign]
    diary = Diary()
    result = desk.run([diary])
    assert result.outcome is Outcome.ERROR
    assert result.reason == "arm is not connected; switch it on"
    assert diary.told == ["end"]
    assert desk.bench.log == []


def test_the_request_is_there_before_the_first_tick_and_old_keys_are_gone() -> None:
    put(keys.PHASE, "left over")
    seen = []

    def doing(tick: int) -> Status:
        seen.append((get(keys.REQUEST).label, "/" + keys.PHASE in Blackboard.storage))
        return Status.SUCCESS

    Desk(doing).run()
    assert seen == [("mug", False)]


def test_ticks_keep_the_rate_and_report_only_what_changed() -> None:
    diary = Diary()
    result = Desk(ending_after(10)).run([diary], RunOptions(tick_hz=100.0))
    np.testing.assert_allclose(np.diff([tick.t_s for tick in diary.ticks]), 0.01)
    assert result.ticks == 11
    assert [sorted(tick.nodes) for tick in diary.ticks[:3]] == [[0], [], []]


def test_an_arm_that_cannot_be_read_for_a_moment_does_not_end_the_run() -> None:
    def doing(tick: int) -> Status:
        fault = NotConnected("arm", "wait") if tick == 1 else None
        desk.bench.arm.unreadable = fault
        return Status.RUNNING if tick < 3 else Status.SUCCESS

    desk: Desk = Desk(doing)
    assert desk.run().outcome is Outcome.HANDED_OVER


def test_failures_are_counted_by_leaf() -> None:
    result = Desk(ending_after(0, Status.FAILURE)).run()
    assert result.failures == {"Carry": 1}
