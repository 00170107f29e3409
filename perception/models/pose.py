"""The keypoints of the person who asked: people found, turned upright, their poses estimated, one chosen.

It takes as long as its models do; the tracker calls it in a thread of its own, one frame at a time.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hardware.types import FloatArray, RGBDFrame
from perception.errors import HumanLost
from perception.keypoints import COUNT, Keypoints2D
from perception.models.options import PersonOptions
from perception.models.person import PersonFinder
from perception.models.upright import boxes_back, points_back, quarter_turns, turned
from perception.models.who import Companion, Person, hand_up, torso
from perception.options import TrackerOptions


class PoseModel(Protocol):
    """Finds the joints of people whose boxes are known, in an upright picture."""

    name: str

    def keypoints(self, rgb: NDArray[np.uint8], boxes: FloatArray) -> FloatArray:
        """COCO-17 points (N, 17, 3: u, v, score) of the people in boxes (N, 4) of a picture (H, W, 3)."""
        ...


class PersonKeypoints:
    """A KeypointEstimator over any person detector and any pose model."""

    def __init__(
        self,
        finder: PersonFinder,
        pose: PoseModel,
        options: PersonOptions | None = None,
        tracker: TrackerOptions | None = None,
    ) -> None:
        self.name = f"{pose.name} on {finder.name}"
        self._finder, self._pose = finder, pose
        self._tracker = tracker or TrackerOptions()
        self._companion = Companion(options or PersonOptions(), self._tracker)

    def estimate(self, frame: RGBDFrame) -> Keypoints2D:
        """The keypoints of the person followed, in pixels of the frame. Raises HumanLost with who was seen
        instead.
        """
        height, width = frame.rgb.shape[:2]
        turns = quarter_turns(frame.base_from_camera)
        upright = turned(frame.rgb, turns)
        found = self._finder.find(upright)
        if not len(found):
            self._companion.choose((), frame)
            raise HumanLost("nobody in the picture")
        boxes = boxes_back(found[:, :4], turns, width, height)
        chosen = self._companion.worth_a_pose(boxes, frame)
        poses = self._pose.keypoints(upright, found[chosen, :4])
        people = []
        for box, pose in zip(boxes[chosen], poses, strict=True):
            points = points_back(pose, turns, width, height)
            raised = hand_up(pose, self._tracker.min_wrist_score)
            people.append(Person(box, points, torso(points, frame, self._tracker), raised))
        person = self._companion.choose(people, frame)
        if person is None:
            raise HumanLost(f"{len(people)} people in the picture, none where the one followed was")
        return Keypoints2D(person.points, frame.stamp_s, self.name)


def coco17(points: FloatArray) -> FloatArray:
    """The COCO-17 part (N, 17, 3) of points (N, K, 3), scores kept within 0..1.

    COCO-WholeBody-133, Halpe-26 and Halpe-136 all begin with COCO's seventeen, in its order.
    """
    body = np.array(points[:, :COUNT], dtype=np.float64)
    body[..., 2] = np.clip(body[..., 2], 0.0, 1.0)
    return body
