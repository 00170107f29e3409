"""Which points a PointNet++ level looks at: farthest points, balls of neighbours, nearest three.

Guarantees:
1. The indices are those of the published loops, bit by bit on a CPU: same float32 formulas, same order of
   summation, same treatment of ties, of too few neighbours and of too few points.
2. Memory is bounded: no table of all points by all centres is ever held, beyond `BLOCK` numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from planning.contact_graspnet.farthest import FAR, farthest_order
from planning.contact_graspnet.workers import Workers

BLOCK = {"cpu": 1 << 18, "cuda": 1 << 22}
"""Distances held at a time: what a CPU's cache takes, what keeps a GPU busy."""
_ROWS = 512
"""Centres whose balls one core fills."""
_LEAST_SIDE = 64
"""Of a block: a product of fewer rows or columns is summed in another order by the libraries below torch."""


@dataclass(frozen=True)
class Level:
    """What one level looks at, S centres of B clouds.

    indices (B, S) into the points of the level above; centres (B, S, 3); balls: for each radius the indices
    (B, S, K) of the neighbours, into the points of the level above too.
    """

    indices: Tensor
    centres: Tensor
    balls: tuple[Tensor, ...]


def square_distances(a: Tensor, b: Tensor) -> Tensor:
    """(B, S, N) between a (B, S, 3) and b (B, N, 3), as -2 a.b + |a|^2 + |b|^2: rounding and all, this
    decides who is a neighbour, and a distance of nothing may come out a little below zero.
    """
    distances = torch.matmul(-2.0 * a, b.transpose(1, 2))
    distances += torch.sum(a**2, -1).unsqueeze(2)
    distances += torch.sum(b**2, -1).unsqueeze(1)
    return distances


def farthest_points(points: Tensor, count: int, first: Tensor) -> Tensor:
    """Indices (B, count) of points (B, N, 3), float32, that begin with first (B,): each is farthest from all
    before it.
    """
    if points.device.type == "cpu":
        chains = [
            farthest_order(cloud.numpy(), count, int(start))
            for cloud, start in zip(points, first, strict=True)
        ]
        return torch.stack([torch.from_numpy(chain) for chain in chains])
    batch, size, _ = points.shape
    columns = points.permute(2, 0, 1).contiguous()
    nearest = torch.full((batch, size), FAR, device=points.device)
    order = torch.empty(batch, count, dtype=torch.int64, device=points.device)
    chosen = first[:, None]
    for i in range(count):  # nothing in here waits for the device
        order[:, i : i + 1] = chosen
        squares = (columns - columns.gather(2, chosen.expand(3, batch, 1))).square_()
        torch.minimum(nearest, squares[0].add_(squares[1]).add_(squares[2]), out=nearest)
        chosen = nearest.argmax(1, keepdim=True)
    return order


def ball_neighbours(points: Tensor, centres: Tensor, radius_m: float, count: int, workers: Workers) -> Tensor:
    """The first `count` points, by index, within the radius of every centre: (B, S, count), padded with the
    first of them; N throughout where there is none.

    points (B, N, 3), centres (B, S, 3), float32. The points are gone through in blocks, and a centre is done
    with once its ball is full, which in a shuffled cloud is soon.
    """
    found = []
    for cloud, middles in zip(points, centres, strict=True):
        parts = middles.split(_ROWS)
        find = partial(_neighbours_in_cloud, cloud, radius_m=radius_m, count=count)
        found.append(torch.cat(workers.each(find, parts)))
    return torch.stack(found)


def _neighbours_in_cloud(points: Tensor, centres: Tensor, radius_m: float, count: int) -> Tensor:
    size, rows, device = len(points), len(centres), points.device
    ball = torch.full((rows, count), size, dtype=torch.int64, device=device)
    have = torch.zeros(rows, dtype=torch.int64, device=device)
    open_rows = torch.arange(rows, device=device)
    start = 0
    while start < size:
        width = max(BLOCK["cpu" if device.type == "cpu" else "cuda"] // len(open_rows), _LEAST_SIDE)
        end = min(start + width, size)
        begin = max(min(start, end - _LEAST_SIDE), 0)
        distances = square_distances(centres[None, open_rows], points[None, begin:end])[0]
        row, column = torch.nonzero(distances[:, start - begin :] <= radius_m**2, as_tuple=True)
        hits = torch.bincount(row, minlength=len(open_rows))
        rank = torch.arange(len(row), device=device) + (have[open_rows] + hits - hits.cumsum(0))[row]
        new = rank < count
        ball[open_rows[row[new]], rank[new]] = column[new] + start
        have[open_rows] += hits
        start = end
        is_open = have < count
        left = int(torch.count_nonzero(is_open))
        if left == 0:
            break
        # Some that are full make up the number: what they find comes behind their last place.
        order = torch.argsort(is_open, descending=True, stable=True)
        open_rows = order[: max(left, min(rows, _LEAST_SIDE))]
    return torch.where(ball == size, ball[:, :1], ball)


def nearest_three(points: Tensor, centres: Tensor) -> tuple[Tensor, Tensor]:
    """Square distances and indices (B, N, 3) of the three centres (B, S >= 3, 3) nearest to each point,
    nearest first; of equals the lowest index.
    """
    distances = square_distances(points, centres)
    values, indices = [], []
    for _ in range(3):
        value, index = distances.min(dim=-1, keepdim=True)
        distances.scatter_(-1, index, torch.inf)
        values.append(value)
        indices.append(index)
    return torch.cat(values, -1), torch.cat(indices, -1)


def take(values: Tensor, indices: Tensor) -> Tensor:
    """The values (B, N, C) at indices (B, ...): (B, ..., C)."""
    batch = torch.arange(len(values), device=values.device).view(-1, *[1] * (indices.dim() - 1))
    return values[batch, indices]
