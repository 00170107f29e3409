"""Regions from a map of human contacts, as ContactHandover predicts it.

Faithful: a value per point of the object says how surely a person's hand goes there; grasps are punished for
the contacts they block, over the whole object (`planning.ranking_rules`, "contacts"). Standing in: the map
comes from whatever `ContactMapper` there is (a network run by the user; in simulation the person's part,
blurred), and the delivery is this program's: it turns the middle of the likely contacts to the hand.
"""

from __future__ import annotations

import numpy as np

from hardware.types import RGBDFrame
from perception.errors import RegionsNotFound
from perception.protocols import ContactMapper
from perception.types import Detection, Regions

LIKELY = 0.5
"""From here on a point counts as the person's."""


class ContactGrounder:
    """A RegionGrounder by human contacts: the person's region is where they are likely, the robot's the
    rest.
    """

    def __init__(self, mapper: ContactMapper) -> None:
        self.name = f"contacts by {mapper.name}"
        self._mapper = mapper

    def ground(self, frame: RGBDFrame, detection: Detection) -> Regions:
        """The two regions with the map itself, 0 beside the object. Raises RegionsNotFound where all of the
        object is likely to be touched, or nothing, and what the mapper raises; ValueError without a mask.
        """
        if detection.mask is None:
            raise ValueError("regions need a segmented object")
        chance = np.where(detection.mask, self._mapper.contacts(frame, detection), 0.0)
        human = detection.mask & (chance >= LIKELY)
        robot = detection.mask & ~human
        if not (human.any() and robot.any()):
            which = "nowhere" if not human.any() else "everywhere"
            raise RegionsNotFound(
                f"{detection.label!r} is likely to be touched {which} ({self._mapper.name})"
            )
        return Regions(robot, human, None, self.name, chance)
