"""The driver process' loop: reads the arm, tells the program, and stops the arm when nobody commands it.

Guarantees:
1. A program that is silent for `beat_limit_s`, or gone, means: stop the arm and hold; the gripper keeps its
   grip.
2. A program that froze while the arm moved finds it latched in a fault when it comes back.
3. The gripper opens here only by the release reflex, on terms the program set while it lived.
4. Whatever happens in this process, the arm is stopped before it ends.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from dataclasses import replace
from threading import Event, Thread
from typing import Any

import numpy as np

from hardware.driver import reflex, wire
from hardware.driver.deadman import DeadMan
from hardware.driver.desk import Desk
from hardware.driver.devices import HostedDevices
from hardware.driver.journal import Journal
from hardware.driver.options import DriverOptions
from hardware.errors import HandoverError, HardwareError
from hardware.gen3 import gripper as linkage
from hardware.protocols import Clock
from hardware.types import RobotState

PERIOD_S = 0.005
REST_RAD_S = 0.01
STILL_S = 0.1
"""At rest means slower than `REST_RAD_S` for this long."""
LEAVE_S = 3.0
"""The arm is given this long to come to rest before the process ends."""


class Host:
    """Serves one program until it closes or is gone."""

    def __init__(
        self,
        devices: HostedDevices,
        commands: socket.socket,
        readings: socket.socket,
        journal: Journal,
        options: DriverOptions,
        clock: Clock,
    ) -> None:
        self._devices, self._commands, self._readings = devices, commands, readings
        self._journal, self._options, self._clock = journal, options, clock
        self._desk = Desk(devices, journal)
        self.deadman = DeadMan(options.beat_limit_s)
        self._reflex: reflex.ReflexState | None = None
        self._closing = Event()
        self._lost = ""
        self._robot: RobotState | None = None
        self._fault = ""
        self._fast_s = self._stopped_s = self._sent_s = self._now_s = -np.inf
        self._gone_s: float | None = None
        self._leaving_s: float | None = None
        self._resting = True

    def close(self) -> None:
        """End as soon as the arm is at rest; may be called from a signal handler."""
        self._closing.set()

    def run(self) -> None:
        """Serve; returns once the arm rests and nobody needs this process any more."""
        Thread(target=self._receive, name="commands", daemon=True).start()
        try:
            while self.step():
                self._clock.sleep(PERIOD_S)
        finally:
            self._desk.close()
            self._devices.arm.stop()
            self._journal.note("end", at_rest=self._resting)

    def step(self) -> bool:
        """Read, watch and publish once; False when this process is needed no more."""
        now_s = self._clock.now()
        self._read(now_s)
        self._watch(now_s)
        self._publish(now_s)
        self._now_s = now_s
        if not self._closing.is_set() and not self._nobody_left(now_s):
            return True
        if self._leaving_s is None:
            self._leaving_s = now_s
            self._stop("the driver closes")
        return not self._resting and now_s - self._leaving_s <= LEAVE_S

    def obey(self, message: dict[str, Any]) -> None:
        """Carry out one command. Raises ValueError, KeyError or TypeError for what is none."""
        match message:
            case {"do": "beat"}:
                self.deadman.beat(self._clock.now())
            case {"do": "follow", "number": int(number)}:
                self._desk.follow(number, message["trajectory"])
            case {"do": "move", "number": int(number)}:
                self._desk.move(number, float(message["width_m"]), float(message["force_n"]))
            case {"do": "cancel", "number": int(number)}:
                self._desk.cancel(number)
            case {"do": "stop"}:
                self._stop("the program asked for it")
            case {"do": "emergency_stop"}:
                self._stop("the program asked for it", emergency=True)
            case {"do": "arm_reflex"}:
                terms = reflex.ReflexTerms(
                    message["tare"],
                    message["toward_robot"],
                    self._options.reflex_pull_n,
                    self._options.reflex_s,
                )
                self._reflex = reflex.ReflexState(terms)
                self._journal.note("reflex_armed")
            case {"do": "disarm_reflex"}:
                self._reflex = None
                self._journal.note("reflex_disarmed")
            case {"do": "close"}:
                self.close()
            case _:
                raise ValueError(f"unknown command {message.get('do')!r}")

    def _receive(self) -> None:
        """In a thread: take in commands until the program closes its end."""
        reason = "the program is gone"
        try:
            while (message := wire.receive(self._commands)) is not None:
                self._obey_guarded(message)
        except (OSError, ValueError, KeyError, TypeError) as error:
            reason = f"the program sends nothing that can be understood: {error}"
        except Exception as error:  # a bug in a device's driver: nobody hears commands any more
            reason = f"a command failed in the driver: {type(error).__name__}: {error}"
        self.deadman.gone(reason)

    def _obey_guarded(self, message: dict[str, Any]) -> None:
        """What a device refuses is noted; it must not end the hearing of further commands."""
        try:
            self.obey(message)
        except HandoverError as error:
            self._journal.note("refused", command=message.get("do"), reason=str(error))

    def _stop(self, reason: str, *, emergency: bool = False) -> None:
        self._stopped_s = self._clock.now()
        self._desk.stop(reason, emergency=emergency)

    def _read(self, now_s: float) -> None:
        try:
            self._robot = RobotState(self._devices.arm.state(), self._devices.gripper.state())
            self._fault = ""
        except HardwareError as error:
            self._unread(str(error))
            return
        except Exception as error:  # a bug in a device's driver: who watches the arm must go on
            self._unread(f"{type(error).__name__}: {error}", latch=True)
            return
        if np.max(np.abs(self._robot.arm.velocities)) > REST_RAD_S:
            self._fast_s = now_s
        resting = now_s - self._fast_s > STILL_S
        if resting and not self._resting and self._stopped_s > -np.inf:
            self._journal.note("at_rest", since_s=round(self._fast_s, 6))
            self._stopped_s = -np.inf
        self._resting = resting

    def _unread(self, reason: str, *, latch: bool = False) -> None:
        """The arm cannot be seen: it is stopped, once, until it can be; the gripper keeps its grip."""
        if not self._fault:
            self._journal.note("unread", reason=reason)
            if latch:
                self._desk.latched = (
                    self._desk.latched or f"the arm could not be read ({reason}); it was stopped"
                )
            self._stop(f"the arm cannot be read: {reason}")
        self._fault = reason

    def _watch(self, now_s: float) -> None:
        lost = self.deadman.lost(now_s)
        if lost and not self._lost:
            moving = self._desk.busy or not self._resting
            self._journal.note("lost", reason=lost, moving=moving)
            if moving:
                self._desk.latched = f"{lost}: the arm was stopped; look at it, then start again"
            self._stop(lost)
        elif self._lost and not lost:
            self._journal.note("back")
            if self._reflex is not None:  # a pull counts only as long as it is watched
                self._reflex = replace(self._reflex, pulled_since_s=None)
        self._lost = lost
        if lost and self._reflex is not None and self._robot is not None and not self._reflex.fired:
            self._reflex = reflex.step(self._reflex, self._robot.arm.force, self._resting, now_s)
            if self._reflex.fired:
                width_m, force_n = self._robot.gripper.width_m, max(self._robot.gripper.force_n, 1.0)
                wider_m = min(width_m + self._options.reflex_open_m, linkage.MAX_WIDTH_M)
                self._journal.note("reflex", reason="pulled for while nobody commanded the arm")
                try:
                    self._devices.gripper.move(wider_m, force_n)
                except HardwareError as error:  # this loop is what watches the arm: it must go on
                    self._journal.note("refused", command="reflex", reason=str(error))

    def _publish(self, now_s: float) -> None:
        # Where time stands still, a program may be waiting for the next reading to let it go on.
        due = now_s - self._sent_s >= 1.0 / self._options.state_hz or now_s == self._now_s
        if not due or self._robot is None:
            return
        self._sent_s = now_s
        shift_s = now_s - self._devices.now()
        statuses = self._desk.statuses()
        message = {
            "robot": wire.robot_fields(self._robot, shift_s, self._fault or self._desk.latched or None),
            "motions": [[number, status.state.value, status.reason] for number, status in statuses.items()],
        }
        with suppress(OSError):  # a frozen program must not block this loop, a dead one needs no readings
            self._readings.send(wire.encode(message))

    def _nobody_left(self, now_s: float) -> bool:
        if not self.deadman.is_gone:
            return False
        if self._gone_s is None:
            self._gone_s = now_s
        holding = self._robot is not None and self._robot.gripper.holding
        wanted = self._reflex is not None and not self._reflex.fired and holding
        return not wanted or now_s - self._gone_s > self._options.linger_s
