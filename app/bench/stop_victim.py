"""A program that moves the arm through its driver until something happens to it: what `bench stops` kills.

The real runner ticks one leaf that swings joint 1 to and fro; the arm is simulated, in the driver process.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, cast

import numpy as np
from py_trees.common import Status

from app.assembly import Assembly
from app.options import RunOptions
from app.runner import run_handover
from behaviours.base import MotionLeaf
from behaviours.services import Services
from hardware.clock import SystemClock
from hardware.driver.client import DriverProcess
from hardware.driver.devices import DeviceAddress
from hardware.driver.options import DriverOptions
from hardware.driver.remote import RemoteArm, RemoteGripper
from hardware.executor import InlineExecutor
from hardware.protocols import Motion
from hardware.robot import Robot
from hardware.types import Trajectory
from perception.types import HandoverRequest
from planning.types import Phase

SWING_RAD, SWING_S = 0.6, 3.0
READY = "moving"
"""Printed once the arm is under way; the moment of a failure of its own follows in seconds."""
FAST_RAD_S = 0.2


class Swing(MotionLeaf):
    """Moves joint 1 to and fro; raises in mid-swing when it shall."""

    PHASE = Phase.IDLE

    def __init__(self, name: str, raising: bool) -> None:
        super().__init__(name)
        self._raising = raising
        self._side = 1.0
        self._told = False

    def command(self) -> Motion:
        self._side = -self._side
        arm = self.services.robot.arm
        times_s = np.linspace(0.0, SWING_S, 61)
        s = times_s / SWING_S
        share, rate = 10 * s**3 - 15 * s**4 + 6 * s**5, (30 * s**2 - 60 * s**3 + 30 * s**4) / SWING_S
        way = np.eye(7)[0] * SWING_RAD * self._side
        return arm.follow(Trajectory(times_s, arm.state().joints + share[:, None] * way, rate[:, None] * way))

    def poll(self) -> Status:
        speed = float(np.max(np.abs(self.services.robot.arm.state().velocities)))
        if speed > FAST_RAD_S and not self._told:
            self._told = True
            print(READY, self.now(), flush=True)
            if self._raising:
                raise RuntimeError("a bug in a leaf, on purpose")
        status = super().poll()
        return self.wait("to and fro") if status == Status.SUCCESS and self._begin_again() else status

    def _begin_again(self) -> bool:
        self._motion = self.command()
        return True


def main(words: list[str]) -> int:
    """`python -m app.bench.stop_victim JOURNAL [raise]`."""
    clock = SystemClock()
    driver = DriverProcess(
        DeviceAddress("hardware.sim.hosted:open_devices"), DriverOptions(), clock, Path(words[0])
    )
    nothing = cast(Any, None)  # the one leaf of this tree uses the arm only
    robot = Robot(RemoteArm(driver), RemoteGripper(driver), nothing, clock, nothing, (driver,))
    services = Services(
        robot=robot,
        detector=nothing,
        segmenter=nothing,
        vlm=None,
        shape_grounder=nothing,
        human=nothing,
        grasps=nothing,
        planner=nothing,
        executor=InlineExecutor(),
        beside=InlineExecutor(),
        rng=np.random.default_rng(0),
    )
    assembly = Assembly(services, nothing, {"robot": "driver process over the simulated arm"})
    result = run_handover(
        assembly, lambda: Swing("Swing", "raise" in words), HandoverRequest("nothing"), RunOptions()
    )
    print(result.outcome.value, result.reason, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
