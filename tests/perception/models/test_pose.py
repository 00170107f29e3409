"""From a picture on its side to the person who asked, by the real tracker."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hardware.executor import InlineExecutor
from hardware.geometry import pose, rotation_about
from hardware.types import RGBDFrame
from perception.errors import HumanLost
from perception.human import KeypointTracker
from perception.keypoints import KeypointEstimator
from perception.models.options import PersonOptions, VitPoseOptions
from perception.models.person import PersonDetector
from perception.models.pose import PersonKeypoints, box_around
from perception.models.upright import points_back, quarter_turns
from perception.models.vitpose import VitPose
from perception.types import Keypoint
from tests.perception.models.conftest import load
from tests.perception.models.pictures import SpotNetwork, frame_of, spot
from tests.perception.people import CAMERA, HEIGHT, WIDTH, HandClock, frame, person, project

ON_ITS_SIDE = CAMERA @ pose(rotation_about((0, 0, 1), np.pi / 2))
ON_THE_OTHER_SIDE = CAMERA @ pose(rotation_about((0, 0, 1), -np.pi / 2))


class Scene:
    """A camera, a person finder and a pose model that see the people put on it as they stand."""

    name = "scene"

    def __init__(self, clock: HandClock, camera: np.ndarray) -> None:
        self.clock, self.camera = clock, camera
        self.people: list[np.ndarray] = []
        self.searches = 0
        self.score = 0.9

    def latest(self, max_age_s: float) -> RGBDFrame:
        frames = [frame(joints, self.clock.now(), camera=self.camera) for joints in self.people]
        depth = np.max([each.depth_m for each in frames], axis=0)
        return replace(frames[0], depth_m=depth)

    def find(self, rgb: np.ndarray) -> np.ndarray:
        self.searches += 1
        assert rgb.shape == ((WIDTH, HEIGHT, 3) if self._turns() % 2 else (HEIGHT, WIDTH, 3))
        return np.array([[*self._box(points), 0.9] for points in self._upright()])

    def keypoints(self, rgb: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        upright = self._upright()
        owners = [
            int(np.argmin([np.abs(np.array(self._box(p)) - box).sum() for p in upright])) for box in boxes
        ]
        return np.array([upright[owner] for owner in owners])

    def _turns(self) -> int:
        return quarter_turns(self.camera)

    def _upright(self) -> list[np.ndarray]:
        """Points of the people in the upright picture, score 0.9 where known."""
        turns, result = self._turns(), []
        width, height = (HEIGHT, WIDTH) if self._turns() % 2 else (WIDTH, HEIGHT)
        for joints in self.people:
            points = project(joints, self.camera)
            points[:, 2] = np.where(np.isfinite(joints[:, 0]), self.score, 0.0)
            result.append(points_back(np.nan_to_num(points), -turns % 4, width, height))
        return result

    @staticmethod
    def _box(points: np.ndarray) -> tuple[float, float, float, float]:
        seen = points[points[:, 2] > 0]
        return (*seen[:, :2].min(axis=0), *seen[:, :2].max(axis=0))


def tracked(scene: Scene) -> KeypointTracker:
    model: Any = scene
    estimator = PersonKeypoints(model, model, PersonOptions())
    assert isinstance(estimator, KeypointEstimator)
    return KeypointTracker(model, estimator, scene.clock, InlineExecutor())


@pytest.mark.parametrize("camera", [CAMERA, ON_ITS_SIDE, ON_THE_OTHER_SIDE])
def test_joints_are_the_same_however_the_camera_is_turned(camera: np.ndarray) -> None:
    scene = Scene(HandClock(), camera)
    scene.people = [person(x=1.3, y=0.1)]
    found = tracked(scene).latest(0.5)
    shoulder = found.joint("shoulder", "left")
    assert shoulder == pytest.approx(scene.people[0][Keypoint.LEFT_SHOULDER], abs=0.02)
    assert found.joint("shoulder", "right")[1] > shoulder[1]  # facing the robot: their right is +y
    assert found.source == "scene on scene"


def test_the_nearer_person_is_followed_when_they_walk_away_and_another_comes() -> None:
    clock = HandClock()
    scene = Scene(clock, ON_ITS_SIDE)
    near, far = person(x=1.2, y=-0.15), person(x=1.9, y=0.45)
    scene.people = [far, near]
    track = tracked(scene)
    assert track.latest(0.5).joints[Keypoint.LEFT_SHOULDER, 0] == pytest.approx(1.2, abs=0.03)
    for i in range(1, 9):
        clock.sleep(0.11)
        scene.people = [person(x=1.9 - 0.1 * i, y=0.45), person(x=1.2 + 0.08 * i, y=-0.15)]
        at = track.latest(0.05).raw[Keypoint.LEFT_SHOULDER]
        assert at[:2] == pytest.approx((1.2 + 0.08 * i, -0.15 - 0.18), abs=0.03)
    clock.sleep(0.11)
    scene.people = [person(x=1.1, y=0.45)]  # only the other one is left
    with pytest.raises(HumanLost, match="none where the one followed was"):
        track.latest(0.05)


def searches(scene: Scene, estimator: PersonKeypoints, pictures: int) -> list[int]:
    """How often people were searched for by the end of each of the next pictures."""
    counts = []
    for _ in range(pictures):
        scene.clock.sleep(0.1)
        estimator.estimate(scene.latest(1.0))
        counts.append(scene.searches)
    return counts


def test_between_searches_the_person_is_sought_around_the_last_pose() -> None:
    scene = Scene(HandClock(), ON_ITS_SIDE)
    scene.people = [person(x=1.3), person(x=1.9, y=0.5)]
    model: Any = scene
    estimator = PersonKeypoints(model, model, PersonOptions(search_every=4))
    assert searches(scene, estimator, 9) == [1, 1, 1, 1, 2, 2, 2, 2, 3]
    scene.camera = scene.camera @ pose(None, (0.1, 0.0, 0.0))  # another view: the last pose says nothing
    assert searches(scene, estimator, 2) == [4, 4]
    always = PersonKeypoints(model, model, PersonOptions(search_every=1))
    assert searches(scene, always, 3) == [5, 6, 7]


def test_a_pose_that_is_no_longer_sure_or_stands_elsewhere_is_searched_for_at_once() -> None:
    scene = Scene(HandClock(), CAMERA)
    scene.people = [person(x=1.3)]
    model: Any = scene
    estimator = PersonKeypoints(model, model, PersonOptions(search_every=100))
    assert searches(scene, estimator, 2) == [1, 1]
    scene.score = 0.3
    assert searches(scene, estimator, 1) == [2]
    scene.score = 0.9
    assert searches(scene, estimator, 2) == [3, 3]
    scene.people = [person(x=1.3, y=-0.9)]  # somebody else
    with pytest.raises(HumanLost, match="none where the one followed was"):
        searches(scene, estimator, 1)
    assert scene.searches == 4


def test_the_box_around_a_pose_is_grown_and_ends_at_the_picture() -> None:
    points = np.zeros((17, 3))
    points[:6] = [
        (10, 20, 0.9),
        (110, 220, 0.9),
        (60, 60, 0.9),
        (60, 80, 0.9),
        (60, 99, 0.9),
        (300, 300, 0.2),
    ]
    assert box_around(points, 0.5, 320, 240) == pytest.approx((0.0, 0.0, 125.0, 240.0))
    assert box_around(points[[0] * 4 + [5] * 13], 0.5, 320, 240) is None
    assert box_around(None, 0.5, 320, 240) is None


def test_nobody_in_the_picture_is_said() -> None:
    class Nobody:
        name = "nobody"

        def find(self, rgb: np.ndarray) -> np.ndarray:
            return np.zeros((0, 5))

    nobody: Any = Nobody()
    estimator = PersonKeypoints(nobody, nobody)
    with pytest.raises(HumanLost, match="nobody in the picture"):
        estimator.estimate(frame_of(np.zeros((48, 64, 3), dtype=np.uint8)))


@pytest.mark.parametrize("camera", [CAMERA, ON_ITS_SIDE, ON_THE_OTHER_SIDE])
def test_a_joint_is_found_in_the_pixels_of_the_frame(models: Path, camera: np.ndarray) -> None:
    """The real processing of ViTPose on the turned picture, and back."""

    class Whole:
        name = "whole picture"

        def find(self, rgb: np.ndarray) -> np.ndarray:
            return np.array([(0.0, 0.0, rgb.shape[1], rgb.shape[0], 0.9)])

    vitpose = VitPose(VitPoseOptions(load=load(models / "vitpose")))
    network: Any = SpotNetwork(aligned=True)
    vitpose._model = network
    finder: Any = Whole()
    picture = frame_of(spot(430.0, 160.0, sigma=10.0), camera=camera)
    points = PersonKeypoints(finder, vitpose).estimate(picture).points
    np.testing.assert_allclose(points[:, :2], np.tile((430.0, 160.0), (17, 1)), atol=2.0)


def test_the_real_models_work_together(models: Path, picture: RGBDFrame) -> None:
    finder = PersonDetector(PersonOptions(load=load(models / "rt_detr"), min_score=0.0))
    estimator = PersonKeypoints(finder, VitPose(VitPoseOptions(load=load(models / "vitpose"))))
    assert estimator.name == "ViTPose on rt_detr"
    keypoints = estimator.estimate(replace(picture, base_from_camera=ON_ITS_SIDE))
    assert keypoints.points.shape == (17, 3)
    assert keypoints.stamp_s == picture.stamp_s
