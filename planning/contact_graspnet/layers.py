"""The layers of a PointNet++: convolutions of size 1 with BatchNorm, on single points and on whole balls.

The modules hold weights under their published names; what is computed is one product per layer, BatchNorm
folded in, over a bounded number of neighbours at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from planning.contact_graspnet.sampling import Level, nearest_three, take
from planning.contact_graspnet.workers import Workers

ROWS = {"cpu": 1 << 12, "cuda": 1 << 18}
"""Neighbours that go through the layers of a ball at a time: what bounds the memory."""

Layers = list[tuple[Tensor, Tensor]]
"""Weight (out, in) and bias (out,) of each layer."""
Pool = Callable[[Tensor, Tensor, Tensor, Layers], Tensor]
"""`through_and_max`, or what a compiler made of it."""


class Means(NamedTuple):
    """How balls go through their layers: in which precision, by what, on which cores."""

    dtype: torch.dtype
    pool: Pool
    workers: Workers


class Scale(NamedTuple):
    """One ball of a level: its radius, how many neighbours count, the channels of its layers."""

    radius_m: float
    neighbours: int
    channels: tuple[int, ...]


class SetAbstraction(nn.Module):
    """Features of the balls around every centre, at several scales."""

    def __init__(self, channels: int, scales: Sequence[Scale]) -> None:
        super().__init__()
        widths = [(channels + 3, *scale.channels) for scale in scales]
        self.conv_blocks = nn.ModuleList(_convolutions(nn.Conv2d, width) for width in widths)
        self.bn_blocks = nn.ModuleList(_norms(nn.BatchNorm2d, width) for width in widths)
        self.out_channels = sum(width[-1] for width in widths)

    def forward(self, points: Tensor, features: Tensor, level: Level, means: Means) -> Tensor:
        """From points (B, N, 3), features (B, N, C) to (B, S, C') at the level's centres."""
        scales = []
        for convolutions, norms, ball in zip(self.conv_blocks, self.bn_blocks, level.balls, strict=True):
            layers = list(folded(convolutions, norms, means.dtype))
            clouds = [
                _pooled(*cloud, layers, means)
                for cloud in zip(points, features, level.centres, ball, strict=True)
            ]
            scales.append(torch.stack(clouds))
        return torch.cat(scales, -1)


class PointwiseLayers(nn.Module):
    """Layers on each point by itself."""

    def __init__(self, kind: type[nn.Conv1d | nn.Conv2d], channels: Sequence[int]) -> None:
        super().__init__()
        self.mlp_convs = _convolutions(kind, channels)
        self.mlp_bns = _norms(nn.BatchNorm2d if kind is nn.Conv2d else nn.BatchNorm1d, channels)

    def forward(self, features: Tensor, dtype: torch.dtype) -> Tensor:
        """From (B, N, C) to (B, N, C')."""
        for weight, bias in folded(self.mlp_convs, self.mlp_bns, dtype):
            features = functional.relu(functional.linear(features, weight, bias))
        return features


def _convolutions(kind: type[nn.Conv1d | nn.Conv2d], channels: Sequence[int]) -> nn.ModuleList:
    return nn.ModuleList(kind(i, o, 1) for i, o in pairwise(channels))


def _norms(kind: type[nn.BatchNorm1d | nn.BatchNorm2d], channels: Sequence[int]) -> nn.ModuleList:
    return nn.ModuleList(kind(out) for out in channels[1:])


def folded(convolutions: Any, norms: Any, dtype: torch.dtype) -> Iterator[tuple[Tensor, Tensor]]:
    """Each convolution of size 1 and the BatchNorm behind it as one weight (out, in) and bias (out,)."""
    for convolution, norm in zip(convolutions, norms, strict=True):
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        bias = (convolution.bias - norm.running_mean) * scale + norm.bias
        yield (convolution.weight.flatten(1) * scale[:, None]).to(dtype), bias.to(dtype)


def _pooled(
    points: Tensor, features: Tensor, centres: Tensor, ball: Tensor, layers: Layers, means: Means
) -> Tensor:
    """The layers on every neighbour of one cloud's centres, then the largest per centre: (S, C').

    The first layer is linear in the neighbour's features and in its place relative to the centre, so the
    features go through it once per point, not once per neighbour.
    """
    (weight, bias), *others = layers
    channels = features.shape[1]
    once = functional.linear(features.to(weight.dtype), weight[:, :channels], bias)
    step = max(ROWS["cpu" if points.device.type == "cpu" else "cuda"] // ball.shape[1], 1)

    def block(start: int) -> Tensor:
        chosen = ball[start : start + step]
        local = (points[chosen] - centres[start : start + step, None]).to(weight.dtype)
        return means.pool(once[chosen], local, weight[:, channels:], others)

    return torch.cat(means.workers.each(block, range(0, len(ball), step)))


def through_and_max(first: Tensor, local: Tensor, weight: Tensor, others: Layers) -> Tensor:
    """From first (S, K, C), which is used up, and local (S, K, 3) to (S, C').

    The last bias and ReLU keep the order of values, so they may come after the maximum.
    """
    rows = first.flatten(0, 1).addmm_(local.flatten(0, 1), weight.T).relu_()
    *middle, (last, last_bias) = others
    for layer, bias in middle:
        rows = torch.addmm(bias, rows, layer.T).relu_()
    return (rows @ last.T).view(*first.shape[:2], -1).amax(1).add_(last_bias).relu_()


def spread(points: Tensor, centres: Tensor, features: Tensor) -> Tensor:
    """Features (B, S, C) of centres at points (B, N, 3): of the nearest three, by inverse square distance."""
    distances, indices = nearest_three(points, centres)
    shares = 1.0 / (distances + 1e-8)
    shares = shares / shares.sum(-1, keepdim=True)
    return (take(features, indices) * shares[..., None].to(features.dtype)).sum(2)
