"""Collision-free joint paths and their timing, by roboplan."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from roboplan.core import (
    JointConfiguration,
    JointPath,
    PathShortcutter,
    PathShortcuttingOptions,
    Scene,
    loadJointLimitsConfig,
    loadMjcfModel,
)
from roboplan.rrt import RRT, RRTOptions
from roboplan.toppra import PathParameterizerTOPPRA, SplineFittingMode, TOPPRAOptions

from hardware.gen3.facts import JOINT_NAMES
from hardware.types import FloatArray
from planning.motion.model import PlanningModel
from planning.motion.options import MotionOptions

_GROUP = "arm"
_NAMES = list(JOINT_NAMES)
_ROUNDINGS = tuple((SplineFittingMode.LinearBlend, share) for share in (1.0, 0.7, 0.4))
_STOPS = (SplineFittingMode.Hermite, 0.0)


class PathPlanner:
    """Searches and times paths in one scene; the same call gives the same answer; not for two threads at
    once.
    """

    def __init__(self, model: PlanningModel, options: MotionOptions) -> None:
        self._options = options
        with TemporaryDirectory(prefix="planning-") as folder:
            document, limits = Path(folder, "model.xml"), Path(folder, "limits.yaml")
            document.write_text(model.xml)
            limits.write_text(_limits_yaml(options))
            self._scene = Scene("planning", loadMjcfModel(document))
            self._scene.importJointLimitsFromConfig(loadJointLimitsConfig(limits))
        # Bodies without collision shapes are unknown to the scene's pair table.
        solid = {name for name in model.words if self._scene.getCollisionGeometryIDs(name)}
        self._scene.setCollisions([p for p in model.ignored if solid.issuperset(p)], False)
        self._scene.addGroup(_GROUP, _NAMES)
        self._timing = PathParameterizerTOPPRA(self._scene, _GROUP)

    def free(self, joints: FloatArray) -> bool:
        """Whether nothing touches at joints (7,)."""
        return not self._scene.hasCollisions(joints)

    def direct(self, start: FloatArray, goal: FloatArray) -> bool:
        """Whether the straight joint motion between two poses (7,) is free."""
        count = max(2, int(np.ceil(np.max(np.abs(goal - start)) / self._options.path_step_rad)) + 1)
        return not any(self._scene.hasCollisions(joints) for joints in np.linspace(start, goal, count))

    def search(self, start: FloatArray, goal: FloatArray, seed: int) -> FloatArray | None:
        """Corner points (K, 7) of a free path between two free poses (7,), shortened; None when none is
        found.
        """
        step = self._options.path_step_rad
        rrt = RRT(
            self._scene,
            RRTOptions(
                group_name=_GROUP,
                max_nodes=self._options.path_nodes,
                max_connection_distance=1.0,
                collision_check_step_size=step,
                rrt_connect=True,
            ),
        )
        rrt.setRngSeed(seed)
        try:
            path = rrt.plan(JointConfiguration(_NAMES, start), JointConfiguration(_NAMES, goal))
        except RuntimeError:  # how the library says that there is no path
            return None
        shortcut = PathShortcuttingOptions(
            group_name=_GROUP, max_step_size=step, max_iters=self._options.shortcut_tries, seed=seed
        )
        return np.array(PathShortcutter(self._scene, shortcut).shortcut(path).positions)

    def timed(self, path: FloatArray, dt_s: float, scale: float, rounded: bool = True) -> FloatArray | None:
        """Positions (N, 7) every `dt_s` along straight joint segments, at full joint speed times `scale`.

        Corners are rounded where that is free, else stopped at. None when the library cannot time the path.
        """
        joint_path = JointPath()
        joint_path.joint_names = _NAMES
        joint_path.positions = list(path)
        for mode, share in (*_ROUNDINGS, _STOPS) if rounded else (_STOPS,):
            options = TOPPRAOptions(
                dt=dt_s,
                mode=mode,
                velocity_scale=scale,
                acceleration_scale=scale,
                max_blend_deviation=share * self._options.blend_deviation_rad,
            )
            try:
                return np.array(self._timing.generate(joint_path, options).positions)
            except RuntimeError:  # its solver fails on some roundings; a slightly different one then works
                continue
        return None


def _limits_yaml(options: MotionOptions) -> str:
    rows = zip(
        JOINT_NAMES,
        options.joint_speed_rad_s,
        options.joint_acceleration_rad_s2,
        options.joint_jerk_rad_s3,
        strict=True,
    )
    lines = [
        f"  {name}: {{max_velocity: [{speed}], max_acceleration: [{acceleration}], max_jerk: [{jerk}]}}"
        for name, speed, acceleration, jerk in rows
    ]
    return "\n".join(["joint_limits:", *lines, ""])
