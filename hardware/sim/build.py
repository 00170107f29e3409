"""Builds a simulated world and the robot in it from a scene."""

from __future__ import annotations

from dataclasses import dataclass, replace

import mujoco
import numpy as np

from hardware.clock import SystemClock
from hardware.executor import ThreadExecutor
from hardware.robot import Robot
from hardware.sim.announcer import SimulatedAnnouncer
from hardware.sim.arm import SimulatedArm, place_arm
from hardware.sim.camera import SimulatedCamera, UnhurriedCamera, intrinsics_of
from hardware.sim.clock import SimulatedClock
from hardware.sim.gripper import SimulatedGripper
from hardware.sim.model import SEEN_BY_WRIST, WRIST_CAMERA, build_model, placements
from hardware.sim.options import SimOptions
from hardware.sim.person import Person
from hardware.sim.renderers import make_renderer
from hardware.sim.scenario import SceneSpec
from hardware.sim.scene_camera import Onlookers
from hardware.sim.score import Scorekeeper
from hardware.sim.truth import SceneIndex, human_geoms, lens_body
from hardware.sim.world import World
from hardware.types import FloatArray

SETTLE_S = 0.4
"""Objects lie this long before time begins; their poses are those of objects at rest already."""


@dataclass(frozen=True)
class SimulatedRobot:
    """The robot, and what only a simulation has: the world, the person, and what physics says happened."""

    robot: Robot
    tracking_camera: SimulatedCamera
    """The wrist camera again, coarse and cheap, for following the person."""
    world: World
    person: Person | None
    score: Scorekeeper
    options: SimOptions
    scene: SceneSpec

    @property
    def onlookers(self) -> Onlookers:
        """Cameras beside the table and at the wrist, for videos: of a model of their own, in which the robot
        wears its meshes where they are installed. In the world's they would change its last digits.
        """
        return Onlookers(build_model(self.scene, self.options), self.options)


def build_world(
    scene: SceneSpec,
    options: SimOptions,
    rng: np.random.Generator,
    *,
    realtime: bool = False,
) -> SimulatedRobot:
    """The scene with the arm at its start pose, everything at rest and time at 0.

    With `realtime` sleeping takes as long as it says, and a worker draws the camera's pictures. Raises
    NoOpenGl when options ask for it and it does not start.
    """
    arm_rng, person_rng, camera_rng = rng.spawn(3)
    model = build_model(scene, options, looks=False)
    world = World(model, settled(model, scene, np.radians(options.start_deg)))
    theirs = human_geoms(model, scene)
    person = None
    if scene.person is not None:
        person = Person(scene.person, model, world.data, person_rng, theirs)
        world.add_agent(person)
    arm, gripper = SimulatedArm(world, options.force_noise_n, arm_rng), SimulatedGripper(world)
    world.add_agent(arm)
    world.add_agent(gripper)
    score = Scorekeeper(model, world.data, human_geoms=theirs, spec=scene.person)
    world.add_observer(score)
    mujoco.mj_forward(model, world.data)
    camera, tracking_camera = _wrist_cameras(world, scene, options, person, camera_rng)
    clock = SimulatedClock(world, SystemClock() if realtime else None)
    robot = Robot(arm, gripper, camera, clock, SimulatedAnnouncer(clock))
    if realtime:
        worker = ThreadExecutor()
        robot = replace(robot, camera=UnhurriedCamera(camera, worker, clock), connections=(worker,))
    return SimulatedRobot(robot, tracking_camera, world, person, score, options, scene)


def settled(model: mujoco.MjModel, scene: SceneSpec, joints: FloatArray) -> mujoco.MjData:
    """Time 0 with the arm at `joints` (7,) rad and each object where it comes to lie; nothing moves."""
    trial, data = mujoco.MjData(model), mujoco.MjData(model)
    place_arm(model, trial, joints)
    mujoco.mj_step(model, trial, round(SETTLE_S / model.opt.timestep))
    for prefix in placements(scene):
        first = int(model.jnt_qposadr[model.body(f"{prefix}object").jntadr[0]])
        data.qpos[first : first + 7] = trial.qpos[first : first + 7]
    place_arm(model, data, joints)
    return data


def _wrist_cameras(
    world: World,
    scene: SceneSpec,
    options: SimOptions,
    person: Person | None,
    rng: np.random.Generator,
) -> tuple[SimulatedCamera, SimulatedCamera]:
    """The full picture, and the coarse one in plain colours."""
    wrist, index = options.camera, SceneIndex(world.model, scene)
    sizes = ((wrist.width, wrist.height, True), (wrist.tracking_width, wrist.tracking_height, False))
    cameras = []
    for width, height, shaded in sizes:
        intrinsics = intrinsics_of(width, height, wrist.focal_px * width / wrist.width)
        renderer = make_renderer(
            options.renderer,
            world.model,
            WRIST_CAMERA,
            intrinsics,
            SEEN_BY_WRIST,
            exclude_body=lens_body(world.model),
            shaded=shaded,
        )
        camera = SimulatedCamera(
            world,
            renderer,
            intrinsics,
            index,
            wrist,
            options.depth_noise,
            int(rng.integers(2**32)),
            keypoints=None if person is None else person.keypoints,
        )
        cameras.append(camera)
    return cameras[0], cameras[1]
