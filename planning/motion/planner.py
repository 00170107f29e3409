"""The motion planner: tool goals and joint goals in, timed and checked trajectories out.

- A path is searched, or a straight line solved, in the scene as given; it is timed, smoothed and slowed near
  the person; what comes out is checked for collision once more, sample by sample, by a second library.
- The same start, goal and scene give the same trajectory; no step depends on how fast the machine is.
- Calls from several threads queue up behind one lock.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from threading import Lock

import numpy as np

from hardware.gen3 import gripper
from hardware.geometry import inverse
from hardware.types import FloatArray, Trajectory
from planning.distances import person_distance
from planning.errors import Unreachable
from planning.motion.collision import CollisionChecker, Touch, dense
from planning.motion.inverse_kinematics import Solutions
from planning.motion.lines import line_joints
from planning.motion.model import planning_model
from planning.motion.options import MotionOptions
from planning.motion.paths import PathPlanner
from planning.motion.timing import SUBSTEPS, SpeedLimits, gentle, resting
from planning.robot_model import nearest_turn, within_limits
from planning.scene import TORSO
from planning.types import Capsule, PlanningScene, ToolGoal

_SCENES_KEPT = 16
_STILL_RAD = 1e-4
_RELEASE_M, _THIN_M = 0.005, 0.01
_JOINT_GOAL = "the joint goal"


@dataclass(frozen=True)
class _World:
    """One scene, loaded into the library that searches and into the one that checks."""

    scene: PlanningScene
    paths: PathPlanner
    checker: CollisionChecker

    def free(self, joints: FloatArray) -> bool:
        return self.checker.free(joints) and self.paths.free(joints)


class RoboplanPlanner:
    """MotionPlanner on roboplan's search and timing, with its own inverse kinematics."""

    name = "roboplan"

    def __init__(self, options: MotionOptions, flange_from_camera: FloatArray) -> None:
        self._options = options
        self._flange_from_camera = np.asarray(flange_from_camera)
        self._worlds: OrderedDict[str, tuple[PathPlanner, CollisionChecker]] = OrderedDict()
        self._last: _World | None = None
        self._lock = Lock()
        self._timer = self._world(PlanningScene()).paths

    def reach(self, goal: ToolGoal, scene: PlanningScene, near: FloatArray) -> FloatArray:
        """Collision-free joints (7,) for the goal, the nearest found to `near`. Raises Unreachable with the
        smallest error or with what is in the way.
        """
        with self._lock:
            return next(self._solutions(goal, self._world(scene), np.asarray(near, dtype=np.float64)))

    def plan_joints(
        self, start: FloatArray, goal: FloatArray, scene: PlanningScene, speed_scale: float = 1.0
    ) -> Trajectory:
        """From joints to joints (7,), continuous joints the short way round. Raises Unreachable."""
        with self._lock:
            first, turns = _unwound(start)
            world = self._leavable(scene, first, _JOINT_GOAL)
            last = nearest_turn(goal, first)
            if np.max(np.abs(last - first)) < _STILL_RAD:
                return resting(np.asarray(start), self._options)
            if not within_limits(last):
                raise Unreachable(_JOINT_GOAL, "it lies beyond the joint limits")
            if not world.free(last):
                touches = world.checker.touches(last)
                raise Unreachable(
                    _JOINT_GOAL, f"there {touches[0] if touches else 'the arm grazes something'}"
                )
            return _rewound(self._free_motion(first, [last], world, speed_scale, _JOINT_GOAL), turns)

    def plan_tool(
        self, start: FloatArray, goal: ToolGoal, scene: PlanningScene, speed_scale: float = 1.0
    ) -> Trajectory:
        """From joints (7,) to a tool goal by any free path. Raises Unreachable."""
        with self._lock:
            first, turns = _unwound(start)
            words = _goal_words(goal)
            world = self._leavable(scene, first, words)
            goals = list(islice(self._solutions(goal, world, first), self._options.goal_candidates))
            return _rewound(self._free_motion(first, goals, world, speed_scale, words), turns)

    def plan_line(
        self, start: FloatArray, goal: ToolGoal, scene: PlanningScene, speed_scale: float = 1.0
    ) -> Trajectory:
        """From joints (7,) to a tool goal with the TCP on a straight line. Raises Unreachable.

        The line may leave what it touches at its start, but not press into it.
        """
        with self._lock:
            first, turns = _unwound(start)
            words = _goal_words(goal)
            path = line_joints(first, goal, self._options, words)
            if np.max(np.abs(path - first)) < _STILL_RAD:
                return resting(np.asarray(start), self._options)
            timed = self._timer.timed(path, self._options.sample_time_s / SUBSTEPS, speed_scale)
            if timed is None:
                raise Unreachable(words, "no timing was found for the straight line")
            limits = SpeedLimits(scene, self._options, speed_scale, self._options.line_speed_m_s)
            trajectory = gentle(timed, limits)
            touch = self._first_touch(self._world(scene), trajectory, leaving=True)
            if touch is not None:
                raise Unreachable(words, f"on the straight line {touch}")
            return _rewound(trajectory, turns)

    def _world(self, scene: PlanningScene) -> _World:
        """The scene, loaded; kept by content, because scenes repeat from call to call."""
        if self._last is not None and self._last.scene is scene:
            return self._last
        model = planning_model(scene, self._flange_from_camera)
        if model.xml not in self._worlds:
            self._worlds[model.xml] = (PathPlanner(model, self._options), CollisionChecker(model))
            if len(self._worlds) > _SCENES_KEPT:
                self._worlds.popitem(last=False)
        self._worlds.move_to_end(model.xml)
        self._last = _World(scene, *self._worlds[model.xml])
        return self._last

    def _leavable(self, scene: PlanningScene, start: FloatArray, words: str) -> _World:
        """The scene, its person's room narrowed to where the arm already is, so that it can be left."""
        while True:
            world = self._world(scene)
            touches = world.checker.touches(start)
            if not touches:
                return world
            inside = {touch.second: touch.depth_m for touch in reversed(touches)}
            person = tuple(_narrowed(part, inside.get(part.name)) for part in scene.person)
            if all(now is before for now, before in zip(person, scene.person, strict=True)):
                raise Unreachable(words, f"at the start {touches[0]}")
            scene = replace(scene, person=person)

    def _solutions(self, goal: ToolGoal, world: _World, near: FloatArray) -> Iterator[FloatArray]:
        """Free joint poses (7,) for the goal, nearest first. Raises Unreachable instead of being empty."""
        words = _goal_words(goal)
        flange = goal.base_from_tcp @ inverse(gripper.flange_from_tcp(goal.width_m))
        solutions = Solutions(flange, near, self._options.elbow_angles)
        blocked: Counter[str] = Counter()
        empty = True
        for joints in solutions:
            reason = self._blocked(joints, world)
            if reason is None:
                empty = False
                yield joints
            else:
                blocked[reason] += 1
        if empty and blocked:
            reason, _ = blocked.most_common(1)[0]
            raise Unreachable(words, f"each of {blocked.total()} joint poses is blocked, most often {reason}")
        if empty:
            reason = "no joint pose within the limits gets there"
            raise Unreachable(words, reason, solutions.error_m, solutions.error_rad)

    def _blocked(self, joints: FloatArray, world: _World) -> str | None:
        """Why a goal pose cannot be taken, or None."""
        if not world.checker.free(joints):
            return f"as {world.checker.touches(joints)[0]}"
        torso = [part for part in world.scene.person if part.name == TORSO]
        gap = float(person_distance(joints[None], torso)[0])
        if gap < self._options.goal_torso_margin_m:
            return f"as the arm comes within {gap:.2f} m of the person's torso"
        return None if world.paths.free(joints) else "as the arm grazes something"

    def _free_motion(
        self, start: FloatArray, goals: Sequence[FloatArray], world: _World, scale: float, words: str
    ) -> Trajectory:
        """To the first free goal that a straight joint motion reaches, else along the quickest path found."""
        limits = SpeedLimits(world.scene, self._options, scale)
        dt = self._options.sample_time_s / SUBSTEPS
        reason = "no free path was found"
        for path in self._paths(start, goals, world.paths, limits):
            for rounded in (True, False) if len(path) > 2 else (True,):
                timed = world.paths.timed(path, dt, scale, rounded)
                if timed is None:
                    continue
                trajectory = gentle(timed, limits)
                touch = self._first_touch(world, trajectory)
                if touch is None:
                    return trajectory
                reason = f"on the way {touch}"
        raise Unreachable(words, reason)

    def _paths(
        self, start: FloatArray, goals: Sequence[FloatArray], paths: PathPlanner, limits: SpeedLimits
    ) -> Iterator[FloatArray]:
        """Corner points (K, 7) of paths to any of the goals: straight ones, then searched ones, quickest
        first.

        Quickest with the speed caps: the shortest way in joint angles may lead right past the person.
        """

        def duration(path: FloatArray) -> float:
            return limits.least_time(dense(path, self._options.path_step_rad))

        straight = [np.array([start, goal]) for goal in goals if paths.direct(start, goal)]
        yield from sorted(straight, key=duration)
        seeds = range(self._options.seed, self._options.seed + self._options.path_seeds)
        found = [paths.search(start, goal, seed) for goal in goals for seed in seeds]
        yield from sorted((path for path in found if path is not None), key=duration)

    def _first_touch(self, world: _World, trajectory: Trajectory, leaving: bool = False) -> Touch | None:
        step = self._options.path_step_rad / 2
        return world.checker.first_touch(dense(trajectory.positions, step), leaving)


def _unwound(joints: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Joints (7,) with continuous ones within half a turn of 0, and what was taken off."""
    q = np.asarray(joints, dtype=np.float64)
    unwound = nearest_turn(q, np.zeros_like(q))
    return unwound, q - unwound


def _rewound(trajectory: Trajectory, turns: FloatArray) -> Trajectory:
    return replace(trajectory, positions=trajectory.positions + turns)


def _narrowed(part: Capsule, depth_m: float | None) -> Capsule:
    """The part without the outer `depth_m` and a little more; a line of no thickness stays as it is."""
    if depth_m is None or part.radius_m <= _THIN_M:
        return part
    return replace(part, radius_m=max(part.radius_m - depth_m - _RELEASE_M, _THIN_M))


def _goal_words(goal: ToolGoal) -> str:
    x, y, z = goal.base_from_tcp[:3, 3]
    return f"the tool goal at ({x:.2f}, {y:.2f}, {z:.2f}) m"
