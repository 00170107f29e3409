"""Any image file as a frame without depth."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hardware.errors import BadFile
from hardware.types import CameraIntrinsics, RGBDFrame

if TYPE_CHECKING:
    from PIL.Image import Image

REMEDY = "a picture is needed: JPEG, PNG, WebP, TIFF, BMP, GIF"
PAPER = (255, 255, 255)
"""What stands behind transparent parts."""
MOST_PIXELS = 80_000_000
DEEP = ("I", "I;16", "I;16L", "I;16B", "I;16N", "F")
"""Grey with more than 8 bits, of which Pillow's own conversion keeps the lowest."""


def read_image(path: Path, smallest_px: int) -> RGBDFrame:
    """The picture in a file as the camera that took it was held (EXIF), in colour, without depth.

    Raises BadFile for a file that is missing, no picture, cut off, larger than 80 megapixels or with a side
    below `smallest_px`.
    """
    from PIL import Image, UnidentifiedImageError

    if path.is_dir():
        raise BadFile(path, "this is a folder", f"{REMEDY}; `handover plan` takes folders")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # sizes are checked here, oddities of metadata do no harm
            with Image.open(path) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise BadFile(
                        path, f"{image.width} x {image.height} pixels are too many", "make it smaller"
                    )
                rgb = _colour(image)
    except FileNotFoundError as error:
        raise BadFile(path, "there is no such file", REMEDY) from error
    except UnidentifiedImageError as error:
        raise BadFile(path, "this is no picture", REMEDY) from error
    except Image.DecompressionBombError as error:
        raise BadFile(path, "its pixels are too many", "make it smaller") from error
    except (OSError, ValueError, SyntaxError) as error:  # what Pillow's decoders raise for damaged files
        raise BadFile(path, f"the picture cannot be read ({error})", "is the file whole?") from error
    height, width = rgb.shape[:2]
    if min(height, width) < smallest_px:
        raise BadFile(path, f"{width} x {height} pixels are too few", f"{smallest_px} a side are needed")
    intrinsics = CameraIntrinsics(width, height, float(width), float(width), width / 2.0, height / 2.0)
    depth_m = np.zeros((height, width), dtype=np.float32)
    return RGBDFrame(rgb, depth_m, intrinsics, np.eye(4), 0.0, 0, source=path.name)


def _colour(image: Image) -> NDArray[np.uint8]:
    """The pixels (H, W, 3), upright."""
    from PIL import Image, ImageOps

    upright = ImageOps.exif_transpose(image)
    if upright.mode in DEEP:
        grey = np.nan_to_num(np.asarray(upright, dtype=np.float64))
        # 16-bit files use all their bits; of others nobody knows the range but what is in them.
        top = 65535.0 if upright.mode.startswith("I;16") else max(float(grey.max(initial=0.0)), 1.0)
        return np.repeat(np.clip(255.0 * grey / top, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
    if upright.has_transparency_data:
        layer = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", layer.size, (*PAPER, 255)), layer)
    return np.asarray(upright.convert("RGB"))
