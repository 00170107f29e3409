"""Builds the robot: the simulated one, or the Kinova Gen3 in its driver process with its camera."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, replace
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
    from hardware.kinova.loopback.controller import LoopbackController
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


@contextmanager
def arm_to_examine(config: Config) -> Iterator[KinovaOptions]:
    """How to reach the arm alone; with the address `loopback`, a simulated one behind its controller."""
    if config.kinova.address != LOOPBACK:
        yield config.kinova
        return
    from hardware.kinova.loopback.controller import LoopbackController
    from hardware.sim.hosted import open_devices

    with open_devices(SystemClock()) as theirs, LoopbackController(theirs.arm, theirs.gripper) as controller:
        yield at_controller(config.kinova, controller)


def at_controller(options: KinovaOptions, controller: LoopbackController) -> KinovaOptions:
    """The options with the address and the ports of a controller on this machine."""
    return replace(options, address="127.0.0.1", tcp_port=controller.tcp_port, udp_port=controller.udp_port)


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


def behind_controller(
    simulated: Robot, options: KinovaOptions, journal: Path | None = None
) -> tuple[Robot, DriverProcess]:
    """A simulated robot moved as the real one is: a driver process, the protocol, a loopback controller.

    All of them live by the simulated time, which passes while somebody sleeps by the robot's clock.
    """
    from hardware.kinova.loopback.controller import LoopbackController
    from hardware.shown_clock import ShownTime
    from hardware.sim.lockstep import LockstepClock

    time = ShownTime()
    controller = LoopbackController(simulated.arm, simulated.gripper, simulated.clock)
    clock = LockstepClock(simulated.clock, time, lambda: driver.seen_s(), SystemClock())
    driver = DriverProcess(
        lambda: driver_address(at_controller(options, controller)),
        options.driver,
        clock,
        journal,
        time,
    )
    around = (*simulated.connections, time, controller)
    return robot_of(driver, clock, simulated.camera, simulated.announcer, around), driver


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
