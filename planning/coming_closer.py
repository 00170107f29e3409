"""Who stands too far off to be served, and how they will stand once they have come closer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hardware.types import FloatArray
from perception.types import HumanPose, Keypoint
from planning.options import PresentationOptions


def place_of(person: HumanPose) -> FloatArray:
    """Where the person stands (2,): under the middle of the shoulders that are known, NaN without any."""
    shoulders = person.joints[[Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER], :2]
    known = shoulders[np.all(np.isfinite(shoulders), axis=1)]
    return np.asarray(known.mean(axis=0)) if len(known) else np.full(2, np.nan)


def distance_m(person: HumanPose) -> float:
    """From the base's axis to where the person stands; NaN without a shoulder."""
    return float(np.hypot(*place_of(person)))


def out_of_reach(person: HumanPose, options: PresentationOptions) -> bool:
    """Whether the person must come closer before anything can be offered."""
    return distance_m(person) > options.farthest_m


def come_closer(person: HumanPose, options: PresentationOptions, to_m: float) -> HumanPose:
    """The person where they will stand after coming straight to `to_m` from the base; someone in reach stays
    where they are.
    """
    if not out_of_reach(person, options):
        return person
    place = place_of(person)
    step = np.append(place * (to_m / float(np.hypot(*place)) - 1.0), 0.0)
    return replace(person, joints=person.joints + step, raw=person.raw + step)
