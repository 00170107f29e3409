"""Builds the robot: the simulated one, or the Kinova Gen3 in its driver process with its camera."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.options import Config
from app.order import Devices, Order
from hardware.clock import SystemClock
from hardware.driver.client import DriverProcess
from hardware.driver.devices import DeviceAddress
from hardware.driver.remote import RemoteArm, RemoteGripper, RemoteReflex
from hardware.kinova.options import KinovaOptions
from hardware.protocols import Announcer, Camera, Clock
from hardware.robot import Robot

if TYPE_CHECKING:
    from hardware.sim.build import SimulatedRobot

LOOPBACK = "loopback"
SPEED_SHARE = 0.95
"""Planned joint speeds stay this much below the limit set on the arm: it refuses what touches it."""


def simulated(order: Order) -> Devices:
    """The simulated robot, person and table."""
    from hardware.sim.model import camera_mount

    built = _world(order, order.realtime)
    return Devices(
        robot=built.robot,
        tracking_camera=built.tracking_camera,
        flange_from_camera=camera_mount(order.config.sim.camera),
        live=order.realtime,
        score=lambda: asdict(built.score.report()),
        world=built,
    )


def kinova(order: Order) -> Devices:
    """The Gen3 in its driver process; with the address `loopback`, a rehearsal on the simulated arm."""
    if order.config.kinova.address == LOOPBACK:
        return _rehearsal(order)
    from app.gen3_factory import gen3

    return gen3(order)


@dataclass(frozen=True)
class LoneArm:
    """An arm to be examined: how to reach it, the process that would move it, and the clock to wait by."""

    options: KinovaOptions
    driver: DriverProcess
    clock: Clock


@contextmanager
def arm_to_examine(config: Config) -> Iterator[LoneArm]:
    """The arm alone; with the address `loopback`, a simulated one behind its controller."""
    if config.kinova.address != LOOPBACK:
        clock = SystemClock()
        yield LoneArm(config.kinova, driver_of(config.kinova, clock), clock)
        return
    from hardware.sim.hosted import arm_alone

    stand_in = rehearsed(arm_alone().robot, config.kinova)
    with ExitStack() as stack:
        for connection in stand_in.around:
            stack.enter_context(connection)
        yield LoneArm(stand_in.options(), stand_in.driver, stand_in.clock)


def within_limits(config: Config) -> Config:
    """The configuration with what the arm demands where it is no simulated one: planned joint speeds below
    the limit set on it, and no motion of its own accord after a contact.
    """
    if config.back_ends.robot != "kinova":
        return config
    limit = SPEED_SHARE * math.radians(config.kinova.max_joint_speed_deg_s)
    speeds = tuple(min(speed, limit) for speed in config.motion.joint_speed_rad_s)
    safety = replace(config.planning.safety, latch_contact=True)
    return replace(
        config,
        motion=replace(config.motion, joint_speed_rad_s=speeds),
        planning=replace(config.planning, safety=safety),
    )


def _rehearsal(order: Order) -> Devices:
    """The simulated arm behind a loopback controller, moved through the driver process as the real one is."""
    from hardware.sim.model import camera_mount

    recorded = order.config.realsense.recording is not None
    live = order.realtime or recorded  # a recording plays in real time
    built = _world(order, live)
    robot, driver = behind_controller(built.robot, order.config.kinova, order.journal)
    devices = Devices(
        robot=robot,
        tracking_camera=built.tracking_camera,
        flange_from_camera=camera_mount(order.config.sim.camera),
        live=live,
        score=lambda: asdict(built.score.report()),
        world=built,
    )
    if not recorded:
        return devices
    from app.gen3_factory import seen_in_recording

    return seen_in_recording(devices, driver, order.config)


@dataclass(frozen=True)
class Rehearsed:
    """What stands for a real arm; `around` is entered first, and `options` tells how to reach it then."""

    around: tuple[AbstractContextManager[object], ...]
    options: Callable[[], KinovaOptions]
    driver: DriverProcess
    clock: Clock


def behind_controller(
    simulated: Robot, options: KinovaOptions, journal: Path | None = None
) -> tuple[Robot, DriverProcess]:
    """A simulated robot moved as the real one is, and its driver process."""
    made = rehearsed(simulated, options, journal)
    robot = robot_of(made.driver, made.clock, simulated.camera, simulated.announcer, made.around)
    return robot, made.driver


def rehearsed(simulated: Robot, options: KinovaOptions, journal: Path | None = None) -> Rehearsed:
    """A driver process, the protocol, and a loopback controller with the simulated arm behind.

    All of them live by the simulated time, which passes while somebody sleeps by the clock.
    """
    from hardware.kinova.loopback.controller import LoopbackController
    from hardware.shown_clock import ShownTime
    from hardware.sim.lockstep import LockstepClock

    time = ShownTime()
    controller = LoopbackController(simulated.arm, simulated.gripper, simulated.clock)
    clock = LockstepClock(simulated.clock, time, lambda: driver.seen_s(), SystemClock())

    def reached() -> KinovaOptions:
        tcp, udp = controller.tcp_port, controller.udp_port
        return replace(options, address="127.0.0.1", tcp_port=tcp, udp_port=udp)

    driver = DriverProcess(lambda: driver_address(reached()), options.driver, clock, journal, time)
    return Rehearsed((*simulated.connections, time, controller), reached, driver, clock)


def driver_of(options: KinovaOptions, clock: SystemClock, journal: Path | None = None) -> DriverProcess:
    """The process that will own the arm; it starts when it is entered."""
    return DriverProcess(driver_address(options), options.driver, clock, journal)


def driver_address(options: KinovaOptions) -> DeviceAddress:
    """What the driver process opens."""
    return DeviceAddress("hardware.kinova.hosted:open_devices", asdict(options))


def robot_of(
    driver: DriverProcess,
    clock: Clock,
    camera: Camera,
    announcer: Announcer,
    around: tuple[AbstractContextManager[object], ...],
) -> Robot:
    """Arm and gripper of that process, which is entered after what stands around it."""
    return Robot(
        arm=RemoteArm(driver),
        gripper=RemoteGripper(driver),
        camera=camera,
        clock=clock,
        announcer=announcer,
        connections=(*around, driver),
        reflex=RemoteReflex(driver),
    )


def _world(order: Order, realtime: bool) -> SimulatedRobot:
    from hardware.sim.build import build_world
    from hardware.sim.scenario import sample_scene

    options, label = order.config.sim, order.request.label
    scene = sample_scene(None if order.object_file else label, order.object_file, options, order.rng)
    return build_world(scene, options, order.rng, realtime=realtime)


ROBOTS: Mapping[str, Callable[[Order], Devices]] = {"simulated": simulated, "kinova": kinova}
