"""Carries out the program's commands in the driver process; a stop overtakes whatever waits or runs.

Guarantees:
1. `stop`, `emergency_stop` and `cancel` act in the thread that received them; motions begin in a worker,
   since a device may take its time to accept one.
2. A motion that began while a stop came in is cancelled at once; one that was still waiting never begins.
   A stop ends the fingers' motion too: an opening that waits in the device is not sent after it.
3. What a device refuses ends that motion with the device's words; nothing is raised here for it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any

from hardware.driver.devices import HostedDevices
from hardware.driver.journal import Journal
from hardware.driver.wire import trajectory_of
from hardware.errors import HandoverError
from hardware.protocols import Motion
from hardware.types import MotionState, MotionStatus

KEPT = 64
"""So many ended motions are still reported, for readings that were dropped on the way."""

logger = logging.getLogger(__name__)


class Desk:
    """The commands of one program and the motions they began."""

    def __init__(self, devices: HostedDevices, journal: Journal) -> None:
        self._devices, self._journal = devices, journal
        self._lock = Lock()
        self._epoch = 0
        self._motions: dict[int, Motion | None] = {}
        self._of_fingers: set[int] = set()
        """Numbers of the gripper's motions."""
        self._ended: dict[int, MotionStatus] = {}
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="command")
        self.latched = ""
        """Why no motion is begun any more; only a new driver begins without one."""

    def follow(self, number: int, fields: Any) -> None:
        """Begin a trajectory under this number."""
        self._begin(number, "follow", lambda: self._devices.arm.follow(trajectory_of(fields)))

    def move(self, number: int, width_m: float, force_n: float) -> None:
        """Begin an opening or closing under this number."""
        with self._lock:
            self._of_fingers.add(number)
        self._begin(number, "move", lambda: self._devices.gripper.move(width_m, force_n))

    def cancel(self, number: int) -> None:
        """End one motion; one that has not begun never will."""
        with self._lock:
            motion = self._motions.get(number)
            if motion is None and number in self._motions:
                self._end(number, MotionStatus(MotionState.FAILED, "cancelled"))
        if motion is not None:
            motion.cancel()

    def stop(self, reason: str, *, emergency: bool = False) -> None:
        """Bring arm and fingers to rest and forget what waits; a grip that presses goes on pressing."""
        fingers = []
        with self._lock:
            self._epoch += 1
            for number, motion in tuple(self._motions.items()):
                if motion is None:
                    self._end(number, MotionStatus(MotionState.FAILED, reason))
                elif number in self._of_fingers:
                    fingers.append(motion)
        for motion in fingers:
            try:
                motion.cancel()
            except Exception:  # whatever it is, the arm must be stopped
                logger.exception("the fingers' motion could not be ended")
        (self._devices.arm.emergency_stop if emergency else self._devices.arm.stop)()
        self._journal.note("emergency_stop" if emergency else "stop", reason=reason)

    @property
    def busy(self) -> bool:
        """Whether any motion waits or runs."""
        with self._lock:
            return bool(self._motions)

    def statuses(self) -> dict[int, MotionStatus]:
        """Where every motion stands, the last ended ones included."""
        with self._lock:
            for number, motion in tuple(self._motions.items()):
                status = None if motion is None else motion.poll()
                if status is not None and not status.running:
                    self._end(number, status)
            waiting = MotionStatus(MotionState.RUNNING, "sent to the device")
            running = {
                number: waiting if motion is None else motion.poll()
                for number, motion in self._motions.items()
            }
            return {**self._ended, **running}

    def close(self) -> None:
        """Begin nothing any more."""
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _begin(self, number: int, kind: str, start: Callable[[], Motion]) -> None:
        with self._lock:
            if self.latched:
                self._end(number, MotionStatus(MotionState.FAILED, self.latched))
                return
            self._motions[number] = None
            epoch = self._epoch
        self._worker.submit(self._start, number, kind, start, epoch)

    def _start(self, number: int, kind: str, start: Callable[[], Motion], epoch: int) -> None:
        with self._lock:
            if number not in self._motions:  # stopped or cancelled while it waited
                return
        try:
            motion = start()
        except (HandoverError, ValueError) as error:
            self._refused(number, kind, str(error))
        except Exception as error:  # a bug in a device's driver: the program must hear of it
            logger.exception("%s failed", kind)
            self._refused(number, kind, f"{type(error).__name__}: {error}")
        else:
            with self._lock:
                wanted = number in self._motions and epoch == self._epoch
                if number in self._motions:
                    self._motions[number] = motion
            self._journal.note(kind, number=number)
            if not wanted:
                motion.cancel()

    def _refused(self, number: int, kind: str, reason: str) -> None:
        self._journal.note("refused", number=number, command=kind, reason=reason)
        with self._lock:
            self._end(number, MotionStatus(MotionState.FAILED, reason))

    def _end(self, number: int, status: MotionStatus) -> None:
        self._motions.pop(number, None)
        self._of_fingers.discard(number)
        self._ended[number] = status
        while len(self._ended) > KEPT:
            del self._ended[next(iter(self._ended))]
