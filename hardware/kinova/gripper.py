"""The Robotiq 2F-85 on Kinova's bus: positions only, few commands a second, an object told by the stall.

The interface takes no force: the fingers close with what the arm is set to. A command gets no end event: the
readings tell when the fingers have arrived or stand still on something.
"""

from __future__ import annotations

import logging
from threading import Event, Lock, Thread
from typing import Any

from hardware.errors import HardwareError
from hardware.kinova.feedback import Feedback, Reading
from hardware.kinova.motion import KortexMotion
from hardware.kinova.options import KinovaOptions
from hardware.kinova.session import KortexSession
from hardware.kinova.units import fraction, width_m
from hardware.limits import check_opening
from hardware.protocols import Clock
from hardware.types import GripperState, MotionState, MotionStatus

AT_GOAL = 0.02
"""A command of 0.99 settled at 0.987 on one gripper."""
STILL_S = 0.02
"""Shares per second below which the fingers stand still."""
WIDE_OPEN = 0.05
"""Fingers that were not closed further hold nothing, also when this program did not open them."""
SLIPPED = 0.04
"""So far from where the fingers stalled the object has moved between them, about 3.5 mm of opening."""
TIMEOUT_S = 5.0
LEAST_FORCE_N = 20.0
"""What a 2F-85 presses with at least, from its data sheet: the interface tells no force."""

logger = logging.getLogger(__name__)


class GripperMotion(KortexMotion):
    """One opening or closing under way."""

    def __init__(self, device: KortexGripper, goal: float, start_s: float) -> None:
        super().__init__(lambda: device.progress(self), device.keep)
        self.goal, self.start_s = goal, start_s
        self.refused = ""


class KortexGripper:
    """The gripper of one session.

    Fingers found half closed at its start count as holding something: told empty, a hand that holds would be
    opened; told holding, an empty one is only shown to somebody.
    """

    def __init__(
        self, session: KortexSession, feedback: Feedback, options: KinovaOptions, clock: Clock
    ) -> None:
        self._session, self._feedback, self._options, self._clock = session, feedback, options, clock
        self._names = session.package.messages.Base
        self._lock, self._news, self._hurry, self._ended = Lock(), Event(), Event(), Event()
        self._wanted: float | None = None
        """The share to send next; a newer command overwrites it."""
        reading = feedback.newest()
        self._goal = self._before = reading.closed
        self._moved_s = self._felt_s = clock.now()
        self._grip: float | None = None
        """Where the fingers stalled on what they hold."""
        if WIDE_OPEN < reading.closed < options.gripper_empty:
            # Closed half-way by an earlier program: on what they hold, until they are told to move.
            self._goal, self._grip = 1.0, reading.closed
        self._motion: GripperMotion | None = None
        feedback.listeners.append(self._felt)
        self._sender = Thread(target=self._send, name="kortex gripper", daemon=True)
        self._sender.start()
        session.at_the_end("end the gripper's sender", self._end)

    def state(self) -> GripperState:
        """The newest reading. Raises StaleData when the link is silent."""
        reading = self._feedback.newest()
        holding = self._holds(reading)
        return GripperState(
            width_m=width_m(reading.closed),
            force_n=LEAST_FORCE_N if holding else 0.0,
            holding=holding,
            stamp_s=reading.arm.stamp_s,
        )

    def move(self, width_m: float, force_n: float) -> GripperMotion:
        """Go to an opening; the interface ignores `force_n`. Raises LimitViolation outside of the stroke."""
        check_opening(width_m, force_n)
        with self._lock:
            before = self._motion
            self._motion = GripperMotion(self, fraction(width_m), self._clock.now())
            self._goal = self._wanted = self._motion.goal
            self._grip = None
            self._moved_s = self._clock.now()
            motion = self._motion
        if before is not None:
            before.give_up("replaced by another motion")
        self._news.set()
        return motion

    def keep(self) -> None:
        """Stay where the fingers are; a closing that presses on something goes on pressing.

        Without a reading nothing is sent: what waits is forgotten, the fingers do what they were told last.
        """
        try:
            reading = self._feedback.newest()
        except HardwareError as error:
            logger.warning("the gripper is left as it is: %s", error)
            with self._lock:
                self._motion = self._wanted = None
            return
        with self._lock:
            self._motion = None
            if self._goal <= reading.closed or not self._stalled():
                self._goal = self._wanted = reading.closed
        self._hurry.set()
        self._news.set()

    def progress(self, motion: GripperMotion) -> MotionStatus:
        """How far `motion` is, from the readings alone."""
        if motion.refused:
            return MotionStatus(MotionState.FAILED, motion.refused)
        try:
            reading = self._feedback.newest()
        except HardwareError as error:
            self._forget(motion)
            return MotionStatus(MotionState.FAILED, str(error))
        opening = f"{1e3 * width_m(reading.closed):.0f} mm"
        if self._wanted is not None or not self._stalled():
            if self._clock.now() - motion.start_s < TIMEOUT_S:
                return MotionStatus(MotionState.RUNNING, f"{opening} open")
            return MotionStatus(MotionState.FAILED, f"did not come to rest within {TIMEOUT_S:g} s")
        if abs(reading.closed - motion.goal) < AT_GOAL:
            return MotionStatus(MotionState.SUCCEEDED, f"{opening} open")
        if reading.closed < motion.goal:
            return MotionStatus(MotionState.SUCCEEDED, f"stopped by an object at {opening}")
        return MotionStatus(MotionState.FAILED, f"the fingers did not open beyond {opening}")

    def _forget(self, motion: GripperMotion) -> None:
        """What has failed is not sent any more."""
        with self._lock:
            if self._motion is motion:
                self._motion = self._wanted = None

    def _holds(self, reading: Reading) -> bool:
        closing = self._goal - reading.closed > AT_GOAL
        empty = reading.closed > self._options.gripper_empty
        return closing and not empty and (self._stalled() or self._grip is not None)

    def _stalled(self) -> bool:
        """Told by readings: a link that is silent for a while says nothing of the fingers."""
        return self._felt_s - self._moved_s > self._options.gripper_stall_s

    def _felt(self, reading: Reading) -> None:
        self._felt_s = reading.arm.stamp_s
        if abs(reading.closing_s) > STILL_S or abs(reading.closed - self._before) > AT_GOAL / 10.0:
            self._moved_s = max(self._moved_s, self._felt_s)
        self._before = reading.closed
        # Fingers that hold something while the arm moves quiver; only a slip is a loss.
        if self._stalled():
            self._grip = reading.closed
        elif self._grip is not None and abs(reading.closed - self._grip) > SLIPPED:
            self._grip = None

    def _send(self) -> None:
        """In a thread: the newest wanted opening, so many times a second at most; a halt goes at once."""
        while True:
            self._news.wait()
            self._news.clear()
            if self._ended.is_set():
                return
            with self._lock:
                wanted, motion = self._wanted, self._motion
            if wanted is not None:
                self._send_one(wanted, motion)
                self._hurry.wait(1.0 / self._options.gripper_rate_hz)
                self._hurry.clear()

    def _send_one(self, closed: float, motion: GripperMotion | None) -> None:
        command: Any = self._names.GripperCommand()
        command.mode = self._names.GRIPPER_POSITION
        finger = command.gripper.finger.add()
        finger.finger_identifier, finger.value = 1, closed
        try:
            self._session.call(self._session.base.SendGripperCommand, command)
        except Exception as error:  # this thread must take the next command
            logger.warning("the gripper: %s", error)
            if motion is not None:
                motion.refused = str(error)
        with self._lock:
            self._moved_s = self._clock.now()
            if self._wanted == closed:
                self._wanted = None

    def _end(self) -> None:
        self._ended.set()
        self._hurry.set()
        self._news.set()
        self._sender.join(1.0)
