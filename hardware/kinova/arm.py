"""The Gen3 through Kortex: finite lists of waypoints, validated by the arm, watched until it has arrived.

Guarantees (those of `hardware.protocols`, and):
1. Only waypoint lists that end at rest are sent; no twist or joint-speed command exists here.
2. Success is the action's end AND the joints at the goal AND at rest AND no fault. An abort is a failure.
3. `stop` and `cancel` return at once: a thread of its own sends Stop until the joints are seen at rest. Where
   they are not, that is a fault of the arm from then on.
4. No motion begins before the last stop has been confirmed: a late one does not hit the next motion.
5. An earlier action's events do not end the motion at hand.
6. Faults are reported, never cleared.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from threading import Condition, Thread
from typing import Any

import numpy as np

from hardware.errors import DeviceFault, HardwareError
from hardware.kinova.errors import KortexRefused
from hardware.kinova.events import END, ActionEvents
from hardware.kinova.feedback import Feedback, Reading
from hardware.kinova.motion import KortexMotion
from hardware.kinova.options import KinovaOptions
from hardware.kinova.session import KortexSession
from hardware.kinova.stopper import Stopper
from hardware.kinova.units import joints_deg
from hardware.limits import check_limits, match_turns
from hardware.protocols import Clock
from hardware.types import ArmState, FloatArray, MotionState, MotionStatus, Trajectory

UPLOAD_S = 10.0
SETTLE_S = 4.0
"""A motion waits this long for the stop before it, and is refused then."""
LAST_END_S = 0.5
"""... and this long for the earlier action's end, which an arm at rest has told by then, if at all."""
NO_MOTION_RAD = float(np.radians(0.05))
LOOK = "look at the arm, then start the program again"

logger = logging.getLogger(__name__)


class ArmMotion(KortexMotion):
    """One list of waypoints under way."""

    def __init__(self, arm: KortexArm, trajectory: Trajectory, start_s: float) -> None:
        super().__init__(lambda: arm.progress(self), arm.stop)
        self.goal = trajectory.end
        self.end_s = start_s + trajectory.duration_s
        self.sent = False


class KortexArm:
    """The arm of one session."""

    def __init__(
        self, session: KortexSession, feedback: Feedback, options: KinovaOptions, clock: Clock
    ) -> None:
        self._session, self._feedback, self._options, self._clock = session, feedback, options, clock
        self._names = session.package.messages.Base
        self._lock = Condition()
        self._motion: ArmMotion | None = None
        self._events = ActionEvents()
        self._stopper = Stopper(session, feedback, options, clock)
        self._emergency = ""
        session.subscribe(session.base.OnNotificationActionTopic, self._noticed)
        session.at_the_end("end the stopper", self._stopper.end)

    def state(self) -> ArmState:
        """The newest reading. Raises StaleData when the link is silent."""
        arm = self._feedback.newest().arm
        latched = self._emergency or self._stopper.unseen
        return replace(arm, fault=", ".join(filter(None, (latched, arm.fault)))) if latched else arm

    def follow(self, trajectory: Trajectory) -> ArmMotion:
        """Have the arm validate the motion, then start it; takes two calls' time, and a stop's under way.

        Raises LimitViolation (nothing sent), DeviceFault, KortexRefused with the arm's own objections.
        """
        stops = self._stopper.calls
        self._await_settled()
        reading = self._feedback.newest()
        fault = self.state().fault
        if fault is not None:
            raise DeviceFault("arm", fault, LOOK)
        if reading.arm_state != self._names.ARMSTATE_SERVOING_READY:
            state = _name(self._names.ArmState, reading.arm_state)
            raise DeviceFault("arm", f"its state is {state}", "wait until it stands still and is ready")
        matched = match_turns(trajectory, reading.arm.joints)
        check_limits(matched, reading.arm.joints)
        motion = ArmMotion(self, matched, self._clock.now())
        if np.max(np.abs(matched.positions - reading.arm.joints)) < NO_MOTION_RAD:
            return self._adopt(motion)  # the arm refuses a motion that is none
        action = self._action(matched)
        report = self._session.call(
            self._session.base.ValidateWaypointList, action.execute_waypoint_list, deadline_s=UPLOAD_S
        )
        faults = report.trajectory_error_report.trajectory_error_elements
        if faults:
            raise KortexRefused("the list of waypoints", "VALIDATION", _objection(self._names, faults[0]))
        motion.sent = True
        self._adopt(motion)
        if self._stopper.calls != stops:  # while the arm validated: it never begins
            self.stop()
            return motion
        try:
            self._session.call(self._session.base.ExecuteAction, action, deadline_s=UPLOAD_S)
        except Exception:
            # It may have begun all the same, its answer lost: nobody would look after it.
            motion.give_up("the arm did not confirm the motion")
            self._stopper.insist()
            raise
        motion.end_s = self._clock.now() + matched.duration_s
        if self._stopper.calls != stops:  # its Stop may have reached the arm before the motion did
            self.stop()
        return motion

    def stop(self) -> None:
        with self._lock:
            motion, self._motion = self._motion, None
        if motion is not None:
            motion.give_up("stopped")
        self._stopper.call()

    def emergency_stop(self) -> None:
        self._emergency = "emergency stop"
        self.stop()
        # One call alone was found not to be enough (ros2_kortex sends it twice).
        Thread(target=self._apply_emergency_stop, name="kortex emergency stop", daemon=True).start()

    def progress(self, motion: ArmMotion) -> MotionStatus:
        """How far `motion` is, from the arm's events and its joints."""
        try:
            reading = self._feedback.newest()
        except HardwareError as error:
            return self._failed(motion, str(error))
        arm = reading.arm
        if arm.fault is not None:
            return self._failed(motion, f"the arm reports a fault: {arm.fault}")
        with self._lock:
            ended = self._events.ended if self._motion is motion else ""
        if ended and ended != END:
            return self._failed(motion, f"the arm aborted the motion: {ended}")
        off = np.abs(arm.joints - motion.goal)
        worst = int(np.argmax(off))
        resting = float(np.max(np.abs(arm.velocities))) < np.radians(self._options.rest_deg_s)
        arrived = off[worst] < np.radians(self._options.arrival_deg) and resting
        late_s = self._clock.now() - motion.end_s
        idle = reading.arm_state == self._names.ARMSTATE_SERVOING_READY
        if arrived and ended and (idle or late_s > self._options.grace_s / 2.0):
            return self._arrived(motion, "at the end of the trajectory")
        if arrived and idle and late_s > self._options.grace_s / 2.0:
            return self._arrived(motion, "at the end of the trajectory, which the arm did not announce")
        if late_s > self._options.grace_s or (ended and resting and late_s > 0.5):
            distance = f"joint {worst + 1} is {np.degrees(off[worst]):.1f} deg off"
            return self._failed(motion, f"the arm did not arrive: {distance}")
        return MotionStatus(MotionState.RUNNING, f"{max(-late_s, 0.0):.1f} s to go")

    def _await_settled(self) -> None:
        """Wait until the last stop is confirmed and the action before has told its end.

        Raises DeviceFault when the stop is not.
        """
        if not self._stopper.settled(SETTLE_S):
            raise DeviceFault("arm", self._stopper.unseen or "its stop is not confirmed yet", LOOK)
        with self._lock:
            self._lock.wait_for(lambda: bool(self._events.ended), LAST_END_S)

    def _adopt(self, motion: ArmMotion) -> ArmMotion:
        with self._lock:
            before, self._motion = self._motion, motion
            (self._events.expect if motion.sent else self._events.nothing_to_come)()
        if before is not None:
            before.give_up("replaced by another trajectory")
        return motion

    def _arrived(self, motion: ArmMotion, reason: str) -> MotionStatus:
        with self._lock:
            if self._motion is motion:
                self._motion = None
        return MotionStatus(MotionState.SUCCEEDED, reason)

    def _failed(self, motion: ArmMotion, reason: str) -> MotionStatus:
        motion.give_up(reason)
        with self._lock:
            current = self._motion is motion
        if current:  # else another motion is under way, which this failure does not concern
            self.stop()
        return MotionStatus(MotionState.FAILED, reason)

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
        details = _name(self._session.package.errors.SubErrorCodes, note.abort_details)
        with self._lock:
            ours = self._events.take(event, int(note.handle.identifier), details)
            self._lock.notify_all()
        if not ours:
            logger.info("%s of action %d is of an earlier motion", event, note.handle.identifier)

    def _apply_emergency_stop(self) -> None:
        for _ in range(2):
            try:
                self._session.call(self._session.base.ApplyEmergencyStop, deadline_s=0.5)
            except Exception as error:  # the second one must follow
                logger.error("the emergency stop: %s; use the button", error)


def waypoint_times(duration_s: float, spacing_s: float) -> FloatArray:
    """When the waypoints of a motion are due: evenly, about `spacing_s` apart, the last at its end."""
    count = max(1, round(duration_s / spacing_s))
    return np.linspace(0.0, duration_s, count + 1)[1:]


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


__all__ = ["ArmMotion", "KortexArm", "Reading", "waypoint_times"]
