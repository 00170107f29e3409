"""What must be true of the arm before it may move: looked at once, told as lines of a report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from hardware.errors import DeviceFault, HardwareError
from hardware.gen3.kinematics import flange_pose
from hardware.geometry import pose, transform
from hardware.kinova.errors import KortexRefused
from hardware.kinova.feedback import Feedback
from hardware.kinova.options import KinovaOptions
from hardware.kinova.session import KortexSession
from hardware.types import FloatArray

TOOL_BEYOND_FLANGE_M = 0.120
JOINTS = 7
QUIET_N = 20.0
"""The external wrench drifts by 10 to 20 N without contact; more at rest means a wrong payload or a touch."""


@dataclass(frozen=True)
class ArmCheck:
    """One line: FAIL keeps the arm from moving, WARN does not."""

    subject: str
    state: Literal["OK", "WARN", "FAIL"]
    detail: str


def examine(session: KortexSession, feedback: Feedback, options: KinovaOptions) -> Iterator[ArmCheck]:
    """All checks; nothing moves, nothing is changed on the arm. Raises HardwareError when the link breaks."""
    names = session.package.messages.Base
    yield ArmCheck("client", "OK", session.package.name)
    yield _product(session)
    yield _firmware(session)
    yield _count(session)
    state = session.call(session.base.GetArmState).active_state
    yield _is(
        "arm state",
        state == names.ARMSTATE_SERVOING_READY,
        names.ArmState.Name(state),
        "clear faults in the web application, wait until the arm is ready",
    )
    mode = session.call(session.base.GetServoingMode).servoing_mode
    yield _is(
        "servoing mode",
        mode == names.SINGLE_LEVEL_SERVOING,
        names.ServoingMode.Name(mode),
        "restart the arm, or the program that left it in low-level servoing",
    )
    reading = feedback.newest()
    fault = reading.arm.fault
    yield _is("faults", fault is None, fault or "none", "clear them in the web application")
    yield _configuration(session, options)
    yield _limits(session)
    yield _kinematics(reading.arm.joints, reading.tool_position, options)
    yield _wrench(reading.arm.force)


def require_fit(session: KortexSession, feedback: Feedback, options: KinovaOptions) -> list[ArmCheck]:
    """The checks; raises DeviceFault with all that failed."""
    checks = list(examine(session, feedback, options))
    failed = [f"{check.subject}: {check.detail}" for check in checks if check.state == "FAIL"]
    if failed:
        raise DeviceFault("arm", "; ".join(failed), "handover doctor robot shows every check")
    return checks


def _product(session: KortexSession) -> ArmCheck:
    product = session.call(session.base.GetProductConfiguration)
    # Reached by numbers: the vendor's classes hide the product's enums in another module.
    right = product.model == 1 and product.end_effector_type == 3
    detail = (
        f"model {product.model}, {product.degree_of_freedom} joints, end effector {product.end_effector_type}"
    )
    return _is(
        "product",
        right,
        detail,
        "a Gen3 (model 1) with a Robotiq 2F-85 (end effector 3) is needed; set it in the web application",
    )


def _count(session: KortexSession) -> ArmCheck:
    count = session.call(session.base.GetActuatorCount).count
    return _is("actuators", count == JOINTS, str(count), f"{JOINTS} are needed")


def _configuration(session: KortexSession, options: KinovaOptions) -> ArmCheck:
    tool = session.call(session.control.GetToolConfiguration)
    payload = session.call(session.control.GetPayloadInformation)
    weighed = tool.tool_mass > 0.0 or payload.payload_mass > 0.0
    detail = f"tool {tool.tool_mass:.2f} kg, payload {payload.payload_mass:.2f} kg"
    if options.tool_mass_kg is not None:
        detail = f"{detail}; {options.tool_mass_kg:g} kg and none are set for each session"
    if weighed or options.tool_mass_kg is not None:
        return ArmCheck("tool and payload", "OK", detail)
    return ArmCheck(
        "tool and payload",
        "WARN",
        f"{detail}: gripper and camera weigh about 1 kg; set the tool's mass in the web application, or "
        "kinova.tool_mass_kg, or the arm sags and feels forces that are not there",
    )


def _firmware(session: KortexSession) -> ArmCheck:
    """A number whose layout is not documented: told as it is, to be compared by a person."""
    subject, remedy = "firmware", "2.6 or a later 2.x is needed: compare with the web application"
    try:
        number = int(session.call(session.device.GetFirmwareVersion).firmware_version)
    except KortexRefused as refusal:
        return ArmCheck(subject, "WARN", f"not told ({refusal.sub_code}); {remedy}")
    parts = ".".join(str(byte) for byte in number.to_bytes(4, "big"))
    return ArmCheck(subject, "WARN", f"{number:#010x}, by bytes {parts}; {remedy}")


def _limits(session: KortexSession) -> ArmCheck:
    control = session.package.messages.ControlConfig
    asked = control.ControlModeInformation()
    asked.control_mode = control.ANGULAR_TRAJECTORY
    limits = session.call(session.control.GetKinematicSoftLimits, asked)
    speeds = ", ".join(f"{speed:.0f}" for speed in limits.joint_speed_limits)
    return ArmCheck("soft joint speeds", "OK", f"{speeds} deg/s")


def _kinematics(joints: FloatArray, reported: FloatArray, options: KinovaOptions) -> ArmCheck:
    ours = transform(flange_pose(joints) @ pose(translation=(0.0, 0.0, TOOL_BEYOND_FLANGE_M)), np.zeros(3))
    apart_m = float(np.linalg.norm(ours - reported))
    detail = f"model and arm differ by {1e3 * apart_m:.1f} mm at the tool"
    if apart_m <= options.fk_tolerance_m:
        return ArmCheck("kinematics", "OK", detail)
    return ArmCheck(
        "kinematics",
        "WARN",
        f"{detail}, {1e3 * options.fk_tolerance_m:.0f} mm are usual; is another tool frame configured?",
    )


def _wrench(force: FloatArray) -> ArmCheck:
    size_n = float(np.linalg.norm(force))
    if size_n <= QUIET_N:
        return ArmCheck("wrench", "OK", f"{size_n:.1f} N at rest")
    return ArmCheck("wrench", "WARN", f"{size_n:.1f} N at rest: is the arm touched, is its tool's mass set?")


def _is(subject: str, right: bool, detail: str, remedy: str) -> ArmCheck:
    return ArmCheck(subject, "OK", detail) if right else ArmCheck(subject, "FAIL", f"{detail}; {remedy}")


def limited_speeds(session: KortexSession, options: KinovaOptions) -> None:
    """Set the session's soft joint speed limits; they are put back at its end. Raises HardwareError."""
    control = session.package.messages.ControlConfig
    mode = control.ANGULAR_TRAJECTORY
    asked = control.ControlModeInformation()
    asked.control_mode = mode
    before = session.call(session.control.GetKinematicSoftLimits, asked)
    hard = session.call(session.control.GetKinematicHardLimits)
    wanted = control.JointSpeedSoftLimits()
    wanted.control_mode = mode
    wanted.joint_speed_soft_limits.extend(
        min(options.max_joint_speed_deg_s, speed) for speed in hard.joint_speed_limits
    )
    session.call(session.control.SetJointSpeedSoftLimits, wanted)

    def restore() -> None:
        earlier: Any = control.JointSpeedSoftLimits()
        earlier.control_mode = mode
        earlier.joint_speed_soft_limits.extend(before.joint_speed_limits)
        session.call(session.control.SetJointSpeedSoftLimits, earlier)

    session.at_the_end("put the soft limits back", restore)
    now = session.call(session.control.GetKinematicSoftLimits, asked)
    if not np.allclose(now.joint_speed_limits, wanted.joint_speed_soft_limits, atol=0.1):
        raise HardwareError(
            f"the arm did not take the speed limit of {options.max_joint_speed_deg_s:g} deg/s, it reads back "
            f"{list(now.joint_speed_limits)}"
        )
