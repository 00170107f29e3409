"""The generator on a bar on a table seen from straight above, with a network rigged to say one thing.

The heads' last layers are set so that every contact gets the same approach, closing direction, width and
score: where the grasps must come out is then known, through files, frames, depth, gates and all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from hardware.geometry import inverse, transform
from hardware.types import CameraIntrinsics, FloatArray, RGBDFrame
from perception.pointcloud import masked_points
from planning.contact_graspnet import ContactGraspNet
from planning.contact_graspnet.generator import ContactGraspNetGenerator
from planning.contact_graspnet.network import bin_widths
from planning.contact_graspnet.options import ContactGraspNetOptions
from planning.contact_graspnet.proposals import Proposals, choose_grasps
from planning.contact_graspnet.region import POINTS, local_region
from planning.errors import NoGrasp
from planning.protocols import GraspGenerator, GraspProposer
from planning.types import GraspView

TABLE_Z_M, HEIGHT_M = -0.08, 0.5
BAR_M = (0.2, 0.03, 0.03)
AT = np.array([0.45, 0.0])
BASE_FROM_CAMERA = np.array(
    [[1.0, 0, 0, AT[0]], [0, -1.0, 0, AT[1]], [0, 0, -1.0, TABLE_Z_M + HEIGHT_M], [0, 0, 0, 1.0]]
)
DOWN, ACROSS = np.array([0.0, 0.0, -1.0]), np.array([0.0, 1.0, 0.0])
BIN = 4
WIDTH_M = float(bin_widths()[BIN])
DEPTH_M = 0.1034


@pytest.fixture(scope="module")
def view() -> GraspView:
    k = CameraIntrinsics(320, 240, 300.0, 300.0, 159.5, 119.5)
    u, v = np.meshgrid(np.arange(k.width), np.arange(k.height))
    top_m = HEIGHT_M - BAR_M[2]
    x, y = (u - k.cx) / k.fx * top_m, (v - k.cy) / k.fy * top_m
    mask = (np.abs(x) < BAR_M[0] / 2) & (np.abs(y) < BAR_M[1] / 2)
    depth = np.where(mask, top_m, HEIGHT_M).astype(np.float32)
    frame = RGBDFrame(np.zeros((240, 320, 3), np.uint8), depth, k, BASE_FROM_CAMERA, 0.0, 0, "synthetic")
    points = masked_points(frame, mask)
    person = points[:, 0] > AT[0]
    scene = masked_points(frame, ~mask)
    return GraspView(frame, mask, points, scene, points[~person], points[person], TABLE_Z_M)


Rig = Callable[..., ContactGraspNetGenerator]


@pytest.fixture
def rig(network: ContactGraspNet, tmp_path: Path) -> Rig:
    def build(
        approach: FloatArray = DOWN, closing: FloatArray = ACROSS, score: float = 0.9, passes: int = 1
    ) -> ContactGraspNetGenerator:
        state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
        # Base to camera (x right, y down) to the network's axes (x left, y up).
        turn = np.diag([-1.0, -1.0, 1.0]) @ BASE_FROM_CAMERA[:3, :3].T
        say = {
            "grasp_dir_head.4": turn @ closing * 3.0,
            "grasp_approach_head.4": turn @ approach + 0.4 * turn @ closing,
            "grasp_offset_head.3": np.eye(10)[BIN],
            "binary_seg_head.4": np.log([score / (1.0 - score)]),
        }
        for head, bias in say.items():
            state[f"{head}.weight"].zero_()
            state[f"{head}.bias"] = torch.tensor(bias, dtype=torch.float32)
        path = tmp_path / "model.pt"
        torch.save({"model": state, "it": 1}, path)
        return ContactGraspNetGenerator(ContactGraspNetOptions(checkpoint=str(path), passes=passes))

    return build


def test_everything_the_network_said_comes_to_the_base_frame(rig: Rig, view: GraspView) -> None:
    generator = rig(passes=2)
    assert isinstance(generator, GraspGenerator)
    said = generator.propose(view, np.random.default_rng(0))
    assert len(said.scores) > 60, "two passes, some 40 contacts on the bar each"
    np.testing.assert_allclose(said.scores, 0.9, atol=1e-5)
    np.testing.assert_allclose(said.widths_m, WIDTH_M, atol=1e-7)
    poses, each = said.base_from_hand, (len(said.scores), 1)
    np.testing.assert_allclose(poses[:, :3, 0], np.tile(ACROSS, each), atol=1e-5)
    np.testing.assert_allclose(poses[:, :3, 2], np.tile(DOWN, each), atol=1e-5)
    expected = said.contacts + WIDTH_M / 2 * ACROSS - DEPTH_M * DOWN
    np.testing.assert_allclose(poses[:, :3, 3], expected, atol=1e-5)
    np.testing.assert_allclose(said.contacts[:, 2], TABLE_Z_M + BAR_M[2], atol=1e-5)
    offset = np.abs(said.contacts[:, :2] - AT)
    assert (offset <= np.array(BAR_M[:2]) / 2 + 1e-3).all(), "contacts on the object only"
    assert len(np.unique(said.contacts.round(6), axis=0)) > 50, "the passes see different points"


def test_grasps_are_ours_centred_deep_and_with_room(rig: Rig, view: GraspView) -> None:
    grasps = rig().generate(view, np.random.default_rng(0), 100)
    assert grasps
    for grasp in grasps:
        rotation, origin = grasp.base_from_tcp[:3, :3], grasp.base_from_tcp[:3, 3]
        assert np.linalg.det(rotation) == pytest.approx(1.0)
        np.testing.assert_allclose(np.abs(rotation[:, 0]), ACROSS, atol=1e-5)
        np.testing.assert_allclose(rotation[:, 2], DOWN, atol=1e-5)
        np.testing.assert_allclose(origin - grasp.contact, 0.0086 * DOWN, atol=1e-6)
        assert grasp.contact[2] == pytest.approx(TABLE_Z_M + BAR_M[2], abs=1e-5)
        # The contact is on one pad; where it is not the bar's edge, the other finger would stand in the bar.
        assert abs(grasp.contact[1]) < 0.012
        assert grasp.width_m == pytest.approx(WIDTH_M)
        assert grasp.lean_rad == pytest.approx(0.0, abs=1e-3)
        # The camera, on +y, is not over the person's part.
        assert rotation[:, 1] @ (view.human_points.mean(axis=0) - grasp.contact) <= 1e-6


def test_the_network_needs_no_regions_and_then_the_grasps_are_the_same(rig: Rig, view: GraspView) -> None:
    generator, nowhere = rig(), np.empty((0, 3))
    assert isinstance(generator, GraspProposer)
    blind = replace(view, robot_points=nowhere, human_points=nowhere)
    ready = generator.propose(blind, np.random.default_rng(0))
    grasps = generator.choose(ready, view, 100)
    at_once = generator.generate(view, np.random.default_rng(0), 100)
    assert len(grasps) == len(at_once) > 0
    for grasp, other in zip(grasps, at_once, strict=True):
        np.testing.assert_array_equal(grasp.base_from_tcp, other.base_from_tcp)
    nothing = generator.propose(replace(blind, object_points=nowhere), np.random.default_rng(0))
    assert generator.choose(nothing, view, 100) == ()


def tilted(degrees: float) -> FloatArray:
    """Down, tilted about the closing axis toward +x, where the person's part is."""
    return np.array([np.sin(np.radians(degrees)), 0.0, -np.cos(np.radians(degrees))])


def said(view: GraspView, approach: FloatArray, scores: FloatArray | None = None) -> Proposals:
    """Proposals centred along the bar's robot half, as the network would make them."""
    x = np.linspace(0.37, 0.44, 15)
    scores = np.full(15, 0.5) if scores is None else scores
    contacts = np.stack([x, np.full(15, -WIDTH_M / 2), np.full(15, TABLE_Z_M + 0.02)], axis=1)
    poses = np.tile(np.eye(4), (15, 1, 1))
    poses[:, :3, :3] = np.stack([ACROSS, np.cross(approach, ACROSS), approach], axis=1)
    poses[:, :3, 3] = contacts + WIDTH_M / 2 * ACROSS - DEPTH_M * approach
    return Proposals(poses, contacts, np.full(15, WIDTH_M), scores)


def test_a_lean_is_positive_toward_the_person(view: GraspView) -> None:
    options = ContactGraspNetOptions()
    for degrees in (20.0, -8.0):
        grasps = choose_grasps(said(view, tilted(degrees)), view, options, 100)
        assert grasps
        assert {round(np.degrees(grasp.lean_rad), 3) for grasp in grasps} == {degrees}


def test_grasps_that_lean_away_are_offered_only_where_no_other_is_left(view: GraspView) -> None:
    options = ContactGraspNetOptions()
    away, toward = said(view, tilted(-30.0)), said(view, tilted(30.0))
    both = Proposals(
        *(np.concatenate([getattr(away, n), getattr(toward, n)]) for n in away.__dataclass_fields__)
    )
    assert all(grasp.lean_rad > 0.0 for grasp in choose_grasps(both, view, options, 100))
    only = choose_grasps(away, view, options, 100)
    assert only
    assert all(grasp.lean_rad < 0.0 for grasp in only)


def test_the_table_limits_the_depth(view: GraspView) -> None:
    low = said(view, DOWN)
    for name in ("base_from_hand", "contacts"):
        values = getattr(low, name)
        (values[:, :3, 3] if values.ndim == 3 else values)[..., 2] -= 0.015  # contacts 5 mm over the table
    (grasp, *_) = choose_grasps(low, view, ContactGraspNetOptions(), 10)
    assert grasp.base_from_tcp[2, 3] == pytest.approx(TABLE_Z_M + 0.003)
    assert grasp.contact[2] == pytest.approx(TABLE_Z_M + 0.005)
    deep = ContactGraspNetOptions(tip_clearance_m=0.02)
    assert choose_grasps(low, view, deep, 10) == (), "15 mm above the contact nothing is held"


def test_scores_decide_who_is_chosen(view: GraspView) -> None:
    options, scores = ContactGraspNetOptions(), np.linspace(0.05, 0.4, 15)
    grasps = choose_grasps(said(view, DOWN, scores), view, options, 100)
    assert sorted(grasp.score for grasp in grasps) == [
        score for score in scores if score > options.fill_score
    ]
    few = choose_grasps(said(view, DOWN, scores), view, options, 4)
    assert len(few) == 4
    assert few[0].score == scores[-1]
    assert all(grasp.score > options.spread_score for grasp in few[:3])
    x = [grasp.contact[0] for grasp in few[:3]]
    better = np.linspace(0.37, 0.44, 15)[scores > options.spread_score]
    assert {max(x), min(x)} == {better[-1], better[0]}, "spread over the object"


def test_a_low_score_proposes_nothing(rig: Rig, view: GraspView) -> None:
    assert rig(score=0.1).generate(view, np.random.default_rng(0), 100) == ()


def test_the_same_numbers_make_the_same_grasps(rig: Rig, view: GraspView) -> None:
    generator = rig()
    one, two, other = (generator.generate(view, np.random.default_rng(seed), 50) for seed in (3, 3, 4))
    assert [g.contact.tolist() for g in one] == [g.contact.tolist() for g in two]
    assert [g.contact.tolist() for g in one] != [g.contact.tolist() for g in other]


def test_hardly_any_points_are_no_reason_to_think(rig: Rig, view: GraspView) -> None:
    generator = rig()
    assert (
        generator.generate(replace(view, object_points=view.object_points[:5]), np.random.default_rng(0), 9)
        == ()
    )
    assert generator.generate(view, np.random.default_rng(0), 0) == ()


def test_the_cloud_is_a_cube_around_the_object_with_its_surroundings(view: GraspView) -> None:
    region = local_region(view, ContactGraspNetOptions(), np.random.default_rng(0))
    assert region.cloud.shape == (POINTS, 3)
    assert region.cloud.dtype == np.float32
    np.testing.assert_allclose(region.cloud.mean(axis=0), 0.0, atol=1e-4)
    points = transform(region.base_from_cloud, region.cloud)
    half = BAR_M[0]  # the cube has twice the bar's extent
    assert (np.abs(points[:, :2] - AT) < half + 5e-3).all()
    assert np.ptp(points[:, 0]) > 2 * half - 0.01
    on_table = np.mean(points[:, 2] < TABLE_Z_M + 0.01)
    assert 0.9 < on_table < 0.99, "mostly table"
    seen = transform(inverse(BASE_FROM_CAMERA), points) * (-1.0, -1.0, 1.0)
    np.testing.assert_allclose(seen - seen.mean(axis=0), region.cloud, atol=1e-5)


def test_few_points_are_repeated(view: GraspView) -> None:
    sparse = view.frame.depth_m.copy()
    sparse[::4], sparse[:, ::4] = 0.0, 0.0
    thinned = replace(view, frame=replace(view.frame, depth_m=sparse))
    region = local_region(thinned, ContactGraspNetOptions(max_region_m=0.3), np.random.default_rng(0))
    assert region.cloud.shape == (POINTS, 3)
    assert len(np.unique(region.cloud, axis=0)) < POINTS


def test_a_bare_object_is_refused(rig: Rig, view: GraspView) -> None:
    bare = np.where(view.object_mask, view.frame.depth_m, 0.0).astype(np.float32)
    with pytest.raises(NoGrasp, match="whole depth picture"):
        rig().generate(replace(view, frame=replace(view.frame, depth_m=bare)), np.random.default_rng(0), 50)
