"""What a loopback Gen3 answers to each call: states, limits, actions, gripper, faults."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import count
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from hardware.gen3.kinematics import flange_pose
from hardware.geometry import pose
from hardware.kinova.loopback.actions import (
    ActionRunner,
    Refusal,
    straight_to,
    trajectory_through,
    waypoint_faults,
)
from hardware.kinova.loopback.mischief import Mischief
from hardware.kinova.messages import wire
from hardware.kinova.units import feedback_deg, fraction, width_m
from hardware.protocols import Arm, Clock, Gripper
from hardware.types import FloatArray

SOFT_SPEED_DEG_S = 25.0
"""What ANGULAR_TRAJECTORY allows after a reset, as read from one arm."""
HARD_SPEED_DEG_S = (80.0, 80.0, 80.0, 80.0, 70.0, 70.0, 70.0)
GRIPPER_FORCE_N = 60.0
FLANGE_FROM_TOOL: FloatArray = pose(translation=(0.0, 0.0, 0.120))
"""Kinova's own tool frame."""
CURRENT_MA_PER_N = 5.0
"""Of the simulated gripper's motor; a stand-in figure, the driver only asks whether it presses."""

Notify = Callable[[str, Any], None]


class Gen3Answers:
    """One arm, one gripper, one configuration; `call` is what a request does. Not thread-safe: one caller."""

    def __init__(self, arm: Arm, gripper: Gripper, clock: Clock, mischief: Mischief, notify: Notify) -> None:
        self._arm, self._gripper, self._clock, self._mischief = arm, gripper, clock, mischief
        self._tell = notify
        self._base = wire().modules["Base"]
        self._ids = count(1)
        self.actions = ActionRunner(arm, clock.now, mischief, self._action_event)
        self._servoing = self._base.SINGLE_LEVEL_SERVOING
        self._control = wire().modules["ControlConfig"]
        self._speed_deg_s: dict[int, list[float]] = {}
        self._tool, self._payload = self._control.ToolConfiguration(), self._control.PayloadInformation()
        self._gripper_closed = fraction(gripper.state().width_m)
        self._state = 0
        self._late: list[Any] = []
        """Ends of actions that are still to be told."""

    def call(self, method: str, request: Any) -> Any:
        """The answer (None: empty). Raises Refusal."""
        found = getattr(self, "_" + re.sub(r"(?<=[a-z])(?=[A-Z])", "_", method).lower(), None)
        if found is None:
            raise Refusal("UNSUPPORTED_METHOD")
        return found(request)

    def step(self) -> None:
        """Look after what goes on by itself, tell changes of the arm's state."""
        self.actions.step()
        state = self._arm_state()
        if state != self._state:
            self._state = state
            self._tell("ArmState", self._base.ArmStateNotification(active_state=state))

    def connection_lost(self) -> None:
        """The master fell silent: what moves comes to rest."""
        self.actions.stop("DEVICE_DISCONNECTED")
        self._arm.stop()

    # Moving -----------------------------------------------------------------------------------------------

    def _execute_action(self, action: Any) -> None:
        self._ready()
        kind = action.WhichOneof("action_parameters")
        joints = self._arm.state().joints
        if kind == "execute_waypoint_list":
            self._begin(action.handle.identifier, action.execute_waypoint_list, joints)
        elif kind == "reach_joint_angles":
            wanted = action.reach_joint_angles
            goal = np.array([angle.value for angle in wanted.joint_angles.joint_angles])
            if len(goal) != 7:
                raise Refusal("CONTROL_ACTUATOR_COUNT_MISMATCH")
            way = float(np.max(np.abs(straight_to(goal, joints, 1.0).end - joints)))
            seconds = wanted.constraint.value or max(0.5, 2.0 * way / np.radians(SOFT_SPEED_DEG_S))
            self.actions.start(action.handle.identifier, straight_to(goal, joints, seconds))
        else:
            raise Refusal("UNIMPLEMENTED")

    def _execute_waypoint_trajectory(self, waypoints: Any) -> None:
        self._ready()
        self._begin(0, waypoints, self._arm.state().joints)

    def _validate_waypoint_list(self, waypoints: Any) -> Any:
        report = self._base.WaypointValidationReport()
        faults = waypoint_faults(waypoints.waypoints, self._arm.state().joints, self._speed_limits())
        report.trajectory_error_report.trajectory_error_elements.extend(faults)
        return report

    def _begin(self, identifier: int, waypoints: Any, joints: FloatArray) -> None:
        if waypoint_faults(waypoints.waypoints, joints, self._speed_limits()):
            raise Refusal("INVALID_PARAM")
        self.actions.start(identifier or next(self._ids), trajectory_through(waypoints.waypoints, joints))

    def _stop_action(self, request: Any) -> None:
        if not self.actions.stop("CONTROL_MANUAL_STOP"):
            raise Refusal("ROBOT_NOT_MOVING")

    def _stop(self, request: Any) -> None:
        self.actions.stop("CONTROL_MANUAL_STOP")
        self._arm.stop()

    def _apply_emergency_stop(self, request: Any) -> None:
        self.actions.stop("CONTROL_MANUAL_STOP")
        self._arm.stop()
        self.actions.faulted = "ROBOT_IN_EMERGENCY_STOP"

    def _clear_faults(self, request: Any) -> None:
        self.actions.faulted = ""

    def _send_gripper_command(self, command: Any) -> None:
        self._ready()
        if command.mode != self._base.GRIPPER_POSITION:
            raise Refusal("UNIMPLEMENTED")
        self._gripper_closed = command.gripper.finger[0].value
        self._gripper.move(width_m(self._gripper_closed), GRIPPER_FORCE_N)

    def _ready(self) -> None:
        if self._mischief.other_master:
            raise Refusal("INVALID_USER_SESSION_ACCESS")
        if self._servoing != self._base.SINGLE_LEVEL_SERVOING:
            raise Refusal("WRONG_SERVOING_MODE")
        if self.actions.faulted:
            raise Refusal(self.actions.faulted)

    def _action_event(self, identifier: int, event: str, details: str) -> None:
        note = self._base.ActionNotification(action_event=getattr(self._base, event))
        note.handle.identifier = 0 if self._mischief.nameless else identifier
        if details:
            note.abort_details = getattr(wire().modules[""], details)
        if event != "ACTION_START" and self._mischief.late_ends > 0:
            self._mischief.late_ends -= 1
            self._late.append(note)
            return
        self._tell("Action", note)
        while event == "ACTION_START" and self._late:
            self._tell("Action", self._late.pop(0))

    # States -----------------------------------------------------------------------------------------------

    def _get_arm_state(self, request: Any) -> Any:
        return self._base.ArmStateInformation(active_state=self._arm_state())

    def _arm_state(self) -> int:
        if self.actions.faulted:
            return int(self._base.ARMSTATE_IN_FAULT)
        playing = self.actions.busy
        return int(
            self._base.ARMSTATE_SERVOING_PLAYING_SEQUENCE if playing else self._base.ARMSTATE_SERVOING_READY
        )

    def _get_servoing_mode(self, request: Any) -> Any:
        return self._base.ServoingModeInformation(servoing_mode=self._servoing)

    def _set_servoing_mode(self, request: Any) -> None:
        self._servoing = request.servoing_mode

    def _get_actuator_count(self, request: Any) -> Any:
        return self._base.ActuatorInformation(count=7)

    def _get_measured_joint_angles(self, request: Any) -> Any:
        angles = self._base.JointAngles()
        for k, value in enumerate(feedback_deg(self._arm.state().joints)):
            angles.joint_angles.add(joint_identifier=k, value=value)
        return angles

    def _get_measured_gripper_movement(self, request: Any) -> Any:
        measured = self._base.Gripper()
        measured.finger.add(value=fraction(self._gripper.state().width_m))
        return measured

    def _get_product_configuration(self, request: Any) -> Any:
        product = wire().modules["ProductConfiguration"]
        return product.CompleteProductConfiguration(
            model=product.MODEL_ID_L53,
            degree_of_freedom=7,
            end_effector_type=product.END_EFFECTOR_TYPE_ROBOTIQ_2F_85,
            brake_type=product.BRAKE_TYPE_NOT_INSTALLED,
        )

    def _refresh_feedback(self, request: Any) -> Any:
        feedback = wire().modules["BaseCyclic"].Feedback()
        arm, gripper = self._arm.state(), self._gripper.state()
        feedback.base.active_state = self._arm_state()
        feedback.base.fault_bank_a = 1 if self.actions.faulted else 0
        tool = flange_pose(arm.joints) @ FLANGE_FROM_TOOL
        for name, value in zip(("x", "y", "z"), tool[:3, 3], strict=True):
            setattr(feedback.base, f"tool_pose_{name}", value)
        angles = Rotation.from_matrix(tool[:3, :3]).as_euler("xyz", degrees=True)
        for name, value in zip(("x", "y", "z"), angles, strict=True):
            setattr(feedback.base, f"tool_pose_theta_{name}", value)
        for kind, values in (("force", arm.wrench[:3]), ("torque", arm.wrench[3:])):
            for name, value in zip(("x", "y", "z"), values, strict=True):
                setattr(feedback.base, f"tool_external_wrench_{kind}_{name}", value)
        for angle, speed, torque in zip(
            feedback_deg(arm.joints), np.degrees(arm.velocities), arm.torques, strict=True
        ):
            feedback.actuators.add(position=angle, velocity=speed, torque=-torque)
        feedback.interconnect.gripper_feedback.motor.add(
            position=100.0 * fraction(gripper.width_m), current_motor=CURRENT_MA_PER_N * gripper.force_n
        )
        return feedback

    # Configuration ----------------------------------------------------------------------------------------

    def _get_kinematic_hard_limits(self, request: Any) -> Any:
        return self._control.KinematicLimits(joint_speed_limits=HARD_SPEED_DEG_S, twist_linear=0.5)

    def _get_kinematic_soft_limits(self, request: Any) -> Any:
        limits = self._control.KinematicLimits(control_mode=request.control_mode)
        limits.joint_speed_limits.extend(self._soft(request.control_mode))
        return limits

    def _set_joint_speed_soft_limits(self, request: Any) -> None:
        if np.any(np.array(request.joint_speed_soft_limits) > np.array(HARD_SPEED_DEG_S)):
            raise Refusal("VALUE_IS_ABOVE_MAXIMUM")
        self._speed_deg_s[request.control_mode] = list(request.joint_speed_soft_limits)

    def _reset_joint_speed_soft_limits(self, request: Any) -> Any:
        self._speed_deg_s.pop(request.control_mode, None)
        limits = self._control.JointSpeedSoftLimits(control_mode=request.control_mode)
        limits.joint_speed_soft_limits.extend(self._soft(request.control_mode))
        return limits

    def _get_tool_configuration(self, request: Any) -> Any:
        return self._tool

    def _set_tool_configuration(self, request: Any) -> None:
        self._tool = request

    def _get_payload_information(self, request: Any) -> Any:
        return self._payload

    def _set_payload_information(self, request: Any) -> None:
        self._payload = request

    def _get_firmware_version(self, request: Any) -> Any:
        return wire().modules["DeviceConfig"].FirmwareVersion(firmware_version=0x02060000)

    def _get_serial_number(self, request: Any) -> Any:
        return wire().modules["DeviceConfig"].SerialNumber(serial_number="LOOPBACK")

    def _read_all_devices(self, request: Any) -> Any:
        devices = wire().modules["DeviceManager"].DeviceHandles()
        devices.device_handle.add(device_type=wire().modules["Common"].BASE, device_identifier=0)
        return devices

    def _soft(self, mode: int) -> list[float]:
        return self._speed_deg_s.get(mode, [SOFT_SPEED_DEG_S] * 7)

    def _speed_limits(self) -> FloatArray:
        return np.radians(self._soft(self._control.ANGULAR_TRAJECTORY))
