"""Affordance masks and contact maps drawn from the truth of simulated frames: what perfect networks would
say.
"""

from __future__ import annotations

import re

import numpy as np

from hardware.types import BoolArray, FloatArray, InstanceTruth, RGBDFrame, SceneTruth
from perception.affordances import PERSONS, UMD_CLASSES, UnknownClass
from perception.simulated import NOISE_WIDTH_PX, truth_of
from perception.simulated_vlm import part_ids
from perception.types import Affordances, Detection

SYNONYMS = {"spatula": "turner"}
"""Words of labels for what the UMD data call otherwise."""
WORKS = {
    **dict.fromkeys(("knife", "saw", "scissors", "shears"), "cut"),
    **dict.fromkeys(("ladle", "scoop", "shovel", "spoon", "trowel"), "scoop"),
    **dict.fromkeys(("hammer", "mallet", "tenderizer"), "pound"),
    **dict.fromkeys(("bowl", "cup", "mug", "pot"), "wrap-grasp"),
    "turner": "support",
}
"""What the robot's part of each class affords; of vessels the outside, which is what shows."""
OF_THE_HANDLE = ("neck", "bolster", "pivot")
"""Parts between handle and working end: in the UMD data they count with the handle."""
BLUR_PX = 4.0
"""How far the contact map spreads over the rim of the person's part, in a picture 640 px wide."""


class SimulatedMaps:
    """An AffordanceSegmenter that is perfect on the classes of the UMD data and knows no others, and a
    ContactMapper that knows the person's part of anything.
    """

    name = "simulated maps"

    def affordances(self, frame: RGBDFrame, detection: Detection) -> Affordances:
        """The handle with what leads to it affords "grasp", the rest what its class is for. Raises
        UnknownClass.
        """
        kind = umd_class(detection.label)
        if kind is None:
            raise UnknownClass(detection.label, UMD_CLASSES)
        truth = truth_of(frame, self.name)
        number, thing = _shown(truth, detection)
        between = ",".join(OF_THE_HANDLE)
        human = _pixels(truth, number, [*part_ids(thing, thing.human_part), *part_ids(thing, between)])
        robot = _pixels(truth, number, part_ids(thing, thing.robot_part)) & ~human
        return Affordances(kind, {PERSONS: human, WORKS[kind]: robot})

    def contacts(self, frame: RGBDFrame, detection: Detection) -> FloatArray:
        """How surely (H, W) a hand goes there: 1 on the person's part, fading over its rim. Raises
        PerceptionError for a real frame.
        """
        from scipy import ndimage

        truth = truth_of(frame, self.name)
        number, thing = _shown(truth, detection)
        human = _pixels(truth, number, part_ids(thing, thing.human_part))
        blur_px = BLUR_PX * frame.intrinsics.width / NOISE_WIDTH_PX
        return np.asarray(np.maximum(human, ndimage.gaussian_filter(human.astype(np.float64), blur_px)))


def umd_class(label: str) -> str | None:
    """The class of the UMD data that a label's words name, the last one; None for other things."""
    words = [SYNONYMS.get(word, word) for word in re.split(r"[\s_-]+", label.lower())]
    return next((word for word in reversed(words) if word in UMD_CLASSES), None)


def _pixels(truth: SceneTruth, number: int, parts: list[int]) -> BoolArray:
    return np.asarray((truth.instances == number) & np.isin(truth.parts, parts))


def _shown(truth: SceneTruth, detection: Detection) -> tuple[int, InstanceTruth]:
    """The object that fills most of the detection's mask."""
    assert detection.mask is not None  # what the grounders see to
    inside = truth.instances[detection.mask]
    number = max(truth.objects, key=lambda n: (np.count_nonzero(inside == n), -n))
    return number, truth.objects[number]
