"""Every scenario ends as its row says, and goes the way that golden/scenarios.txt tells; a few in detail."""

from __future__ import annotations

import pytest
from py_trees.common import Status

from behaviours import keys
from behaviours.keys import Outcome
from tests.leaves import get
from tests.scripted import BAD_REPLY
from tests.trees.mission import Mission
from tests.trees.scenarios import SCENARIOS, Scenario, drops_in, unreachable_goals
from tests.trees.stories import golden, played, story


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_scenario(scenario: Scenario) -> None:
    run = played(scenario)
    assert run.outcome is scenario.outcome, get(keys.FAILURE)
    assert run.widths_mm == scenario.widths_mm
    assert {leaf: run.ends(leaf) for leaf in scenario.ends} == scenario.ends
    assert [name for name in scenario.never if run.visited(name)] == []
    assert [text for text in scenario.said if text not in run.bench.announcer.said] == []
    assert story(scenario, run) == golden().get(scenario.name), "python -m tests.trees.stories keeps the new"
    # However it ends, nothing is left behind: every motion has ended or was cancelled, once.
    assert max(run.cancels, default=0) <= 1
    assert not any(motion.running for motion in run.motions)
    assert not [node.name for node in run.tree.root.iterate() if node.status == Status.RUNNING]


def test_the_repair_question_carries_the_fault() -> None:
    run = Mission()
    run.bench.vlm.script[0] = BAD_REPLY
    run.run()
    first, second = run.bench.vlm.asked
    assert second[: len(first)] == first
    assert [message.role for message in second[len(first) :]] == ["assistant", "user"]
    assert second[len(first)].text == BAD_REPLY
    assert get(keys.VLM_ERROR) is None


def test_a_new_picture_starts_a_new_conversation() -> None:
    run = Mission()
    run.bench.vlm.script.update(dict.fromkeys(range(3), BAD_REPLY))
    run.bench.gripper.misses.add(0)
    run.run()
    assert [len(messages) for messages in run.bench.vlm.asked] == [2, 4, 6, 2]


def test_each_attempt_looks_from_another_viewpoint() -> None:
    run = Mission()
    run.bench.gripper.misses.add(0)
    run.run()
    views = [
        tuple(call.goal)
        for call in run.bench.planner.calls
        if call.method == "plan_joints" and abs(call.goal[5] + 1.138) < 1e-2
    ]
    assert len(views) == len(set(views)) == 2


def test_dropped_candidates_keep_their_reasons() -> None:
    run = Mission()
    unreachable_goals(2)(run)
    run.run()
    assert len(get(keys.GRASPS_REJECTED)) == 2
    assert all("38 mm short" in rejection.reason for rejection in get(keys.GRASPS_REJECTED))


def test_without_a_model_the_shape_decides() -> None:
    run = Mission(vlm=False).run()
    assert run.outcome is Outcome.HANDED_OVER
    assert get(keys.REGIONS).source == "scripted shape"
    assert run.bench.vlm.asked == []


def test_grasps_are_checked_against_the_person_seen_before_the_pick() -> None:
    run = Mission().run()
    grasp_calls = [call for call in run.bench.planner.calls if call.method == "reach"]
    assert all(call.scene.person for call in grasp_calls)


def test_a_drop_on_the_way_cancels_the_motion_once() -> None:
    run = Mission()
    drops_in("Move To Handover")(run)
    run.run()
    assert sorted(run.cancels) == [0] * (len(run.cancels) - 1) + [1]
    assert run.stops == 1
