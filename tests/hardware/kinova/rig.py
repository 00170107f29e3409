"""A driver's session with a loopback controller whose ideal arm lives four times as fast as the machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from hardware.clock import SystemClock
from hardware.gen3.facts import HOME
from hardware.kinova.arm import KortexArm
from hardware.kinova.feedback import Feedback
from hardware.kinova.gripper import KortexGripper
from hardware.kinova.loopback.controller import LoopbackController
from hardware.kinova.loopback.plant import IdealArm, IdealGripper
from hardware.kinova.options import KinovaOptions
from hardware.kinova.package import load_package
from hardware.kinova.session import KortexSession
from hardware.protocols import Motion
from hardware.types import FloatArray, MotionStatus, Trajectory
from tests.hardware.simulated import move_to

SPEED = 4.0
CLIENTS = ("stand_in", *(["kortex_api"] if find_spec("kortex_api") else []))
"""What the driver's tests go through: always the stand-in, and Kinova's package where it is installed."""


class FastClock:
    """The machine's clock, four times as fast."""

    def __init__(self) -> None:
        self._clock = SystemClock()

    def now(self) -> float:
        return SPEED * self._clock.now()

    def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds / SPEED)


@dataclass
class Rig:
    """Both sides; `plant` and `fingers` are what the controller moves."""

    clock: FastClock
    plant: IdealArm
    fingers: IdealGripper
    controller: LoopbackController
    options: KinovaOptions
    session: KortexSession
    feedback: Feedback
    arm: KortexArm
    gripper: KortexGripper

    def swing(self, radians: float = 0.3, seconds: float = 2.0) -> Trajectory:
        """Joint 1 to the side, from where the arm is."""
        start = self.arm.state().joints
        return move_to(start, start + radians * np.eye(7)[0], seconds)

    def until(self, holds: Callable[[], bool], within_s: float = 10.0) -> None:
        """Wait on the machine's clock until it holds; fails the test when it does not."""
        clock = SystemClock()
        end_s = clock.now() + within_s
        while not holds():
            assert clock.now() < end_s, "it did not happen"
            clock.sleep(0.005)

    def end_of(self, motion: Motion) -> MotionStatus:
        """How a motion ends."""
        self.until(lambda: not motion.poll().running)
        return motion.poll()

    def stands(self) -> bool:
        """Whether the plant is at rest."""
        return not np.any(self.plant.state().velocities)

    def arm_is_ready(self) -> bool:
        """Whether the arm says that it takes commands."""
        ready = self.session.package.messages.Base.ARMSTATE_SERVOING_READY
        return self.feedback.newest().arm_state == ready

    def count(self, call: str) -> int:
        """How often a call came in."""
        return self.controller.calls.count(call)


def options_for(controller: LoopbackController, **changes: object) -> KinovaOptions:
    """The driver's options for this controller, with short deadlines."""
    given: dict[str, object] = {
        "address": "127.0.0.1",
        "tcp_port": controller.tcp_port,
        "udp_port": controller.udp_port,
        "client": "stand_in",
        "connect_s": 1.0,
        "call_s": 0.5,
        "feedback_s": 0.05,
        "lost_s": 2.0,
        "max_joint_speed_deg_s": 60.0,
        **changes,
    }
    return KinovaOptions(**given)  # type: ignore[arg-type]  # the fields' types differ


@contextmanager
def rig(joints: FloatArray = HOME, client: str = "stand_in", **changes: object) -> Iterator[Rig]:
    """A connected driver; `changes` are KinovaOptions."""
    from hardware.kinova.checks import limited_speeds

    clock = FastClock()
    plant, fingers = IdealArm(clock, joints), IdealGripper(clock)
    with LoopbackController(plant, fingers, clock) as controller:
        options = options_for(controller, client=client, **changes)
        with (
            KortexSession(load_package(options.client), options) as session,
            Feedback(session, options, clock) as feedback,
        ):
            limited_speeds(session, options)
            arm = KortexArm(session, feedback, options, clock)
            gripper = KortexGripper(session, feedback, options, clock)
            yield Rig(clock, plant, fingers, controller, options, session, feedback, arm, gripper)
