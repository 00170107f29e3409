"""Looking: old readings stay, pictures and poses count from the arrival on, hidden joints are remembered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from py_trees.common import Status

from behaviours import keys
from behaviours.observe import CaptureScene, ReadRobot, SeePerson, TrackHuman
from behaviours.options import PersonAges, ViewOptions
from hardware.errors import DeviceFault, StaleData
from perception.types import ArmLengths, HumanPose, Keypoint
from tests.bar import person
from tests.bench import Bench
from tests.leaves import get, put, ready, run, tick

VIEWS, AGES = ViewOptions(), PersonAges()


def without_shoulder(pose: HumanPose) -> HumanPose:
    joints = np.array(pose.joints)
    joints[Keypoint.RIGHT_SHOULDER] = np.nan
    return replace(pose, joints=joints, raw=joints)


def test_a_silent_device_leaves_the_old_reading_whose_age_trips_the_guard() -> None:
    bench = Bench()
    leaf = ready(ReadRobot("Read Robot"), bench)
    tick(leaf, bench, sees=False)
    first = get(keys.ROBOT)
    bench.gripper.unreadable = DeviceFault("gripper", "no answer", "check the cable")
    tick(leaf, bench, times=5, sees=False)
    assert get(keys.ROBOT) is first
    bench.gripper.unreadable = None
    tick(leaf, bench, sees=False)
    assert get(keys.ROBOT).stamp_s == bench.clock.now()


def test_a_picture_counts_from_when_the_arm_had_settled_here() -> None:
    bench = Bench()
    leaf = ready(CaptureScene("Capture Scene", VIEWS), bench)
    bench.camera.age_s = 0.1
    tick(leaf, bench)
    begun_s = bench.clock.now()
    assert run(leaf, bench) is Status.SUCCESS
    assert get(keys.FRAME).stamp_s >= begun_s + VIEWS.settle_s - 1e-9
    assert get(keys.FRAME).stamp_s <= begun_s + VIEWS.settle_s + 0.05


def test_the_camera_is_left_alone_while_the_arm_settles() -> None:
    bench = Bench()
    tick(ready(CaptureScene("Capture Scene", VIEWS), bench), bench, times=5)
    assert bench.camera.calls == 0


def test_a_person_seen_before_the_arrival_was_seen_from_elsewhere() -> None:
    bench = Bench()
    leaf = ready(SeePerson("See Person", VIEWS, AGES), bench)
    before = person(bench.clock.now() - 0.01)
    bench.human.seen = lambda: before
    assert tick(leaf, bench, times=3) is Status.RUNNING
    assert leaf.feedback_message == "nobody seen from here yet"
    assert get(keys.HUMAN) is None


def test_measured_arm_lengths_shorten_the_look() -> None:
    bench = Bench()
    assert tick(ready(SeePerson("See Person", VIEWS, AGES), bench), bench) is Status.SUCCESS


def test_guessed_arm_lengths_are_watched_for_a_while() -> None:
    bench = Bench()
    guessed = ArmLengths(0.32, 0.25, False)
    bench.human.seen = lambda: replace(person(bench.clock.now()), arm_lengths=guessed)
    leaf = ready(SeePerson("See Person", VIEWS, AGES), bench)
    start_s = bench.clock.now()
    assert tick(leaf, bench) is Status.RUNNING
    assert run(leaf, bench) is Status.SUCCESS
    assert VIEWS.look_s <= bench.clock.now() - start_s < VIEWS.look_s + 0.1


def test_each_look_watches_anew() -> None:
    """A half-hidden person of an earlier look does not shorten the next one."""
    bench = Bench()
    bench.human.seen = lambda: without_shoulder(person(bench.clock.now()))
    leaf = ready(SeePerson("See Person", VIEWS, AGES), bench)
    assert run(leaf, bench) is Status.FAILURE
    start_s = bench.clock.now()
    assert run(leaf, bench) is Status.FAILURE
    assert bench.clock.now() - start_s >= VIEWS.look_s


@pytest.mark.parametrize("kind", [SeePerson, TrackHuman])
def test_a_shoulder_hidden_by_the_object_is_remembered(kind: type) -> None:
    bench = Bench()
    put(keys.HUMAN, person(bench.clock.now()))
    bench.human.seen = lambda: without_shoulder(person(bench.clock.now()))
    leaf = kind("Look", AGES) if kind is TrackHuman else kind("Look", VIEWS, AGES)
    tick(ready(leaf, bench), bench)
    assert np.isfinite(get(keys.HUMAN).joint("shoulder")).all()
    assert get(keys.HUMAN).stamp_s == bench.clock.now()


def test_a_lost_person_is_an_old_stamp() -> None:
    bench = Bench()
    leaf = ready(TrackHuman("Track Human", AGES), bench)
    tick(leaf, bench)
    seen = get(keys.HUMAN)
    bench.human.seen = lambda: None
    assert tick(leaf, bench, times=5) is Status.RUNNING
    assert get(keys.HUMAN) is seen


def test_a_camera_that_fails_while_looking_for_the_person_is_an_error() -> None:
    bench = Bench()

    def broken() -> HumanPose:
        raise StaleData("camera", 2.0, 0.5)

    bench.human.seen = broken
    assert tick(ready(SeePerson("See Person", VIEWS, AGES), bench), bench) is Status.FAILURE
    assert get(keys.FAILURE).outcome.value == "error"
    assert tick(ready(TrackHuman("Track Human", AGES), bench), bench) is Status.RUNNING
