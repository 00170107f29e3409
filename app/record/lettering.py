"""One typeface for pictures and films: DejaVu Sans, which comes with matplotlib and stays readable small."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from PIL import ImageFont

FILE = Path("mpl-data", "fonts", "ttf", "DejaVuSans.ttf")

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@lru_cache
def font(size: int) -> Font:
    """The typeface at `size` pixels; Pillow's own where matplotlib has not brought it."""
    found = find_spec("matplotlib")  # only looked up: importing it would take a tenth of a second
    if found is not None and found.origin is not None:
        path = Path(found.origin).parent / FILE
        if path.is_file():
            return ImageFont.truetype(path, size)
    return ImageFont.load_default(size)
