"""Regions from affordance masks, as AffNet-DR's handover system finds them.

Faithful: a closed set of object classes (those of the UMD part-affordance data) and of affordances, each a
mask by pixel; what works or contains is the robot's, "grasp" the person's; masks are eroded (3 x 3), reduced
to their largest piece, dropped where smaller than 5 % of the object, and do not overlap. A class that is not
known is a failure. Standing in: the masks come from whatever `AffordanceSegmenter` there is (a network run
by the user; in simulation perfect ones), and pieces are not filled to their convex hull.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from hardware.types import BoolArray, RGBDFrame
from perception.errors import RegionsNotFound
from perception.protocols import AffordanceSegmenter
from perception.types import Detection, Regions

UMD_CLASSES = (
    "bowl", "cup", "hammer", "knife", "ladle", "mallet", "mug", "pot", "saw", "scissors", "scoop", "shears",
    "shovel", "spoon", "tenderizer", "trowel", "turner",
)  # fmt: skip
"""The kinds of tools in the UMD part-affordance data (Myers et al., ICRA 2015)."""
PERSONS = "grasp"
"""The affordance of the part made for the hand."""
ROBOTS = ("cut", "scoop", "contain", "pound", "support", "wrap-grasp")
AFFORDANCES = (PERSONS, *ROBOTS)
MIN_SHARE = 0.05
"""Of the object's pixels; smaller masks are noise."""


class UnknownClass(RegionsNotFound):
    """The network was never shown such an object."""

    def __init__(self, label: str, known: Iterable[str]) -> None:
        super().__init__(f"{label!r} is of no class that the affordance network knows: {', '.join(known)}")


class AffordanceGrounder:
    """A RegionGrounder by affordances."""

    def __init__(self, segmenter: AffordanceSegmenter) -> None:
        self.name = f"affordances by {segmenter.name}"
        self._segmenter = segmenter

    def ground(self, frame: RGBDFrame, detection: Detection) -> Regions:
        """The person's region is empty where nothing affords "grasp". Raises UnknownClass, RegionsNotFound
        where nothing is left for the robot, and what the segmenter raises; ValueError without a mask.
        """
        if detection.mask is None:
            raise ValueError("regions need a segmented object")
        found = self._segmenter.affordances(frame, detection)
        size = int(np.count_nonzero(detection.mask))
        masks = {name: tidied(mask & detection.mask, MIN_SHARE * size) for name, mask in found.masks.items()}
        nothing = np.zeros_like(detection.mask)
        human = masks.get(PERSONS, nothing)
        robot = np.any([nothing, *(masks[name] for name in ROBOTS if name in masks)], axis=0) & ~human
        if not robot.any():
            seen = ", ".join(name for name, mask in masks.items() if mask.any()) or "nothing"
            raise RegionsNotFound(
                f"{detection.label!r} taken for a {found.kind} affords {seen}: no part is for the robot"
            )
        return Regions(np.asarray(robot), human, None, f"{found.kind}, {self.name}")


def tidied(mask: BoolArray, least_px: float) -> BoolArray:
    """The largest piece (8 neighbours) of the eroded mask (H, W), empty where it has fewer pixels."""
    from scipy import ndimage

    square = np.ones((3, 3), dtype=np.bool_)
    pieces, count = ndimage.label(ndimage.binary_erosion(mask, square), structure=square)
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)
    sizes[0] = 0
    if count == 0 or sizes.max() < least_px:
        return np.zeros_like(mask)
    return np.asarray(pieces == int(np.argmax(sizes)))
