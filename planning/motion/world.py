"""Scenes loaded for planning: one copy for the library that searches, one for the library that checks."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace

import numpy as np

from hardware.types import FloatArray, Trajectory
from planning.distances import person_distance
from planning.motion.collision import CollisionChecker, Touch, dense
from planning.motion.model import planning_model
from planning.motion.options import MotionOptions
from planning.motion.paths import PathPlanner
from planning.scene import TORSO
from planning.types import Capsule, PlanningScene

_SCENES_KEPT = 16
_RELEASE_M, _THIN_M = 0.005, 0.01


@dataclass(frozen=True)
class World:
    """One scene, loaded."""

    scene: PlanningScene
    options: MotionOptions
    paths: PathPlanner
    checker: CollisionChecker

    def blocked(self, joints: FloatArray) -> str | None:
        """What touches at joints (7,), in words, or None."""
        touches = self.checker.touches(joints)
        if touches:
            return str(touches[0])
        return None if self.paths.free(joints) else "the arm grazes something"

    def tool_blocked(self, joints: FloatArray) -> str | None:
        """What the gripper or the held object touches at joints (7,), in words, or None; it would touch the
        same with any other joints for the same tool pose.
        """
        return next((str(touch) for touch in self.checker.touches(joints) if touch.by_tool), None)

    def blocked_goal(self, joints: FloatArray) -> str | None:
        """Why joints (7,) are no place to stop at, or None; a torso needs more room there than on the way."""
        torso = [part for part in self.scene.person if part.name == TORSO]
        gap_m = float(person_distance(joints[None], torso)[0])
        if gap_m < self.options.goal_torso_margin_m:
            return f"the arm comes within {gap_m:.2f} m of the person's torso"
        return self.blocked(joints)

    def first_touch(self, trajectory: Trajectory, leaving: bool = False) -> Touch | None:
        """The first contact along a trajectory, as in `CollisionChecker.first_touch`."""
        fine = dense(trajectory.positions, self.options.path_step_rad / 2)
        return self.checker.first_touch(fine, leaving)


class Worlds:
    """Loads scenes and keeps the last ones by content, because scenes repeat from call to call."""

    def __init__(self, options: MotionOptions, flange_from_camera: FloatArray) -> None:
        self._options = options
        self._flange_from_camera = np.asarray(flange_from_camera)
        self._kept: OrderedDict[str, tuple[PathPlanner, CollisionChecker]] = OrderedDict()
        self._last: World | None = None

    def load(self, scene: PlanningScene) -> World:
        """The scene, ready for planning."""
        if self._last is not None and self._last.scene is scene:
            return self._last
        model = planning_model(scene, self._flange_from_camera)
        if model.xml not in self._kept:
            self._kept[model.xml] = (PathPlanner(model, self._options), CollisionChecker(model))
            if len(self._kept) > _SCENES_KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(model.xml)
        self._last = World(scene, self._options, *self._kept[model.xml])
        return self._last

    def load_from(self, scene: PlanningScene, start: FloatArray) -> tuple[World, Touch | None]:
        """The scene with the person's room narrowed to where the arm at `start` (7,) already is, so that the
        room can be left; and what touches there even so.
        """
        while True:
            world = self.load(scene)
            touches = world.checker.touches(start)
            depths = {touch.second: touch.depth_m for touch in reversed(touches)}
            person = tuple(_narrowed(part, depths.get(part.name)) for part in scene.person)
            if all(now is before for now, before in zip(person, scene.person, strict=True)):
                return world, touches[0] if touches else None
            scene = replace(scene, person=person)


def _narrowed(part: Capsule, depth_m: float | None) -> Capsule:
    """The part without the outer `depth_m` and a little more, its body as before; a thin one as it is."""
    if depth_m is None or part.radius_m <= _THIN_M:
        return part
    radius = max(part.radius_m - depth_m - _RELEASE_M, _THIN_M)
    taken = part.radius_m - radius
    held_margin = part.held_radius_m - (part.radius_m - part.margin_m) - taken
    return replace(part, radius_m=radius, margin_m=part.margin_m - taken, held_margin_m=held_margin)
