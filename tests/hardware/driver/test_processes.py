"""The real processes over the simulated arm: each way to die ends with the arm at rest and the grip kept."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import numpy as np
import pytest

from app.bench.stops import CAUSES, die
from hardware.clock import SystemClock
from hardware.driver.client import DriverProcess
from hardware.driver.devices import DeviceAddress
from hardware.driver.options import DriverOptions
from hardware.driver.remote import RemoteArm, RemoteGripper
from hardware.errors import DeviceFault, HardwareError, LimitViolation, NotConnected
from hardware.types import Trajectory
from tests.hardware.simulated import move_to

ADDRESS = DeviceAddress("hardware.sim.hosted:open_devices", {"label": "mug"})


@pytest.mark.parametrize("cause", CAUSES)
def test_the_arm_comes_to_rest_and_the_gripper_keeps_its_grip(cause: str) -> None:
    death = die(cause)
    events = [event["event"] for event in death.events]
    assert "move" not in events
    assert "reflex" not in events
    assert events[-1] == "end"
    assert death.events[-1]["at_rest"]
    reasons = [event["reason"] for event in death.events if event["event"] == "lost"]
    if cause == "frozen":
        assert "silent" in reasons[0]
    elif cause == "killed":
        assert "gone" in reasons[0]
    else:
        assert events.index("stop") < len(events) - 1
        assert death.events[events.index("stop")]["reason"] == "the program asked for it"
    assert ("emergency_stop" in events) == (cause == "interrupted twice")


@pytest.fixture
def driver() -> Iterator[DriverProcess]:
    with DriverProcess(ADDRESS, DriverOptions(), SystemClock()) as made:
        yield made


def wait_until(holds, driver: DriverProcess, within_s: float = 10.0) -> None:  # type: ignore[no-untyped-def]
    clock = SystemClock()
    end_s = clock.now() + within_s
    while not holds():
        driver.robot()  # the program's loop lives
        assert clock.now() < end_s, "it did not happen"
        clock.sleep(0.01)


def test_motions_run_and_end_across_the_border(driver: DriverProcess) -> None:
    arm, gripper = RemoteArm(driver), RemoteGripper(driver)
    start = arm.state().joints
    goal = start + 0.1
    motion, closing = arm.follow(move_to(start, goal, 1.0)), gripper.move(0.05, 40.0)
    assert motion.poll().running
    wait_until(lambda: not motion.poll().running and not closing.poll().running, driver)
    assert motion.poll().succeeded, motion.poll().reason
    assert closing.poll().succeeded, closing.poll().reason
    np.testing.assert_allclose(arm.state().joints, goal, atol=0.01)
    assert gripper.state().width_m == pytest.approx(0.05, abs=0.002)


def test_a_wrong_start_is_refused_before_anything_is_sent(driver: DriverProcess) -> None:
    arm = RemoteArm(driver)
    away = arm.state().joints + 0.5
    with pytest.raises(LimitViolation, match="nothing was sent"):
        arm.follow(Trajectory(np.array([0.0, 1.0]), np.array([away, away]), np.zeros((2, 7))))
    with pytest.raises(LimitViolation, match="opening"):
        RemoteGripper(driver).move(0.2, 40.0)


def test_a_killed_driver_is_a_fault_and_ends_its_motions(driver: DriverProcess) -> None:
    arm = RemoteArm(driver)
    start = arm.state().joints
    motion = arm.follow(move_to(start, start + 0.2, 5.0))
    assert driver._process is not None
    os.kill(driver._process.pid, signal.SIGKILL)
    wait_until(lambda: arm.state().fault is not None, driver)
    assert "exit code -9" in str(arm.state().fault)
    assert "exit code -9" in motion.poll().reason
    with pytest.raises(DeviceFault):
        arm.follow(move_to(start, start + 0.2, 5.0))
    arm.stop()  # harmless


def test_what_the_device_cannot_is_said_in_its_words() -> None:
    with pytest.raises(HardwareError, match="hammer"):
        DriverProcess(
            DeviceAddress("hardware.sim.hosted:open_devices", {"label": "hamer"}),
            DriverOptions(),
            SystemClock(),
        ).__enter__()


def test_a_driver_that_is_not_connected_says_so() -> None:
    with pytest.raises(NotConnected):
        DriverProcess(ADDRESS, DriverOptions(), SystemClock()).robot()
