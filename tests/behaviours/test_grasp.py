"""Choosing: the queue is emptied in order, what is dropped keeps its reason, a delivery is always asked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from py_trees.common import Status

from behaviours import keys
from behaviours.grasp import NextGrasp, PlanGrasp, deliveries
from behaviours.options import PersonAges
from planning.motion.options import MotionOptions, SceneOptions
from tests.bar import person
from tests.behaviours.inputs import INPUTS, grasps, held
from tests.behaviours.table_choose import QUICK
from tests.bench import Bench
from tests.leaves import get, put, ready, tick


def test_the_queue_is_emptied_best_first() -> None:
    bench = Bench()
    queue = grasps(-0.075, -0.055, -0.035)
    put(keys.GRASP_QUEUE, queue)
    leaf = ready(NextGrasp("Next Grasp"), bench)
    taken = []
    while tick(leaf, bench) is Status.SUCCESS:
        taken.append(get(keys.GRASP))
    assert tuple(taken) == queue
    assert get(keys.GRASP) is None, "the last candidate must not be planned twice"


def planned(bench: Bench) -> PlanGrasp:
    for key in (keys.REQUEST, keys.GRASP, keys.GRASP_VIEW):
        put(key, INPUTS[key](bench))
    return ready(PlanGrasp("Plan Grasp", QUICK, SceneOptions(), MotionOptions(), PersonAges()), bench)


def test_dropped_candidates_keep_their_reasons_in_order() -> None:
    bench = Bench()
    leaf = planned(bench)
    reasons = iter(["38 mm short", "the elbow touches the table"])
    bench.planner.refuse = lambda call: next(reasons)
    tick(leaf, bench, times=2)
    told = [rejection.reason for rejection in get(keys.GRASPS_REJECTED)]
    assert [reason.split(": ")[1] for reason in told] == ["38 mm short", "the elbow touches the table"]
    assert get(keys.FAILURE).reason == told[-1]


def test_a_grasp_that_cannot_be_delivered_is_dropped() -> None:
    bench = Bench()
    leaf = planned(bench)
    bench.planner.refuse = lambda call: "too far" if call.scene.held is not None else None
    assert tick(leaf, bench) is Status.FAILURE
    assert leaf.feedback_message.startswith("the delivery is not reachable: none of")


@pytest.mark.parametrize(("age_s", "avoided"), [(1.0, True), (61.0, False)])
def test_the_person_is_kept_clear_of_while_the_pose_is_young_enough(age_s: float, avoided: bool) -> None:
    bench = Bench()
    leaf = planned(bench)
    put(keys.HUMAN, person(bench.clock.now() - age_s))
    assert tick(leaf, bench) is Status.SUCCESS
    assert all(bool(call.scene.person) is avoided for call in bench.planner.calls)


def test_someone_out_of_reach_is_taken_to_have_come_closer() -> None:
    bench = Bench()
    leaf = planned(bench)
    put(keys.HUMAN, person(bench.clock.now(), distance_m=1.7))
    assert tick(leaf, bench) is Status.SUCCESS
    delivery = next(call for call in bench.planner.calls if call.scene.held is not None)
    nearer = person(0.0, distance_m=QUICK.comes_to_m)
    assert np.allclose(delivery.goal.base_from_tcp, deliveries(held(), nearer, QUICK)[0].goal.base_from_tcp)
    torso = next(part for part in delivery.scene.person if part.name == "torso")
    assert torso.start[0] == pytest.approx(QUICK.comes_to_m)


def test_deliveries_are_to_the_person_seen_else_to_a_nominal_one() -> None:
    near, nominal = deliveries(held(), person(0.0, bearing_deg=60.0), QUICK), deliveries(held(), None, QUICK)
    assert near[0].hand_point[1] > 0.3
    assert abs(nominal[0].hand_point[1]) < 0.3
    assert not nominal[0].description.startswith("default")


def test_a_person_right_above_the_base_falls_back_to_the_default_places() -> None:
    """Who stands out of reach now may come closer later: this alone drops no grasp."""
    above = person(0.0, distance_m=0.0)
    joints = np.array(above.joints)
    joints[:, :2] = 0.0
    fallen_back = deliveries(held(), replace(above, joints=joints), QUICK)
    assert all(pose.description.startswith("default place") for pose in fallen_back)
