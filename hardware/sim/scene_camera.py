"""Onlookers of a simulation, for videos and pictures of a run; no devices of the robot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from hardware.sim.camera import Renderer, intrinsics_of
from hardware.sim.model import SEEN_BY_ONLOOKER, SEEN_BY_WRIST, WRIST_CAMERA
from hardware.sim.options import SimOptions
from hardware.sim.renderers import make_renderer
from hardware.sim.scenery import SCENE_CAMERA, SCENE_FOVY_DEG
from hardware.sim.truth import lens_body
from hardware.sim.world import Snapshot


class SceneCamera:
    """Colour pictures of the scene at any moment that was kept; not for two threads at once."""

    def __init__(self, model: mujoco.MjModel, renderer: Renderer) -> None:
        self._model, self._renderer = model, renderer
        self._data = mujoco.MjData(model)

    def picture(self, moment: Snapshot) -> NDArray[np.uint8]:
        """The scene at `moment`: rgb (H, W, 3)."""
        moment.apply(self._model, self._data)
        return self._renderer.draw(self._data).rgb


@dataclass(frozen=True)
class Onlookers:
    """Where a scene can be watched from; plain data, so that another process can have a copy and draw."""

    model: mujoco.MjModel
    options: SimOptions

    def scene(self, width: int = 640, height: int = 480) -> SceneCamera:
        """A camera that sees robot, table and person from the side."""
        focal_px = height / 2.0 / np.tan(np.radians(SCENE_FOVY_DEG / 2.0))
        return self._eye(SCENE_CAMERA, width, height, focal_px, SEEN_BY_ONLOOKER)

    def wrist(self, width: int = 320, height: int = 180) -> SceneCamera:
        """What the wrist camera sees, in any size."""
        focal_px = self.options.camera.focal_px * width / self.options.camera.width
        return self._eye(WRIST_CAMERA, width, height, focal_px, SEEN_BY_WRIST)

    def _eye(
        self, camera: str, width: int, height: int, focal_px: float, groups: Sequence[int]
    ) -> SceneCamera:
        intrinsics = intrinsics_of(width, height, focal_px)
        hidden = lens_body(self.model) if camera == WRIST_CAMERA else -1
        renderer = make_renderer(
            self.options.renderer, self.model, camera, intrinsics, groups, exclude_body=hidden
        )
        return SceneCamera(self.model, renderer)
