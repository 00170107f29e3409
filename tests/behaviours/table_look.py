"""The leaves that look and judge: observe, conditions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from py_trees.common import Status

from behaviours import keys
from behaviours.conditions import (
    AlreadyHolding,
    NotHolding,
    ObjectInHand,
    PersonKnown,
    Safe,
    StillHolding,
    WaitUntilSafe,
)
from behaviours.keys import Outcome
from behaviours.observe import AwaitCloser, CaptureScene, ReadRobot, SeePerson, TrackHuman
from behaviours.options import GripOptions, PersonAges, ViewOptions
from hardware.errors import DeviceFault, NotConnected
from perception.types import HumanPose, Keypoint
from planning.options import PresentationOptions, SafetyOptions
from tests.bar import person
from tests.behaviours.case import Act, Case, Trouble
from tests.behaviours.inputs import WEIGHT_N
from tests.bench import Bench
from tests.leaves import get, put

FAULT = "following error of joint 3"


def faulty(bench: Bench) -> None:
    bench.arm.fault = FAULT


def holding(bench: Bench) -> None:
    bench.gripper.take()
    bench.arm.force_n = np.array([0.0, 0.0, -WEIGHT_N])


def empty(bench: Bench) -> None:
    bench.gripper.drop()
    bench.arm.force_n = np.zeros(3)


def nobody(bench: Bench) -> None:
    bench.human.seen = lambda: None


def half_hidden(bench: Bench) -> None:
    """The person stands behind what hides the receiving shoulder, as if never seen otherwise."""

    def seen() -> HumanPose:
        pose = person(bench.clock.now())
        joints = np.array(pose.joints)
        joints[Keypoint.RIGHT_SHOULDER] = np.nan
        return replace(pose, joints=joints, raw=joints)

    bench.human.seen = seen


def seen_long_ago(bench: Bench) -> None:
    bench.world = lambda: put(keys.HUMAN, person(bench.clock.now() - 10.0))


def comes(from_m: float, to_m: float) -> Act:
    """The person stands there at first and, half a second later, there."""

    def prepare(bench: Bench) -> None:
        come_s = bench.clock.now() + 0.5

        def world() -> None:
            if isinstance(get(keys.HUMAN), HumanPose):
                now_s = bench.clock.now()
                put(keys.HUMAN, person(now_s, from_m if now_s < come_s else to_m))

        bench.world = world
        world()

    return prepare


def stale_camera(bench: Bench) -> None:
    bench.camera.age_s = 10.0


def dead_camera(bench: Bench) -> None:
    gone = NotConnected("camera", "plug it in")
    bench.camera.script.update(dict.fromkeys(range(1000), gone))


def mute_arm(bench: Bench) -> None:
    bench.arm.unreadable = DeviceFault("arm", FAULT, "clear it")


def cases() -> Iterator[Case]:
    yield Case(
        build=lambda: ReadRobot("Read Robot"),
        ends=Status.RUNNING,
        optional=frozenset({keys.ROBOT}),
        sees_robot=False,
        troubles=(Trouble(mute_arm, FAULT, status=Status.RUNNING),),
    )
    yield Case(
        build=lambda: CaptureScene("Capture Scene", ViewOptions()),
        says="^frame [0-9]+ from scripted$",
        troubles=(
            Trouble(
                stale_camera,
                "newest reading of the camera is 10.000 s old",
                status=Status.RUNNING,
            ),
            Trouble(dead_camera, "camera is not connected", Outcome.ERROR),
        ),
    )
    yield Case(
        build=lambda: TrackHuman("Track Human", PersonAges()),
        ends=Status.RUNNING,
        says="^right arm, confidence 0.90$",
        optional=frozenset({keys.HUMAN}),
        troubles=(Trouble(nobody, "no person tracked", status=Status.RUNNING),),
    )
    yield Case(
        build=lambda: SeePerson("See Person", ViewOptions(), PersonAges()),
        says="^right shoulder at x 1.15, y 0.20 m, confidence 0.90$",
        optional=frozenset({keys.HUMAN}),
        troubles=(
            Trouble(nobody, "no person tracked", status=Status.RUNNING),
            Trouble(half_hidden, "right shoulder is out of sight", Outcome.NOT_TAKEN),
        ),
    )
    yield Case(
        build=lambda: AwaitCloser("Await Closer", PresentationOptions(), PersonAges()),
        prepare=comes(1.7, 1.1),
        says="^came from 1.70 to 1.10 m$",
        troubles=(
            Trouble(comes(1.7, 1.45), "^1.45 m away, 1.40 m at most$", status=Status.RUNNING),
            Trouble(comes(1.2, 1.15), "^1.15 m away, as before$", status=Status.RUNNING),
            Trouble(seen_long_ago, "^the person is out of sight$", status=Status.RUNNING),
        ),
    )
    yield Case(
        build=lambda: Safe("Safe?", SafetyOptions()),
        says="m/s at most$",
        optional=frozenset({keys.PHASE, keys.HUMAN, keys.HELD, keys.SAFETY, keys.WAY}),
        troubles=(Trouble(faulty, FAULT, Outcome.UNSAFE),),
    )
    yield Case(
        build=lambda: WaitUntilSafe("Wait Until Safe", SafetyOptions(), calm_s=0.2),
        says="m/s at most$",
        optional=frozenset({keys.PHASE, keys.HUMAN, keys.HELD, keys.SAFETY, keys.WAY}),
        troubles=(Trouble(faulty, FAULT, status=Status.RUNNING),),
    )
    yield Case(
        build=lambda: AlreadyHolding("Already Holding?"),
        prepare=holding,
        says="^holds something 40 mm wide, 60 N$",
        troubles=(Trouble(empty, "^the hand is empty, open by 40 mm$"),),
    )
    yield Case(
        build=lambda: ObjectInHand("Object In Hand?", GripOptions()),
        prepare=holding,
        says="^holds something 40 mm wide, 60 N$",
        troubles=(Trouble(empty, "^the hand is empty, open by 40 mm$", Outcome.NOT_GRASPABLE),),
    )
    yield Case(
        build=lambda: NotHolding("Not Holding?"),
        prepare=empty,
        says="^the hand is empty$",
        troubles=(Trouble(holding, "^holds something 40 mm wide$"),),
    )
    yield Case(
        build=lambda: StillHolding("Still Holding?", GripOptions()),
        prepare=holding,
        asked_for_s=1.0,
        troubles=(Trouble(empty, "^the hand has been empty for 0.1[5-9] s", Outcome.DROPPED),),
    )
    yield Case(
        build=lambda: PersonKnown("Person Known?", 3.0),
        says="^at -?0 degrees$",
        missing={keys.HUMAN: "^nobody seen yet$"},
        troubles=(Trouble(seen_long_ago, "^last seen 10.0 s ago, 3 s are allowed$"),),
    )
