"""An onlooker beside the table, for videos and pictures of a run; no device of the robot."""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from hardware.sim.camera import Renderer
from hardware.sim.world import Snapshot, World


class SceneCamera:
    """Colour pictures of the scene at any moment that was kept; not for two threads at once."""

    def __init__(self, world: World, renderer: Renderer) -> None:
        self._world, self._renderer = world, renderer
        self._data = mujoco.MjData(world.model)

    def picture(self, moment: Snapshot | None = None) -> NDArray[np.uint8]:
        """The scene at `moment`, now by default: rgb (H, W, 3)."""
        (moment or self._world.snapshot()).apply(self._world.model, self._data)
        return self._renderer.draw(self._data).rgb
