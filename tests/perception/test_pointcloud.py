"""Clouds have the right metres and frames; planes, outliers and clusters are found where they are."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hardware.geometry import pose, rotation_about
from perception.pointcloud import (
    cluster_labels,
    fit_plane,
    fit_table,
    frame_points,
    masked_points,
    voxel_downsample,
    without_outliers,
    without_smears,
)
from tests.perception.scenes import TABLE_Z, Block, object_mask, table_frame

BLOCK = Block((0.5, 0.05), (0.06, 0.04, 0.05))
TILTED = pose(
    rotation_about((0, 1, 0), np.deg2rad(150.0)) @ rotation_about((0, 0, 1), np.pi / 2), (0.15, 0.0, 0.45)
)


@pytest.mark.parametrize("camera", [None, TILTED])
def test_points_lie_where_the_surface_is(camera: np.ndarray | None) -> None:
    frame = table_frame([BLOCK]) if camera is None else table_frame([BLOCK], base_from_camera=camera)
    table = masked_points(frame, ~object_mask(frame))
    assert np.abs(table[:, 2] - TABLE_Z).max() < 1e-5
    block = masked_points(frame, object_mask(frame))
    assert block[:, 2].max() == pytest.approx(TABLE_Z + 0.05, abs=1e-5)
    assert np.all(np.abs(block[:, :2] - BLOCK.middle) < (0.0301, 0.0201))


def test_masked_points_are_the_points_of_the_frame() -> None:
    frame = table_frame([BLOCK])
    mask = object_mask(frame)
    assert masked_points(frame, mask) == pytest.approx(frame_points(frame)[mask])


def test_readings_out_of_range_are_left_out() -> None:
    frame = table_frame([BLOCK])
    assert len(masked_points(frame, max_range_m=0.48)) == np.count_nonzero(frame.depth_m <= 0.48)
    assert np.isnan(frame_points(frame, min_range_m=0.48)[object_mask(frame)]).all()


CLOUDS = arrays(np.float64, st.tuples(st.integers(1, 60), st.just(3)), elements=st.floats(-1, 1))


@given(CLOUDS, st.randoms(use_true_random=False))
def test_thinning_ignores_order_and_keeps_the_middle(cloud: np.ndarray, random: object) -> None:
    order = np.random.default_rng(0).permutation(len(cloud))
    thin = voxel_downsample(cloud, 0.1)
    assert thin == pytest.approx(voxel_downsample(cloud[order], 0.1))
    assert len(thin) <= len(cloud)
    gap = np.linalg.norm(cloud[:, None] - thin[None], axis=2).min(axis=1)
    assert gap.max() <= 0.1 * np.sqrt(3) + 1e-9


def test_an_empty_cloud_stays_empty() -> None:
    empty = np.empty((0, 3))
    assert voxel_downsample(empty, 0.01).shape == (0, 3)
    assert cluster_labels(empty, 0.01).shape == (0,)
    assert without_outliers(empty).shape == (0,)
    assert fit_table(empty, np.random.default_rng(0)) is None


def test_a_plane_through_points_gives_their_heights() -> None:
    rng = np.random.default_rng(1)
    points = np.column_stack([rng.uniform(-1, 1, (50, 2)), np.zeros(50)])
    points[:, 2] = 0.2 * points[:, 0] - 0.3
    plane = fit_plane(points)
    assert np.abs(plane.height(points)).max() < 1e-12
    assert plane.normal[2] > 0.9
    assert plane.height([0.0, 0.0, 0.7]) == pytest.approx(1.0 / np.sqrt(1.04))
    with pytest.raises(ValueError, match="three points"):
        fit_plane(points[:2])


def test_the_table_is_found_among_other_surfaces() -> None:
    rng = np.random.default_rng(2)
    table = np.column_stack([rng.uniform(-0.5, 0.5, (400, 2)), rng.normal(-0.08, 0.002, 400)])
    wall = np.column_stack([np.full(800, 0.6), rng.uniform(-0.5, 0.5, 800), rng.uniform(-0.1, 0.9, 800)])
    plane = fit_table(np.vstack([table, wall]), rng)
    assert plane is not None
    assert plane.normal == pytest.approx([0, 0, 1], abs=0.01)
    assert plane.height([0.0, 0.0, 0.0]) == pytest.approx(0.08, abs=0.002)


def test_a_wall_is_no_table() -> None:
    rng = np.random.default_rng(3)
    wall = np.column_stack([np.zeros(300), rng.uniform(-1, 1, (300, 2))])
    assert fit_table(wall, rng) is None


def test_the_same_seed_finds_the_same_table() -> None:
    frame = table_frame([BLOCK], noise_m=0.001)
    points = masked_points(frame)[::50]
    planes = [fit_table(points, np.random.default_rng(5)) for _ in range(2)]
    assert planes[0] is not None
    assert planes[1] is not None
    assert np.array_equal(planes[0].normal, planes[1].normal)


def test_lone_points_are_outliers() -> None:
    grid = np.stack(np.meshgrid(np.arange(10), np.arange(10), [0]), axis=-1).reshape(-1, 3) * 0.005
    cloud = np.vstack([grid, [[0.5, 0.5, 0.5]]])
    kept = without_outliers(cloud, 0.008, 3)
    assert not kept[-1]
    assert kept[:-1].mean() > 0.9


def test_clusters_are_numbered_from_the_largest() -> None:
    line = np.column_stack([np.arange(20) * 0.01, np.zeros(20), np.zeros(20)])
    small = line[:5] + np.array([0.0, 0.1, 0.0])
    labels = cluster_labels(np.vstack([small, line]), 0.015)
    assert labels.tolist() == [1] * 5 + [0] * 20


def test_readings_between_a_thing_and_the_table_behind_it_go_and_surfaces_stay() -> None:
    frame = table_frame([Block((0.45, 0.0), (0.08, 0.08, 0.10))])
    truth = object_mask(frame)
    edge = np.roll(truth, 1, axis=1) & ~truth
    smeared = replace(frame, depth_m=np.where(edge, frame.depth_m - 0.05, frame.depth_m))
    clear = without_smears(smeared).depth_m
    assert not clear[edge].any()
    inner = truth & np.roll(truth, 2, axis=1) & np.roll(truth, -2, axis=1)
    inner &= np.roll(truth, 2, axis=0) & np.roll(truth, -2, axis=0)
    assert (clear[inner] > 0.0).all()
    assert np.mean(clear > 0.0) > 0.97
