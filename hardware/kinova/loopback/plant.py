"""An arm and a gripper without dynamics, which are where their motion says: for a loopback controller."""

from __future__ import annotations

from threading import Lock

import numpy as np

from hardware.gen3 import gripper as linkage
from hardware.limits import check_opening
from hardware.protocols import Clock
from hardware.types import ArmState, FloatArray, GripperState, MotionState, MotionStatus, Trajectory

FINGER_SPEED_M_S = 0.10


class IdealMotion:
    """One motion of an ideal device; ends by itself, by replacement or by a stop."""

    def __init__(self, clock: Clock, duration_s: float) -> None:
        self._clock = clock
        self.start_s = clock.now()
        self.duration_s = duration_s
        self._end: MotionStatus | None = None

    @property
    def elapsed_s(self) -> float:
        return self._clock.now() - self.start_s

    def poll(self) -> MotionStatus:
        if self._end is None and self.elapsed_s >= self.duration_s:
            self._end = MotionStatus(MotionState.SUCCEEDED, "arrived")
        return self._end or MotionStatus(MotionState.RUNNING)

    def cancel(self) -> None:
        self.give_up("cancelled")

    def give_up(self, reason: str) -> None:
        """FAILED from now on, unless it has ended."""
        if self.poll().running:
            self._end = MotionStatus(MotionState.FAILED, reason)


class IdealArm:
    """Is exactly where its trajectory says; a stop holds it at once."""

    def __init__(self, clock: Clock, joints: FloatArray) -> None:
        self._clock, self._lock = clock, Lock()
        self._held = np.array(joints, dtype=np.float64)
        self._motion: IdealMotion | None = None
        self._trajectory: Trajectory | None = None
        self.fault: str | None = None
        self.wrench: FloatArray = np.zeros(6)

    def state(self) -> ArmState:
        with self._lock:
            joints, velocities = self._where()
            return ArmState(joints, velocities, np.zeros(7), self.wrench, self.fault, self._clock.now())

    def follow(self, trajectory: Trajectory) -> IdealMotion:
        with self._lock:
            self._settle("replaced by another trajectory")
            self._trajectory, self._motion = trajectory, IdealMotion(self._clock, trajectory.duration_s)
            return self._motion

    def stop(self) -> None:
        with self._lock:
            self._settle("stopped")

    def emergency_stop(self) -> None:
        self.fault = "emergency stop"
        self.stop()

    def _where(self) -> tuple[FloatArray, FloatArray]:
        motion, trajectory = self._motion, self._trajectory
        if motion is None or trajectory is None:
            return self._held, np.zeros(7)
        if motion.poll().running:
            return trajectory.sample(motion.elapsed_s)
        if motion.poll().succeeded:
            self._held, self._motion = np.array(trajectory.end), None
        return self._held, np.zeros(7)

    def _settle(self, reason: str) -> None:
        self._held, _ = self._where()
        if self._motion is not None:
            self._motion.give_up(reason)
        self._motion = None


class IdealGripper:
    """Moves at a constant speed; stops at `object_width_m` when closing, where that is set."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._from_m = self._to_m = linkage.MAX_WIDTH_M
        self._motion: IdealMotion | None = None
        self._force_n = 0.0
        self.object_width_m: float | None = None

    def state(self) -> GripperState:
        width_m = self._width()
        thing = self.object_width_m
        holding = thing is not None and self._to_m < thing and width_m <= thing + 1e-9
        return GripperState(width_m, self._force_n if holding else 0.0, holding, self._clock.now())

    def move(self, width_m: float, force_n: float) -> IdealMotion:
        check_opening(width_m, force_n)
        if self._motion is not None:
            self._motion.give_up("replaced by another motion")
        self._from_m = self._width()
        self._to_m, self._force_n = min(width_m, linkage.MAX_WIDTH_M), force_n
        self._motion = IdealMotion(self._clock, abs(self._goal() - self._from_m) / FINGER_SPEED_M_S)
        return self._motion

    def _goal(self) -> float:
        thing = self.object_width_m
        return max(self._to_m, thing) if thing is not None and thing <= self._from_m + 1e-9 else self._to_m

    def _width(self) -> float:
        if self._motion is None:
            return self._to_m
        share = min(1.0, self._motion.elapsed_s / max(self._motion.duration_s, 1e-9))
        return self._from_m + share * (self._goal() - self._from_m)
