"""What the tests of the simulated robot share: small scenes, straight joint motions, and waiting for a
motion.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import mujoco
import numpy as np
from scipy.spatial.transform import Rotation

from hardware.gen3 import gripper as linkage
from hardware.gen3.facts import VELOCITY_LIMITS
from hardware.geometry import pose
from hardware.protocols import Clock, Motion
from hardware.sim.build import SimulatedRobot, build_world
from hardware.sim.objects import load_object
from hardware.sim.options import PersonOptions, SimOptions
from hardware.sim.scenario import ObjectPlacement, SceneSpec
from hardware.sim.scenery import TABLE_TOP_Z_M
from hardware.types import FloatArray, MotionStatus, Trajectory

TABLE_VIEW: FloatArray = np.radians([0.0, -44.4, 180.0, -129.2, 0.0, -65.2, 90.0])
QUIET = SimOptions(
    person=PersonOptions(present=False),
    depth_noise=0.0,
    force_noise_n=0.0,
    start_deg=tuple(np.degrees(TABLE_VIEW)),
)

BOX = """<mujoco model="box">
  <custom>
    <text name="label" data="box"/>
    <text name="human_part" data="top"/>
    <text name="robot_part" data="bottom"/>
  </custom>
  <worldbody><body name="object">
    <geom name="bottom_0" type="box" size="0.02 0.02 0.025" pos="0 0 0.025" mass="0.1" rgba="0.8 0.2 0.2 1"/>
    <geom name="top_0" type="box" size="0.02 0.02 0.025" pos="0 0 0.075" mass="0.1" rgba="0.2 0.2 0.8 1"/>
  </body></worldbody>
</mujoco>"""
"""0.2 kg, 40 x 40 x 100 mm, standing."""

TOOL = """<mujoco model="tool">
  <custom>
    <text name="label" data="tool"/>
    <text name="human_part" data="handle"/>
    <text name="robot_part" data="head"/>
  </custom>
  <worldbody><body name="object">
    <geom name="handle_0" type="box" size="0.0125 0.08 0.0125" pos="0 -0.06 0.0125" mass="0.25" rgba="0.8 0.5
    0.2 1"/> <geom name="head_0" type="box" size="0.0125 0.02 0.0125" pos="0 0.04 0.0125" mass="0.25"
    rgba="0.3 0.3 0.35 1"/>
  </body></worldbody>
</mujoco>"""
"""0.5 kg, a bar of 25 x 25 mm along y with its balance point 10 mm on the handle's side of the origin."""


def scene_with(folder: Path, xml: str, position: tuple[float, float] = (0.45, 0.0)) -> SceneSpec:
    """A scene with one object of this MJCF standing on the table, and nobody there."""
    path = folder / "object.xml"
    path.write_text(xml, encoding="utf-8")
    place = np.array([*position, TABLE_TOP_Z_M])
    return SceneSpec(ObjectPlacement(load_object(path), place, np.array([1.0, 0.0, 0.0, 0.0])))


def build(scene: SceneSpec, options: SimOptions = QUIET, seed: int = 0) -> SimulatedRobot:
    return build_world(scene, options, np.random.default_rng(seed))


def move_to(start: FloatArray, goal: FloatArray, duration_s: float) -> Trajectory:
    """From rest to rest along a straight line in joint space, with a quintic in time."""
    times_s = np.linspace(0.0, duration_s, 61)
    s = times_s / duration_s
    share = 10 * s**3 - 15 * s**4 + 6 * s**5
    rate = (30 * s**2 - 60 * s**3 + 30 * s**4) / duration_s
    way = np.asarray(goal) - start
    return Trajectory(times_s, start + share[:, None] * way, rate[:, None] * way)


def finish(clock: Clock, motion: Motion, within_s: float = 10.0) -> MotionStatus:
    """Poll at 50 Hz until the motion ends."""
    end_s = clock.now() + within_s
    while motion.poll().running and clock.now() < end_s:
        clock.sleep(0.02)
    return motion.poll()


def flange_from_object(built: SimulatedRobot) -> FloatArray:
    """Where the object is in the flange frame (4, 4), now."""
    model, data = built.world.model, built.world.data
    mujoco.mj_kinematics(model, data)
    flange, thing = data.site("flange"), data.body("target/object")
    rotation = flange.xmat.reshape(3, 3)
    return pose(rotation.T @ thing.xmat.reshape(3, 3), rotation.T @ (thing.xpos - flange.xpos))


def inverse_kinematics(model: mujoco.MjModel, base_from_flange: FloatArray, start: FloatArray) -> FloatArray:
    """Joints (7,) that put the flange there, near `start`; damped least squares."""
    data, site = mujoco.MjData(model), model.site("flange").id
    data.qpos[:7] = start
    jacobian = np.zeros((6, model.nv))
    for _ in range(200):
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        turn = base_from_flange[:3, :3] @ data.site_xmat[site].reshape(3, 3).T
        error = np.concatenate(
            [base_from_flange[:3, 3] - data.site_xpos[site], Rotation.from_matrix(turn).as_rotvec()]
        )
        if np.linalg.norm(error) < 1e-6:
            return data.qpos[:7].copy()
        mujoco.mj_jacSite(model, data, jacobian[:3], jacobian[3:], site)
        arm = jacobian[:, :7]
        damping = 1e-3 * np.linalg.norm(error) * np.eye(6)
        data.qpos[:7] += np.clip(arm.T @ np.linalg.solve(arm @ arm.T + damping, error), -0.3, 0.3)
    raise AssertionError("the test's own inverse kinematics found nothing")


def pick(built: SimulatedRobot, width_m: float, tip_height_m: float, force_n: float = 60.0) -> None:
    """Grasp the object at (0.45, 0) from above, closing along x, and lift it by 0.10 m."""
    robot, model = built.robot, built.world.model
    down = np.array([[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, -1.0]])
    flange_z = TABLE_TOP_Z_M + tip_height_m + linkage.tip_height(width_m)
    grasp = inverse_kinematics(model, pose(down, (0.45, 0.0, flange_z)), robot.arm.state().joints)
    above = inverse_kinematics(model, pose(down, (0.45, 0.0, flange_z + 0.10)), grasp)
    for goal in (above, grasp):
        reach(built, goal)
    assert finish(robot.clock, robot.gripper.move(0.0, force_n)).succeeded
    reach(built, above)


def reach(built: SimulatedRobot, goal: FloatArray) -> None:
    """Move the arm to `goal` (7,) at about half of its joint speed."""
    robot = built.robot
    start = robot.arm.state().joints
    duration_s = max(1.0, float(np.max(np.abs(goal - start) / VELOCITY_LIMITS)) * 3.0)
    status = finish(robot.clock, robot.arm.follow(move_to(start, goal, duration_s)))
    assert status.succeeded, status.reason


def with_options(**changes: object) -> SimOptions:
    """The quiet options with some fields changed."""
    return replace(QUIET, **changes)  # type: ignore[arg-type]  # the fields' types differ
