"""The steps from a picture to grasps, on one simulated view of a hammer; grasps by the samples asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from app.bench.speed import Race, Stage
from app.options import Config
from behaviours.services import Services


@contextmanager
def stages(config: Config, services: Services) -> Iterator[list[Stage]]:
    """The stages; the services' simulated robot and its camera are open while entered."""
    from hardware.types import Trajectory
    from perception.grounding import numbered_grid
    from perception.shape_regions import ShapeGrounder
    from planning.selection import grasp_view

    robot, table_z_m = services.robot, config.scene.table_top_z_m
    with robot:
        view = np.radians(config.tree.views.table_deg[0])
        here = robot.arm.state().joints
        robot.arm.follow(Trajectory(np.array([0.0, 4.0]), np.array([here, view]), np.zeros((2, 7))))
        robot.clock.sleep(5.0)
        frame = robot.camera.latest(1.0)
        found = services.segmenter.segment(frame, services.detector.detect(frame, "hammer"))
        regions = ShapeGrounder().ground(frame, found)
        cloud = grasp_view(frame, found, regions, table_z_m)

        def grasps(size: int, rng: np.random.Generator) -> Race:
            return Race(lambda: services.grasps.generate(cloud, rng, size))

        once = {
            "picture of the wrist camera": partial(_new_picture, robot),
            "numbered grid": partial(numbered_grid, frame, found, config.perception.grid.n),
            "shape rule": partial(ShapeGrounder().ground, frame, found),
            "clouds of object and scene": partial(grasp_view, frame, found, regions, table_z_m),
        }
        yield [
            *(Stage(name, "pictures", (1,), partial(_alone, step)) for name, step in once.items()),
            Stage("grasps on the view", "samples", (100, 300, 1000, 3000), grasps),
        ]


def _alone(step: Any, size: int, rng: np.random.Generator) -> Race:
    return Race(step)


def _new_picture(robot: Any) -> None:
    robot.clock.sleep(0.05)
    robot.camera.latest(0.0)
