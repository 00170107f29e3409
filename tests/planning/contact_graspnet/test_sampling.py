"""Samples and neighbours are those of the published loops, index by index."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from app.bench import graspnet_reference as published
from planning.contact_graspnet import sampling
from planning.contact_graspnet.workers import Workers
from tests.planning.contact_graspnet.conftest import noise

CPU = torch.device("cpu")


def balls(points: Tensor, centres: Tensor, radius_m: float, count: int) -> Tensor:
    with Workers(CPU) as workers:
        return sampling.ball_neighbours(points, centres, radius_m, count, workers)


def first(index: int, clouds: int = 1) -> Tensor:
    return torch.full((clouds,), index)


def repeated() -> Tensor:
    """300 points at 40 places."""
    places = noise(40, seed=3)
    return places[:, torch.randint(40, (300,), generator=torch.Generator().manual_seed(1))]


def padded(ball: Tensor, count: int) -> Tensor:
    """To K = count: the published way cannot find more neighbours than the cloud has points."""
    missing = max(count - ball.shape[-1], 0)
    return torch.cat([ball, ball[..., :1].expand(-1, -1, missing)], -1)


CLOUDS = {
    "random": noise(1500),
    "two": noise(700, clouds=2),
    "repeated": repeated(),
    "one place": torch.full((1, 50, 3), 0.1),
    "few": noise(20),
    "level": noise(600) * torch.tensor([1.0, 1.0, 0.0]),
    "far off": noise(600) + 5.0,
}


@pytest.mark.parametrize("name", CLOUDS)
@pytest.mark.parametrize("start", [0, 17])
def test_farthest_points_are_the_published_ones(name: str, start: int) -> None:
    points = CLOUDS[name]
    ours = sampling.farthest_points(points, 200, first(start, len(points)))
    assert torch.equal(ours, published.farthest_points(points, 200, start))


@pytest.mark.parametrize("name", CLOUDS)
@pytest.mark.parametrize(("radius_m", "count"), [(0.02, 8), (0.06, 32), (0.5, 64), (1e-6, 4)])
@pytest.mark.parametrize("block", [1, 1 << 18])
def test_neighbours_are_the_published_ones(
    name: str, radius_m: float, count: int, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = CLOUDS[name]
    centres = sampling.take(points, sampling.farthest_points(points, 160, first(0, len(points))))
    monkeypatch.setitem(sampling.BLOCK, "cpu", block)
    ours = balls(points, centres, radius_m, count)
    expected = published.ball_neighbours(points, centres, radius_m, count)
    assert torch.equal(ours, padded(expected, count))


def test_a_centre_without_neighbours_says_so() -> None:
    points = noise(100)
    assert torch.equal(balls(points, points + 2.0, 0.1, 5), torch.full((1, 100, 5), 100))


lattice = st.lists(st.tuples(*[st.integers(-3, 3)] * 3), min_size=1, max_size=60)


@settings(max_examples=60, deadline=None)
@given(lattice, st.integers(1, 40), st.integers(1, 9), st.integers(0, 10**6))
def test_ties_of_every_kind_are_broken_as_published(
    places: list[tuple[int, int, int]], samples: int, count: int, start: int
) -> None:
    """On a lattice many distances are equal, and many exactly the radius."""
    points = torch.tensor([places], dtype=torch.float32) / 8.0
    begin = start % len(places)
    order = sampling.farthest_points(points, samples, first(begin))
    assert torch.equal(order, published.farthest_points(points, samples, begin))
    centres = sampling.take(points, order)
    expected = published.ball_neighbours(points, centres, 0.25, count)
    found = balls(points, centres, 0.25, count)
    assert torch.equal(found[..., : expected.shape[-1]], expected)
    assert torch.equal(
        found[..., expected.shape[-1] :], found[..., :1].expand_as(found)[..., expected.shape[-1] :]
    )


@pytest.mark.parametrize("name", ["random", "repeated", "level"])
def test_the_nearest_three_are_those_of_a_stable_sort(name: str) -> None:
    points = CLOUDS[name]
    centres = points[:, :90]
    table, order = published.squares_between(points, centres).sort(dim=-1, stable=True)
    distances, indices = sampling.nearest_three(points, centres)
    assert torch.equal(indices, order[..., :3])
    assert torch.equal(distances, table[..., :3])


def test_no_table_of_all_distances_is_ever_held(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    whole = sampling.square_distances

    def watched(*pair: Tensor) -> Tensor:
        table = whole(*pair)
        sizes.append(table.numel())
        return table

    monkeypatch.setattr(sampling, "square_distances", watched)
    points = noise(20_000)
    balls(points, points[:, :2048], 0.02, 32)
    assert sum(sizes) < 1.3 * 20_000 * 2048, "finished centres are left out, blocks do not overlap"
    assert max(sizes) <= sampling.BLOCK["cpu"]


def test_finished_centres_cost_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    work: list[int] = []
    whole = sampling.square_distances

    def watched(a: Tensor, b: Tensor) -> Tensor:
        work.append(a.shape[1] * b.shape[1])
        return whole(a, b)

    monkeypatch.setattr(sampling, "square_distances", watched)
    points = noise(20_000)
    balls(points, points[:, :512], 0.5, 64)  # everything is within the radius
    assert sum(work) <= sampling.BLOCK["cpu"]


def test_numbers_of_threads_are_put_back() -> None:
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        with Workers(CPU) as workers:
            assert torch.get_num_threads() == 1
            found: list[Any] = workers.each(lambda i: (i * i, torch.is_grad_enabled()), range(10))
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(threads)
    assert found == [(i * i, False) for i in range(10)]


def test_several_threads_find_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    points = noise(3000)
    alone = balls(points, points, 0.03, 16)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(4)
        together = balls(points, points, 0.03, 16)
    finally:
        torch.set_num_threads(threads)
    np.testing.assert_array_equal(alone.numpy(), together.numpy())
