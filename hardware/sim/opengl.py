"""Pictures by OpenGL: faster than rays where a graphics library is there, never required."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Sequence
from functools import cache

import mujoco
import numpy as np

from hardware.errors import HardwareError
from hardware.sim.rays import Shot, group_mask
from hardware.types import CameraIntrinsics


class NoOpenGl(HardwareError):
    """OpenGL was asked for and does not start."""

    def __init__(self, cause: str) -> None:
        super().__init__(
            f"OpenGL does not start ({cause}); set renderer to 'ray', or install libegl1 and libgl1 "
            "(or libosmesa6) and start with MUJOCO_GL=egl (or osmesa) in the environment of this one command"
        )


_PROBE = "import mujoco; mujoco.Renderer(mujoco.MjModel.from_xml_string('<mujoco/>'), 8, 8).close()"
PROBE_TIMEOUT_S = 30.0


@cache
def opengl_fault() -> str | None:
    """Why OpenGL does not start here, None when it does. Asked of a child process, once: a second failed
    attempt within one process ends that process.
    """
    try:
        probe = subprocess.run(
            [sys.executable, "-c", _PROBE],
            capture_output=True,
            text=True,
            timeout=PROBE_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {PROBE_TIMEOUT_S:g} s"
    if probe.returncode == 0:
        return None
    return (probe.stderr.strip().splitlines() or [f"exit status {probe.returncode}"])[-1]


class GlRenderer:
    """Draws one camera of the model; each thread that draws gets its own graphics context.

    Raises NoOpenGl when OpenGL does not start. The picture's centre is the optical axis.
    """

    def __init__(
        self, model: mujoco.MjModel, camera: str, intrinsics: CameraIntrinsics, groups: Sequence[int]
    ) -> None:
        self._model, self._camera, self._intrinsics = model, camera, intrinsics
        self._option = mujoco.MjvOption()
        self._option.geomgroup[:] = group_mask(groups)
        self._context = threading.local()
        if (fault := opengl_fault()) is not None:
            raise NoOpenGl(fault)

    def draw(self, data: mujoco.MjData) -> Shot:
        """Draw `data`, whose kinematics are computed: colour, then depth, then ids."""
        renderer = self._renderer()
        renderer.update_scene(data, self._camera, self._option)
        rgb = renderer.render()
        renderer.enable_depth_rendering()
        depth_m = renderer.render()
        renderer.disable_depth_rendering()
        renderer.enable_segmentation_rendering()
        ids, kinds = np.moveaxis(renderer.render(), -1, 0)
        renderer.disable_segmentation_rendering()
        geoms = np.where(kinds == mujoco.mjtObj.mjOBJ_GEOM, ids, -1).astype(np.int32)
        return Shot(rgb, np.where(geoms >= 0, depth_m, 0.0).astype(np.float32), geoms)

    def _renderer(self) -> mujoco.Renderer:
        renderer = getattr(self._context, "renderer", None)
        if renderer is None:
            size = self._intrinsics.height, self._intrinsics.width
            renderer = mujoco.Renderer(self._model, *size)
            self._context.renderer = renderer
        return renderer
