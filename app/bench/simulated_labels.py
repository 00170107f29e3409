"""What a simulated picture really shows of the person's part: for scoring, never for deciding."""

from __future__ import annotations

import numpy as np

from hardware.sim.model import TARGET
from hardware.types import BoolArray, RGBDFrame


def human_part(frame: RGBDFrame) -> BoolArray:
    """The pixels (H, W) of the object asked for that belong to its part for the person, hidden ones left out.

    Raises ValueError for a real camera's frame.
    """
    truth = frame.truth
    if truth is None:
        raise ValueError("only a simulated picture knows its parts")
    number = next(n for n, thing in truth.objects.items() if thing.name == TARGET.rstrip("/"))
    thing = truth.objects[number]
    names = {name.strip() for name in thing.human_part.split(",")}
    parts = [part for part, name in thing.parts.items() if name in names]
    return np.asarray((truth.instances == number) & np.isin(truth.parts, parts))
