"""The arm's newest reading, taken in a thread and kept with its stamp."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any

import numpy as np

from hardware.errors import HardwareError, NotConnected, StaleData
from hardware.gen3.kinematics import flange_pose
from hardware.kinova.options import KinovaOptions
from hardware.kinova.session import KortexSession
from hardware.kinova.units import joints_rad
from hardware.protocols import Clock
from hardware.types import ArmState, FloatArray

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reading:
    """One feedback in SI units; `closed` is the gripper's share, 0 open to 1 closed."""

    arm: ArmState
    arm_state: int
    closed: float
    closing_s: float
    """Its speed in shares per second."""
    current_a: float
    """Of its motor."""
    tool_position: FloatArray
    """Where the arm says its tool frame is (3,) m."""


class Feedback(AbstractContextManager["Feedback"]):
    """Reads at `feedback_hz` while entered."""

    def __init__(self, session: KortexSession, options: KinovaOptions, clock: Clock) -> None:
        self._session, self._options, self._clock = session, options, clock
        self._lock, self._ended = Lock(), Event()
        self._newest: Reading | None = None
        self._failure: Exception | None = None
        self._thread = Thread(target=self._run, name="kortex feedback", daemon=True)
        self.listeners: list[Callable[[Reading], None]] = []
        """Told of every reading, in the reading thread."""

    def __enter__(self) -> Feedback:
        """Raises HardwareError when the first reading cannot be had."""
        self._newest = self._read()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join(1.0)

    def newest(self) -> Reading:
        """The last good reading. Raises StaleData once the link has been silent for `lost_s`."""
        with self._lock:
            reading, failure = self._newest, self._failure
        if reading is None:
            raise NotConnected("the arm", "enter its session first")
        age_s = self._clock.now() - reading.arm.stamp_s
        if age_s > self._options.lost_s:
            raise StaleData("arm", age_s, self._options.lost_s) from failure
        return reading

    def _run(self) -> None:
        while not self._ended.wait(1.0 / self._options.feedback_hz):
            try:
                reading = self._read()
                with self._lock:
                    self._newest, self._failure = reading, None
                for listener in tuple(self.listeners):
                    listener(reading)
            except Exception as error:
                # Lost, or not to be read: the age of the last good reading tells the rest.
                if not isinstance(error, HardwareError):
                    logger.exception("a reading failed")
                with self._lock:
                    self._failure = error

    def _read(self) -> Reading:
        asked_s = self._clock.now()
        feedback = self._session.call(
            self._session.cyclic.RefreshFeedback, deadline_s=self._options.feedback_s
        )
        stamp_s = (asked_s + self._clock.now()) / 2.0
        near = None if self._newest is None else self._newest.arm.joints
        joints = joints_rad(np.array([actuator.position for actuator in feedback.actuators]), near)
        base, motor = feedback.base, feedback.interconnect.gripper_feedback.motor
        return Reading(
            arm=ArmState(
                joints=joints,
                velocities=np.radians([actuator.velocity for actuator in feedback.actuators]),
                torques=-np.array([actuator.torque for actuator in feedback.actuators]),
                wrench=self._wrench(base, joints),
                fault=self._fault(feedback),
                stamp_s=stamp_s,
            ),
            arm_state=int(base.active_state),
            closed=motor[0].position / 100.0 if motor else 0.0,
            closing_s=motor[0].velocity / 100.0 if motor else 0.0,
            current_a=abs(motor[0].current_motor) / 1000.0 if motor else 0.0,
            tool_position=np.array([base.tool_pose_x, base.tool_pose_y, base.tool_pose_z]),
        )

    def _wrench(self, base: Any, joints: FloatArray) -> FloatArray:
        """Force and torque of the surroundings on the tool (6,), base frame."""
        force, torque = (
            np.array([getattr(base, f"tool_external_wrench_{kind}_{axis}") for axis in "xyz"])
            for kind in ("force", "torque")
        )
        if self._options.wrench_frame == "tool":
            turn = flange_pose(joints)[:3, :3]
            force, torque = turn @ force, turn @ torque
        return np.concatenate([force, torque])

    def _fault(self, feedback: Any) -> str | None:
        """The arm's state and fault banks in words, or None."""
        names = self._session.package.messages.Base
        found = []
        if feedback.base.active_state == names.ARMSTATE_IN_FAULT:
            found.append("the arm is in fault")
        for where, bank in (
            ("base", feedback.base),
            *((f"actuator {k + 1}", actuator) for k, actuator in enumerate(feedback.actuators)),
            ("interconnect", feedback.interconnect),
        ):
            if bank.fault_bank_a or bank.fault_bank_b:
                found.append(f"{where} fault bank {bank.fault_bank_a:#x}/{bank.fault_bank_b:#x}")
        return ", ".join(found) or None
