"""Pictures on the flat faces of boxes, as MuJoCo puts a 2d texture there: seen from above (+z) the picture's
right is the box's +x and its top the +y, once over the whole box.
"""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from hardware.types import FloatArray

_RGB = int(mujoco.mjtTextureRole.mjTEXROLE_RGB)


@dataclass(frozen=True)
class Texture:
    """The picture (H, W, 3), 0 to 1, of one box with half edges `half_m` (2,)."""

    picture: FloatArray
    half_m: FloatArray

    def colour(self, points: FloatArray) -> FloatArray:
        """The colours (N, 3) at points (N, 3) of the box's frame, linear between texels."""
        height, width = self.picture.shape[:2]
        x = (points[:, 0] / self.half_m[0] + 1.0) / 2.0 * width - 0.5
        y = (1.0 - points[:, 1] / self.half_m[1]) / 2.0 * height - 0.5
        column, row = np.clip(x, 0.0, width - 1.0), np.clip(y, 0.0, height - 1.0)
        left, above = np.floor(column).astype(int), np.floor(row).astype(int)
        right, below = np.minimum(left + 1, width - 1), np.minimum(above + 1, height - 1)
        across, down = (column - left)[:, None], (row - above)[:, None]
        upper = (1.0 - across) * self.picture[above, left] + across * self.picture[above, right]
        lower = (1.0 - across) * self.picture[below, left] + across * self.picture[below, right]
        return (1.0 - down) * upper + down * lower


def textures(model: mujoco.MjModel) -> dict[int, Texture]:
    """By geom: the boxes whose material has a 2d texture that covers them once."""
    found = {}
    for geom in np.flatnonzero((model.geom_type == mujoco.mjtGeom.mjGEOM_BOX) & (model.geom_matid >= 0)):
        material = model.geom_matid[geom]
        texture = model.mat_texid[material, _RGB]
        flat = texture >= 0 and model.tex_type[texture] == mujoco.mjtTexture.mjTEXTURE_2D
        once = np.all(model.mat_texrepeat[material] == 1.0) and not model.mat_texuniform[material]
        if flat and once:
            found[int(geom)] = Texture(_picture(model, int(texture)), model.geom_size[geom, :2].copy())
    return found


def _picture(model: mujoco.MjModel, texture: int) -> FloatArray:
    height, width = int(model.tex_height[texture]), int(model.tex_width[texture])
    channels, first = int(model.tex_nchannel[texture]), int(model.tex_adr[texture])
    texels: NDArray[np.uint8] = model.tex_data[first : first + height * width * channels]
    picture = texels.reshape(height, width, channels)[:, :, :3] / 255.0
    return np.broadcast_to(picture, (height, width, 3)).copy()
