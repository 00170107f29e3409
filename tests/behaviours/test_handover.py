"""Bringing: what is said, which pose comes next, and no long way near a person nobody sees."""

from __future__ import annotations

import numpy as np
import pytest
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
from behaviours.options import PersonAges
from perception.types import HandoverRequest
from planning.motion.options import SceneOptions
from planning.options import SafetyOptions
from tests.bar import person
from tests.behaviours.inputs import handover_pose, held, way
from tests.behaviours.table_choose import QUICK
from tests.bench import Bench
from tests.leaves import get, put, ready, run, tick


def test_a_sentence_is_said_once_in_one_tick_and_names_the_object() -> None:
    bench = Bench()
    put(keys.REQUEST, HandoverRequest("blue mug"))
    assert tick(ready(Say("Ask", "Please take the {label}."), bench), bench) is Status.SUCCESS
    assert bench.announcer.said == ["Please take the blue mug."]


def proposed(leaf: ProposeHandoverPoses | ProposeDefaultPoses, bench: Bench) -> list[float]:
    """The costs of the queue in its order."""
    bench.gripper.take()
    assert run(ready(leaf, bench), bench) is Status.SUCCESS
    return [pose.cost for pose in get(keys.HANDOVER_QUEUE)]


def test_poses_are_proposed_least_effort_first_and_where_the_person_is() -> None:
    bench = Bench()
    put(keys.HELD, held())
    put(keys.HUMAN, person(bench.clock.now(), bearing_deg=60.0))
    costs = proposed(ProposeHandoverPoses("Propose", QUICK), bench)
    assert costs == sorted(costs)
    assert get(keys.HANDOVER_QUEUE)[0].hand_point[1] > 0.3


def test_nobody_comes_so_it_is_offered_where_they_would_have_come_to() -> None:
    bench = Bench()
    put(keys.HELD, held())
    put(keys.HUMAN, person(bench.clock.now(), distance_m=1.7, bearing_deg=60.0))
    proposed(ProposeDefaultPoses("Propose", QUICK), bench)
    where = get(keys.HANDOVER_QUEUE)[0].hand_point
    put(keys.HUMAN, person(bench.clock.now(), QUICK.distance_m, bearing_deg=60.0))
    proposed(ProposeHandoverPoses("Propose", QUICK), bench)
    assert np.allclose(where, get(keys.HANDOVER_QUEUE)[0].hand_point)


def test_default_poses_need_nobody() -> None:
    bench = Bench()
    put(keys.HELD, held())
    costs = proposed(ProposeDefaultPoses("Propose", QUICK), bench)
    assert costs == sorted(costs)
    assert get(keys.HANDOVER_QUEUE)[0].description.startswith("default place")


def test_poses_are_taken_in_order_and_the_last_one_only_once() -> None:
    bench = Bench()
    queue = tuple(handover_pose(cost) for cost in (0.1, 0.2, 0.3))
    put(keys.HANDOVER_QUEUE, queue)
    leaf = ready(NextHandoverPose("Next Handover Pose"), bench)
    taken = []
    while tick(leaf, bench) is Status.SUCCESS:
        taken.append(get(keys.HANDOVER))
    assert tuple(taken) == queue
    assert get(keys.HANDOVER) is None


@pytest.mark.parametrize(
    ("distance_m", "seconds", "ended"),
    [(0.5, 2.0, Status.SUCCESS), (0.5, 30.0, Status.FAILURE), (3.0, 30.0, Status.SUCCESS)],
    ids=["short", "long", "far away"],
)
def test_a_way_that_stays_near_an_unseen_person_too_long_is_refused(
    distance_m: float, seconds: float, ended: Status
) -> None:
    bench = Bench()
    bench.gripper.take()
    bench.planner.duration_s = seconds
    put(keys.HANDOVER, handover_pose())
    put(keys.HUMAN, person(bench.clock.now(), distance_m=distance_m))
    leaf = ready(PlanHandover("Plan Handover", SceneOptions(), PersonAges(), SafetyOptions()), bench)
    assert run(leaf, bench) is ended, leaf.feedback_message
    if ended is Status.FAILURE:
        assert "6 s out of sight are allowed" in leaf.feedback_message
        assert get(keys.HANDOVER_PLAN) is None


@pytest.mark.parametrize(("off_rad", "ends"), [(0.011, Status.SUCCESS), (0.04, Status.FAILURE)])
def test_somebody_who_pulls_at_the_end_of_the_way_does_not_send_the_arm_elsewhere(
    off_rad: float, ends: Status
) -> None:
    bench = Bench()
    put(keys.HANDOVER_PLAN, way())
    bench.gripper.take()
    bench.arm.script[0] = "joint 6 did not settle"
    bench.arm.joints = way().end + off_rad * np.eye(7)[5]
    leaf = ready(MoveToHandover("Move To Handover"), bench)
    assert run(leaf, bench) is ends
    assert "did not settle" in leaf.feedback_message
