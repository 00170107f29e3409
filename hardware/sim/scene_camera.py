"""An onlooker beside the table, for videos and pictures of a run; no device of the robot."""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from hardware.sim.camera import Renderer
from hardware.sim.world import World


class SceneCamera:
    """Colour pictures of the whole scene, from a copy of the world's state."""

    def __init__(self, world: World, renderer: Renderer) -> None:
        self._world, self._renderer = world, renderer
        self._data = mujoco.MjData(world.model)

    def picture(self) -> NDArray[np.uint8]:
        """The scene now, rgb (H, W, 3)."""
        self._world.snapshot().apply(self._world.model, self._data)
        return self._renderer.draw(self._data).rgb
