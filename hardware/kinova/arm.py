"""The Gen3 through Kortex: finite lists of waypoints, validated by the arm, watched until it has arrived.

Guarantees (those of `hardware.protocols`, and):
1. Only waypoint lists that end at rest are sent; no twist or joint-speed command exists here.
2. Success is the action's end AND the joints at the goal AND at rest AND no fault. An abort is a failure.
3. `stop` and `cancel` return at once: a thread of its own sends Stop until the joints are seen at rest.
4. Faults are reported, never cleared.
"""

from __future__ import annotations

import logging
from threading import Event, Lock, Thread
from typing import Any

import numpy as np

from hardware.errors import DeviceFault, HardwareError
from hardware.kinova.errors import KortexRefused
from hardware.kinova.feedback import Feedback, Reading
from hardware.kinova.options import KinovaOptions
from hardware.kinova.session import KortexSession
from hardware.kinova.units import joints_deg
from hardware.limits import check_limits, match_turns
from hardware.protocols import Clock
from hardware.types import ArmState, FloatArray, MotionState, MotionStatus, Trajectory

UPLOAD_S = 10.0
STOP_TRIES, STOP_WAIT_S = 40, 0.05
INSIST_S = 1.0
NO_MOTION_RAD = float(np.radians(0.05))
LOOK = "look at the arm, then start the program again"

logger = logging.getLogger(__name__)


class KortexMotion:
    """One list of waypoints under way."""

    def __init__(self, arm: KortexArm, trajectory: Trajectory, start_s: float) -> None:
        self._arm = arm
        self.goal = trajectory.end
        self.end_s = start_s + trajectory.duration_s
        self.ended_event = ""
        """ACTION_END or the reason of an abort, as the arm told it."""
        self._end: MotionStatus | None = None

    def poll(self) -> MotionStatus:
        if self._end is None:
            status = self._arm.progress(self)
            if not status.running:
                self._end = self._end or status
        return self._end or MotionStatus(MotionState.RUNNING)

    def cancel(self) -> None:
        if self.poll().running:
            self._end = MotionStatus(MotionState.FAILED, "cancelled")
            self._arm.stop()

    def give_up(self, reason: str) -> None:
        """FAILED from now on, unless it has ended."""
        self._end = self._end or MotionStatus(MotionState.FAILED, reason)


class KortexArm:
    """The arm of one session."""

    def __init__(
        self, session: KortexSession, feedback: Feedback, options: KinovaOptions, clock: Clock
    ) -> None:
        self._session, self._feedback, self._options, self._clock = session, feedback, options, clock
        self._names = session.package.messages.Base
        self._lock = Lock()
        self._motion: KortexMotion | None = None
        self._started = False
        self._stop_wanted, self._ended = Event(), Event()
        self._stops = 0
        self._insist_s = -np.inf
        """Until then a stop is sent again although the arm rests: a motion may still begin."""
        self._emergency = ""
        session.subscribe(session.base.OnNotificationActionTopic, self._noticed)
        self._stopper = Thread(target=self._stop_when_wanted, name="kortex stopper", daemon=True)
        self._stopper.start()
        session.at_the_end("end the stopper", self._end)

    def state(self) -> ArmState:
        """The newest reading. Raises StaleData when the link is silent."""
        arm = self._feedback.newest().arm
        return arm if not self._emergency else _with_fault(arm, self._emergency)

    def follow(self, trajectory: Trajectory) -> KortexMotion:
        """Have the arm validate the motion, then start it; takes two calls' time.

        Raises LimitViolation (nothing sent), DeviceFault, KortexRefused with the arm's own objections.
        """
        stops = self._stops
        reading = self._feedback.newest()
        fault = self.state().fault
        if fault is not None:
            raise DeviceFault("arm", fault, LOOK)
        if reading.arm_state != self._names.ARMSTATE_SERVOING_READY:
            state = _name(self._names.ArmState, reading.arm_state)
            raise DeviceFault("arm", f"its state is {state}", "wait until it stands still and is ready")
        matched = match_turns(trajectory, reading.arm.joints)
        check_limits(matched, reading.arm.joints)
        motion = KortexMotion(self, matched, self._clock.now())
        if np.max(np.abs(matched.positions - reading.arm.joints)) < NO_MOTION_RAD:
            motion.ended_event = "ACTION_END"  # the arm refuses a motion that is none
            return self._adopt(motion)
        action = self._action(matched)
        report = self._session.call(
            self._session.base.ValidateWaypointList, action.execute_waypoint_list, deadline_s=UPLOAD_S
        )
        faults = report.trajectory_error_report.trajectory_error_elements
        if faults:
            raise KortexRefused("the list of waypoints", "VALIDATION", _objection(self._names, faults[0]))
        self._adopt(motion)
        if self._stops != stops:  # while the arm validated: it never begins
            self.stop()
            return motion
        try:
            self._session.call(self._session.base.ExecuteAction, action, deadline_s=UPLOAD_S)
        except HardwareError:
            # It may have begun all the same, its answer lost: nobody would look after it.
            motion.give_up("the arm did not confirm the motion")
            self._insist_s = self._clock.now() + INSIST_S
            self.stop()
            raise
        motion.end_s = self._clock.now() + matched.duration_s
        if self._stops != stops:  # its Stop may have reached the arm before the motion did
            self.stop()
        return motion

    def stop(self) -> None:
        with self._lock:
            self._stops += 1
            motion, self._motion = self._motion, None
        if motion is not None:
            motion.give_up("stopped")
        self._stop_wanted.set()

    def emergency_stop(self) -> None:
        self._emergency = "emergency stop"
        self.stop()
        # One call alone was found not to be enough (ros2_kortex sends it twice).
        Thread(target=self._apply_emergency_stop, name="kortex emergency stop", daemon=True).start()

    def progress(self, motion: KortexMotion) -> MotionStatus:
        """How far `motion` is, from the arm's events and its joints."""
        try:
            reading = self._feedback.newest()
        except HardwareError as error:
            return self._failed(motion, str(error))
        arm = reading.arm
        if arm.fault is not None:
            return self._failed(motion, f"the arm reports a fault: {arm.fault}")
        if motion.ended_event and motion.ended_event != "ACTION_END":
            return self._failed(motion, f"the arm aborted the motion: {motion.ended_event}")
        off = np.abs(arm.joints - motion.goal)
        worst = int(np.argmax(off))
        resting = float(np.max(np.abs(arm.velocities))) < np.radians(self._options.rest_deg_s)
        arrived = off[worst] < np.radians(self._options.arrival_deg) and resting
        late_s = self._clock.now() - motion.end_s
        idle = reading.arm_state == self._names.ARMSTATE_SERVOING_READY
        if arrived and motion.ended_event and (idle or late_s > self._options.grace_s / 2.0):
            return self._arrived(motion, "at the end of the trajectory")
        if arrived and idle and late_s > self._options.grace_s / 2.0:
            return self._arrived(motion, "at the end of the trajectory, which the arm did not announce")
        if late_s > self._options.grace_s or (motion.ended_event and resting and late_s > 0.5):
            distance = f"joint {worst + 1} is {np.degrees(off[worst]):.1f} deg off"
            return self._failed(motion, f"the arm did not arrive: {distance}")
        return MotionStatus(MotionState.RUNNING, f"{max(-late_s, 0.0):.1f} s to go")

    def _adopt(self, motion: KortexMotion) -> KortexMotion:
        with self._lock:
            before, self._motion = self._motion, motion
            self._started = False
        if before is not None:
            before.give_up("replaced by another trajectory")
        return motion

    def _arrived(self, motion: KortexMotion, reason: str) -> MotionStatus:
        self._forget(motion)
        return MotionStatus(MotionState.SUCCEEDED, reason)

    def _failed(self, motion: KortexMotion, reason: str) -> MotionStatus:
        self._forget(motion)
        self._stop_wanted.set()
        return MotionStatus(MotionState.FAILED, reason)

    def _forget(self, motion: KortexMotion) -> None:
        with self._lock:
            if self._motion is motion:
                self._motion = None

    def _action(self, trajectory: Trajectory) -> Any:
        action = self._names.Action()
        action.name = "handover"
        waypoints = action.execute_waypoint_list
        waypoints.use_optimal_blending = False
        times_s = waypoint_times(trajectory.duration_s, self._options.waypoint_s)
        before_s = 0.0
        for k, time_s in enumerate(times_s):
            point = waypoints.waypoints.add()
            point.name = f"{k}"
            point.angular_waypoint.angles.extend(joints_deg(trajectory.sample(time_s)[0]))
            point.angular_waypoint.duration = time_s - before_s
            before_s = time_s
        return action

    def _noticed(self, note: Any) -> None:
        """In the client's receiving thread: keep what the arm says of the action, nothing more."""
        event = _name(self._names.ActionEvent, note.action_event)
        with self._lock:
            motion = self._motion
            if event == "ACTION_START":
                self._started = True
            elif motion is not None and self._started and event == "ACTION_END":
                motion.ended_event = "ACTION_END"
            elif motion is not None and self._started and event.endswith("_ABORT"):
                details = _name(self._session.package.errors.SubErrorCodes, note.abort_details)
                motion.ended_event = f"{event}, {details}"

    def _stop_when_wanted(self) -> None:
        while True:
            self._stop_wanted.wait()
            if self._ended.is_set():
                return
            self._stop_wanted.clear()
            for _ in range(STOP_TRIES):
                try:
                    self._session.call(self._session.base.Stop, deadline_s=0.5)
                    if self._resting() and self._clock.now() > self._insist_s:
                        break
                except HardwareError as error:
                    logger.warning("Stop: %s", error)
                self._ended.wait(STOP_WAIT_S)
            else:
                logger.error("the arm is not seen at rest after %d stops; use the emergency stop", STOP_TRIES)

    def _apply_emergency_stop(self) -> None:
        for _ in range(2):
            try:
                self._session.call(self._session.base.ApplyEmergencyStop, deadline_s=0.5)
            except HardwareError as error:
                logger.error("the emergency stop: %s; use the button", error)

    def _resting(self) -> bool:
        velocities = self._feedback.newest().arm.velocities
        return float(np.max(np.abs(velocities))) < np.radians(self._options.rest_deg_s)

    def _end(self) -> None:
        self._ended.set()
        self._stop_wanted.set()
        self._stopper.join(2.0)


def waypoint_times(duration_s: float, spacing_s: float) -> FloatArray:
    """When the waypoints of a motion are due: evenly, about `spacing_s` apart, the last at its end."""
    count = max(1, round(duration_s / spacing_s))
    return np.linspace(0.0, duration_s, count + 1)[1:]


def _with_fault(arm: ArmState, fault: str) -> ArmState:
    return ArmState(arm.joints, arm.velocities, arm.torques, arm.wrench, fault, arm.stamp_s)


def _name(enum: Any, number: int) -> str:
    try:
        return str(enum.Name(number))
    except ValueError:  # newer than the facts at hand
        return str(number)


def _objection(names: Any, fault: Any) -> str:
    kind = _name(names.TrajectoryErrorType, fault.error_type)
    return (
        f"{kind} at waypoint {fault.waypoint_index}, joint {fault.index + 1}: "
        f"{fault.error_value:.3g} of at most {fault.max_value:.3g} {fault.message}".rstrip()
    )


__all__ = ["KortexArm", "KortexMotion", "Reading", "waypoint_times"]
