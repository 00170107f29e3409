"""The simulated 2F-85: coupled fingers driven by a servo whose force per pad is limited.

Guarantees (those of `hardware.protocols`, and):
1. It holds by friction alone. "Holding" means that both pads press on something that is not the robot.
2. Cancelling keeps the width; a closing that presses on something goes on pressing, so nothing is dropped.
3. The force limit holds at every width: the drive's torque follows the linkage's lever.
"""

from __future__ import annotations

import math

import mujoco
import numpy as np

from hardware.gen3 import gripper as linkage
from hardware.limits import WIDTH_TOLERANCE_M, check_opening
from hardware.sim.model import GRIPPER_CONTROL, GRIPPER_ROOM_RAD
from hardware.sim.world import World
from hardware.types import FloatArray, GripperState, MotionState, MotionStatus

CLOSING_SPEED_M_S = 0.10
"""Speed of the opening's change; the data sheet allows 0.02 to 0.15."""
HOLDING_FORCE_N = 1.0
STALL_SPEED_RAD_S = 0.02
STALL_S = 0.1
"""The fingers stand still this long before a motion counts as ended."""
TIMEOUT_S = 4.0


class GripperMotion:
    """One opening or closing under way."""

    def __init__(self, device: SimulatedGripper, target_rad: float, start_s: float) -> None:
        self._device = device
        self.target_rad = target_rad
        self.start_s = start_s
        self._end: MotionStatus | None = None

    def poll(self) -> MotionStatus:
        if self._end is not None:
            return self._end
        status = self._device.progress(self)
        if not status.running:
            self._end = status
        return status

    def cancel(self) -> None:
        if self.poll().running:
            self._end = MotionStatus(MotionState.FAILED, "cancelled")
            self._device.keep()

    def give_up(self, reason: str) -> None:
        """Report FAILED from now on, unless the motion has ended already."""
        if self._end is None:
            self._end = MotionStatus(MotionState.FAILED, reason)


class SimulatedGripper:
    """The gripper of one world; update it before each physics step (`World.add_agent`)."""

    def __init__(self, world: World) -> None:
        model, self._world, self._data = world.model, world, world.data
        self._timestep_s = world.timestep_s
        self._limit = model.actuator_forcerange[GRIPPER_CONTROL]
        joints = [model.joint(f"finger_{side}_knuckle") for side in ("right", "left")]
        self._angles = [int(joint.qposadr[0]) for joint in joints]
        self._speeds = [int(joint.dofadr[0]) for joint in joints]
        self._pads = [model.geom(f"pad_{side}").id for side in ("right", "left")]
        self._target_rad = self._reference_rad = self._angle()
        self._force_n = 60.0
        self._moved_s = 0.0
        self._motion: GripperMotion | None = None
        self._state: GripperState | None = None

    def update(self) -> None:
        """Move the fingers' reference toward the target and set the drive's force limit for their angle."""
        data = self._data
        lever_m = _lever_m(float(data.qpos[self._angles[0]]))
        step = CLOSING_SPEED_M_S / lever_m * self._timestep_s
        way = self._target_rad - self._reference_rad
        self._reference_rad += min(max(way, -step), step)
        data.ctrl[GRIPPER_CONTROL] = self._reference_rad
        self._limit[0], self._limit[1] = -self._force_n * lever_m, self._force_n * lever_m
        if abs(data.qvel[self._speeds[0]]) > STALL_SPEED_RAD_S:
            self._moved_s = data.time

    def state(self) -> GripperState:
        with self._world.lock:
            if self._state is None or self._state.stamp_s != self._data.time:
                forces = self.pad_forces()
                self._state = GripperState(
                    width_m=max(0.0, linkage.opening(self._angle())),
                    force_n=float(np.mean(forces)),
                    holding=bool(np.min(forces) > HOLDING_FORCE_N),
                    stamp_s=self._data.time,
                )
            return self._state

    def move(self, width_m: float, force_n: float) -> GripperMotion:
        """Go to an opening in [0, 0.0854] m with at most `force_n` per pad. Raises LimitViolation outside."""
        check_opening(width_m, force_n)
        with self._world.lock:
            if self._motion is not None:
                self._motion.give_up("replaced by another motion")
            target, angle = linkage.drive_angle(width_m), self._angle()
            self._motion = GripperMotion(self, target, self._world.time_s)
            if target < angle:
                # Opening starts from where the fingers are, not from where the servo presses to.
                self._reference_rad = min(self._reference_rad, angle)
            self._target_rad = target + (GRIPPER_ROOM_RAD if width_m < WIDTH_TOLERANCE_M else 0.0)
            self._force_n = force_n
            self._moved_s = self._world.time_s
            return self._motion

    def keep(self) -> None:
        """Stay where the fingers are; a closing that presses on something goes on pressing."""
        self._motion = None
        angle = self._angle()
        if self._target_rad < angle or not self.state().holding:
            self._target_rad = self._reference_rad = angle

    def progress(self, motion: GripperMotion) -> MotionStatus:
        """How far `motion` is."""
        now_s, angle = self._world.time_s, self._angle()
        width_m, wanted_m = linkage.opening(angle), linkage.opening(motion.target_rad)
        if now_s - self._moved_s < STALL_S:
            if now_s - motion.start_s < TIMEOUT_S:
                return MotionStatus(MotionState.RUNNING, f"{1000 * width_m:.0f} mm open")
            status = MotionStatus(MotionState.FAILED, f"did not come to rest within {TIMEOUT_S:g} s")
        elif abs(width_m - wanted_m) < WIDTH_TOLERANCE_M:
            status = MotionStatus(MotionState.SUCCEEDED, f"{1000 * width_m:.0f} mm open")
        else:
            status = MotionStatus(MotionState.SUCCEEDED, f"stopped by an object at {1000 * width_m:.0f} mm")
        self._motion = None
        return status

    def pad_forces(self) -> FloatArray:
        """Normal force in N on the right and the left pad (2,); pads meet nothing of the robot itself."""
        data = self._data
        forces, wrench = np.zeros(2), np.zeros(6)
        pairs = data.contact.geom
        for k, pad in enumerate(self._pads):
            for contact in np.flatnonzero((pairs == pad).any(axis=1)):
                mujoco.mj_contactForce(self._world.model, data, contact, wrench)
                forces[k] += wrench[0]
        return forces

    def _angle(self) -> float:
        return float(np.mean(self._data.qpos[self._angles]))


def _lever_m(angle_rad: float) -> float:
    """How much the opening shrinks per radian of the drive: the drive's torque for 1 N per pad, in Nm."""
    return 2.0 * (linkage.LINK_LATERAL_M * math.sin(angle_rad) + linkage.LINK_HEIGHT_M * math.cos(angle_rad))
