"""Which renderer draws a camera: rays anywhere, OpenGL where it was asked for and starts."""

from __future__ import annotations

from collections.abc import Sequence

import mujoco

from hardware.sim.camera import Renderer
from hardware.sim.opengl import GlRenderer, NoOpenGl
from hardware.sim.options import Renderer as RendererName
from hardware.sim.rays import RayRenderer
from hardware.types import CameraIntrinsics


def make_renderer(
    name: RendererName,
    model: mujoco.MjModel,
    camera: str,
    intrinsics: CameraIntrinsics,
    groups: Sequence[int],
    *,
    exclude_body: int = -1,
    shaded: bool = True,
) -> Renderer:
    """A renderer for `camera`. "auto" tries OpenGL first; "gl" raises NoOpenGl when it does not start."""
    if name != "ray":
        try:
            return GlRenderer(model, camera, intrinsics, groups)
        except NoOpenGl:
            if name == "gl":
                raise
    return RayRenderer(model, camera, intrinsics, groups, exclude_body=exclude_body, shaded=shaded)
