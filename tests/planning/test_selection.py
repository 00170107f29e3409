"""From masks to the queue of grasps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.bench.metrics import SUCCESS_PROPORTION, success_proportion
from hardware.types import CameraIntrinsics, RGBDFrame
from perception.types import Detection, Regions
from planning.antipodal import AntipodalGenerator
from planning.errors import NoGrasp
from planning.options import SelectionOptions
from planning.selection import Region, describe, diversify, grasp_view, human_poses, mark_regions, select
from planning.types import Grasp, GraspSet
from tests.planning import clouds

OPTIONS = SelectionOptions()


def grasp(x: float, lean_deg: float = 0.0, y: float = 0.0) -> Grasp:
    """A grasp whose fingertips are 1 m off its contact at (x, y, 0): only the contact may count."""
    lean = np.radians(lean_deg)
    pose = np.eye(4)
    pose[:3, 0], pose[:3, 1] = (0, 1, 0), (-np.cos(lean), 0, -np.sin(lean))
    pose[:3, 2] = np.sin(lean), 0, -np.cos(lean)
    pose[:3, 3] = x, y, 1.0
    return Grasp(pose, 0.03, np.array([x, y, 0.0]), lean_rad=lean)


def region(*xs: float) -> np.ndarray:
    return np.array([[x, 0.0, 0.0] for x in xs]).reshape(-1, 3)


def marked(
    grasps: list[Grasp], robot: tuple[float, ...], human: tuple[float, ...], epsilon_m: float = 0.02
) -> GraspSet:
    points = region(*robot, *human)
    return mark_regions(grasps, clouds.view_of(points, region(*robot), region(*human)), "test", epsilon_m)


def test_regions_are_measured_from_the_contact() -> None:
    found = marked([grasp(0.0), grasp(0.03), grasp(0.30)], (0.0,), (0.30,))
    assert found.in_robot.tolist() == [True, False, False]
    assert found.in_human.tolist() == [False, False, True]
    np.testing.assert_allclose(found.human_centroid, (0.30, 0, 0))


def test_growing_leaves_the_persons_region_alone() -> None:
    grown = marked([grasp(0.0), grasp(0.03), grasp(0.27)], (0.0,), (0.30,), epsilon_m=0.04)
    assert grown.in_robot.tolist() == [True, True, False]
    assert grown.in_human.tolist() == [False, False, False]


def test_select_takes_only_its_region_and_ranks_by_distance_and_angle() -> None:
    found = marked([grasp(0.2), grasp(0.05, 15), grasp(0.0, 45), grasp(0.30)], (0.0, 0.05), (0.30,))
    queue = select(found, Region.ROBOT, OPTIONS)
    assert [g.contact[0] for g in queue] == [0.0, 0.05]
    outside = select(found, Region.OUTSIDE_HUMAN, OPTIONS)
    assert sorted(g.contact[0] for g in outside) == [0.0, 0.05, 0.2]


def test_grasps_in_both_regions_are_the_last_resort() -> None:
    both, apart = grasp(0.02), grasp(0.0)
    found = marked([both, apart, grasp(0.05)], (0.0, 0.02), (0.03,))
    assert [g.contact[0] for g in select(found, Region.ROBOT, OPTIONS)] == [0.0]
    only_both = marked([both, grasp(0.05)], (0.0, 0.02), (0.03,))
    assert [g.contact[0] for g in select(only_both, Region.ROBOT, OPTIONS)] == [0.02]


def test_surer_grasps_come_first_and_a_crowded_persons_part_costs_one_tier() -> None:
    near, far = 0.30 - OPTIONS.hand_room_m + 0.01, 0.30 - OPTIONS.hand_room_m - 0.02
    grasps = [
        replace(grasp(near), tier=0),
        replace(grasp(far), tier=1),
        replace(grasp(far - 0.03), tier=2),
        replace(grasp(far - 0.06), tier=0),
    ]
    found = marked(grasps, (far, far - 0.03, far - 0.06, near), (0.30,))
    queue = select(found, Region.ROBOT, OPTIONS)
    assert [g.contact[0] for g in queue] == pytest.approx([far - 0.06, far, near, far - 0.03])


def test_a_persons_part_beside_the_fingertips_costs_one_tier() -> None:
    """From straight above nothing of a thing that lies lies beyond the fingertips."""
    straight = [replace(grasp(x), tier=0) for x in (0.0, 0.02)]
    leaning = [replace(grasp(x, 15), tier=tier) for x, tier in ((0.04, 1), (0.06, 2))]
    found = marked([*straight, *leaning], (0.0, 0.02, 0.04, 0.06), (0.30,))
    queue = select(found, Region.ROBOT, OPTIONS)
    assert [g.contact[0] for g in queue] == [0.04, 0.0, 0.02, 0.06]
    barely = replace(OPTIONS, hand_ahead_m=0.27 * np.sin(np.radians(15.0)))
    assert select(found, Region.ROBOT, barely)[0].contact[0] == 0.0


def test_no_tier_takes_the_whole_queue() -> None:
    sure = [replace(grasp(0.02 * i), tier=0) for i in range(8)]
    found = marked([*sure, replace(grasp(0.2), tier=1)], (*(0.02 * i for i in range(8)), 0.2), (0.40,))
    tiers = [g.tier for g in select(found, Region.ROBOT, OPTIONS)]
    assert tiers == [0] * OPTIONS.per_group + [1] + [0] * (8 - OPTIONS.per_group)


def test_upright_things_are_taken_with_the_most_lean_first() -> None:
    grasps = [grasp(0.0), grasp(0.01, 15), grasp(0.02, 45), grasp(0.03, 30)]
    found = marked(grasps, (0.0, 0.03), (0.30,))
    leans = [round(np.degrees(g.lean_rad)) for g in select(found, Region.ROBOT, OPTIONS, upright=True)]
    assert leans == [45, 30, 15, 0]


def test_nothing_in_the_region_is_told_with_counts() -> None:
    found = marked([grasp(0.30), grasp(0.31)], (0.0,), (0.30,))
    with pytest.raises(NoGrasp, match=r"none of 2 .* 0 lie in the robot's region, 2 in the person's"):
        select(found, Region.ROBOT, OPTIONS)


def test_empty_human_set_gets_a_stand_in_and_says_so() -> None:
    found = marked([grasp(0.0, 45), grasp(0.0), grasp(0.05, 45)], (0.0, 0.05), (0.30,))
    stand_in = human_poses(found)
    assert stand_in.shape == (1, 4, 4)
    np.testing.assert_allclose(stand_in[0, :3, 3], (0.30, 0, 0))
    np.testing.assert_allclose(stand_in[0, :3, 2], (-1, 0, 0))
    assert "stand-in" in describe(found, Region.ROBOT)
    assert select(found, Region.ROBOT, OPTIONS)[0].lean_rad == pytest.approx(np.pi / 4)
    assert "stand-in" not in describe(marked([grasp(0.0), grasp(0.3)], (0.0,), (0.3,)), Region.ROBOT)


def test_queue_offers_another_lean_before_another_place() -> None:
    ranked = [grasp(0.0, 45), grasp(0.001, 45), grasp(0.05, 45), grasp(0.0, 30), grasp(0.1), grasp(0.09, 45)]
    queue = diversify(ranked, OPTIONS)
    assert [(round(np.degrees(g.lean_rad)), g.contact[0]) for g in queue] == [
        (45, 0.0), (30, 0.0), (0, 0.1), (45, 0.05), (45, 0.09)
    ]  # fmt: skip
    assert len(diversify(ranked, SelectionOptions(queue_length=2))) == 2


@pytest.mark.parametrize("name", ["bar", "hammer"])
def test_winner_leaves_the_persons_part_ahead(name: str) -> None:
    for seed in range(3):
        rng = np.random.default_rng(seed)
        view = getattr(clouds, name)(rng, rng.uniform(-3, 3))
        grasps = AntipodalGenerator().generate(view, rng, 150)
        winner = select(mark_regions(grasps, view, "antipodal"), Region.ROBOT, OPTIONS)[0]
        assert success_proportion(winner, view.human_points, rng) > SUCCESS_PROPORTION


def frame_with_block() -> tuple[RGBDFrame, np.ndarray]:
    """A camera 0.5 m over the table looking straight down at a block 60 mm high."""
    size = (120, 160)
    mask = np.zeros(size, dtype=bool)
    mask[40:80, 50:110] = True
    depth = np.full(size, 0.5, dtype=np.float32)
    depth[mask] = 0.44
    camera = np.eye(4)
    camera[:3, :3] = np.diag([1.0, -1.0, -1.0])
    camera[:3, 3] = 0.45, 0.0, clouds.TABLE_Z_M + 0.5
    k = CameraIntrinsics(160, 120, 150.0, 150.0, 79.5, 59.5)
    return RGBDFrame(np.zeros((*size, 3), np.uint8), depth, k, camera, 0.0, 1), mask


def test_grasp_view_keeps_object_scene_and_regions_apart() -> None:
    frame, mask = frame_with_block()
    wide = mask.copy()
    wide[38:82, 48:112] = True  # the mask leaks onto the table
    left, right = mask.copy(), mask.copy()
    left[:, 80:], right[:, :80] = False, False
    detection = Detection("block", 1.0, (48, 38, 112, 82), wide, "test")
    view = grasp_view(frame, detection, Regions(left, right, None, "test"), clouds.TABLE_Z_M)
    np.testing.assert_allclose(view.object_points[:, 2], clouds.TABLE_Z_M + 0.06, atol=1e-6)
    np.testing.assert_allclose(view.scene_points[:, 2], clouds.TABLE_Z_M, atol=1e-6)
    assert view.robot_points[:, 0].max() < view.human_points[:, 0].min()
    assert len(view.robot_points) + len(view.human_points) == len(view.object_points)


def test_grasp_view_needs_a_mask_with_depth() -> None:
    frame, mask = frame_with_block()
    regions = Regions(mask, ~mask, None, "test")
    with pytest.raises(NoGrasp, match="not segmented"):
        grasp_view(frame, Detection("block", 1.0, (0, 0, 9, 9), None, "test"), regions, clouds.TABLE_Z_M)
    empty = np.zeros_like(mask)
    with pytest.raises(NoGrasp, match="only 0 points"):
        grasp_view(frame, Detection("block", 1.0, (0, 0, 9, 9), empty, "test"), regions, clouds.TABLE_Z_M)
