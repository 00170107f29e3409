"""What program and driver say to each other: JSON, framed on a stream or one datagram each; no pickle.

Commands go over a stream (none may be lost, and its end tells that the other side is gone); readings go as
datagrams that are dropped when nobody takes them, so that a frozen program never blocks the driver.
"""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Mapping
from typing import Any

from hardware.types import ArmState, GripperState, RobotState, Trajectory

Message = Mapping[str, Any]

_LENGTH = struct.Struct(">I")
LONGEST_BYTES = 8 * 1024 * 1024
DATAGRAM_BYTES = 64 * 1024


def encode(message: Message) -> bytes:
    """One message as UTF-8 JSON; floats keep every bit. Raises ValueError for anything not finite."""
    return json.dumps(message, allow_nan=False, separators=(",", ":")).encode()


def send(stream: socket.socket, message: Message) -> None:
    """Write one framed message; raises OSError when the other side is gone or takes nothing in time."""
    body = encode(message)
    stream.sendall(_LENGTH.pack(len(body)) + body)


def receive(stream: socket.socket) -> dict[str, Any] | None:
    """The next message, or None when the other side has closed. Raises OSError on a broken stream."""
    head = _exactly(stream, _LENGTH.size)
    if head is None:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > LONGEST_BYTES:
        raise OSError(f"a message of {length} bytes is announced, {LONGEST_BYTES} are allowed")
    body = _exactly(stream, length)
    return None if body is None else json.loads(body)


def _exactly(stream: socket.socket, count: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < count:
        part = stream.recv(count - len(parts))
        if not part:
            return None
        parts += part
    return bytes(parts)


def trajectory_fields(trajectory: Trajectory) -> Message:
    """A trajectory as JSON values."""
    return {
        "times_s": trajectory.times_s.tolist(),
        "positions": trajectory.positions.tolist(),
        "velocities": trajectory.velocities.tolist(),
    }


def trajectory_of(fields: Message) -> Trajectory:
    """The trajectory in a message; raises ValueError when it is none."""
    return Trajectory(fields["times_s"], fields["positions"], fields["velocities"])


def robot_fields(robot: RobotState, shift_s: float, fault: str | None) -> Message:
    """A reading as JSON values, its stamps moved by `shift_s`; `fault` counts where the arm has none."""
    arm, gripper = robot.arm, robot.gripper
    return {
        "arm": {
            "joints": arm.joints.tolist(),
            "velocities": arm.velocities.tolist(),
            "torques": arm.torques.tolist(),
            "wrench": arm.wrench.tolist(),
            "fault": arm.fault or fault,
            "stamp_s": arm.stamp_s + shift_s,
        },
        "gripper": {
            "width_m": gripper.width_m,
            "force_n": gripper.force_n,
            "holding": gripper.holding,
            "stamp_s": gripper.stamp_s + shift_s,
        },
    }


def robot_of(fields: Message) -> RobotState:
    """The reading in a message."""
    return RobotState(ArmState(**fields["arm"]), GripperState(**fields["gripper"]))
