"""What is said arrives bit for bit; what is broken is refused; nobody who is gone blocks anybody."""

from __future__ import annotations

import socket
import struct

import numpy as np
import pytest

from hardware.driver import wire
from hardware.types import ArmState, GripperState, RobotState, Trajectory


def test_messages_arrive_whole_and_in_order_whatever_the_pieces() -> None:
    here, there = socket.socketpair()
    with here, there:
        body = wire.encode({"do": "move", "width_m": 0.1 + 0.2})
        framed = struct.pack(">I", len(body)) + body
        for byte in framed[:9]:
            here.send(bytes([byte]))
        here.send(framed[9:])
        wire.send(here, {"do": "stop"})
        assert wire.receive(there) == {"do": "move", "width_m": 0.1 + 0.2}
        assert wire.receive(there) == {"do": "stop"}


def test_a_closed_stream_is_an_end_even_inside_a_message() -> None:
    here, there = socket.socketpair()
    with there:
        here.send(struct.pack(">I", 100) + b"{")
        here.close()
        assert wire.receive(there) is None


def test_an_absurd_length_is_refused_before_it_is_waited_for() -> None:
    here, there = socket.socketpair()
    with here, there:
        here.send(struct.pack(">I", 2**31))
        with pytest.raises(OSError, match="are allowed"):
            wire.receive(there)


def test_what_is_not_finite_is_never_sent() -> None:
    with pytest.raises(ValueError, match="JSON"):
        wire.encode({"width_m": float("nan")})


def test_trajectories_and_readings_keep_every_bit() -> None:
    rng = np.random.default_rng(3)
    velocities = rng.normal(size=(5, 7))
    velocities[-1] = 0.0
    trajectory = Trajectory(np.cumsum([0.0, *rng.uniform(0.01, 1.0, 4)]), rng.normal(size=(5, 7)), velocities)
    again = wire.trajectory_of(wire.trajectory_fields(trajectory))
    np.testing.assert_array_equal(again.times_s, trajectory.times_s)
    np.testing.assert_array_equal(again.positions, trajectory.positions)
    np.testing.assert_array_equal(again.velocities, trajectory.velocities)
    joints, velocities, torques, wrench = (rng.normal(size=size) for size in (7, 7, 7, 6))
    arm = ArmState(joints, velocities, torques, wrench, fault=None, stamp_s=3.0)
    robot = RobotState(arm, GripperState(0.04, 60.0, True, 3.5))
    moved = wire.robot_of(wire.robot_fields(robot, 100.0, "the program was silent"))
    np.testing.assert_array_equal(moved.arm.wrench, arm.wrench)
    assert moved.arm.fault == "the program was silent"
    assert (moved.arm.stamp_s, moved.gripper.stamp_s) == (103.0, 103.5)
    assert moved.gripper.holding
