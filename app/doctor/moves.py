"""Moves the arm a little and sees it stop; opens and closes the gripper, which must be empty.

The motion turns the last joint only: the hand turns about itself, nothing is swept.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from app.doctor.findings import Finding
from hardware.gen3.gripper import MAX_WIDTH_M
from hardware.protocols import Arm, Clock, Gripper, Motion
from hardware.types import FloatArray, MotionState, MotionStatus, Trajectory

TURN_RAD, TURN_S = 0.4, 4.0
"""Its fastest is 0.19 rad/s, 11 deg/s."""
STOP_AT_RAD = 0.2
"""Half-way, where it is fastest."""
POLL_S = 0.005
AT_REST_RAD_S = 0.01
RESTED_S = 0.2
"""No motion for so long is rest."""
SLOW_STOP_S, LATE_STOP_S = 0.5, 1.5
"""A stop that takes longer is warned about; one that takes longer than this has failed."""
GRIPPER_FORCE_N = 25.0  # the gentlest that closes for certain
GRIPPER_S = 10.0
OPEN_M, CLOSED_M = 0.075, 0.010


def gripper_findings(device: str, gripper: Gripper, clock: Clock) -> Iterator[Finding]:
    """Opens, closes and opens it again; a hand that holds something is left as it is."""
    state = gripper.state()
    if state.holding:
        width = f"the hand holds something {1e3 * state.width_m:.0f} mm wide"
        yield Finding(device, "gripper", "FAIL", f"{width}, nothing was opened; take it out by hand")
        return
    for word, width_m, far in (
        ("opens", MAX_WIDTH_M, lambda width: width >= OPEN_M),
        ("closes", 0.0, lambda width: width <= CLOSED_M),
        ("opens again", MAX_WIDTH_M, lambda width: width >= OPEN_M),
    ):
        began_s = clock.now()
        status = ended(gripper.move(width_m, GRIPPER_FORCE_N), clock, GRIPPER_S)
        reached_m = gripper.state().width_m
        detail = f"{1e3 * reached_m:.0f} mm after {clock.now() - began_s:.1f} s"
        if not status.succeeded or not far(reached_m):
            remedy = "is something between the fingers, is the gripper powered?"
            yield Finding(device, f"gripper {word}", "FAIL", f"{detail} ({status.reason}); {remedy}")
            return
        yield Finding(device, f"gripper {word}", "OK", detail)


def stop_finding(device: str, arm: Arm, clock: Clock) -> Finding:
    """Turns the last joint, stops half-way, and watches the arm come to rest and stay there."""
    start = arm.state().joints
    motion = arm.follow(turn(start))
    end_s = clock.now() + 2.0 * TURN_S
    while abs(arm.state().joints[-1] - start[-1]) < STOP_AT_RAD:
        if clock.now() > end_s or not motion.poll().running:
            arm.stop()
            reason = motion.poll().reason or "it hardly moved"
            return Finding(device, "stop", "FAIL", f"the arm did not move as told ({reason})")
        clock.sleep(POLL_S)
    called_s, at = clock.now(), arm.state().joints
    arm.stop()
    rest_s = rested_after(arm, clock, called_s)
    if rest_s is None:
        remedy = "press the emergency stop, then look for what moves it"
        return Finding(device, "stop", "FAIL", f"the arm still moves {LATE_STOP_S:g} s after it; {remedy}")
    ran_on_deg = float(np.degrees(np.max(np.abs(arm.state().joints - at))))
    detail = f"seen to work: at rest after {1e3 * rest_s:.0f} ms, {ran_on_deg:.1f} deg farther on"
    if ended(motion, clock, LATE_STOP_S).succeeded:
        return Finding(device, "stop", "FAIL", f"{detail}, but the motion counts as carried out")
    if rest_s > SLOW_STOP_S:
        return Finding(device, "stop", "WARN", f"{detail}; under {1e3 * SLOW_STOP_S:.0f} ms are usual")
    return Finding(device, "stop", "OK", detail)


def turn(start: FloatArray) -> Trajectory:
    """The last joint turned by `TURN_RAD`, with the least jerk."""
    times_s = np.linspace(0.0, TURN_S, 81)
    s = times_s / TURN_S
    share, rate = 10 * s**3 - 15 * s**4 + 6 * s**5, (30 * s**2 - 60 * s**3 + 30 * s**4) / TURN_S
    way = TURN_RAD * np.eye(len(start))[-1]
    return Trajectory(times_s, start + share[:, None] * way, rate[:, None] * way)


def rested_after(arm: Arm, clock: Clock, since_s: float) -> float | None:
    """Seconds from `since_s` until the arm stood, and went on standing; None when it does not."""
    still_s: float | None = None
    stamp_s = -np.inf
    while clock.now() - since_s < LATE_STOP_S + RESTED_S:
        state = arm.state()
        if state.stamp_s > stamp_s:
            stamp_s = state.stamp_s
            if np.max(np.abs(state.velocities)) > AT_REST_RAD_S:
                still_s = None
            elif still_s is None:
                still_s = clock.now()
        if still_s is not None and clock.now() - still_s >= RESTED_S:
            return still_s - since_s
        clock.sleep(POLL_S)
    return None


def ended(motion: Motion, clock: Clock, within_s: float) -> MotionStatus:
    """How it ended; cancelled and FAILED when it does not in time."""
    end_s = clock.now() + within_s
    while (status := motion.poll()).running:
        if clock.now() > end_s:
            motion.cancel()
            return MotionStatus(MotionState.FAILED, f"not done within {within_s:g} s")
        clock.sleep(POLL_S)
    return status
