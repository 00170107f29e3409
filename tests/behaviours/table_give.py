"""The leaves of the handover itself: handover, release."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from py_trees.common import Status

from behaviours import keys
from behaviours.handover import (
    MoveToHandover,
    NextHandoverPose,
    PlanHandover,
    ProposeDefaultPoses,
    ProposeHandoverPoses,
    Say,
)
from behaviours.keys import Outcome
from behaviours.let_go import FingersFree, HoldStill, Loosen, ObjectLeft, OpenFully
from behaviours.options import GripOptions, PersonAges, Prompts
from behaviours.release import WaitForTake
from hardware.geometry import transform
from hardware.types import FloatArray
from perception.types import Keypoint
from planning.held import unknown_object
from planning.motion.options import SceneOptions
from planning.options import ReleaseOptions, SafetyOptions
from planning.robot_model import tcp_pose
from tests.bar import person
from tests.behaviours.case import Act, Case, Trouble
from tests.behaviours.inputs import WEIGHT_N
from tests.behaviours.table_choose import QUICK, blocked
from tests.behaviours.table_look import empty, holding
from tests.behaviours.table_move import (
    arm_refuses,
    elsewhere,
    grip_troubles,
    next_arm_motion_fails,
)
from tests.bench import Bench
from tests.leaves import get, put

SCENE, AGES, GRIP, RELEASE = SceneOptions(), PersonAges(), GripOptions(), ReleaseOptions()
WEIGHT = np.array([0.0, 0.0, -WEIGHT_N])


def shoulder_unknown(bench: Bench) -> None:
    pose = person(bench.clock.now())
    joints = np.array(pose.joints)
    joints[Keypoint.RIGHT_SHOULDER] = np.nan
    put(keys.HUMAN, replace(pose, joints=joints))


def stands(distance_m: float) -> Act:
    return lambda bench: put(keys.HUMAN, person(bench.clock.now(), distance_m))


def no_pose_left(bench: Bench) -> None:
    put(keys.HANDOVER_QUEUE, ())


def fails_on_the_way(bench: Bench) -> None:
    elsewhere(bench)
    next_arm_motion_fails(bench)


TARED_S = RELEASE.settle_s + RELEASE.tare_s + 0.1


def pulls(bench: Bench, force: FloatArray) -> None:
    """The object in the hand; who is to be seen has a hand at it and pulls with `force` after the tare."""
    holding(bench)
    start_s = bench.clock.now()
    tcp = tcp_pose(bench.arm.joints, bench.gripper.width_m)

    def world() -> None:
        now_s = bench.clock.now()
        if get(keys.HUMAN) is not None:
            held = get(keys.HELD) or unknown_object(bench.gripper.width_m)
            put(keys.HUMAN, person(now_s, wrist=transform(tcp, held.human_point)))
        bench.arm.force_n = WEIGHT + (force if now_s - start_s > TARED_S else 0.0)

    bench.world = world


def takes(bench: Bench) -> None:
    pulls(bench, np.array([15.0, 0.0, 0.0]))


def ignores(bench: Bench) -> None:
    bench.world = lambda: put(keys.HUMAN, person(bench.clock.now()))


def drops(bench: Bench) -> None:
    ignores(bench)
    empty(bench)


def pushes(bench: Bench) -> None:
    pulls(bench, np.array([-40.0, 0.0, 0.0]))


def gone(bench: Bench) -> None:
    """The fingers are loose and empty."""
    empty(bench)
    bench.gripper.width_m = 0.05


def rests(bench: Bench) -> None:
    """Loose fingers still bear the object."""
    bench.arm.force_n = WEIGHT * 2.0
    put(keys.WEIGHT, 2.0 * WEIGHT_N)


def hooked(bench: Bench) -> None:
    """The person draws at what hangs on an open finger."""
    bench.gripper.drop()
    bench.arm.force_n = np.array([15.0, 0.0, 0.0])


def cases() -> Iterator[Case]:
    yield Case(
        build=lambda: Say("Ask To Come Closer", "Please come closer to the {label}."),
    )
    yield Case(
        build=lambda: ProposeHandoverPoses("Propose Handover Poses", QUICK),
        prepare=holding,
        says="^[1-9][0-9]* poses$",
        optional=frozenset({keys.HELD}),
        troubles=(
            Trouble(empty, "^the hand is empty, there is nothing to present$", Outcome.NOT_REACHABLE),
            Trouble(shoulder_unknown, "right shoulder is not seen; look at", Outcome.NOT_REACHABLE),
            Trouble(stands(1.6), "^the person stands 1.60 m away, 1.40 m at most", Outcome.NOT_REACHABLE),
        ),
    )
    yield Case(
        build=lambda: ProposeDefaultPoses("Propose Default Poses", QUICK),
        prepare=holding,
        says="^[1-9][0-9]* poses$",
        optional=frozenset({keys.HELD, keys.HUMAN}),
        troubles=(Trouble(empty, "^the hand is empty, there is nothing to present$", Outcome.NOT_REACHABLE),),
    )
    yield Case(
        build=lambda: NextHandoverPose("Next Handover Pose"),
        says="^straight at the person, cost 0.40, 1 left$",
        troubles=(Trouble(no_pose_left, "^every pose was tried$"),),
    )
    yield Case(
        build=lambda: PlanHandover("Plan Handover", SCENE, AGES, SafetyOptions()),
        prepare=holding,
        says="^0.2 s$",
        optional=frozenset({keys.OBSTACLES, keys.HUMAN, keys.HELD}),
        troubles=(Trouble(blocked, "^plan_tool is not reachable: 38 mm short$", Outcome.NOT_REACHABLE),),
    )
    yield Case(
        build=lambda: MoveToHandover("Move To Handover"),
        prepare=holding,
        says="^arrived$",
        optional=frozenset({keys.ROBOT}),
        commands=("arm",),
        troubles=(
            Trouble(fails_on_the_way, "^joint 4 did not settle$", Outcome.ERROR),
            Trouble(arm_refuses, "^the arm reports a fault", Outcome.ERROR),
        ),
    )
    yield Case(
        build=lambda: WaitForTake("Wait For Take", RELEASE, AGES, Prompts()),
        prepare=takes,
        says="pulls with",
        optional=frozenset({keys.HUMAN, keys.HELD, keys.PHASE, keys.WEIGHT}),
        troubles=(
            Trouble(drops, "^the gripper lost the object and nobody was at it$", Outcome.DROPPED),
            Trouble(ignores, "^not taken within 20 s$", Outcome.NOT_TAKEN),
            Trouble(pushes, "^pushed toward the robot with .* 30 N at most$", Outcome.UNSAFE),
        ),
    )
    yield Case(
        build=lambda: Loosen("Loosen", GRIP),
        prepare=holding,
        says="^arrived$",
        commands=("gripper",),
        troubles=grip_troubles(),
    )
    yield Case(build=lambda: HoldStill("Hold Still", GRIP))
    yield Case(
        build=lambda: ObjectLeft("Object Left?", RELEASE),
        prepare=gone,
        says="^the fingers are free; the object was too light to weigh$",
        troubles=(
            Trouble(holding, "^the gripper still reports an object$", status=Status.RUNNING),
            Trouble(rests, "^6.0 of 6.0 N still rest on the fingers$", status=Status.RUNNING),
        ),
    )
    yield Case(
        build=lambda: OpenFully("Open Fully", GRIP),
        prepare=gone,
        says="^arrived$",
        commands=("gripper",),
        troubles=grip_troubles(),
    )
    yield Case(
        build=lambda: FingersFree("Fingers Free?", RELEASE, Prompts()),
        prepare=gone,
        says="^nothing pulls at the open fingers$",
        troubles=(Trouble(hooked, "^15.0 N at the open fingers$", status=Status.RUNNING),),
    )
