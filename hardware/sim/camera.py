"""The simulated D435i: frames drawn on demand from a copy of the world's state.

Guarantees (those of `hardware.protocols`, and):
1. A frame shows one moment of the world, its stamp; drawing does not touch the physics and may run in any one
thread.
2. Frames younger than the camera's period are handed out again.
3. Depth noise depends on the seed and on the moment only, not on how many frames were asked for.
"""

from __future__ import annotations

from concurrent.futures import Future
from typing import Protocol

import mujoco
import numpy as np
from numpy.typing import NDArray

from hardware.errors import StaleData
from hardware.geometry import pose
from hardware.protocols import Clock, JobExecutor
from hardware.sim.depth_noise import measured_depth
from hardware.sim.model import WRIST_CAMERA
from hardware.sim.options import WristCameraOptions
from hardware.sim.rays import Shot, optical_rotation
from hardware.sim.truth import Keypoints, SceneIndex, visible_joints
from hardware.sim.world import World
from hardware.types import CameraIntrinsics, RGBDFrame, SceneTruth, readonly


class Renderer(Protocol):
    """Draws one camera of a model whose kinematics are computed."""

    def draw(self, data: mujoco.MjData) -> Shot: ...


def intrinsics_of(width: int, height: int, focal_px: float) -> CameraIntrinsics:
    """A pinhole with its centre in the middle of the picture (whole pixel numbers are pixel centres)."""
    return CameraIntrinsics(width, height, focal_px, focal_px, (width - 1) / 2.0, (height - 1) / 2.0)


class SimulatedCamera:
    """The wrist camera of one world, in any resolution."""

    def __init__(
        self,
        world: World,
        renderer: Renderer,
        intrinsics: CameraIntrinsics,
        index: SceneIndex,
        options: WristCameraOptions,
        depth_noise: float,
        seed: int,
        *,
        keypoints: Keypoints | None = None,
        source: str = "simulated D435i",
    ) -> None:
        self._world, self._renderer, self._intrinsics = world, renderer, intrinsics
        self._index, self._options, self._keypoints = index, options, keypoints
        self._noise, self._seed, self._source = depth_noise, seed, source
        self._data = mujoco.MjData(world.model)
        self._camera = world.model.camera(WRIST_CAMERA).id
        self._frame: RGBDFrame | None = None
        self._sequence = 0

    def latest(self, max_age_s: float) -> RGBDFrame:
        """The frame of this moment, or one younger than the camera's period; drawing may take 0.5 s."""
        if max_age_s < 0.0:
            raise StaleData("camera", 0.0, max_age_s)
        now_s = self._world.time_s
        if self._frame is None or not self._young_enough(now_s - self._frame.stamp_s, max_age_s):
            self._frame = self._draw()
        return self._frame

    def _young_enough(self, age_s: float, max_age_s: float) -> bool:
        return age_s == 0.0 or (age_s < self._options.period_s and age_s <= max_age_s)

    def _draw(self) -> RGBDFrame:
        with self._world.lock:
            snapshot = self._world.snapshot()
            keypoints = np.full((17, 3), np.nan) if self._keypoints is None else self._keypoints()
        model, data = self._world.model, self._data
        snapshot.apply(model, data)
        shot = self._renderer.draw(data)
        base_from_camera = pose(optical_rotation(data, self._camera), data.cam_xpos[self._camera])
        joints, visible = visible_joints(
            model, data, self._index, base_from_camera, keypoints, self._intrinsics
        )
        self._sequence += 1
        return RGBDFrame(
            rgb=shot.rgb,
            depth_m=self._reading(shot.depth_m, snapshot.time_s),
            intrinsics=self._intrinsics,
            base_from_camera=base_from_camera,
            stamp_s=snapshot.time_s,
            sequence=self._sequence,
            source=self._source,
            truth=SceneTruth(
                instances=readonly(self._index.instances(shot.geoms), dtype=np.int32),
                parts=readonly(self._index.parts(shot.geoms), dtype=np.int32),
                objects=self._index.objects,
                keypoints=readonly(joints, (17, 3)),
                visible=readonly(visible, (17,), np.bool_),
            ),
        )

    def _reading(self, depth_m: NDArray[np.float32], time_s: float) -> NDArray[np.float32]:
        options = self._options
        rng = np.random.default_rng((self._seed, round(1e6 * time_s)))
        return measured_depth(
            depth_m, self._intrinsics.fx, options.min_depth_m, options.max_depth_m, self._noise, rng
        )


class UnhurriedCamera:
    """A camera whose pictures a worker draws: asking never waits, and fails until there is one young enough.

    For a simulation that goes on meanwhile, whose ticks must not take as long as a picture does.
    """

    def __init__(self, camera: SimulatedCamera, worker: JobExecutor, clock: Clock) -> None:
        self._camera, self._worker, self._clock = camera, worker, clock
        self._drawn: Future[RGBDFrame] | None = None
        self._frame: RGBDFrame | None = None

    def latest(self, max_age_s: float) -> RGBDFrame:
        """The newest frame; raises StaleData, and has one drawn, where that is older than `max_age_s`."""
        if self._drawn is not None and self._drawn.done():
            self._frame, self._drawn = self._drawn.result(), None
        age_s = self._clock.now() - (self._frame.stamp_s if self._frame else 0.0)
        if self._frame is not None and age_s <= max_age_s:
            return self._frame
        if self._drawn is None and max_age_s >= 0.0:
            self._drawn = self._worker.submit(lambda: self._camera.latest(0.0), "draw the camera's picture")
        raise StaleData("camera", age_s, max_age_s)
