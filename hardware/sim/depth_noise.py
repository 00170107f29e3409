"""What a D435i makes of exact depth: noise, rounding, holes at edges and beside near objects, a nearest
distance.

Sources: axial noise fitted to a D435 (sigma = 0.000611 + 0.003587 (z - 0.3515)^2 m, valid 0.2 to 3.25 m);
errors are correlated over the matching window; background within f B / z_near - f B / z_far pixels to the
left of a nearer object is seen by one imager only and gives no reading; depth unit 1 mm.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from hardware.types import BoolArray

BASELINE_M = 0.050
UNIT_M = 0.001
WINDOW_SIGMA_PX = 1.5
"""Spread of the smoothing kernel that correlates the noise (about a 5 px window)."""
EDGE_STEP_M = 0.02
EDGE_HOLE_LEVEL = 0.0
"""Edge pixels whose noise exceeds this (in standard deviations) give no reading: every second one."""
BAND_MARGIN_PX = 1.0
FAR_M = 20.0


def measured_depth(
    depth_m: NDArray[np.float32],
    focal_px: float,
    min_m: float,
    max_m: float,
    scale: float,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """The reading (H, W) m of an exact depth picture (H, W), 0 = no reading; scale 0 returns it unchanged."""
    if scale == 0.0:
        return depth_m
    sigma_m = scale * (0.000611 + 0.003587 * (depth_m - 0.3515) ** 2)
    reading = depth_m + sigma_m * _correlated_noise(depth_m.shape, rng)
    reading = np.round(reading / UNIT_M) * UNIT_M
    holes = (depth_m < min_m) | (depth_m > max_m)
    holes |= left_band(depth_m, focal_px)
    holes |= edges(depth_m) & (_correlated_noise(depth_m.shape, rng) > EDGE_HOLE_LEVEL)
    reading[holes] = 0.0
    return reading.astype(np.float32)


def left_band(depth_m: NDArray[np.float32], focal_px: float) -> BoolArray:
    """The pixels (H, W) that the right imager does not see, because something nearer stands in its way."""
    disparity_px = focal_px * BASELINE_M / np.where(depth_m > 0.0, depth_m, FAR_M)
    in_right_px = np.arange(depth_m.shape[1]) - disparity_px
    # Seen from the right imager, whatever lies further right in this picture but further left in that one is
    # nearer.
    leftmost_px = np.minimum.accumulate(in_right_px[:, ::-1], axis=1)[:, ::-1]
    return in_right_px > leftmost_px + BAND_MARGIN_PX


def edges(depth_m: NDArray[np.float32]) -> BoolArray:
    """The pixels (H, W) beside a step in depth."""
    far = np.where(depth_m > 0.0, depth_m, FAR_M)
    step = ndimage.maximum_filter(far, 3) - ndimage.minimum_filter(far, 3)
    return step > EDGE_STEP_M * np.maximum(1.0, ndimage.minimum_filter(far, 3))


def _correlated_noise(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float32]:
    """Smooth noise (H, W) of unit variance."""
    white = rng.standard_normal(shape, dtype=np.float32)
    # A Gaussian kernel of this spread leaves 1 / (2 sigma sqrt(pi)) of the standard deviation.
    return ndimage.gaussian_filter(white, WINDOW_SIGMA_PX) * np.float32(
        2.0 * WINDOW_SIGMA_PX * np.sqrt(np.pi)
    )
