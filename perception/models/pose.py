"""The keypoints of the person who asked: people found, turned upright, their poses estimated, one chosen.

It takes as long as its models do; the tracker calls it in a thread of its own, one frame at a time. People
are searched for in some pictures only; in those between, the person is sought around their last pose.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hardware.types import FloatArray, RGBDFrame
from perception.errors import HumanLost
from perception.keypoints import COUNT, Keypoints2D
from perception.models.boxes import area, clip
from perception.models.options import PersonOptions
from perception.models.person import PersonFinder
from perception.models.upright import boxes_back, points_back, quarter_turns, turned
from perception.models.who import TORSO, Companion, Person, hand_up, torso
from perception.options import TrackerOptions

MIN_SURE = 5
"""So many sure points of a pose, at the least, tell where the person is."""
BOX_MARGIN = 0.15
"""Heads and hands reach this share of the points' extent beyond them."""


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
        self._options, self._tracker = options or PersonOptions(), tracker or TrackerOptions()
        self._companion = Companion(self._options, self._tracker)
        self._last_pose: FloatArray | None = None
        self._unsearched = 0

    def estimate(self, frame: RGBDFrame) -> Keypoints2D:
        """The keypoints of the person followed, in pixels of the frame. Raises HumanLost with who was seen
        instead.
        """
        turns = quarter_turns(frame.base_from_camera)
        upright = turned(frame.rgb, turns)
        person = self._around_last_pose(upright, turns, frame) or self._searched(upright, turns, frame)
        return Keypoints2D(person.points, frame.stamp_s, self.name)

    def _around_last_pose(self, upright: NDArray[np.uint8], turns: int, frame: RGBDFrame) -> Person | None:
        """The person where they just were, or None when it is time to search, or they are not there."""
        self._unsearched += 1
        if self._unsearched >= self._options.search_every or not self._companion.at_hand(frame):
            return None
        box = box_around(self._last_pose, self._tracker.min_score, upright.shape[1], upright.shape[0])
        if box is None:
            return None
        pose = self._pose.keypoints(upright, box[None])[0]
        if np.count_nonzero(pose[list(TORSO), 2] >= self._tracker.min_score) < 2:
            return None
        height, width = frame.rgb.shape[:2]
        there = boxes_back(box[None], turns, width, height)[0]
        person = self._companion.choose([self._person(there, pose, turns, frame)], frame)
        if person is not None:
            self._last_pose = pose
        return person

    def _searched(self, upright: NDArray[np.uint8], turns: int, frame: RGBDFrame) -> Person:
        """The person among all in the picture. Raises HumanLost."""
        self._unsearched, self._last_pose = 0, None
        height, width = frame.rgb.shape[:2]
        found = self._finder.find(upright)
        if not len(found):
            self._companion.choose((), frame)
            raise HumanLost("nobody in the picture")
        boxes = boxes_back(found[:, :4], turns, width, height)
        chosen = self._companion.worth_a_pose(boxes, frame)
        poses = self._pose.keypoints(upright, found[chosen, :4])
        people = [
            self._person(box, pose, turns, frame) for box, pose in zip(boxes[chosen], poses, strict=True)
        ]
        person = self._companion.choose(people, frame)
        if person is None:
            raise HumanLost(f"{len(people)} people in the picture, none where the one followed was")
        self._last_pose = points_back(person.points, -turns % 4, upright.shape[1], upright.shape[0])
        return person

    def _person(self, box: FloatArray, pose: FloatArray, turns: int, frame: RGBDFrame) -> Person:
        """Somebody with a pose in the upright picture, in the frame as it came."""
        height, width = frame.rgb.shape[:2]
        points = points_back(pose, turns, width, height)
        raised = hand_up(pose, self._tracker.min_wrist_score)
        return Person(box, points, torso(points, frame, self._tracker), raised)


def box_around(pose: FloatArray | None, min_score: float, width: int, height: int) -> FloatArray | None:
    """The box (4,) around the sure points of a pose (17, 3), grown as heads and hands need and cut to the
    picture; None when too few are sure.
    """
    if pose is None:
        return None
    sure = pose[pose[:, 2] >= min_score, :2]
    if len(sure) < MIN_SURE:
        return None
    low, high = sure.min(axis=0), sure.max(axis=0)
    margin = BOX_MARGIN * (high - low)
    box = clip(np.concatenate([low - margin, high + margin])[None], width, height)
    return box[0] if area(box)[0] > 0.0 else None


def coco17(points: FloatArray) -> FloatArray:
    """The COCO-17 part (N, 17, 3) of points (N, K, 3), scores kept within 0..1.

    COCO-WholeBody-133, Halpe-26 and Halpe-136 all begin with COCO's seventeen, in its order.
    """
    body = np.array(points[:, :COUNT], dtype=np.float64)
    body[..., 2] = np.clip(body[..., 2], 0.0, 1.0)
    return body
