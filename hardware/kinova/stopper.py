"""Brings the arm to rest, in a thread that outlives whatever goes wrong in it: a stop is never lost.

Guarantees:
1. Stop is sent until the arm has taken it AND its joints are seen at rest AND nobody called for another one
   meanwhile; only then is it settled.
2. A stop that is not seen to work is latched in `unseen`, and stays unsettled.
"""

from __future__ import annotations

import logging
from threading import Event, Lock, Thread

import numpy as np

from hardware.kinova.errors import KortexRefused
from hardware.kinova.feedback import Feedback
from hardware.kinova.options import KinovaOptions
from hardware.kinova.session import KortexSession
from hardware.protocols import Clock

STOP_TRIES, STOP_WAIT_S = 40, 0.05
STOP_S = 0.5
"""A Stop that is not answered within this time is sent again."""
INSIST_S = 1.0
STANDS_BY_ITSELF = ("ROBOT_IN_FAULT", "ROBOT_IN_EMERGENCY_STOP", "ROBOT_NOT_MOVING")
"""A Stop refused so needs no repetition once the joints are seen at rest."""

logger = logging.getLogger(__name__)


class Stopper:
    """The stops of one session."""

    def __init__(
        self, session: KortexSession, feedback: Feedback, options: KinovaOptions, clock: Clock
    ) -> None:
        self._session, self._feedback, self._options, self._clock = session, feedback, options, clock
        self._lock = Lock()
        self._wake, self._settled, self._ended = Event(), Event(), Event()
        self._settled.set()
        self._insist_s = -np.inf
        self.calls = 0
        """How often a stop was called for."""
        self.unseen = ""
        """Why a stop is not known to have worked; nobody takes this back."""
        self._thread = Thread(target=self._run, name="kortex stopper", daemon=True)
        self._thread.start()

    def call(self) -> None:
        """Bring the arm to rest; returns at once."""
        with self._lock:
            self.calls += 1
            self._settled.clear()
        self._wake.set()

    def insist(self) -> None:
        """Bring it to rest, and go on for `INSIST_S` although it rests: a motion may still begin."""
        self._insist_s = self._clock.now() + INSIST_S
        self.call()

    def settled(self, within_s: float) -> bool:
        """Whether every stop called for is confirmed, waiting for it this long."""
        return not self.unseen and self._settled.wait(within_s)

    def end(self) -> None:
        """Carry out what was called for, then end the thread."""
        self._ended.set()
        self._wake.set()
        self._thread.join(2.0 * STOP_TRIES * STOP_WAIT_S)

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            if not self._settled.is_set():
                self._bring_to_rest()
            if self._ended.is_set():
                return

    def _bring_to_rest(self) -> None:
        begun_s, tries = self._clock.now(), 0
        while tries < STOP_TRIES or self._clock.now() - begun_s < STOP_TRIES * STOP_WAIT_S:
            tries += 1
            calls = self.calls
            try:
                if self._stop_once() and self._resting() and self._clock.now() > self._insist_s:
                    with self._lock:
                        if self.calls == calls:
                            self._settled.set()
                            return
            except Exception as error:  # the next Stop counts more than why this one failed
                logger.warning("Stop: %s", error)
            self._clock.sleep(STOP_WAIT_S)
        self.unseen = f"it is not seen at rest after {tries} stops; press the emergency stop's button"
        logger.error("the arm: %s", self.unseen)

    def _stop_once(self) -> bool:
        """Whether the arm took it, or stands by its own word."""
        try:
            self._session.call(self._session.base.Stop, deadline_s=STOP_S)
        except KortexRefused as refusal:
            logger.warning("Stop: %s", refusal)
            return refusal.sub_code in STANDS_BY_ITSELF
        return True

    def _resting(self) -> bool:
        velocities = self._feedback.newest().arm.velocities
        return float(np.max(np.abs(velocities))) < np.radians(self._options.rest_deg_s)
