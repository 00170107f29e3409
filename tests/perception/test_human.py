"""The tracker finds joints to a centimetre, admits what it does not see, never waits, and keeps to one
person.
"""

from concurrent.futures import Future
from typing import Any

import numpy as np
import pytest

from hardware.errors import StaleData
from hardware.executor import InlineExecutor
from perception.errors import HumanLost
from perception.human import KeypointTracker, PoseFilter
from perception.options import TrackerOptions
from perception.protocols import HumanTracker
from perception.types import HumanPose, Keypoint
from tests.perception.people import FOREARM_M, HandClock, Stage, frame, person, seen

OPTIONS = TrackerOptions()
LEFT_WRIST, RIGHT_WRIST, RIGHT_ELBOW = Keypoint.LEFT_WRIST, Keypoint.RIGHT_WRIST, Keypoint.RIGHT_ELBOW


def run(joints: list[np.ndarray], hz: float = 10.0, options: TrackerOptions = OPTIONS) -> HumanPose:
    """The pose after these frames."""
    track = PoseFilter(options, "test")
    poses = [
        track.update(seen(j, 1.0 + i / hz), frame(np.nan_to_num(j, nan=np.nan), 1.0 + i / hz))
        for i, j in enumerate(joints)
    ]
    return poses[-1]


def test_joints_are_found_inside_the_body() -> None:
    truth = person()
    found = run([truth] * 5)
    known = np.isfinite(truth[:, 0])
    assert np.abs(found.joints[known] - truth[known]).max() < 0.01
    assert np.array_equal(found.measured, known)
    assert np.isnan(found.joints[Keypoint.LEFT_ANKLE]).all()
    assert found.confidence == pytest.approx(0.9)
    assert found.source == "test"


def test_the_chest_points_to_the_robot() -> None:
    assert run([person()]).facing == pytest.approx([-1.0, 0.0, 0.0], abs=0.02)
    turned = person()
    left, right = Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER
    turned[[left, right]] = turned[[right, left]]
    assert run([turned]).facing == pytest.approx([1.0, 0.0, 0.0], abs=0.02)


def test_arm_lengths_are_measured_once_they_have_converged() -> None:
    few, many = run([person()] * 5), run([person(reach="right")] * 20)
    assert not few.arm_lengths.measured
    assert few.arm_lengths.upper_arm_m == pytest.approx(0.186 * 1.70)
    assert many.arm_lengths.measured
    assert many.arm_lengths.upper_arm_m == pytest.approx(0.30, abs=0.03)
    assert many.arm_lengths.forearm_m == pytest.approx(FOREARM_M, abs=0.03)


def test_the_arm_held_out_receives() -> None:
    assert run([person()] * 6).arm == "right"
    assert run([person(reach="left")] * 4).arm == "right"
    assert run([person(reach="left")] * 6).arm == "left"
    assert run([person(reach="left")] * 6 + [person()] * 3).arm == "right"


def test_a_wrist_out_of_sight_is_held_for_a_moment_only() -> None:
    hidden = person()
    hidden[RIGHT_WRIST] = np.nan
    held = run([person(), hidden])
    assert np.isfinite(held.joints[RIGHT_WRIST]).all()
    assert not held.measured[RIGHT_WRIST]
    assert np.isnan(held.raw[RIGHT_WRIST]).all()
    gone = run([person(), hidden, hidden, hidden, hidden])
    assert np.isnan(gone.joints[RIGHT_WRIST]).all()


def test_a_wrist_without_depth_is_inferred_from_the_elbow() -> None:
    truth = person(reach="right")
    track = PoseFilter(OPTIONS, "test")
    for i in range(20):
        track.update(seen(truth, 1.0 + 0.1 * i), frame(truth, 1.0 + 0.1 * i))
    pose = track.update(seen(truth, 4.0), frame(truth, 4.0, without=[RIGHT_WRIST]))
    pose = track.update(seen(truth, 4.1), frame(truth, 4.1, without=[RIGHT_WRIST]))
    assert not pose.measured[RIGHT_WRIST]
    assert np.isnan(pose.raw[RIGHT_WRIST]).all()
    assert np.linalg.norm(pose.joints[RIGHT_WRIST] - truth[RIGHT_WRIST]) < 0.08


def test_a_sudden_jump_in_depth_must_insist() -> None:
    truth, jumped = person(), person()
    jumped[RIGHT_ELBOW, 0] += 0.6
    track = PoseFilter(OPTIONS, "test")
    track.update(seen(truth, 1.0), frame(truth, 1.0))
    measured = []
    for i in range(1, 4):
        pose = track.update(seen(jumped, 1.0 + 0.1 * i), frame(jumped, 1.0 + 0.1 * i))
        measured.append(bool(pose.measured[RIGHT_ELBOW]))
    assert measured == [False, False, True]


def test_a_person_elsewhere_is_another_person_for_a_while() -> None:
    track = PoseFilter(OPTIONS, "test")
    other = person(y=0.7)
    track.update(seen(person(), 1.0), frame(person(), 1.0))
    with pytest.raises(HumanLost, match="another person"):
        track.update(seen(other, 1.1), frame(other, 1.1))
    accepted = track.update(seen(other, 2.2), frame(other, 2.2))
    assert accepted.joint("shoulder")[1] == pytest.approx(0.88, abs=0.02)


def test_the_moving_wrist_lags_little_and_the_resting_one_is_calm() -> None:
    rng = np.random.default_rng(0)
    track, moved = PoseFilter(OPTIONS, "test"), []
    for i in range(40):
        truth = person(reach="right", forward_m=0.20 + 0.3 * min(max(i - 15, 0) / 15, 1.0))
        points = seen(truth, 1.0 + i / 15).points.copy()
        points[:, :2] += rng.normal(0.0, 0.8, (17, 2))
        keypoints = type(seen(truth, 1.0))(points, 1.0 + i / 15, "test")
        pose = track.update(keypoints, frame(truth, 1.0 + i / 15))
        moved.append(np.linalg.norm(pose.joints[RIGHT_WRIST] - truth[RIGHT_WRIST]))
    assert max(moved[3:15]) < 0.015
    assert max(moved[15:32]) < 0.06
    assert max(moved[34:]) < 0.02


def test_a_back_without_depth_is_nobody() -> None:
    shoulders = [Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER]
    with pytest.raises(HumanLost, match="shoulder"):
        PoseFilter(OPTIONS, "test").update(seen(person(), 1.0), frame(person(), 1.0, without=shoulders))


class ManualExecutor:
    """Holds its jobs until told to run them."""

    def __init__(self) -> None:
        self.jobs: list[tuple[Any, Future[Any]]] = []

    def submit(self, job: Any, name: str) -> Future[Any]:
        future: Future[Any] = Future()
        self.jobs.append((job, future))
        return future

    def finish(self) -> None:
        for job, future in self.jobs:
            try:
                future.set_result(job())
            except Exception as error:
                future.set_exception(error)
        self.jobs = []


def tracker(executor: Any = None) -> tuple[KeypointTracker, Stage, HandClock]:
    clock = HandClock()
    stage = Stage(clock)
    return KeypointTracker(stage, stage, clock, executor or InlineExecutor()), stage, clock


def test_the_tracker_keeps_to_its_protocol() -> None:
    follow, _, _ = tracker()
    assert isinstance(follow, HumanTracker)
    assert follow.name == "stage"


def test_inline_the_first_question_is_answered() -> None:
    follow, stage, _ = tracker()
    assert follow.latest(0.5).stamp_s == 0.0
    assert stage.looks == 1


def test_frames_are_taken_at_the_rate_asked_for() -> None:
    follow, stage, clock = tracker()
    for _ in range(50):
        follow.latest(1.0)
        clock.sleep(0.02)
    assert 9 <= stage.looks <= 11


def test_in_a_worker_nothing_waits_and_one_job_runs_at_a_time() -> None:
    executor = ManualExecutor()
    follow, stage, clock = tracker(executor)
    for _ in range(20):
        with pytest.raises(HumanLost):
            follow.latest(1.0)
        clock.sleep(0.05)
    assert len(executor.jobs) == 1
    assert stage.looks == 0
    executor.finish()
    assert follow.latest(0.5).stamp_s == pytest.approx(1.0)


def test_an_old_pose_is_a_lost_person_and_says_why() -> None:
    follow, stage, clock = tracker()
    follow.latest(0.5)
    stage.joints = None
    clock.sleep(0.4)
    assert follow.latest(0.5).stamp_s == 0.0
    clock.sleep(0.4)
    with pytest.raises(HumanLost, match=r"last seen 0\.80 s ago.*nobody in the picture"):
        follow.latest(0.5)
    stage.joints = person()
    clock.sleep(0.5)
    assert follow.latest(0.5).stamp_s == pytest.approx(1.3)


@pytest.mark.parametrize("fault", [StaleData("camera", 9.0, 0.5), HumanLost("overlooked")])
def test_expected_failures_are_reasons(fault: Any) -> None:
    follow, stage, _ = tracker()
    stage.fault = fault
    with pytest.raises(HumanLost, match=r"^no person tracked: (overlooked|.* 9\.000 s old)"):
        follow.latest(0.5)


def test_a_bug_is_not_swallowed() -> None:
    follow, stage, _ = tracker()
    stage.estimate = lambda picture: 1 / 0  # type: ignore[method-assign,assignment,return-value]  # a bug
    with pytest.raises(ZeroDivisionError):
        follow.latest(0.5)


def test_the_same_frame_is_used_once() -> None:
    follow, stage, clock = tracker()
    first = follow.latest(1.0)
    stage.latest = lambda max_age_s: frame(person(), 0.0)  # type: ignore[method-assign]  # frozen camera
    clock.sleep(0.2)
    assert follow.latest(1.0) is first
