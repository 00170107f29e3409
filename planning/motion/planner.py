"""The motion planner: tool goals and joint goals in, timed and checked trajectories out.

- A path is searched, or a straight line solved, in the scene as given; it is timed, smoothed and slowed near
  the person; what comes out is checked for collision once more, sample by sample, by a second library.
- The same start, goal and scene give the same trajectory; no step depends on how fast the machine is.
- An arm that touches something, or stands in the person's room, gets out first: it may leave, not press in.
- Calls from several threads queue up behind one lock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from threading import Lock

import numpy as np

from hardware.gen3 import gripper
from hardware.geometry import inverse, pose
from hardware.types import FloatArray, Trajectory
from planning.errors import Unreachable
from planning.motion.collision import dense
from planning.motion.halts import with_halts
from planning.motion.inverse_kinematics import Solutions
from planning.motion.lines import line_joints
from planning.motion.options import MotionOptions
from planning.motion.paths import PathPlanner
from planning.motion.timing import SUBSTEPS, SpeedLimits, gentle, resting
from planning.motion.world import World, Worlds
from planning.robot_model import nearest_turn, tcp_pose, within_limits
from planning.types import PlanningScene, ToolGoal

_STILL_RAD = 1e-4
_JOINT_GOAL = "the joint goal"

Goals = Callable[[World, FloatArray], Sequence[FloatArray]]
"""The joint poses (7,) that would do, for a world and the joints to start from. Raises Unreachable for none.
"""


class RoboplanPlanner:
    """MotionPlanner on roboplan's search and timing, with its own inverse kinematics."""

    name = "roboplan"

    def __init__(self, options: MotionOptions, flange_from_camera: FloatArray) -> None:
        self._options = options
        self._worlds = Worlds(options, flange_from_camera)
        self._timer = self._worlds.load(PlanningScene()).paths
        self._lock = Lock()

    def reach(self, goal: ToolGoal, scene: PlanningScene, near: FloatArray) -> FloatArray:
        """Collision-free joints (7,) for the goal, the nearest found to `near`. Raises Unreachable with the
        smallest error or with what is in the way.
        """
        with self._lock:
            return next(self._solutions(goal, self._worlds.load(scene), np.asarray(near, dtype=np.float64)))

    def plan_joints(
        self, start: FloatArray, goal: FloatArray, scene: PlanningScene, speed_scale: float = 1.0
    ) -> Trajectory:
        """From joints to joints (7,), continuous joints the short way round. Raises Unreachable."""

        def goals(world: World, first: FloatArray) -> list[FloatArray]:
            last = nearest_turn(goal, first)
            if not within_limits(last):
                raise Unreachable(_JOINT_GOAL, "it lies beyond the joint limits")
            blocked = world.blocked(last)
            if blocked is not None:
                raise Unreachable(_JOINT_GOAL, f"there {blocked}")
            return [last]

        with self._lock:
            return self._free_motion(start, goals, scene, speed_scale, _JOINT_GOAL)

    def plan_tool(
        self, start: FloatArray, goal: ToolGoal, scene: PlanningScene, speed_scale: float = 1.0
    ) -> Trajectory:
        """From joints (7,) to a tool goal by any free path. Raises Unreachable."""

        def goals(world: World, first: FloatArray) -> list[FloatArray]:
            return list(islice(self._solutions(goal, world, first), self._options.goal_candidates))

        with self._lock:
            return self._free_motion(start, goals, scene, speed_scale, _goal_words(goal))

    def plan_line(
        self, start: FloatArray, goal: ToolGoal, scene: PlanningScene, speed_scale: float = 1.0
    ) -> Trajectory:
        """From joints (7,) to a tool goal with the TCP on a straight line. Raises Unreachable.

        The line may leave what it touches at its start, but not press into it.
        """
        with self._lock:
            first, turns = _unwound(start)
            return _rewound(self._line(first, goal, self._worlds.load(scene), speed_scale), turns)

    def _line(self, start: FloatArray, goal: ToolGoal, world: World, scale: float) -> Trajectory:
        words = _goal_words(goal)
        path = line_joints(start, goal, self._options, words)
        if np.max(np.abs(path - start)) < _STILL_RAD:
            return resting(start, self._options)
        timed = self._timer.timed(path, self._options.sample_time_s / SUBSTEPS, scale)
        if timed is None:
            raise Unreachable(words, "no timing was found for the straight line")
        limits = SpeedLimits(world.scene, self._options, scale, self._options.line_speed_m_s)
        trajectory = with_halts(gentle(timed, limits), world.scene, self._options)
        touch = world.first_touch(trajectory, leaving=True)
        if touch is not None:
            raise Unreachable(words, f"on the straight line {touch}")
        return trajectory

    def _free_motion(
        self, start: FloatArray, goals: Goals, scene: PlanningScene, scale: float, words: str
    ) -> Trajectory:
        """Out of what touches at the start, if anything does, then to one of the goals."""
        first, turns = _unwound(start)
        world, touch = self._worlds.load_from(scene, first)
        if touch is None:
            return _rewound(self._along_paths(first, goals(world, first), world, scale, words), turns)
        out = self._way_out(first, world, scale)
        if out is None:
            raise Unreachable(words, f"at the start {touch}, and neither up nor back is a way out")
        onward = self._along_paths(out.end, goals(world, out.end), world, scale, words)
        return _rewound(out.then(onward), turns)

    def _way_out(self, start: FloatArray, world: World, scale: float) -> Trajectory | None:
        """A short straight line up, or back along the tool, to where nothing touches any more."""
        width = world.scene.gripper_width_m
        tcp, length = tcp_pose(start, width), self._options.way_out_m
        up = pose(translation=(0.0, 0.0, length)) @ tcp
        back = tcp @ pose(translation=(0.0, 0.0, -length))
        for place in (up, back):
            try:
                out = self._line(start, ToolGoal(place, width), world, scale)
            except Unreachable:
                continue
            if world.blocked(out.end) is None:
                return out
        return None

    def _along_paths(
        self, start: FloatArray, goals: Sequence[FloatArray], world: World, scale: float, words: str
    ) -> Trajectory:
        """The first path that is still free once it is timed and smoothed."""
        if np.max(np.abs(goals[0] - start)) < _STILL_RAD:
            return resting(start, self._options)
        limits = SpeedLimits(world.scene, self._options, scale)
        dt = self._options.sample_time_s / SUBSTEPS
        reason = "no free path was found"
        for path in self._paths(start, goals, world.paths, limits):
            for rounded in (True, False) if len(path) > 2 else (True,):
                timed = world.paths.timed(path, dt, scale, rounded)
                if timed is None:
                    continue
                trajectory = with_halts(gentle(timed, limits), world.scene, self._options)
                touch = world.first_touch(trajectory)
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

    def _solutions(self, goal: ToolGoal, world: World, near: FloatArray) -> Iterator[FloatArray]:
        """Free joint poses (7,) for the goal, nearest first. Raises Unreachable instead of being empty."""
        words = _goal_words(goal)
        flange = goal.base_from_tcp @ inverse(gripper.flange_from_tcp(goal.width_m))
        solutions = Solutions(flange, near, self._options.elbow_angles)
        blocked: Counter[str] = Counter()
        empty = True
        for joints in solutions:
            reason = world.blocked_goal(joints)
            if reason is None:
                empty = False
                yield joints
                continue
            if not blocked and (tool := world.tool_blocked(joints)):
                raise Unreachable(words, tool)
            blocked[reason] += 1
        if empty and blocked:
            reason, _ = blocked.most_common(1)[0]
            raise Unreachable(
                words, f"each of {blocked.total()} joint poses is blocked, most often as {reason}"
            )
        if empty:
            reason = "no joint pose within the limits gets there"
            raise Unreachable(words, reason, solutions.error_m, solutions.error_rad)


def _unwound(joints: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Joints (7,) with continuous ones within half a turn of 0, and what was taken off."""
    q = np.asarray(joints, dtype=np.float64)
    unwound = nearest_turn(q, np.zeros_like(q))
    return unwound, q - unwound


def _rewound(trajectory: Trajectory, turns: FloatArray) -> Trajectory:
    return replace(trajectory, positions=trajectory.positions + turns)


def _goal_words(goal: ToolGoal) -> str:
    x, y, z = goal.base_from_tcp[:3, 3]
    return f"the tool goal at ({x:.2f}, {y:.2f}, {z:.2f}) m"
