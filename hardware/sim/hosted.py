"""The simulated arm and gripper as the driver process hosts them: alone in a world that runs in real time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from hardware.driver.devices import HostedDevices
from hardware.protocols import Clock
from hardware.sim.build import SimulatedRobot, build_world
from hardware.sim.clock import SimulatedClock
from hardware.sim.options import PersonOptions, SimOptions
from hardware.sim.paced import PacedWorld
from hardware.sim.scenario import sample_scene


@contextmanager
def open_devices(
    clock: Clock, label: str = "hammer", seed: int = 0, start_deg: Sequence[float] | None = None
) -> Iterator[HostedDevices]:
    """The arm and gripper of `arm_alone`, in time that passes as that of `clock` does."""
    built = arm_alone(label, seed, start_deg)
    robot = built.robot
    with PacedWorld(SimulatedClock(built.world, clock)):
        yield HostedDevices("simulated Gen3", robot.arm, robot.gripper, robot.clock.now)


def arm_alone(
    label: str = "hammer", seed: int = 0, start_deg: Sequence[float] | None = None
) -> SimulatedRobot:
    """A world with this object on the table and nobody there."""
    options = SimOptions(person=PersonOptions(present=False))
    if start_deg is not None:
        options = replace(options, start_deg=tuple(start_deg))
    rng = np.random.default_rng(seed)
    return build_world(sample_scene(label, None, options, rng), options, rng)
