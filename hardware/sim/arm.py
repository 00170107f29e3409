"""The simulated Gen3: joint position servos that follow trajectories, and a force/torque reading at the
flange.

Guarantees (those of `hardware.protocols`, and):
1. A new `follow` replaces the one that runs, which then reports FAILED.
2. `stop`, `cancel` and `emergency_stop` brake within the joints' acceleration limits (0.27 s at full speed)
and hold.
3. A tracking error of more than 5 degrees ends a motion, as on the real arm.
4. One noise draw per moment of simulated time, however often the state is read.
"""

from __future__ import annotations

import math

import mujoco
import numpy as np

from hardware.errors import DeviceFault
from hardware.limits import check_limits, match_turns
from hardware.sim import course
from hardware.sim.course import Course
from hardware.sim.model import ARM_GAINS, FLANGE_SITE
from hardware.sim.world import World
from hardware.types import JOINT_COUNT, ArmState, FloatArray, MotionState, MotionStatus, Trajectory

END_TOLERANCE_RAD = 0.01
REST_SPEED_RAD_S = 0.02
GRACE_S = 1.0
"""How long after its end a motion may take to settle."""
FOLLOWING_ERROR_RAD = float(np.radians(5.0))
WRENCH_CUTOFF_HZ = 10.0
"""The wrist reading is low-pass filtered, as every force sensor's is."""
TORQUE_NOISE_M = 0.05
"""Noise of the wrist torque in Nm per N of force noise."""

_LEAD_S = np.array([damping / stiffness for stiffness, damping in ARM_GAINS])
"""A servo damps the joint's whole velocity; leading the target by this much makes it damp the error's only.
"""


class ArmMotion:
    """One trajectory under way."""

    def __init__(self, arm: SimulatedArm, path: Course, duration_s: float, start_s: float) -> None:
        self._arm = arm
        self.course = path
        self.end_s = start_s + duration_s
        self._end: MotionStatus | None = None

    def poll(self) -> MotionStatus:
        if self._end is not None:
            return self._end
        status = self._arm.progress(self)
        if not status.running:
            self._end = status
        return status

    def cancel(self) -> None:
        if self.poll().running:
            self._arm.stop("cancelled")

    def give_up(self, reason: str) -> None:
        """Report FAILED from now on, unless the motion has ended already."""
        if self._end is None:
            self._end = MotionStatus(MotionState.FAILED, reason)


class SimulatedArm:
    """The arm of one world; update it before each physics step (`World.add_agent`)."""

    def __init__(self, world: World, force_noise_n: float, rng: np.random.Generator) -> None:
        self._world, self._data = world, world.data
        self._noise_n, self._rng = force_noise_n, rng
        sensor = int(world.model.sensor("flange_force").adr[0])
        self._sensed = world.data.sensordata[sensor : sensor + 6]
        self._filtered = self._sensed.copy()
        self._filter_share = 1.0 - math.exp(-2.0 * math.pi * WRENCH_CUTOFF_HZ * world.timestep_s)
        self._flange = world.model.body("end_effector_link").id
        self._site = world.model.site(FLANGE_SITE).id
        self._tool_weight = world.model.body_subtreemass[self._flange] * world.model.opt.gravity
        self._control = world.data.ctrl[:JOINT_COUNT]
        self._course = course.hold(world.data.qpos[:JOINT_COUNT])
        self._motion: ArmMotion | None = None
        self._fault: str | None = None
        self._state: ArmState | None = None

    def update(self) -> None:
        """Give the servos the next reference and take in the wrist's reading of the last step."""
        self._filtered += self._filter_share * (self._sensed - self._filtered)
        path = self._course
        if path.index < len(path.positions) - 1:
            path.index += 1
            self._control[:] = path.positions[path.index] + _LEAD_S * path.velocities[path.index]

    def state(self) -> ArmState:
        with self._world.lock:
            if (
                self._state is None
                or self._state.stamp_s != self._data.time
                or self._state.fault != self._fault
            ):
                self._state = self._read()
            return self._state

    def follow(self, trajectory: Trajectory) -> ArmMotion:
        """Start `trajectory`; positions may be whole turns away on continuous joints.

        Raises LimitViolation (nothing sent) and DeviceFault after an emergency stop.
        """
        if self._fault is not None:
            raise DeviceFault("arm", self._fault, "check the robot, then start the program again")
        with self._world.lock:
            joints = self._data.qpos[:JOINT_COUNT]
            matched = match_turns(trajectory, joints)
            check_limits(matched, joints)
            if self._motion is not None:
                self._motion.give_up("replaced by another trajectory")
            path = course.along(matched, self._course.position, self._world.timestep_s)
            self._motion = ArmMotion(self, path, matched.duration_s, self._world.time_s)
            self._course = path
            return self._motion

    def stop(self, reason: str = "stopped") -> None:
        motion, self._motion = self._motion, None
        if motion is not None:
            motion.give_up(reason)
            self._course = course.brake(motion.course, self._world.timestep_s)

    def emergency_stop(self) -> None:
        self._fault = "emergency stop"
        self.stop("emergency stop")

    def progress(self, motion: ArmMotion) -> MotionStatus:
        """How far `motion` is; a motion that has ended is forgotten, and the arm holds."""
        error = np.abs(self._data.qpos[:JOINT_COUNT] - motion.course.position)
        worst = int(np.argmax(error))
        off = f"joint {worst + 1} is {error[worst]:.3f} rad off"
        left_s = motion.end_s - self._world.time_s
        if error[worst] > FOLLOWING_ERROR_RAD:
            self.stop(f"following error: {off}")
        elif not motion.course.finished:
            return MotionStatus(MotionState.RUNNING, f"{max(left_s, 0.0):.1f} s to go")
        elif error[worst] < END_TOLERANCE_RAD and self._at_rest():
            self._motion = None
            return MotionStatus(MotionState.SUCCEEDED, "at the end of the trajectory")
        elif left_s < -GRACE_S:
            self.stop(f"did not settle: {off}")
        else:
            return MotionStatus(MotionState.RUNNING, "settling")
        return motion.poll()

    def _at_rest(self) -> bool:
        return bool(np.max(np.abs(self._data.qvel[:JOINT_COUNT])) < REST_SPEED_RAD_S)

    def _read(self) -> ArmState:
        data = self._data
        return ArmState(
            joints=data.qpos[:JOINT_COUNT],
            velocities=data.qvel[:JOINT_COUNT],
            # What the load asks of the joints is what the servos give, with the sign turned; the model lifts
            # the arm's own weight beside them, a real arm's servos do that too.
            torques=-(data.qfrc_actuator + data.qfrc_gravcomp)[:JOINT_COUNT],
            wrench=self._wrench() + self._wrench_noise(),
            fault=self._fault,
            stamp_s=data.time,
        )

    def _wrench(self) -> FloatArray:
        """Force and torque on the tool at the flange, base frame, without the tool's own weight."""
        data = self._data
        base_from_flange = data.site_xmat[self._site].reshape(3, 3)
        force, torque = -base_from_flange @ self._filtered[:3], -base_from_flange @ self._filtered[3:]
        lever = data.subtree_com[self._flange] - data.site_xpos[self._site]
        return np.concatenate([force - self._tool_weight, torque - np.cross(lever, self._tool_weight)])

    def _wrench_noise(self) -> FloatArray:
        scale = self._noise_n * np.repeat((1.0, TORQUE_NOISE_M), 3)
        return self._rng.standard_normal(6) * scale


def place_arm(model: mujoco.MjModel, data: mujoco.MjData, joints: FloatArray) -> None:
    """Put the arm at `joints` (7,) rad, at rest, with its servos holding it there."""
    data.qpos[:JOINT_COUNT] = joints
    data.qvel[:JOINT_COUNT] = 0.0
    data.ctrl[:JOINT_COUNT] = joints
    mujoco.mj_forward(model, data)
