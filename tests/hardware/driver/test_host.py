"""The driver's loop over scripted devices: who may move the arm, who stops it, when it lets go."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest

from hardware.driver import wire
from hardware.driver.devices import HostedDevices
from hardware.driver.host import Host
from hardware.driver.journal import Journal
from hardware.driver.options import DriverOptions
from hardware.errors import HardwareError
from hardware.types import FloatArray, Trajectory
from tests.fakes import Command, FakeArm, FakeClock, FakeGripper

OPTIONS = DriverOptions()
TARE = [0.0, 0.0, -5.0]


class Bench:
    """A host with its devices and the program's end of both sockets; time passes in `run` only."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.log: list[Command] = []
        self.arm, self.gripper = FakeArm(self.clock, self.log, 5.0), FakeGripper(self.clock, self.log)
        self.program, commands = socket.socketpair()
        self.readings, sent = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        sent.setblocking(False)
        self.readings.setblocking(False)
        self.sockets = (self.program, commands, self.readings, sent)
        self.file = folder / "driver.jsonl"
        self.journal = Journal(self.file, self.clock)
        devices = HostedDevices("fake", self.arm, self.gripper, self.clock.now)
        self.host = Host(devices, commands, sent, self.journal, OPTIONS, self.clock)
        self.alive = True
        self._newest: dict[str, Any] = {}

    def run(self, seconds: float, beats: bool = True) -> None:
        for _ in range(round(seconds / 0.005)):
            if beats:
                self.host.obey({"do": "beat"})
                self.newest()
            self.alive = self.host.step()
            self.clock.sleep(0.005)

    def follow(self, number: int = 1) -> None:
        self.order(number)
        self.settle()

    def order(self, number: int = 1) -> None:
        start: FloatArray = self.arm.joints
        trajectory = Trajectory(np.array([0.0, 5.0]), np.stack([start, start]), np.zeros((2, 7)))
        self.host.obey({"do": "follow", "number": number, "trajectory": wire.trajectory_fields(trajectory)})

    def settle(self) -> None:
        """Wait until the worker has handed what it got to the device."""
        self.host._desk._worker.submit(lambda: None).result(5.0)

    def newest(self) -> dict[str, Any]:
        """The last reading the program was sent."""
        try:
            while True:
                self._newest = json.loads(self.readings.recv(wire.DATAGRAM_BYTES))
        except BlockingIOError:
            return self._newest

    def motion(self, number: int = 1) -> tuple[str, str]:
        return next((state, reason) for n, state, reason in self.newest()["motions"] if n == number)

    def count(self, device: str) -> int:
        return sum(command.device == device for command in self.log)

    def events(self) -> list[str]:
        return [json.loads(line)["event"] for line in self.file.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    with made.journal:
        yield made
    made.host._desk.close()
    for each in made.sockets:
        each.close()


def test_a_program_that_lives_is_served(bench: Bench) -> None:
    bench.follow()
    bench.run(1.0)
    assert bench.motion() == ("running", "")
    assert bench.count("stop") == 0
    bench.run(5.0)
    assert bench.motion() == ("succeeded", "arrived")
    assert bench.alive


def test_silence_stops_a_moving_arm_once_and_latches_a_fault(bench: Bench) -> None:
    bench.follow()
    bench.run(0.5)
    bench.run(1.0, beats=False)
    assert bench.count("stop") == 1
    bench.run(0.2)
    assert "was stopped" in bench.newest()["robot"]["arm"]["fault"]
    bench.follow(2)
    bench.run(0.1)
    assert bench.motion(2)[0] == "failed"
    assert len(bench.arm.motions) == 1
    assert bench.events() == ["follow", "lost", "stop", "back"]


def test_silence_of_a_program_that_moves_nothing_latches_nothing(bench: Bench) -> None:
    bench.run(0.5)
    bench.run(1.0, beats=False)
    bench.run(0.1)
    assert bench.newest()["robot"]["arm"]["fault"] is None
    bench.follow()
    bench.run(0.1)
    assert bench.motion()[0] == "running"


@pytest.mark.parametrize("error", [HardwareError("the link is silent"), ZeroDivisionError("a bug")])
def test_an_arm_that_cannot_be_read_is_stopped_once_with_the_reason_and_the_grip_kept(
    bench: Bench, error: Exception
) -> None:
    bench.follow()
    bench.run(0.5)
    read = bench.arm.state

    def unreadable() -> Any:
        raise error

    bench.arm.state = unreadable  # type: ignore[method-assign]
    bench.run(0.5)
    assert bench.alive
    assert (bench.count("stop"), bench.count("gripper")) == (1, 0)
    bench.run(0.1)
    assert str(error) in bench.newest()["robot"]["arm"]["fault"]
    bench.arm.state = read  # type: ignore[method-assign]
    bench.run(0.2)
    fault = bench.newest()["robot"]["arm"]["fault"]
    assert (fault is None) == isinstance(error, HardwareError), "a bug stays latched, a silence does not"


def test_a_command_a_device_refuses_does_not_end_the_hearing_of_further_ones(bench: Bench) -> None:
    def refuse() -> None:
        raise HardwareError("not now")

    bench.arm.stop, stop = refuse, bench.arm.stop  # type: ignore[method-assign]
    bench.host._obey_guarded({"do": "stop"})
    bench.arm.stop = stop  # type: ignore[method-assign]
    assert "refused" in bench.events()
    assert not bench.host.deadman.is_gone


def test_nothing_trips_before_the_first_beat(bench: Bench) -> None:
    bench.run(2.0, beats=False)
    assert bench.count("stop") == 0


def test_a_program_that_is_gone_ends_the_driver_with_the_arm_stopped_and_the_grip_kept(bench: Bench) -> None:
    bench.follow()
    bench.run(0.5)
    bench.host.deadman.gone("the program is gone")
    bench.run(0.5, beats=False)
    assert not bench.alive
    assert bench.count("stop") >= 1
    assert bench.count("gripper") == 0


def test_a_stop_overtakes_a_motion_that_has_not_begun(bench: Bench) -> None:
    device_busy = Event()
    bench.host._desk._worker.submit(device_busy.wait, 5.0)
    bench.order()
    bench.host.obey({"do": "stop"})
    device_busy.set()
    bench.settle()
    bench.run(0.1)
    assert bench.motion()[0] == "failed"
    assert not bench.arm.motions


def test_a_motion_that_began_while_a_stop_came_in_is_cancelled(bench: Bench) -> None:
    begin = bench.arm.follow

    def follow(trajectory: Trajectory) -> Any:
        bench.host.obey({"do": "stop"})  # comes in while the device makes up its mind
        return begin(trajectory)

    bench.arm.follow = follow  # type: ignore[method-assign]
    bench.follow()
    assert bench.arm.motions[0].cancels == 1


@pytest.mark.parametrize("word", ["stop", "emergency_stop"])
def test_a_stop_ends_the_fingers_motion_before_the_arm_s(bench: Bench, word: str) -> None:
    bench.host.obey({"do": "move", "number": 7, "width_m": 0.085, "force_n": 40.0})
    bench.settle()
    bench.follow()
    bench.host.obey({"do": word})
    assert [motion.cancels for motion in bench.gripper.motions] == [1]
    assert bench.count(word.replace("_", " ")) == 1


def test_fingers_that_cannot_be_ended_do_not_keep_the_arm_from_its_stop(bench: Bench) -> None:
    bench.host.obey({"do": "move", "number": 7, "width_m": 0.085, "force_n": 40.0})
    bench.settle()

    def fail() -> None:
        raise HardwareError("no link")

    bench.gripper.motions[0].cancel = fail  # type: ignore[method-assign]
    bench.host.obey({"do": "stop"})
    assert bench.count("stop") == 1


def test_cancelling_ends_one_motion(bench: Bench) -> None:
    bench.follow()
    bench.host.obey({"do": "cancel", "number": 1})
    bench.host.obey({"do": "cancel", "number": 1})
    bench.run(0.1)
    assert bench.motion() == ("failed", "cancelled")


def test_what_a_device_refuses_ends_the_motion_with_its_words(bench: Bench) -> None:
    bench.arm.script[0] = ValueError("too fast for this arm")
    bench.follow()
    bench.run(0.1)
    assert bench.motion() == ("failed", "too fast for this arm")


@pytest.mark.parametrize(
    "message", [{"do": "dance"}, {"do": "follow", "number": 1}, {"do": "move", "number": 2}, {}]
)
def test_what_is_no_command_is_refused(bench: Bench, message: dict[str, Any]) -> None:
    with pytest.raises((ValueError, KeyError)):
        bench.host.obey(message)
    assert not bench.log


def test_an_emergency_stop_reaches_the_device(bench: Bench) -> None:
    bench.host.obey({"do": "emergency_stop"})
    assert bench.count("emergency stop") == 1


def offering(bench: Bench) -> None:
    """The arm holds an object out, the reflex is armed."""
    bench.gripper.holding, bench.gripper.width_m = True, 0.03
    bench.arm.force_n = np.array(TARE)
    bench.host.obey({"do": "arm_reflex", "tare": TARE, "toward_robot": [-1.0, 0.0, 0.0]})
    bench.run(0.5)


def test_the_reflex_lets_go_for_a_pull_while_the_program_is_frozen(bench: Bench) -> None:
    offering(bench)
    bench.arm.force_n = np.array([12.0, 0.0, -5.0])
    bench.run(1.0)
    assert bench.count("gripper") == 0  # while the program lives, it decides
    bench.run(1.0, beats=False)
    opened = [command for command in bench.log if command.device == "gripper"]
    assert [command.value[0] for command in opened] == [pytest.approx(0.04)]


def test_a_pull_counts_only_as_long_as_it_is_watched(bench: Bench) -> None:
    offering(bench)
    bench.arm.force_n = np.array([12.0, 0.0, -5.0])
    lost_s = OPTIONS.beat_limit_s + 0.5 * OPTIONS.reflex_s
    for _ in range(3):
        bench.run(lost_s, beats=False)
        bench.run(5.0)
    assert bench.count("gripper") == 0


def test_the_reflex_opens_no_farther_than_the_gripper_can_and_outlives_a_refusal(bench: Bench) -> None:
    offering(bench)
    bench.gripper.width_m = 0.080
    bench.gripper.script[0] = HardwareError("the gripper is in fault")
    bench.arm.force_n = np.array([12.0, 0.0, -5.0])
    bench.run(1.0, beats=False)
    assert bench.alive
    assert "refused" in bench.events()
    other = Bench(bench.file.parent)
    with other.journal:
        offering(other)
        other.gripper.width_m = 0.080
        other.arm.force_n = np.array([12.0, 0.0, -5.0])
        other.run(1.0, beats=False)
        opened = [command.value[0] for command in other.log if command.device == "gripper"]
    assert opened == [pytest.approx(0.0854)]
    for each in other.sockets:
        each.close()


def test_the_reflex_stays_for_the_person_after_the_program_is_gone(bench: Bench) -> None:
    offering(bench)
    bench.host.deadman.gone("the program is gone")
    bench.run(5.0, beats=False)
    assert bench.alive
    bench.arm.force_n = np.array([0.0, 12.0, -5.0])
    bench.run(1.0, beats=False)
    assert bench.count("gripper") == 1
    assert not bench.alive


def test_the_driver_does_not_stay_for_ever(bench: Bench) -> None:
    offering(bench)
    bench.host.deadman.gone("the program is gone")
    bench.run(OPTIONS.linger_s + 1.0, beats=False)
    assert not bench.alive
    assert bench.count("gripper") == 0


def test_a_disarmed_reflex_does_nothing(bench: Bench) -> None:
    offering(bench)
    bench.host.obey({"do": "disarm_reflex"})
    bench.arm.force_n = np.array([30.0, 0.0, -5.0])
    bench.run(2.0, beats=False)
    assert bench.count("gripper") == 0


def test_a_frozen_program_does_not_block_the_loop(bench: Bench) -> None:
    bench.run(60.0)  # nobody takes the readings
    assert bench.alive
