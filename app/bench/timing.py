"""How long single steps take, on this machine, each repeated; figures to look at, not to test against."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any

import numpy as np

from app.options import Config
from hardware.clock import SystemClock
from hardware.types import FloatArray

PAIRS = 500


@dataclass(frozen=True)
class Timing:
    """Seconds of one step over its repetitions; target_s None = no target is set."""

    name: str
    median_s: float
    p95_s: float
    max_s: float
    target_s: float | None


def measure(name: str, step: Callable[[], Any], repeats: int, target_s: float | None = None) -> Timing:
    """One call to warm up, then `repeats` timed ones."""
    clock, seconds = SystemClock(), []
    step()
    for _ in range(repeats):
        start_s = clock.now()
        step()
        seconds.append(clock.now() - start_s)
    median_s, p95_s = np.percentile(seconds, (50, 95))
    return Timing(name, float(median_s), float(p95_s), max(seconds), target_s)


def time_steps(config: Config, seed: int) -> list[Timing]:
    """Planning rules on random input, perception and grasps on one simulated view of a hammer."""
    from app.factory import build
    from hardware.types import Trajectory
    from perception.grounding import numbered_grid
    from perception.shape_regions import ShapeGrounder
    from perception.types import HandoverRequest
    from planning.ergonomics import ArmModel, least_effort_angles
    from planning.ranking import grasps_in_region, rank_grasps
    from planning.selection import grasp_view

    rng = np.random.default_rng(seed)
    poses, others = _random_poses(rng, PAIRS), _random_poses(rng, PAIRS)
    # Another arm each time: the same one is answered from memory.
    arms = (ArmModel(0.30 + 1e-4 * i, 0.26) for i in count())
    timings = [
        measure("Eq. 5, least effort", lambda: least_effort_angles(next(arms)), 200, 0.002),
        measure(f"Eqs. 2-4, ranking {PAIRS} x {PAIRS}", partial(rank_grasps, poses, others), 30, 0.020),
        measure(f"Eq. 1, {PAIRS} grasps", partial(grasps_in_region, poses, others[:, :3, 3]), 30),
    ]
    assembly = build(config, HandoverRequest("hammer"), seed)
    services, robot = assembly.services, assembly.services.robot
    with robot:
        view = np.radians(config.tree.views.table_deg[0])
        here = robot.arm.state().joints
        robot.arm.follow(Trajectory(np.array([0.0, 4.0]), np.array([here, view]), np.zeros((2, 7))))
        robot.clock.sleep(5.0)
        frame = robot.camera.latest(1.0)
        timings.append(measure("picture of the wrist camera", partial(_new_picture, robot), 10))
        found = services.segmenter.segment(frame, services.detector.detect(frame, "hammer"))
        regions = ShapeGrounder().ground(frame, found)
        table_z_m = config.scene.table_top_z_m
        cloud = grasp_view(frame, found, regions, table_z_m)
        timings += [
            measure("numbered grid", partial(numbered_grid, frame, found, 5), 10),
            measure("shape rule", partial(ShapeGrounder().ground, frame, found), 10),
            measure("clouds of object and scene", partial(grasp_view, frame, found, regions, table_z_m), 10),
            measure("grasps, 300 samples", lambda: services.grasps.generate(cloud, rng, 300), 10),
        ]
    return timings


def _new_picture(robot: Any) -> None:
    robot.clock.sleep(0.05)
    robot.camera.latest(0.0)


def _random_poses(rng: np.random.Generator, number: int) -> FloatArray:
    from scipy.spatial.transform import Rotation

    poses = np.tile(np.eye(4), (number, 1, 1))
    poses[:, :3, :3] = Rotation.random(number, rng=rng).as_matrix()
    poses[:, :3, 3] = rng.uniform(-0.1, 0.1, (number, 3))
    return poses


def print_timings(timings: list[Timing]) -> None:
    """A table in milliseconds."""
    from rich.console import Console
    from rich.table import Table

    table = Table("step", "median", "95 %", "max", "target", title="milliseconds")
    for timing in timings:
        figures = (timing.median_s, timing.p95_s, timing.max_s)
        target = "" if timing.target_s is None else f"{1e3 * timing.target_s:.0f}"
        table.add_row(timing.name, *(f"{1e3 * figure:.2f}" for figure in figures), target)
    Console().print(table)
