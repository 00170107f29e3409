"""The leaves that move: pick, motion, put_back."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from py_trees.common import Status

from behaviours import keys
from behaviours.keys import Outcome
from behaviours.motion import BackOff, GoTo, StopArm, in_turn
from behaviours.options import GripOptions, PersonAges, ViewOptions
from behaviours.pick import Approach, CloseGripper, Lift, LiftClear, OpenGripper
from behaviours.put_back import LetGo, PlanPutBack, SetDown
from hardware.errors import DeviceFault
from planning.motion.options import MotionOptions, SceneOptions
from planning.types import Phase
from tests.behaviours.case import Case, Trouble
from tests.behaviours.inputs import way
from tests.behaviours.table_choose import blocked
from tests.behaviours.table_look import FAULT, empty, holding
from tests.bench import Bench

SCENE, MOTION, AGES, GRIP = SceneOptions(), MotionOptions(), PersonAges(), GripOptions()
SURROUNDINGS = frozenset({keys.OBSTACLES, keys.HUMAN, keys.HELD})
HIGH = MotionOptions(lift_m=0.6)
"""A lift that ends over where the fake arm stands."""
TABLE = ViewOptions().table_deg[1]


def next_arm_motion_fails(bench: Bench) -> None:
    bench.arm.script[len(bench.arm.motions)] = "joint 4 did not settle"


def next_grip_fails(bench: Bench) -> None:
    bench.gripper.script[len(bench.gripper.motions)] = "the fingers are stuck"


def arm_refuses(bench: Bench) -> None:
    bench.arm.script[len(bench.arm.motions)] = DeviceFault("arm", FAULT, "clear it")


def gripper_refuses(bench: Bench) -> None:
    bench.gripper.script[len(bench.gripper.motions)] = DeviceFault("gripper", FAULT, "clear it")


def opened(bench: Bench) -> None:
    """Nothing in the hand, fingers wide open."""
    bench.gripper.drop()
    bench.gripper.width_m = 0.085


def swinging(bench: Bench) -> None:
    bench.arm.velocities = np.full(7, 0.1)


def put_down(bench: Bench) -> None:
    """The arm is where Set Down ends."""
    holding(bench)
    bench.arm.joints = np.array(way().end)


def elsewhere(bench: Bench) -> None:
    bench.arm.joints = np.array(way().end) + 0.5


def arm_troubles(outcome: Outcome | None = Outcome.ERROR) -> tuple[Trouble, ...]:
    return (
        Trouble(next_arm_motion_fails, "^joint 4 did not settle$", outcome),
        Trouble(arm_refuses, "^the arm reports a fault", outcome),
    )


def grip_troubles(outcome: Outcome | None = Outcome.ERROR) -> tuple[Trouble, ...]:
    return (
        Trouble(next_grip_fails, "^the fingers are stuck$", outcome),
        Trouble(gripper_refuses, "^the gripper reports a fault", outcome),
    )


def cases() -> Iterator[Case]:
    yield Case(
        build=lambda: OpenGripper("Open Gripper", GRIP),
        prepare=empty,
        says="^arrived$",
        commands=("gripper",),
        troubles=(
            Trouble(
                holding,
                "^will not open: the hand holds something 40 mm wide$",
                Outcome.ERROR,
            ),
            *grip_troubles(),
        ),
    )
    yield Case(
        build=lambda: CloseGripper("Close Gripper", GRIP),
        prepare=opened,
        says="^arrived$",
        commands=("gripper",),
        troubles=grip_troubles(),
    )
    yield Case(
        build=lambda: Approach("Approach"),
        says="^arrived$",
        commands=("arm",),
        troubles=arm_troubles(),
    )
    yield Case(
        build=lambda: Lift("Lift"),
        says="^arrived$",
        commands=("arm",),
        troubles=arm_troubles(),
    )
    yield Case(
        build=lambda: LiftClear("Lift Clear", SCENE, HIGH, AGES),
        prepare=holding,
        says="^arrived$",
        optional=SURROUNDINGS,
        commands=("arm",),
        troubles=(
            Trouble(blocked, "^plan_line is not reachable: 38 mm short$", Outcome.NOT_REACHABLE),
            *arm_troubles(),
        ),
    )
    yield Case(
        build=lambda: GoTo("Go To View", in_turn([TABLE]), Phase.LOOK, SCENE, AGES),
        says="^arrived$",
        optional=SURROUNDINGS,
        commands=("arm",),
        troubles=(
            Trouble(blocked, "^plan_joints is not reachable: 38 mm short$", Outcome.NOT_REACHABLE),
            *arm_troubles(),
        ),
    )
    yield Case(
        build=lambda: BackOff("Back Off", Phase.RECOVER, SCENE, MOTION, AGES),
        says="^arrived$",
        optional=SURROUNDINGS,
        commands=("arm",),
        troubles=(
            Trouble(blocked, "^plan_line is not reachable: 38 mm short$"),
            *arm_troubles(None),
        ),
    )
    yield Case(
        build=lambda: StopArm("Stop Arm"),
        says="^the arm stands$",
        optional=frozenset({keys.PHASE}),
        commands=("stop",),
        troubles=(Trouble(swinging, "^coming to rest$", status=Status.RUNNING),),
    )
    yield Case(
        build=lambda: PlanPutBack("Plan Put Back", SCENE, MOTION, AGES),
        prepare=holding,
        says="^0.4 s$",
        optional=SURROUNDINGS,
        missing={keys.GRASP: "how it was picked is not known; take it out of the gripper by hand$"},
        troubles=(
            Trouble(blocked, "^a place to put the object back is not reachable: .* 38 mm short"),
            Trouble(empty, "^a place to put the object back is not reachable"),
        ),
    )
    yield Case(
        build=lambda: SetDown("Set Down"),
        prepare=holding,
        says="^arrived$",
        commands=("arm",),
        troubles=arm_troubles(None),
    )
    yield Case(
        build=lambda: LetGo("Let Go", GRIP),
        prepare=put_down,
        says="^arrived$",
        commands=("gripper",),
        troubles=(
            Trouble(elsewhere, "the arm is 0.500 rad from where it ends$"),
            *grip_troubles(None),
        ),
    )
