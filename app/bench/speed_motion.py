"""Motion planning at growing numbers of obstacles, the search against OMPL's with one collision check."""

from __future__ import annotations

from typing import Any

import numpy as np

from app.bench.speed import Race, Stage
from app.errors import MissingPackage
from app.options import Config
from hardware.gen3 import facts
from hardware.geometry import pose
from hardware.types import FloatArray
from planning.motion.collision import dense
from planning.motion.world import World, Worlds
from planning.protocols import MotionPlanner
from planning.robot_model import nearest_turn
from planning.types import Cuboid, PlanningScene

OMPL = "OMPL RRTConnect"
_START = np.radians([-30.0, 35.0, 180.0, -100.0, 0.0, 50.0, 90.0])
_GOAL = np.radians([60.0, 40.0, 180.0, -95.0, 0.0, 50.0, 90.0])
_BOX_M, _SEED, _LONGEST_S = 0.08, 0, 20.0


def require_ompl() -> None:
    """Raises MissingPackage with how to get it."""
    try:
        import ompl.geometric  # noqa: F401
    except ImportError as error:
        remedy = "pip install 'handover[compare]', or leave the comparison out with --no-ompl"
        raise MissingPackage("ompl", "the comparison with OMPL", remedy) from error


def stages(config: Config, planner: MotionPlanner, ompl: bool) -> list[Stage]:
    """The search alone, and a whole motion of `planner` with timing, smoothing and the second check."""
    worlds = Worlds(config.motion, np.eye(4))

    def search(size: int, rng: np.random.Generator) -> Race:
        world = worlds.load(_scene(size, rng, worlds))
        start, goal = nearest_turn(_START, np.zeros(7)), nearest_turn(_GOAL, np.zeros(7))
        others = {OMPL: lambda: ompl_path(world, start, goal)} if ompl else {}
        return Race(
            lambda: world.paths.search(start, goal, _SEED),
            others,
            lambda ours, other: max(_faults(world, path, start, goal) for path in (ours, other)),
        )

    def motion(size: int, rng: np.random.Generator) -> Race:
        scene = _scene(size, rng, worlds)
        return Race(lambda: planner.plan_joints(_START, _GOAL, scene))

    sizes = (1, 5, 10, 20, 40)
    return [
        Stage("path search", "obstacles", sizes, search),
        Stage("whole motion, timed and checked", "obstacles", sizes, motion),
    ]


def _scene(size: int, rng: np.random.Generator, worlds: Worlds) -> PlanningScene:
    """Boxes in the air around the arm, none of which touches it at start or goal."""
    boxes: list[Cuboid] = []
    while len(boxes) < size:
        place = pose(translation=rng.uniform((-0.7, -0.7, 0.0), (0.8, 0.8, 0.9)))
        box = Cuboid(f"box {len(boxes)}", place, np.full(3, _BOX_M))
        alone = worlds.load(PlanningScene(obstacles=(box,)))
        if alone.blocked(_START) is None and alone.blocked(_GOAL) is None:
            boxes.append(box)
    return PlanningScene(obstacles=tuple(boxes))


def _faults(world: World, path: FloatArray | None, start: FloatArray, goal: FloatArray) -> float:
    """0 for a path from start to goal on which the second collision checker finds nothing, else 1."""
    if path is None or max(np.max(np.abs(path[0] - start)), np.max(np.abs(path[-1] - goal))) > 1e-6:
        return 1.0
    return float(world.checker.first_touch(dense(path, world.options.path_step_rad)) is not None)


def ompl_path(world: World, start: FloatArray, goal: FloatArray) -> FloatArray | None:
    """Corner points (K, 7) of OMPL's path, simplified as its users do; None where it finds none.

    Its collision checks come back through Python, as they do for whoever brings an own checker; its random
    numbers differ from call to call.
    """
    from ompl import base, geometric, util

    util.setLogLevel(util.LOG_NONE)
    space = base.RealVectorStateSpace(len(start))
    bounds = base.RealVectorBounds(len(start))
    for joint, (low, high) in enumerate(zip(facts.POSITION_LOWER, facts.POSITION_UPPER, strict=True)):
        bounds.setLow(joint, float(max(low, -np.pi)))
        bounds.setHigh(joint, float(min(high, np.pi)))
    space.setBounds(bounds)
    setup = geometric.SimpleSetup(space)
    information = setup.getSpaceInformation()
    setup.setStateValidityChecker(lambda state: world.paths.free(_joints(state)))
    information.setStateValidityCheckingResolution(world.options.path_step_rad / space.getMaximumExtent())
    ends = []
    for joints in (start, goal):
        state = space.allocState()
        for joint, angle in enumerate(joints):
            state[joint] = float(angle)
        ends.append(state)
    setup.setStartAndGoalStates(*ends)
    setup.setPlanner(geometric.RRTConnect(information))
    setup.solve(_LONGEST_S)
    if not setup.haveExactSolutionPath():
        return None
    setup.simplifySolution()
    return np.array([_joints(state) for state in setup.getSolutionPath().getStates()])


def _joints(state: Any) -> FloatArray:
    return np.array([state[joint] for joint in range(7)])
