"""How a loopback Gen3 carries out actions: waypoints into a trajectory, checks, events until the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from hardware.errors import HandoverError
from hardware.gen3 import facts
from hardware.kinova.loopback.mischief import Mischief, MotionFault
from hardware.kinova.messages import wire
from hardware.kinova.units import joints_rad
from hardware.protocols import Arm, Motion
from hardware.types import FloatArray, Trajectory

MAX_WAYPOINTS, MAX_DURATION_S = 1000, 100.0
NO_MOTION_RAD = np.radians(0.05)
SHORT_OF = 0.7
"""An action that ends without arrival, or is aborted, got this far."""


class Refusal(Exception):
    """The robot says no: a sub-code's name."""

    def __init__(self, sub_code: str) -> None:
        self.sub_code = sub_code
        super().__init__(sub_code)


def waypoint_faults(waypoints: Any, joints: FloatArray, speed_limits: FloatArray) -> list[Any]:
    """What is wrong with a list of angular waypoints, as TrajectoryErrorElements; empty means accepted."""
    base, found = wire().modules["Base"], []

    def fault(kind: str, waypoint: int, joint: int = 0, value: float = 0.0, top: float = 0.0) -> None:
        number = getattr(base, f"TRAJECTORY_ERROR_TYPE_{kind}")
        found.append(
            base.TrajectoryErrorElement(
                error_type=number,
                error_value=value,
                max_value=top,
                index=joint,
                waypoint_index=waypoint,
                message=kind.replace("_", " ").lower(),
            )
        )

    points = [waypoint.angular_waypoint for waypoint in waypoints]
    if len(points) > MAX_WAYPOINTS or sum(point.duration for point in points) > MAX_DURATION_S:
        fault("LARGE_SIZE", len(points), value=len(points), top=MAX_WAYPOINTS)
    before = np.asarray(joints)
    for k, point in enumerate(points):
        if len(point.angles) != 7:
            fault("ACTUATOR_COUNT_MISMATCH", k, value=len(point.angles), top=7)
            continue
        if point.duration <= 0.0:
            fault("INVALID_DURATION", k, value=point.duration)
            continue
        here = joints_rad(np.array(point.angles), near=before)
        speeds = np.abs(here - before) / point.duration
        for joint in np.flatnonzero(speeds > speed_limits * 1.01):
            fault("LARGE_SPEED", k, int(joint), float(speeds[joint]), float(speed_limits[joint]))
        outside = (here < facts.POSITION_LOWER) | (here > facts.POSITION_UPPER)
        for joint in np.flatnonzero(outside):
            fault("JOINT_POSITION_LIMIT", k, int(joint), float(here[joint]))
        before = here
    if points and not found and np.max(np.abs(before - joints)) < NO_MOTION_RAD and len(points) == 1:
        fault("JOINT_NO_MOTION", 0)
    return found


def trajectory_through(points: Any, joints: FloatArray) -> Trajectory:
    """From `joints` (7,) rad at rest through angular waypoints to rest; velocities from the neighbours."""
    places, times_s = [np.asarray(joints)], [0.0]
    for waypoint in points:
        point = waypoint.angular_waypoint
        places.append(joints_rad(np.array(point.angles), near=places[-1]))
        times_s.append(times_s[-1] + point.duration)
    positions, times = np.array(places), np.array(times_s)
    velocities = np.zeros_like(positions)
    velocities[1:-1] = (positions[2:] - positions[:-2]) / (times[2:] - times[:-2])[:, None]
    return Trajectory(times, positions, velocities)


def straight_to(goal_deg: FloatArray, joints: FloatArray, duration_s: float) -> Trajectory:
    """From rest to rest along a straight line in joint space, quintic in time."""
    goal = joints_rad(goal_deg, near=joints)
    times_s = np.linspace(0.0, duration_s, max(3, int(duration_s / 0.02)))
    s = (times_s / duration_s)[:, None]
    share, rate = 10 * s**3 - 15 * s**4 + 6 * s**5, (30 * s**2 - 60 * s**3 + 30 * s**4) / duration_s
    return Trajectory(times_s, joints + share * (goal - joints), rate * (goal - joints))


@dataclass
class _Running:
    identifier: int
    motion: Motion
    fault: MotionFault | None
    whole_s: float
    begun_s: float


class ActionRunner:
    """One action at a time; tells its events through `notify(identifier, event, abort details)`."""

    def __init__(
        self, arm: Arm, now: Callable[[], float], mischief: Mischief, notify: Callable[[int, str, str], None]
    ) -> None:
        self._arm, self._now, self._mischief, self._notify = arm, now, mischief, notify
        self._running: _Running | None = None
        self.faulted = ""
        """Sub-code of a fault that stands until it is cleared."""

    @property
    def busy(self) -> bool:
        return self._running is not None

    def start(self, identifier: int, trajectory: Trajectory) -> None:
        """Begin; an action that runs is aborted by it. Raises Refusal."""
        if self.faulted:
            raise Refusal(self.faulted)
        self.stop("CONTROL_MANUAL_STOP")
        try:
            motion = self._arm.follow(trajectory)
        except HandoverError as error:
            raise Refusal("CONTROL_WRONG_STARTING_POINT") from error
        fault = self._mischief.next_motion()
        self._running = _Running(identifier, motion, fault, trajectory.duration_s, self._now())
        if fault != "silence":
            self._notify(identifier, "ACTION_START", "")

    def stop(self, details: str) -> bool:
        """End the action that runs, if any, as aborted with these details; tells whether there was one."""
        running, self._running = self._running, None
        if running is None:
            return False
        running.motion.cancel()
        self._notify(running.identifier, "ACTION_ABORT", details)
        return True

    def step(self) -> None:
        """Look after the action that runs."""
        running = self._running
        if running is None:
            return
        if running.fault in ("end without arrival", "abort", "fault"):
            if self._now() - running.begun_s >= SHORT_OF * running.whole_s:
                self._spoil(running)
            return
        status = running.motion.poll()
        if status.running:
            return
        self._running = None
        if running.fault == "silence":
            return
        if status.succeeded:
            self._notify(running.identifier, "ACTION_END", "")
        else:
            self._notify(running.identifier, "ACTION_ABORT", "CONTROL_WAYPOINT_TRAJECTORY_ABORTED")

    def _spoil(self, running: _Running) -> None:
        self._running = None
        running.motion.cancel()
        if running.fault == "end without arrival":
            self._notify(running.identifier, "ACTION_END", "")
            return
        if running.fault == "fault":
            self.faulted = "ROBOT_IN_FAULT"
        self._notify(running.identifier, "ACTION_ABORT", "CONTROL_WAYPOINT_TRAJECTORY_ABORTED")
