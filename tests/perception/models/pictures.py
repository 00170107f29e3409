"""Frames around given pictures, spots of light to be found again, and networks that find them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from hardware.types import CameraIntrinsics, RGBDFrame
from tests.perception.people import CAMERA


def frame_of(
    rgb: np.ndarray,
    *,
    depth_m: np.ndarray | None = None,
    camera: np.ndarray = CAMERA,
    stamp_s: float = 1.0,
    focal: float = 500.0,
) -> RGBDFrame:
    """A frame with this picture; without depth unless given."""
    height, width = rgb.shape[:2]
    if depth_m is None:
        depth_m = np.zeros((height, width), dtype=np.float32)
    intrinsics = CameraIntrinsics(width, height, focal, focal, width / 2, height / 2)
    return RGBDFrame(rgb, depth_m, intrinsics, camera, stamp_s, 0)


def spot(u: float, v: float, width: int = 640, height: int = 480, sigma: float = 6.0) -> np.ndarray:
    """A black picture with one soft spot of light about (u, v)."""
    rows, columns = np.mgrid[:height, :width]
    light = 255.0 * np.exp(-((columns - u) ** 2 + (rows - v) ** 2) / (2.0 * sigma**2))
    return np.repeat(light[..., None], 3, axis=2).astype(np.uint8)


class SpotNetwork:
    """Stands for a pose network: every joint is where the light is.

    aligned: heat maps whose outermost cells lie on the outermost pixels, as ViTPose's do; else each cell lies
    on every fourth pixel, as AlphaPose's do, and the maps are what comes back.
    """

    def __init__(self, joints: int = 17, *, aligned: bool) -> None:
        self._joints, self._aligned = joints, aligned

    def __call__(self, pixel_values: torch.Tensor, **more: Any) -> Any:
        light = pixel_values.mean(dim=1, keepdim=True)
        light = light - light.amin(dim=(2, 3), keepdim=True)
        if self._aligned:
            cells = (light.shape[2] // 4, light.shape[3] // 4)
            heat = torch.nn.functional.interpolate(light, cells, mode="bilinear", align_corners=True)
        else:
            heat = light[..., ::4, ::4]
        heat = heat.repeat(1, self._joints, 1, 1) / heat.amax(dim=(2, 3), keepdim=True)
        return SimpleNamespace(heatmaps=heat) if self._aligned else heat
