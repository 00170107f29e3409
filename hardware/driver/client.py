"""The program's side of the driver process: arm and gripper as thin clients with cached, stamped readings.

Guarantees (those of `hardware.protocols`, and):
1. Nothing here waits for the device: commands are written to a socket, readings come in a thread.
2. The driver hears a beat only while this program's loop looks at the arm, or nothing moves: a thread that
   beats on while the loop hangs would be worse than none.
3. A driver that ended or fell silent is a fault of the arm in the next reading, and ends every motion as
   FAILED.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from itertools import count
from pathlib import Path
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any

from hardware.driver import wire
from hardware.driver.devices import DeviceAddress
from hardware.driver.options import DriverOptions
from hardware.errors import DeviceFault, HardwareError, NotConnected
from hardware.history import JointHistory
from hardware.protocols import Clock
from hardware.shown_clock import ShownTime
from hardware.types import MotionState, MotionStatus, RobotState

SEND_S = 0.25
"""A driver that takes no command for this long is lost."""
LEAVE_S = 5.0
ROOT = Path(__file__).parent.parent.parent


class DriverProcess:
    """Starts the process, keeps its readings, tells it that this program lives; a context manager."""

    def __init__(
        self,
        address: DeviceAddress | Callable[[], DeviceAddress],
        options: DriverOptions,
        clock: Clock,
        journal: Path | None = None,
        time: ShownTime | None = None,
    ) -> None:
        """address: asked for when the process starts, where it is not known before. time: what the process
        lives by instead of the machine's clock; `clock` must show it.
        """
        self._time = time
        self._address, self._options, self._clock, self._journal = address, options, clock, journal
        self._process: subprocess.Popen[bytes] | None = None
        self._commands: socket.socket
        self._readings: socket.socket
        self._lock, self._sending = Lock(), Lock()
        self._numbers = count(1)
        self._robot: RobotState | None = None
        self._statuses: dict[int, MotionStatus] = {}
        self._heard_s = self._looked_s = 0.0
        self._lost = ""
        self._leaving, self._first = Event(), Event()
        self.name = ""
        self.history = JointHistory()

    def __enter__(self) -> DriverProcess:
        """Connect; raises HardwareError with the driver's words when it cannot."""
        theirs, self._commands = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        sent, self._readings = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        with theirs, sent:
            self._process = subprocess.Popen(
                self._words(theirs.fileno(), sent.fileno()),
                pass_fds=(theirs.fileno(), sent.fileno(), *([self._time.fileno()] if self._time else [])),
                env=environment(foreign=self._options.python is not None),
                stdin=subprocess.DEVNULL,
                # Its own session: neither Ctrl-C nor Ctrl-Z at the terminal reaches it, only this program.
                start_new_session=True,
            )
        try:
            self._await_ready()
            for work in (self._take_readings, self._beat):
                Thread(target=work, name=f"driver {work.__name__}", daemon=True).start()
            self._await_reading()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Have the arm stopped and the process ended."""
        if self._process is None:
            return
        self.command({"do": "close"})
        self._leaving.set()
        for end in (lambda: None, self._process.terminate, self._process.kill):
            end()
            try:
                self._process.wait(LEAVE_S)
                break
            except subprocess.TimeoutExpired:
                continue
        self._commands.close()
        self._readings.close()

    def command(self, message: Mapping[str, Any]) -> None:
        """Write one command; a driver that does not take it counts as lost from now on."""
        try:
            with self._sending:
                if not self._lost and self._process is not None:
                    wire.send(self._commands, message)
        except ConnectionError:
            self._lose(self._epitaph())
        except OSError as error:
            self._lose(f"the driver process takes no commands ({error})")

    def begin(self, message: Mapping[str, Any]) -> int:
        """Write a command that begins a motion; returns the motion's number. Raises DeviceFault when lost."""
        if self.lost:
            raise DeviceFault("arm", self.lost, "look at the arm, then start the program again")
        with self._lock:
            number = next(self._numbers)
            self._statuses[number] = MotionStatus(MotionState.RUNNING, "sent to the driver")
        self.command({**message, "number": number})
        return number

    def status(self, number: int) -> MotionStatus:
        """Where a motion stands; FAILED once the driver is lost."""
        self._looked_s = self._clock.now()
        lost = self.lost
        with self._lock:
            status = self._statuses[number]
        return MotionStatus(MotionState.FAILED, lost) if lost and status.running else status

    def robot(self) -> RobotState:
        """The newest reading, its arm in a fault once the driver is lost.

        Raises NotConnected before the first.
        """
        self._looked_s = self._clock.now()
        robot, lost = self._robot, self.lost
        if robot is None:
            raise NotConnected("the arm's driver", "enter its context first")
        return replace(robot, arm=replace(robot.arm, fault=lost)) if lost else robot

    def seen_s(self) -> float | None:
        """The newest reading's stamp, None before the first and once the driver is lost; this is no look at
        the arm.
        """
        robot = self._robot
        return None if robot is None or self._lost else robot.arm.stamp_s

    @property
    def lost(self) -> str:
        """Why the driver cannot be reached any more, or an empty string."""
        silent_s = self._clock.now() - self._heard_s
        if not self._lost and self._robot is not None and silent_s > self._options.silent_s:
            return f"the driver process has been silent for {silent_s:.1f} s"
        return self._lost

    def _words(self, commands: int, readings: int) -> list[str]:
        address = self._address if isinstance(self._address, DeviceAddress) else self._address()
        opener, arguments = address.words()
        words = [self._options.python or sys.executable, "-m", "hardware.driver"]
        words += ["--commands", str(commands), "--readings", str(readings)]
        words += [
            "--opener",
            opener,
            "--arguments",
            arguments,
            "--options",
            json.dumps(asdict(self._options)),
        ]
        if self._time is not None:
            words += ["--time", str(self._time.fileno())]
        return words if self._journal is None else [*words, "--journal", str(self._journal)]

    def _await_ready(self) -> None:
        self._commands.settimeout(self._options.start_s)
        try:
            answer = wire.receive(self._commands)
        except TimeoutError:
            raise HardwareError(
                f"the driver process did not connect within {self._options.start_s:g} s; "
                "see what it printed, and whether the arm is switched on and reachable"
            ) from None
        if answer is None:
            raise HardwareError("the driver process ended before it was connected; see what it printed")
        if answer["is"] != "ready":
            raise HardwareError(str(answer["reason"]))
        self.name = str(answer["name"])
        self._commands.settimeout(SEND_S)

    def _await_reading(self) -> None:
        """Not by the clock: simulated time, which nobody holds back yet, would run away from the reading."""
        self._first.wait(self._options.start_s)
        if self._robot is None:
            raise HardwareError(self._lost or "the driver process is connected but sends no readings")

    def _take_readings(self) -> None:
        """In a thread: the newest reading and what it says of the motions."""
        while not self._leaving.is_set():
            try:
                datagram = self._readings.recv(wire.DATAGRAM_BYTES)
            except OSError:
                datagram = b""
            if not datagram:
                self._lose(self._epitaph())
                return
            message = json.loads(datagram)
            with self._lock:
                self._robot = wire.robot_of(message["robot"])
                self._heard_s = self._clock.now()
                self.history.add(self._robot.arm)
                for number, state, reason in message["motions"]:
                    if number in self._statuses and self._statuses[number].running:
                        self._statuses[number] = MotionStatus(MotionState(state), reason)
            self._first.set()

    def _beat(self) -> None:
        """In a thread: say that the program lives, as long as its loop does."""
        while not self._leaving.wait(self._options.beat_s) and not self._lost:
            if self._clock.now() - self._looked_s <= self._options.loop_limit_s or not self._moving():
                self.command({"do": "beat"})

    def _moving(self) -> bool:
        with self._lock:
            return any(status.running for status in self._statuses.values())

    def _epitaph(self) -> str:
        assert self._process is not None  # readings are taken after the start
        try:
            code = self._process.wait(0.1)
        except subprocess.TimeoutExpired:
            return "the driver process closed its side"
        return f"the driver process ended (exit code {code})"

    def _lose(self, reason: str) -> None:
        if not self._leaving.is_set():
            self._lost = self._lost or reason
            self._first.set()


def environment(foreign: bool = False) -> dict[str, str]:
    """This program's own, with the sources on the path for an interpreter that has them not installed.

    foreign: another interpreter than this one's, which must not find packages made for this one.
    """
    path = None if foreign else os.environ.get("PYTHONPATH")
    kept = {name: value for name, value in os.environ.items() if not (foreign and name == "PYTHONHOME")}
    return {**kept, "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), path)))}
