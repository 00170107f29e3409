"""Recorded RGB-D pictures from a folder: color.png, depth.png (mm) or depth.npy (m), camera.json.

camera.json holds width, height, fx, fy, cx, cy in pixels (no distortion) and, where depth.png does not count
millimetres, depth_scale in metres per count. The depth is aligned to the colour picture.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from hardware.errors import BadFile
from hardware.types import CameraIntrinsics, FloatArray, RGBDFrame

COLOUR, DEPTH_PNG, DEPTH_NPY, CAMERA = "color.png", "depth.png", "depth.npy", "camera.json"
CONTENTS = (
    f"a recording holds {COLOUR}, {DEPTH_PNG} (16 bit, millimetres) or {DEPTH_NPY} (metres), and {CAMERA}"
)
MILLIMETRE = 0.001
NEAREST_M, FARTHEST_M = 0.05, 20.0
"""No depth camera has most of its readings nearer or farther: then the scale is wrong."""


def read_frame(folder: Path, base_from_camera: FloatArray | None = None) -> RGBDFrame:
    """The picture in `folder`, with the camera at `base_from_camera` (4, 4), by default at the origin.

    Raises BadFile for whatever is missing, unreadable or does not fit together.
    """
    if not folder.is_dir():
        raise BadFile(folder, "there is no such folder", CONTENTS)
    intrinsics, depth_scale = _read_camera(folder / CAMERA)
    rgb = _read_colour(folder / COLOUR)
    depth_m = _read_depth(folder, depth_scale)
    size = (intrinsics.height, intrinsics.width)
    for name, found in ((COLOUR, rgb.shape[:2]), ("depth", depth_m.shape)):
        if found != size:
            words = f"{name} is {found[1]} x {found[0]} pixels, {CAMERA} says {size[1]} x {size[0]}"
            raise BadFile(folder, words, "colour, depth and intrinsics must belong to the same picture")
    if not np.any(depth_m > 0.0):
        raise BadFile(folder, "the depth picture has no reading at all", "record it again")
    camera = np.eye(4) if base_from_camera is None else base_from_camera
    return RGBDFrame(rgb, depth_m, intrinsics, camera, 0.0, 0, f"recording {folder.name}")


def _read_colour(path: Path) -> NDArray[np.uint8]:
    image = _read_image(path)
    if image.mode[0] in "IF":
        raise BadFile(path, f"it is a picture of mode {image.mode}", "colour needs 8 bits a channel, RGB")
    return np.asarray(image.convert("RGB"))


def _read_depth(folder: Path, depth_scale: float) -> NDArray[np.float32]:
    png, npy = folder / DEPTH_PNG, folder / DEPTH_NPY
    if npy.exists():
        try:
            depth = np.load(npy, allow_pickle=False)
        except (OSError, ValueError) as error:
            raise BadFile(npy, f"it cannot be read ({error})", CONTENTS) from error
        if depth.ndim != 2 or depth.dtype.kind not in "fiu":
            raise BadFile(npy, f"it holds {depth.dtype} of shape {depth.shape}", "depth is numbers (H, W)")
        metres = depth * depth_scale if depth.dtype.kind in "iu" else depth
    elif png.exists():
        image = _read_image(png)
        if not image.mode.startswith("I"):
            raise BadFile(png, f"it is a picture of mode {image.mode}", "depth needs 16 bits in one channel")
        metres = np.asarray(image).astype(np.float64) * depth_scale
    else:
        raise BadFile(folder, f"there is neither {DEPTH_PNG} nor {DEPTH_NPY}", CONTENTS)
    known = np.isfinite(metres) & (metres > 0.0)
    middle = float(np.median(metres[known])) if np.any(known) else NEAREST_M
    if not NEAREST_M <= middle <= FARTHEST_M:
        raise BadFile(folder, f"the depth is {middle:.4g} m in the middle", f"check depth_scale in {CAMERA}")
    return np.where(known, metres, 0.0).astype(np.float32)


def _read_image(path: Path) -> Image.Image:
    if not path.exists():
        raise BadFile(path, "the file is missing", CONTENTS)
    try:
        image = Image.open(path)
        image.load()
    except (OSError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise BadFile(path, f"it is no picture that can be read ({error})", CONTENTS) from error
    return image


def _read_camera(path: Path) -> tuple[CameraIntrinsics, float]:
    if not path.exists():
        raise BadFile(path, "the file is missing", CONTENTS)
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadFile(path, f"it is no JSON ({error})", CONTENTS) from error
    if not isinstance(values, dict):
        raise BadFile(path, "it holds no table of names and values", CONTENTS)
    numbers = [_positive(path, values, name) for name in ("width", "height", "fx", "fy", "cx", "cy")]
    width, height, *rest = numbers
    scale = _positive(path, values, "depth_scale") if "depth_scale" in values else MILLIMETRE
    return CameraIntrinsics(int(width), int(height), *rest), scale


def _positive(path: Path, values: dict[str, Any], name: str) -> float:
    value = values.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0.0 < value < 1e6:
        fault = f"{name} is {value!r}" if name in values else f"{name} is missing"
        raise BadFile(path, fault, "width, height, fx, fy, cx and cy are numbers above 0, in pixels")
    return float(value)
