"""The network: names and shapes of the published checkpoint, and the published numbers."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
import torch

from app.bench import graspnet_reference as published
from planning.contact_graspnet import ContactGraspNet, layers
from planning.contact_graspnet.hand import GRIPPER_DEPTH_M, WIDTH_BOUNDS_M
from planning.contact_graspnet.network import LEVELS, Prediction, bin_widths
from tests.planning.contact_graspnet.conftest import noise

BALLS = {
    "sa1": (6, [(32, 32, 64), (64, 64, 128), (64, 96, 128)]),
    "sa2": (323, [(64, 64, 128), (128, 128, 256), (128, 128, 256)]),
    "sa3": (643, [(64, 64, 128), (128, 128, 256), (128, 128, 256)]),
}
CHAINS = {
    "sa4": (643, 256, 512, 1024),
    "fp3": (1664, 128, 128, 128),
    "fp2": (768, 256, 128),
    "fp1": (448, 256, 256),
}
HEADS = {
    "grasp_dir_head": (3, 4),
    "grasp_approach_head": (3, 4),
    "grasp_offset_head": (10, 3),
    "binary_seg_head": (1, 4),
}
"""Channels, and the number of the last layer, which dropout moves."""


def published_shapes() -> dict[str, tuple[int, ...]]:
    """All 295 entries of the published state dict."""
    shapes: dict[str, tuple[int, ...]] = {}

    def layer(convolution: str, norm: str, inward: int, outward: int, kernel: tuple[int, ...]) -> None:
        shapes[f"{convolution}.weight"], shapes[f"{convolution}.bias"] = (
            (outward, inward, *kernel),
            (outward,),
        )
        for name in ("weight", "bias", "running_mean", "running_var"):
            shapes[f"{norm}.{name}"] = (outward,)
        shapes[f"{norm}.num_batches_tracked"] = ()

    for level, (channels, scales) in BALLS.items():
        for b, scale in enumerate(scales):
            for i, (inward, outward) in enumerate(zip((channels, *scale), scale, strict=False)):
                layer(f"{level}.conv_blocks.{b}.{i}", f"{level}.bn_blocks.{b}.{i}", inward, outward, (1, 1))
    for name, chain in CHAINS.items():
        kernel = (1, 1) if name == "sa4" else (1,)
        for i, (inward, outward) in enumerate(pairwise(chain)):
            layer(f"{name}.mlp_convs.{i}", f"{name}.mlp_bns.{i}", inward, outward, kernel)
    for head, (channels, last) in HEADS.items():
        layer(f"{head}.0", f"{head}.1", 256, 128, (1,))
        shapes[f"{head}.{last}.weight"], shapes[f"{head}.{last}.bias"] = (channels, 128, 1), (channels,)
    return shapes


def test_every_name_and_shape_of_the_published_checkpoint(network: ContactGraspNet) -> None:
    own = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    assert own == published_shapes()
    assert len(own) == 295
    assert sum(parameter.numel() for parameter in network.parameters()) == 2_194_097
    assert len(list(network.parameters())) == 172


def like(network: ContactGraspNet, other: ContactGraspNet) -> ContactGraspNet:
    other.load_state_dict(network.state_dict())
    return other


def alike(scores: torch.Tensor, others: torch.Tensor) -> bool:
    return float(np.corrcoef(scores.flatten(), others.flatten())[0, 1]) > 0.9


@pytest.fixture(scope="module")
def seen(network: ContactGraspNet) -> tuple[torch.Tensor, Prediction]:
    points = noise(2500, clouds=2)
    return points, network(points, 5)


def test_the_published_numbers_from_the_published_way(
    network: ContactGraspNet, seen: tuple[torch.Tensor, Prediction]
) -> None:
    points, ours = seen[0][:1], seen[1]
    levels, above = network.sample(points, 5), points
    for level, (count, scales) in zip(levels, LEVELS, strict=True):
        assert torch.equal(level.indices, published.farthest_points(above, count, 5))
        for ball, scale in zip(level.balls, scales, strict=True):
            expected = published.ball_neighbours(above, level.centres, scale.radius_m, scale.neighbours)
            assert torch.equal(ball, expected)
        above = level.centres
    expected = published.predict(network, points, levels)
    assert expected.scores.std() > 0.01, "weights that make no difference test nothing"
    for name, mine, theirs in zip(Prediction._fields, ours, expected, strict=True):
        # Random layers amplify rounding, short directions most; the published way itself is as far away from
        # one in double precision.
        error = (mine[:1] - theirs).abs().flatten().double()
        assert error.quantile(0.95) < 1e-4, name
        assert error.max() < 5e-3, name


def test_grasps_are_what_the_frame_convention_says(seen: tuple[torch.Tensor, Prediction]) -> None:
    points, (poses, scores, contacts, widths, indices) = seen
    assert poses.shape == (2, 2048, 4, 4)
    assert scores.shape == widths.shape == indices.shape == (2, 2048)
    rotation = poses[..., :3, :3]
    eye = torch.eye(3).expand_as(rotation)
    torch.testing.assert_close(rotation.transpose(-1, -2) @ rotation, eye, atol=1e-5, rtol=0.0)
    torch.testing.assert_close(torch.linalg.det(rotation), torch.ones(2, 2048), atol=1e-5, rtol=0.0)
    assert torch.equal(poses[..., 3, :], torch.tensor([0.0, 0.0, 0.0, 1.0]).expand(2, 2048, 4))
    middle = poses[..., :3, 3] + GRIPPER_DEPTH_M * rotation[..., 2]
    on_pad = middle - widths[..., None] / 2.0 * rotation[..., 0]
    torch.testing.assert_close(on_pad, contacts, atol=1e-6, rtol=0.0)
    assert torch.equal(contacts, torch.stack([points[b, indices[b]] for b in range(2)]))
    assert ((scores > 0.0) & (scores < 1.0)).all()
    assert set(widths.unique().tolist()) <= set(bin_widths().tolist())
    assert len(widths.unique()) > 1


def test_widths_are_the_middles_of_the_bins_but_for_the_last() -> None:
    widths = bin_widths()
    assert len(widths) == len(WIDTH_BOUNDS_M) - 1
    assert widths[0].item() == pytest.approx(0.00794435329 / 2)
    assert widths[4].item() == pytest.approx((0.0317773996 + 0.0397217484) / 2)
    assert widths[9].item() == pytest.approx(0.075), "the hand's 0.08 less the extra opening"


def test_clouds_of_a_batch_do_not_see_each_other(
    network: ContactGraspNet, seen: tuple[torch.Tensor, Prediction]
) -> None:
    points, both = seen
    alone = network(points[1:], 5)
    for name, one, two in zip(Prediction._fields, alone, both, strict=True):
        torch.testing.assert_close(one[0], two[1], atol=1e-5, rtol=1e-5, msg=name)


def test_three_clouds_have_their_y_axes_right(network: ContactGraspNet) -> None:
    """With a batch of three a cross product without its axis goes across the clouds."""
    rotation = network(noise(600, clouds=3), 0).poses[..., :3, :3]
    y = torch.linalg.cross(rotation[..., 2], rotation[..., 0])
    torch.testing.assert_close(rotation[..., 1], y, atol=1e-5, rtol=0.0)


def test_order_of_the_points_does_not_matter_where_no_ball_is_full(network: ContactGraspNet) -> None:
    points = 10.0 * noise(600)
    shuffle = torch.cat([torch.zeros(1, dtype=torch.int64), 1 + torch.randperm(599)])
    one, two = network(points, 0), network(points[:, shuffle], 0)
    assert torch.equal(one.contacts, two.contacts)
    assert torch.equal(one.indices, shuffle[two.indices])
    torch.testing.assert_close(one.poses, two.poses, atol=1e-4, rtol=0.0)
    torch.testing.assert_close(one.scores, two.scores, atol=1e-4, rtol=0.0)


def test_random_starts_come_from_the_generator(network: ContactGraspNet) -> None:
    points = noise(600)

    def starts(seed: int) -> list[int]:
        levels = network.sample(points, generator=torch.Generator().manual_seed(seed))
        return [int(level.indices[0, 0]) for level in levels]

    assert starts(1) == starts(1) != starts(2)


def test_it_stays_in_evaluation_mode_and_learns_nothing(network: ContactGraspNet) -> None:
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    points = noise(300).requires_grad_()
    scores = network.train()(points, 0).scores
    assert not network.training
    assert not any(module.training for module in network.modules())
    assert not scores.requires_grad
    after = network.state_dict()
    assert all(torch.equal(tensor, after[name]) for name, tensor in before.items())


@pytest.mark.parametrize(
    ("points", "first_index", "complaint"),
    [
        (torch.zeros(100, 3), 0, "shape"),
        (torch.zeros(1, 100, 6), 0, "shape"),
        (torch.zeros(1, 0, 3), 0, "shape"),
        (torch.full((1, 100, 3), torch.nan), 0, "finite"),
        (torch.zeros(1, 100, 3), 100, "0 to 99"),
        (torch.zeros(1, 100, 3), -1, "first_index is -1"),
        (torch.zeros(1, 3000, 3), 600, "0 to 511"),
    ],
)
def test_what_it_cannot_look_at_is_said(
    network: ContactGraspNet, points: torch.Tensor, first_index: int, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        network(points, first_index)


@pytest.fixture
def blocks(monkeypatch: pytest.MonkeyPatch, network: ContactGraspNet) -> list[int]:
    sizes: list[int] = []
    pool = network._pool

    def watched(first: torch.Tensor, *rest: object) -> torch.Tensor:
        sizes.append(first.shape[0] * first.shape[1])
        return pool(first, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(network, "_pool", watched)
    return sizes


def test_neighbours_go_through_the_layers_in_blocks(network: ContactGraspNet, blocks: list[int]) -> None:
    network(noise(300), 0)
    assert max(blocks) <= layers.ROWS["cpu"]
    assert sum(blocks) == sum(count * sum(scale.neighbours for scale in scales) for count, scales in LEVELS)


def test_lower_precision_touches_the_layers_only(
    network: ContactGraspNet, seen: tuple[torch.Tensor, Prediction]
) -> None:
    points, exact = seen[0][:1], seen[1]
    rough = like(network, ContactGraspNet(dtype=torch.bfloat16))(points, 5)
    assert torch.equal(rough.contacts, exact.contacts[:1])
    assert rough.poses.dtype == rough.scores.dtype == torch.float32
    assert not torch.equal(rough.scores, exact.scores[:1])
    assert alike(rough.scores, exact.scores[:1])


def test_asking_for_the_package_does_not_load_torch() -> None:
    code = "import sys, planning.contact_graspnet, planning.options; print('torch' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"


@pytest.mark.gpu
def test_a_gpu_finds_the_same(network: ContactGraspNet) -> None:
    points = noise(20_000)
    here = network(points, 0)
    there = like(network, ContactGraspNet()).cuda()(points.cuda(), 0)
    assert torch.equal(here.indices, there.indices.cpu())
    torch.testing.assert_close(here.scores, there.scores.cpu(), atol=1e-3, rtol=0.0)
    for other in (ContactGraspNet(dtype=torch.float16), ContactGraspNet(fuse=True)):
        assert alike(like(network, other).cuda()(points.cuda(), 0).scores.cpu(), here.scores)
