"""The Contact-GraspNet network (arXiv 2103.14127) for inference, compatible with the public checkpoint.

A PointNet++ (arXiv 1706.02413) with three multi-scale levels of 2048, 512 and 128 points, a global one and
three levels back up, then four heads on the 2048 points: direction of closing, approach, width and success.
The names of the modules are those of the published state dict: 295 entries, 2 194 097 weights.

Guarantees:
1. Evaluation mode, always: BatchNorm uses its running statistics, dropout is off, nothing is learned.
2. For the same weights, points and samples the published network's outputs up to rounding (about 1e-6), with
   convolution and BatchNorm folded into one product and neighbours gathered in blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from planning.contact_graspnet.hand import EXTRA_OPENING_M, GRIPPER_DEPTH_M, MAX_WIDTH_M, WIDTH_BOUNDS_M
from planning.contact_graspnet.layers import (
    Means,
    PointwiseLayers,
    Pool,
    Scale,
    SetAbstraction,
    folded,
    spread,
    through_and_max,
)
from planning.contact_graspnet.sampling import Level, ball_neighbours, farthest_points, take
from planning.contact_graspnet.workers import Workers

_FINE = (Scale(0.02, 32, (32, 32, 64)), Scale(0.04, 64, (64, 64, 128)), Scale(0.08, 128, (64, 96, 128)))
_WIDE = ((64, (64, 64, 128)), (64, (128, 128, 256)), (128, (128, 128, 256)))
LEVELS: tuple[tuple[int, tuple[Scale, ...]], ...] = (
    (2048, _FINE),
    (512, tuple(Scale(radius, *rest) for radius, rest in zip((0.04, 0.08, 0.16), _WIDE, strict=True))),
    (128, tuple(Scale(radius, *rest) for radius, rest in zip((0.08, 0.16, 0.32), _WIDE, strict=True))),
)
"""Points and balls of each level, as published."""


class Prediction(NamedTuple):
    """What the network says at M points of each of B clouds, in the frame of the cloud.

    poses (B, M, 4, 4): origin `GRIPPER_DEPTH_M` behind the middle of the pads, z = approach, x = closing
    direction; scores (B, M): probability of success; contacts (B, M, 3): the cloud's points; widths (B, M):
    opening at contact in m, the middle of one of ten bins; indices (B, M): which points these are.
    """

    poses: Tensor
    scores: Tensor
    contacts: Tensor
    widths: Tensor
    indices: Tensor


class ContactGraspNet(nn.Module):
    """Grasps at the points of a cloud: `forward`, or `sample` and then `predict`."""

    def __init__(self, *, dtype: torch.dtype = torch.float32, fuse: bool = False) -> None:
        """dtype: of the layers' products (weights, samples and outputs stay float32); fuse: compile them."""
        super().__init__()
        self._dtype = dtype
        self._pool: Pool = torch.compile(through_and_max, dynamic=True) if fuse else through_and_max
        channels = [3]
        for i, (_, scales) in enumerate(LEVELS, 1):
            abstraction = SetAbstraction(channels[-1], scales)
            self.add_module(f"sa{i}", abstraction)
            channels.append(abstraction.out_channels)
        one, two, three = channels[1:]
        self.sa4 = PointwiseLayers(nn.Conv2d, (three + 3, 256, 512, 1024))
        self.fp3 = PointwiseLayers(nn.Conv1d, (three + 1024, 128, 128, 128))
        self.fp2 = PointwiseLayers(nn.Conv1d, (two + 128, 256, 128))
        self.fp1 = PointwiseLayers(nn.Conv1d, (one + 128, 256, 256))
        self.grasp_dir_head = _head(3, dropout=True)
        self.grasp_approach_head = _head(3, dropout=True)
        self.grasp_offset_head = _head(len(WIDTH_BOUNDS_M) - 1, dropout=False)
        self.binary_seg_head = _head(1, dropout=True)
        self.requires_grad_(False)
        self.eval()

    def train(self, mode: bool = True) -> ContactGraspNet:
        """Stays in evaluation mode, whatever `mode` says."""
        return super().train(False)

    @torch.no_grad()
    def forward(
        self,
        points: Tensor,
        first_index: int | None = None,
        *,
        generator: torch.Generator | None = None,
    ) -> Prediction:
        """Grasps on clouds (B, N, 3), metres: camera axes x left, y up, z forward, mean taken off.

        first_index: the point that the farthest-point sampling of every level begins with; None: a random
        one, drawn from `generator` (on the CPU) or torch's own. Raises ValueError for another shape, values
        that are not finite, and an index that a level does not have.
        """
        points = _checked(points)
        return self.predict(points, self.sample(points, first_index, generator=generator))

    @torch.no_grad()
    def sample(
        self,
        points: Tensor,
        first_index: int | None = None,
        *,
        generator: torch.Generator | None = None,
    ) -> tuple[Level, ...]:
        """The centres and neighbours of every level, which depend on nothing but the points."""
        levels = []
        with Workers(points.device) as workers:
            for count, scales in LEVELS:
                first = _first(first_index, points, generator)
                indices = farthest_points(points, count, first)
                centres = take(points, indices)
                balls = (
                    ball_neighbours(points, centres, scale.radius_m, scale.neighbours, workers)
                    for scale in scales
                )
                levels.append(Level(indices, centres, tuple(balls)))
                points = centres
        return tuple(levels)

    @torch.no_grad()
    def predict(self, points: Tensor, levels: Sequence[Level]) -> Prediction:
        """Grasps on clouds (B, N, 3) with what `sample` found in them."""
        with Workers(points.device) as workers:
            features = self._features(points, levels, Means(self._dtype, self._pool, workers))
        direction, approach, offset, success = (
            _through_head(head, features, self._dtype)
            for head in (
                *(self.grasp_dir_head, self.grasp_approach_head),
                *(self.grasp_offset_head, self.binary_seg_head),
            )
        )
        contacts = levels[0].centres
        widths = bin_widths().to(points.device)[offset.argmax(-1)]
        poses = _poses(direction, approach, contacts, widths)
        return Prediction(poses, success.sigmoid()[..., 0], contacts, widths, levels[0].indices)

    def _features(self, points: Tensor, levels: Sequence[Level], means: Means) -> Tensor:
        """Features (B, 2048, 256) of the first level's centres: down through all levels, and up again."""
        clouds, features = [points], [points]
        for i, level in enumerate(levels, 1):
            features.append(self.get_submodule(f"sa{i}")(clouds[-1], features[-1], level, means))
            clouds.append(level.centres)
        _, one, two, three = features
        dtype = means.dtype
        whole = torch.cat([clouds[3].to(dtype), three], -1)
        top = self.sa4(whole, dtype).amax(1, keepdim=True).expand(-1, three.shape[1], -1)
        three = self.fp3(torch.cat([three, top], -1), dtype)
        two = self.fp2(torch.cat([two, spread(clouds[2], clouds[3], three)], -1), dtype)
        return self.fp1(torch.cat([one, spread(clouds[1], clouds[2], two)], -1), dtype)


def bin_widths() -> Tensor:
    """The width (10,) that each bin stands for: its middle, the last one's end, less the extra opening."""
    bounds = torch.tensor(WIDTH_BOUNDS_M, dtype=torch.float64)
    middles = (bounds[1:] + bounds[:-1]) / 2.0
    middles[-1] = bounds[-1]
    return middles.clamp(max=MAX_WIDTH_M - EXTRA_OPENING_M).float()


def _first(index: int | None, points: Tensor, generator: torch.Generator | None) -> Tensor:
    """The points (B,) of clouds (B, N, 3) that sampling begins with."""
    batch, size, _ = points.shape
    if index is None:
        return torch.randint(size, (batch,), generator=generator).to(points.device)
    if not 0 <= index < size:
        raise ValueError(f"first_index is {index}, but a level has points 0 to {size - 1} only")
    return torch.full((batch,), index, device=points.device)


def _checked(points: Tensor) -> Tensor:
    if points.dim() != 3 or points.shape[2] != 3 or 0 in points.shape:
        raise ValueError(f"clouds of shape (B, N, 3) are needed, got {tuple(points.shape)}")
    if not torch.isfinite(points).all():
        raise ValueError("the clouds hold values that are not finite; leave out pixels without depth")
    return points.detach().float().contiguous()


def _head(channels: int, *, dropout: bool) -> nn.Sequential:
    """Dropout does nothing here, but it counts in the names of the layers behind it."""
    first = [nn.Conv1d(256, 128, 1), nn.BatchNorm1d(128), nn.ReLU()]
    return nn.Sequential(*first, *([nn.Dropout()] if dropout else []), nn.Conv1d(128, channels, 1))


def _through_head(head: nn.Sequential, features: Tensor, dtype: torch.dtype) -> Tensor:
    """(B, N, 256) -> (B, N, C), float32."""
    ((weight, bias),) = folded(nn.ModuleList([head[0]]), nn.ModuleList([head[1]]), dtype)
    hidden = functional.relu(functional.linear(features, weight, bias)).float()
    last = head[-1]
    assert isinstance(last, nn.Conv1d)
    return functional.linear(hidden, last.weight.flatten(1), last.bias)


def _poses(direction: Tensor, approach: Tensor, contacts: Tensor, widths: Tensor) -> Tensor:
    """Hands (B, M, 4, 4): the approach made square to the closing direction, the contact on one pad."""
    closing = functional.normalize(direction, dim=-1)
    along = (closing * approach).sum(-1, keepdim=True) * closing
    approach = functional.normalize(approach - along, dim=-1)
    poses = torch.zeros(*widths.shape, 4, 4, device=widths.device)
    poses[..., :3, 0] = closing
    poses[..., :3, 1] = torch.linalg.cross(approach, closing)
    poses[..., :3, 2] = approach
    poses[..., :3, 3] = contacts + widths[..., None] / 2.0 * closing - GRIPPER_DEPTH_M * approach
    poses[..., 3, 3] = 1.0
    return poses
