"""Who asked, and that it stays the same person."""

from __future__ import annotations

import numpy as np
import pytest

from hardware.geometry import pose
from hardware.types import RGBDFrame
from perception.models.options import PersonOptions
from perception.models.who import Companion, Person, hand_up, torso
from perception.options import TrackerOptions
from perception.types import Keypoint
from tests.perception.models.pictures import frame_of
from tests.perception.people import CAMERA, frame, person, seen

OPTIONS, TRACKER = PersonOptions(), TrackerOptions()


def blank(stamp_s: float = 0.0, camera: np.ndarray = CAMERA) -> RGBDFrame:
    return frame_of(np.zeros((480, 640, 3), dtype=np.uint8), stamp_s=stamp_s, camera=camera)


def somebody(
    x0: float = 100.0, wide: float = 100.0, at: tuple[float, ...] | None = (1.2, 0.0, 0.4), up: bool = False
) -> Person:
    where = np.full(3, np.nan) if at is None else np.array(at)
    return Person(np.array([x0, 50.0, x0 + wide, 450.0]), np.zeros((17, 3)), where, up)


def test_a_raised_hand_asks_before_the_nearer_and_the_larger_person() -> None:
    near, far, waving = (
        somebody(wide=200.0, at=(1.0, 0.1, 0.4)),
        somebody(300.0, 300.0, at=(2.5, 0.0, 0.4)),
        somebody(500.0, at=(1.8, 0.5, 0.4), up=True),
    )
    assert Companion(OPTIONS, TRACKER).choose([near, far, waving], blank()) is waving
    assert Companion(OPTIONS, TRACKER).choose([far, near], blank()) is near
    unplaced, larger = somebody(at=None), somebody(400.0, 150.0, at=None)
    assert Companion(OPTIONS, TRACKER).choose([unplaced, larger], blank()) is larger
    assert Companion(OPTIONS, TRACKER).choose([larger, far], blank()) is far
    assert Companion(OPTIONS, TRACKER).choose([], blank()) is None


def test_the_same_person_is_followed_past_somebody_nearer_who_waves() -> None:
    companion = Companion(OPTIONS, TRACKER)
    companion.choose([somebody(at=(1.3, 0.0, 0.4))], blank(0.0))
    for i in range(1, 6):
        walking = somebody(100.0 + 20 * i, at=(1.3, 0.15 * i, 0.4))
        other = somebody(100.0, at=(0.8, -0.6, 0.4), up=True)
        assert companion.choose([other, walking], blank(0.1 * i)) is walking


def test_nobody_else_is_followed_until_the_person_has_been_gone_for_a_while() -> None:
    companion = Companion(OPTIONS, TRACKER)
    companion.choose([somebody(at=(1.3, 0.0, 0.4))], blank(0.0))
    other = somebody(400.0, at=(1.3, 1.5, 0.4))
    assert companion.choose([other], blank(0.1)) is None
    assert companion.choose([other], blank(0.3)) is None
    assert companion.choose([other], blank(0.1 + TRACKER.identity_s)) is None
    assert companion.choose([other], blank(0.2 + TRACKER.identity_s)) is other


def test_slow_pictures_are_no_reason_to_follow_somebody_else() -> None:
    companion = Companion(OPTIONS, TRACKER)
    companion.choose([somebody(at=(1.6, 0.0, 0.4))], blank(0.0))
    same, waving = somebody(at=(1.5, 0.1, 0.4)), somebody(400.0, at=(1.2, 0.9, 0.4), up=True)
    assert companion.choose([waving, same], blank(4.0 * TRACKER.identity_s)) is same


def test_an_empty_picture_counts_as_missing() -> None:
    companion = Companion(OPTIONS, TRACKER)
    companion.choose([somebody(at=(1.3, 0.0, 0.4))], blank(0.0))
    assert companion.choose([], blank(0.1)) is None
    other = somebody(400.0, at=(1.3, 3.5, 0.4))
    assert companion.choose([other], blank(0.2)) is None
    assert companion.choose([other], blank(0.2 + TRACKER.identity_s)) is other


def test_without_depth_the_box_tells_while_the_camera_rests() -> None:
    companion = Companion(OPTIONS, TRACKER)
    companion.choose([somebody(100.0)], blank(0.0))
    same, other = somebody(110.0, at=None), somebody(400.0, at=None)
    kept = companion.choose([other, same], blank(0.1))
    assert kept is not None
    assert kept.box is same.box
    assert np.isfinite(kept.torso).all()  # where it was last seen
    assert companion.choose([other], blank(0.2)) is None
    moved = CAMERA @ pose(None, (0.1, 0.0, 0.0))
    assert companion.choose([same], blank(0.3, moved)) is None


def test_only_the_person_followed_needs_a_pose_where_that_is_plain() -> None:
    companion = Companion(PersonOptions(max_people=2), TRACKER)
    boxes = np.array([somebody(100.0).box, somebody(400.0, 120.0).box, somebody(300.0, 40.0).box])
    assert companion.worth_a_pose(boxes, blank(0.0)) == [1, 0]  # the two largest
    companion.choose([somebody(100.0)], blank(0.0))
    assert companion.worth_a_pose(boxes, blank(0.1)) == [0]
    crowded = np.array([somebody(100.0).box, somebody(120.0, 120.0).box, somebody(300.0, 300.0).box])
    assert companion.worth_a_pose(crowded, blank(0.1)) == [0, 2]
    assert companion.worth_a_pose(boxes, blank(0.1, CAMERA @ pose(None, (0.1, 0.0, 0.0)))) == [1, 0]
    companion.choose([], blank(0.2))
    assert companion.worth_a_pose(boxes, blank(5.0)) == [1, 0]


def test_a_hand_is_up_when_its_wrist_is_clearly_above_its_shoulder() -> None:
    hanging = seen(person(), 0.0).points.copy()
    assert not hand_up(hanging, 0.4)
    raised = hanging.copy()
    raised[Keypoint.LEFT_WRIST, 1] = hanging[Keypoint.LEFT_SHOULDER, 1] - 40.0
    assert hand_up(raised, 0.4)
    doubtful = raised.copy()
    doubtful[Keypoint.LEFT_WRIST, 2] = 0.2
    assert not hand_up(doubtful, 0.4)
    assert not hand_up(np.zeros((17, 3)), 0.4)


def test_the_torso_stands_where_the_shoulders_and_hips_are() -> None:
    joints = person(x=1.3, y=0.2)
    where = torso(seen(joints, 0.0).points, frame(joints, 0.0), TRACKER)
    assert where == pytest.approx(np.nanmean(joints[[5, 6, 11, 12]], axis=0), abs=0.1)
    assert np.isnan(torso(seen(joints, 0.0).points, frame(np.full((17, 3), np.nan), 0.0), TRACKER)).all()
