"""Who of the people in the picture asked, and who that is in the next picture.

At first: who holds a hand above the shoulder; among several, or nobody, who stands nearest to the robot's
base; without depth, who is largest in the picture. From then on the same person: the torso moves no faster
and no farther than a person does; where it has no depth, the box overlaps the last one while the camera is at
rest. Missing from the pictures of `identity_s`, however slowly those come, the choice starts again. Looks are
not compared: somebody who takes the very place of the person, unseen, is taken for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hardware.geometry import transform
from hardware.types import FloatArray, RGBDFrame
from perception.keypoints import ray_at, window_depth
from perception.models.boxes import area, overlap
from perception.models.options import PersonOptions
from perception.options import TrackerOptions
from perception.types import Keypoint

TORSO = (Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER, Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP)
TORSO_WIDTH_M = 0.12
TORSO_SLACK_M = 0.25
"""A torso's centre may seem to move this far because other joints of it are seen."""
FARTHEST_M = 1.0
"""However long it was hidden, a torso farther away than this is somebody else's."""
RAISED_SHARE = 0.1
"""A raised wrist is above its shoulder by this share of the box's height."""
SAME_VIEW_M, SAME_VIEW_RAD = 0.02, 0.035
SURE_IOU, APART_IOU = 0.6, 0.1
"""One box over the last one by the first and nobody else by the second: the others need no pose."""


@dataclass(frozen=True)
class Person:
    """Somebody in a frame: box (4,) and COCO-17 points (17, 3) in pixels of the frame, torso (3,) in the base
    frame (NaN without depth), and whether a hand is up.
    """

    box: FloatArray
    points: FloatArray
    torso: FloatArray
    hand_up: bool


def hand_up(points: FloatArray, min_score: float) -> bool:
    """Whether a wrist of upright points (17, 3) is clearly above its shoulder."""
    seen = points[points[:, 2] >= min_score]
    if len(seen) < 2:
        return False
    least = RAISED_SHARE * float(np.ptp(seen[:, 1]))
    for side in ("LEFT", "RIGHT"):
        wrist, shoulder = points[Keypoint[f"{side}_WRIST"]], points[Keypoint[f"{side}_SHOULDER"]]
        if min(wrist[2], shoulder[2]) >= min_score and shoulder[1] - wrist[1] > least:
            return True
    return False


def torso(points: FloatArray, frame: RGBDFrame, options: TrackerOptions) -> FloatArray:
    """The mean (3,) of the shoulders and hips that have depth, in the base frame; NaN without any."""
    found = []
    for keypoint in TORSO:
        u, v, score = points[keypoint]
        if score >= options.min_score:
            depth = window_depth(frame, u, v, TORSO_WIDTH_M, False, options)
            if depth is not None:
                found.append(transform(frame.base_from_camera, depth * ray_at(frame, u, v)))
    return np.mean(found, axis=0) if found else np.full(3, np.nan)


class Companion:
    """Keeps to the person who asked; one call of `choose` per frame, in the order of their stamps."""

    def __init__(self, options: PersonOptions, tracker: TrackerOptions) -> None:
        self._options, self._tracker = options, tracker
        self._last: Person | None = None
        self._stamp_s = -np.inf
        self._camera = np.eye(4)
        self._missed_s: float | None = None  # the first picture without them

    def worth_a_pose(self, boxes: FloatArray, frame: RGBDFrame) -> list[int]:
        """Which boxes (N, 4) to look at: only the one followed where that is plain, else the largest."""
        order = [int(i) for i in np.argsort(-area(boxes), kind="stable")[: self._options.max_people]]
        last = self._followed(frame.stamp_s)
        if last is None or not self._same_view(frame):
            return order
        shared = overlap([last.box], boxes)[0]
        best = int(np.argmax(shared))
        others = np.delete(shared, best)
        if shared[best] >= SURE_IOU and others.max(initial=0.0) <= APART_IOU:
            return [best]
        return order if best in order else [best, *order[:-1]]

    def at_hand(self, frame: RGBDFrame) -> bool:
        """Whether the person was there in the last picture, and this one is taken from the same place."""
        return self._last is not None and self._missed_s is None and self._same_view(frame)

    def choose(self, people: Sequence[Person], frame: RGBDFrame) -> Person | None:
        """The person to follow, or None when they are not among `people`, who may be nobody."""
        last = self._followed(frame.stamp_s)
        person = None
        if people:
            person = self._who_asked(people) if last is None else self._same(people, last, frame)
        if person is not None:
            self._last, self._stamp_s, self._camera = person, frame.stamp_s, frame.base_from_camera
            self._missed_s = None
        elif self._missed_s is None:
            self._missed_s = frame.stamp_s
        return person

    def _followed(self, stamp_s: float) -> Person | None:
        gone = self._missed_s is not None and stamp_s - self._missed_s > self._tracker.identity_s
        return None if gone else self._last

    @staticmethod
    def _who_asked(people: Sequence[Person]) -> Person:
        def rank(person: Person) -> tuple[bool, float, float]:
            away_m = float(np.hypot(*person.torso[:2]))
            return (
                not person.hand_up,
                away_m if np.isfinite(away_m) else np.inf,
                -float(area([person.box])[0]),
            )

        return min(people, key=rank)

    def _same(self, people: Sequence[Person], last: Person, frame: RGBDFrame) -> Person | None:
        way_m = self._tracker.max_torso_speed_m_s * (frame.stamp_s - self._stamp_s)
        allowed_m = min(TORSO_SLACK_M + way_m, FARTHEST_M)
        moved_m = [float(np.linalg.norm(person.torso - last.torso)) for person in people]
        if np.isfinite(moved_m).any():
            nearest = int(np.nanargmin(moved_m))
            if moved_m[nearest] <= allowed_m:
                return self._kept(people[nearest], last)
        if not self._same_view(frame):
            return None
        unplaced = [person for person, moved in zip(people, moved_m, strict=True) if np.isnan(moved)]
        if not unplaced:
            return None
        shared = overlap([last.box], [person.box for person in unplaced])[0]
        best = int(np.argmax(shared))
        return self._kept(unplaced[best], last) if shared[best] >= self._options.min_overlap_iou else None

    @staticmethod
    def _kept(person: Person, last: Person) -> Person:
        """The person with the torso last known, where this frame has none."""
        if np.isfinite(person.torso).all():
            return person
        return Person(person.box, person.points, last.torso, person.hand_up)

    def _same_view(self, frame: RGBDFrame) -> bool:
        moved = frame.base_from_camera[:3, 3] - self._camera[:3, 3]
        turn = self._camera[:3, :3].T @ frame.base_from_camera[:3, :3]
        angle = np.arccos(np.clip((np.trace(turn) - 1.0) / 2.0, -1.0, 1.0))
        return bool(np.linalg.norm(moved) <= SAME_VIEW_M and angle <= SAME_VIEW_RAD)
