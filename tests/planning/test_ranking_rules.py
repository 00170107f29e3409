"""Every method's own rule on a handful of grasps whose order is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hardware.geometry import pose
from hardware.types import CameraIntrinsics, RGBDFrame
from planning.errors import NoGrasp
from planning.options import SelectionOptions
from planning.ranking_rules import blocked_share, predicted_hand, ranked_queue
from planning.rule_names import RankingRule
from planning.selection import Region, mark_regions, select
from planning.types import Grasp, GraspSet, GraspView
from tests.planning import clouds

OPTIONS = SelectionOptions(hand_room_m=0.05)


def grasp(x: float, lean_deg: float = 0.0, score: float = 0.5, tier: int = 0) -> Grasp:
    """On the line y = 0 that runs from the robot's part (x = 0) to the person's (x = 0.2); a positive lean
    turns the approach toward the person's end.
    """
    lean = np.radians(lean_deg)
    base_from_tcp = np.eye(4)
    base_from_tcp[:3, 0], base_from_tcp[:3, 1] = (0, 1, 0), (-np.cos(lean), 0, -np.sin(lean))
    base_from_tcp[:3, 2] = np.sin(lean), 0, -np.cos(lean)
    return Grasp(base_from_tcp, 0.03, np.array([x, 0.0, 0.0]), score, lean, tier)


def line(*xs: float) -> np.ndarray:
    return np.array([[x, 0.0, 0.0] for x in xs]).reshape(-1, 3)


ROBOT, HUMAN = line(0.0, 0.02, 0.04), line(0.16, 0.18, 0.2)
VIEW = clouds.view_of(np.concatenate([ROBOT, HUMAN]), ROBOT, HUMAN)


def queue(
    rule: RankingRule,
    *grasps: Grasp,
    view: GraspView = VIEW,
    region: Region = Region.ROBOT,
    seed: int = 0,
    options: SelectionOptions = OPTIONS,
) -> list[int]:
    """The places of `grasps` in the queue, best first."""
    ranked = ranked_queue(
        rule, mark_regions(grasps, view, "test"), view, region, options, np.random.default_rng(seed)
    )
    return [next(i for i, one in enumerate(grasps) if one is other) for other in ranked]


def test_the_papers_rule_is_eqs_2_to_4_alone() -> None:
    """The farthest first, however sure the generator is of it."""
    assert queue("paper", grasp(0.02), grasp(0.001, tier=2), grasp(0.0, tier=3), grasp(0.18)) == [2, 1, 0]
    found = mark_regions([grasp(0.02), grasp(0.001, tier=2), grasp(0.0, tier=3)], VIEW, "test")
    assert [one.tier for one in select(found, Region.ROBOT, OPTIONS)] == [0, 2, 3]


def test_the_papers_rule_has_no_sign_but_prefers_another_angle_than_the_hands() -> None:
    hand = grasp(0.18)
    assert queue("paper", grasp(0.01), grasp(0.01, 40), hand)[0] == 1
    assert queue("paper", grasp(0.01), grasp(0.01, -40), hand)[0] == 1


def test_the_programs_own_rule_is_select() -> None:
    grasps = [grasp(0.0, 15), grasp(0.04, 30), grasp(0.18), grasp(0.18, 45)]
    found = mark_regions(grasps, VIEW, "test")
    ranked = ranked_queue(
        "deliverable", found, VIEW, Region.ROBOT, OPTIONS, np.random.default_rng(0), upright=True
    )
    assert [one.contact[0] for one in ranked] == [0.04, 0.0], "of things that stay upright the leaning first"
    assert [one.contact[0] for one in select(found, Region.ROBOT, OPTIONS)] == [0.0, 0.04]


def test_chance_is_that_of_the_seed_and_stays_in_the_region() -> None:
    grasps = [grasp(0.005 * i) for i in range(8)] + [grasp(0.18)]
    orders = [queue("random", *grasps, seed=seed) for seed in range(60)]
    assert orders[0] == queue("random", *grasps, seed=0)
    assert len({tuple(order) for order in orders}) > 10
    assert {order[0] for order in orders} == set(range(8))
    assert all(sorted(order) == list(range(8)) for order in orders)


def test_quality_is_the_generators_score() -> None:
    assert queue("quality", grasp(0.0, score=0.2), grasp(0.02, score=0.9), grasp(0.04, score=0.4)) == [
        1,
        2,
        0,
    ]


def test_contacts_are_weighed_against_quality_over_the_whole_object() -> None:
    """At the person's part even the best grasp comes last; one beside it loses what it blocks."""
    at_handle, beside, far = grasp(0.18, score=0.95), grasp(0.12, score=0.6), grasp(0.0, score=0.5)
    np.testing.assert_allclose(blocked_share([at_handle, beside, far], VIEW, 0.05), [1.0, 1 / 3, 0.0])
    assert queue("contacts", at_handle, beside, far) == [2, 1, 0]
    assert queue("contacts", grasp(0.0, score=0.1), replace(beside, score=0.6)) == [1, 0]


def test_a_contact_map_weighs_every_point() -> None:
    """Two points under the camera; the map says which of them a hand goes to."""
    intrinsics = CameraIntrinsics(8, 4, 8.0, 8.0, 3.5, 1.5)
    frame = RGBDFrame(
        np.zeros((4, 8, 3), np.uint8),
        np.ones((4, 8), np.float32),
        intrinsics,
        pose(np.diag([1.0, -1.0, -1.0]), (0.0, 0.0, 1.0)),
        0.0,
        0,
    )
    points = np.array([[(1 - 3.5) / 8.0, 0.0, 0.0], [(6 - 3.5) / 8.0, 0.0, 0.0]])
    contact_map = np.zeros((4, 8))
    contact_map[:, 1], contact_map[:, 6] = 0.25, 0.75
    view = replace(clouds.view_of(points, points, line()), frame=frame, contact_map=contact_map)
    left, right = grasp(points[0, 0]), grasp(points[1, 0])
    np.testing.assert_allclose(blocked_share([left, right], view, 0.05), [0.25, 0.75])
    assert queue("contacts", right, left, view=view) == [1, 0]
    nowhere = replace(view, contact_map=np.zeros((4, 8)))
    np.testing.assert_array_equal(blocked_share([left, right], nowhere, 0.05), [0.0, 0.0])


def test_opposite_to_the_hand_is_toward_where_it_comes_from() -> None:
    """The hand comes from beyond the person's end: to lean that way is to meet it."""
    grasps = grasp(0.0, -40), grasp(0.02, 40), grasp(0.04, 10), grasp(0.18)
    hand = predicted_hand(mark_regions(grasps, VIEW, "test"))
    np.testing.assert_allclose(hand, [-1, 0, 0], atol=1e-9)
    assert queue("opposite_hand", *grasps) == [1, 2, 0]


def test_without_a_person_s_part_no_hand_is_predicted_and_the_order_stays() -> None:
    everywhere = clouds.view_of(ROBOT, ROBOT, line())
    assert predicted_hand(mark_regions([grasp(0.0)], everywhere, "test")) is None
    assert queue("opposite_hand", grasp(0.0), grasp(0.02, 40), view=everywhere) == [0, 1]


@pytest.mark.parametrize("rule", ["paper", "random", "quality", "opposite_hand"])
def test_rules_keep_to_the_region_and_to_the_length(rule: RankingRule) -> None:
    grasps = [grasp(0.0), grasp(0.01), grasp(0.02), grasp(0.18)]
    assert len(queue(rule, *grasps, options=replace(OPTIONS, queue_length=2))) == 2
    assert 3 not in queue(rule, *grasps)
    with pytest.raises(NoGrasp, match="none of 1 grasps"):
        queue(rule, grasp(0.18))


def test_nothing_to_rank_is_told() -> None:
    nothing = GraspSet((), np.zeros(0, bool), np.zeros(0, bool), np.zeros(3), np.zeros(3), "test")
    with pytest.raises(NoGrasp):
        ranked_queue("contacts", nothing, VIEW, Region.ROBOT, OPTIONS, np.random.default_rng(0))
