"""Contact-GraspNet the straightforward way, as a yardstick: the sampling loops as they were published.

Written for measurement and tests only. One step of Python per sample, the whole table of distances between
points and centres for every radius, a sort of the indices to find the first ones, an index gather of every
neighbour, then convolution and BatchNorm layer by layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from planning.contact_graspnet.hand import GRIPPER_DEPTH_M
from planning.contact_graspnet.network import ContactGraspNet, Prediction, bin_widths
from planning.contact_graspnet.sampling import Level


def farthest_points(points: Tensor, count: int, first: int) -> Tensor:
    """Indices (B, count) of points (B, N, 3), by one pass over the cloud per sample."""
    batch, size, _ = points.shape
    every = torch.arange(batch)
    order = torch.zeros(batch, count, dtype=torch.long)
    nearest = torch.full((batch, size), 1e10)
    chosen = torch.full((batch,), first)
    for i in range(count):
        order[:, i] = chosen
        squares = ((points - points[every, chosen].unsqueeze(1)) ** 2).sum(-1)
        nearer = squares < nearest
        nearest[nearer] = squares[nearer]
        chosen = nearest.max(-1).indices
    return order


def squares_between(a: Tensor, b: Tensor) -> Tensor:
    """The whole table (B, S, N) of square distances between a (B, S, 3) and b (B, N, 3)."""
    table = -2 * torch.matmul(a, b.permute(0, 2, 1))
    table += (a**2).sum(-1)[:, :, None]
    table += (b**2).sum(-1)[:, None, :]
    return table


def ball_neighbours(points: Tensor, centres: Tensor, radius_m: float, count: int) -> Tensor:
    """Indices (B, S, count): all of them, those too far set to N, sorted, cut off, padded with the first."""
    batch, size, _ = points.shape
    indices = torch.arange(size).repeat(batch, centres.shape[1], 1)
    indices[squares_between(centres, points) > radius_m**2] = size
    indices = indices.sort(-1).values[:, :, :count]
    first = indices[:, :, :1].expand_as(indices)
    return torch.where(indices == size, first, indices)


def gather(values: Tensor, indices: Tensor) -> Tensor:
    """The values (B, N, C) at indices (B, ...): (B, ..., C)."""
    return torch.stack([cloud[chosen] for cloud, chosen in zip(values, indices, strict=True)])


@torch.no_grad()
def predict(network: ContactGraspNet, points: Tensor, levels: Sequence[Level]) -> Prediction:
    """The network's layers on clouds (B, N, 3) and given samples, nothing folded and nothing in blocks."""
    clouds, features = [points], [points]
    for i, level in enumerate(levels, 1):
        part: Any = network.get_submodule(f"sa{i}")
        scales = []
        for convolutions, norms, ball in zip(part.conv_blocks, part.bn_blocks, level.balls, strict=True):
            local = gather(clouds[-1], ball) - level.centres[:, :, None]
            grouped = torch.cat([gather(features[-1], ball), local], -1).permute(0, 3, 2, 1)
            scales.append(_through(convolutions, norms, grouped).max(2).values)
        features.append(torch.cat(scales, 1).permute(0, 2, 1))
        clouds.append(level.centres)
    whole = torch.cat([clouds[3], features[3]], -1).permute(0, 2, 1)[..., None]
    top = _through(network.sa4.mlp_convs, network.sa4.mlp_bns, whole).max(2).values
    up = top.permute(0, 2, 1).repeat(1, clouds[3].shape[1], 1)
    for i, part in ((3, network.fp3), (2, network.fp2), (1, network.fp1)):
        if i < 3:
            up = _spread(clouds[i], clouds[i + 1], up)
        joined = torch.cat([features[i], up], -1).permute(0, 2, 1)
        up = _through(part.mlp_convs, part.mlp_bns, joined).permute(0, 2, 1)
    return _grasps(network, up.permute(0, 2, 1), clouds[1], levels[0].indices)


def _through(convolutions: Any, norms: Any, values: Tensor) -> Tensor:
    for convolution, norm in zip(convolutions, norms, strict=True):
        values = functional.relu(norm(convolution(values)))
    return values


def _spread(points: Tensor, centres: Tensor, features: Tensor) -> Tensor:
    table, order = squares_between(points, centres).sort(-1)
    shares = 1.0 / (table[:, :, :3] + 1e-8)
    shares = shares / shares.sum(2, keepdim=True)
    return (gather(features, order[:, :, :3]) * shares[..., None]).sum(2)


def _grasps(network: ContactGraspNet, features: Tensor, contacts: Tensor, indices: Tensor) -> Prediction:
    closing = functional.normalize(network.grasp_dir_head(features), dim=1)
    approach = network.grasp_approach_head(features)
    approach = functional.normalize(approach - (closing * approach).sum(1, keepdim=True) * closing, dim=1)
    closing, approach = closing.permute(0, 2, 1), approach.permute(0, 2, 1)
    widths = bin_widths()[network.grasp_offset_head(features).argmax(1)]
    origin = contacts + widths[..., None] / 2 * closing - GRIPPER_DEPTH_M * approach
    columns = [closing, torch.cross(approach, closing, dim=-1), approach, origin]
    last = torch.tensor([0.0, 0.0, 0.0, 1.0]).expand(*widths.shape, 1, 4)
    poses = torch.cat([torch.stack(columns, -1), last], -2)
    scores = torch.sigmoid(network.binary_seg_head(features))[:, 0]
    return Prediction(poses, scores, contacts, widths, indices)
