"""Filters, alignment and copying, on frames that went through the genuine library."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pyrealsense2 as rs
import pytest
from numpy.typing import NDArray

from hardware.realsense.errors import CameraRefused
from hardware.realsense.options import RealSenseOptions
from hardware.realsense.pictures import Picture, PictureMaker
from tests.hardware.realsense.software import (
    COLOUR_CENTRE,
    COLOUR_F,
    COLOUR_FROM_DEPTH_M,
    DEPTH_CENTRE,
    DEPTH_F,
    HEIGHT,
    PERIOD_MS,
    QUICK,
    UNIT_M,
    WIDTH,
    Shot,
    SoftwareCamera,
    SoftwareSource,
    pattern,
    plane,
)

Taker = Callable[..., Picture]


class Pairs:
    """Raw pairs from the genuine syncer, one for each depth picture given."""

    def __init__(self, camera: SoftwareCamera | None = None) -> None:
        self.source, self.number = SoftwareSource(camera), 0
        self.facts = self.source.open()

    def raw(self, depth: NDArray[np.uint16]) -> Any:
        self.number += 1
        stamp_ms = 1e12 + self.number * PERIOD_MS
        self.source.shots.put(Shot(depth, pattern(self.number), stamp_ms, self.number, self.number))
        return self.source.wait(5.0)


@pytest.fixture
def pairs() -> Iterator[Pairs]:
    made = Pairs()
    yield made
    made.source.close()


def test_colour_is_exact_and_depth_is_in_metres(pairs: Pairs) -> None:
    picture = PictureMaker(rs, QUICK, pairs.facts).make(pairs.raw(plane(0.5432)), still=False)
    np.testing.assert_array_equal(picture.rgb, pattern(pairs.number))
    seen = picture.depth_m[picture.depth_m > 0.0]
    assert seen.size > 0.9 * picture.depth_m.size
    np.testing.assert_allclose(seen, 0.5432, atol=1e-6)
    assert picture.depth_m.dtype == np.float32


def test_the_lens_is_the_colour_cameras(pairs: Pairs) -> None:
    lens = PictureMaker(rs, QUICK, pairs.facts).make(pairs.raw(plane(0.5)), still=False).intrinsics
    assert (lens.width, lens.height) == (WIDTH, HEIGHT)
    assert (lens.fx, lens.fy, lens.cx, lens.cy) == (COLOUR_F, COLOUR_F, *COLOUR_CENTRE)
    assert lens == pairs.facts.colour


SLOPE, AT_M = 0.6, 0.5
"""A wall: z = AT_M + SLOPE * x in the depth camera's frame."""


def wall(f: float, centre: tuple[float, float], offset_m: float) -> NDArray[np.float64]:
    """Depth (H, W) of the wall seen by a camera whose origin is at x = offset_m: the ray meets the plane."""
    across = (np.arange(WIDTH) - centre[0]) / f
    depth = (AT_M + SLOPE * offset_m) / (1.0 - SLOPE * across)
    return np.broadcast_to(depth, (HEIGHT, WIDTH))


def reprojected(depth_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Depth seen by the colour camera: the patch of each depth pixel projected, the nearest kept."""
    seen = np.full(depth_m.shape, np.inf)
    for (v, u), z in np.ndenumerate(depth_m):
        corners = []
        for half in (-0.5, 0.5):
            x = (u + half - DEPTH_CENTRE[0]) / DEPTH_F * z + COLOUR_FROM_DEPTH_M[0]
            y = (v + half - DEPTH_CENTRE[1]) / DEPTH_F * z + COLOUR_FROM_DEPTH_M[1]
            corners.append((x / z * COLOUR_F + COLOUR_CENTRE[0], y / z * COLOUR_F + COLOUR_CENTRE[1]))
        (left, top), (right, bottom) = (np.array(corners) + 0.5).astype(int)
        if left >= 0 and top >= 0 and right < WIDTH and bottom < HEIGHT:
            patch = seen[top : bottom + 1, left : right + 1]
            np.minimum(patch, z, out=patch)
    return np.where(np.isfinite(seen), seen, 0.0)


def test_depth_is_aligned_to_colour_as_geometry_says(pairs: Pairs) -> None:
    raw = np.round(wall(DEPTH_F, DEPTH_CENTRE, 0.0) / UNIT_M).astype(np.uint16)
    picture = PictureMaker(rs, QUICK, pairs.facts).make(pairs.raw(raw), still=False)
    # All but the outermost column, where the library rounds its own way.
    np.testing.assert_allclose(
        picture.depth_m[:, 1:], reprojected(raw.astype(np.float64) * UNIT_M)[:, 1:], atol=1e-6
    )
    # And so it shows the wall where it is: within the patch of one depth pixel, the nearest part of it kept.
    expected = wall(COLOUR_F, COLOUR_CENTRE, -COLOUR_FROM_DEPTH_M[0])
    patch_m = expected / DEPTH_F * SLOPE / (1.0 - SLOPE * (WIDTH - COLOUR_CENTRE[0]) / COLOUR_F)
    error = picture.depth_m - expected
    seen = picture.depth_m > 0.0
    assert np.mean(seen) > 0.9
    assert np.all((error > -1.1 * patch_m)[seen])
    assert np.all((error < 0.6 * patch_m)[seen])


def test_a_near_edge_hides_what_is_behind_it(pairs: Pairs) -> None:
    raw = plane(0.8)
    raw[:, :48] = plane(0.4)[:, :48]
    picture = PictureMaker(rs, QUICK, pairs.facts).make(pairs.raw(raw), still=False)
    x_m = (48 - 0.5 - DEPTH_CENTRE[0]) / DEPTH_F * 0.4 + COLOUR_FROM_DEPTH_M[0]
    edge_px = round(x_m / 0.4 * COLOUR_F + COLOUR_CENTRE[0])
    row = picture.depth_m[HEIGHT // 2]
    assert np.all(row[6 : edge_px - 1] == pytest.approx(0.4, abs=1e-6))
    assert np.all(np.isin(np.round(row[edge_px + 2 :], 5), [np.float32(0.0), np.float32(0.8)]))
    assert row[-12] == pytest.approx(0.8, abs=1e-6)


def test_what_is_too_near_or_too_far_is_dropped() -> None:
    pairs, options = Pairs(), replace(QUICK, near_margin_m=0.02, farthest_m=2.0)
    nearest_m = DEPTH_F * 0.05 / 126.0 + 0.02
    raw = plane(0.5)
    raw[:20], raw[20:40] = plane(nearest_m - 0.001)[:20], plane(2.001)[20:40]
    picture = PictureMaker(rs, options, pairs.facts).make(pairs.raw(raw), still=False)
    assert set(np.unique(np.round(picture.depth_m, 4))) == {np.float32(0.0), np.float32(0.5)}
    assert np.all(picture.depth_m[:12] == 0.0)
    kept = PictureMaker(rs, replace(options, farthest_m=3.0), pairs.facts).make(pairs.raw(raw), still=False)
    assert np.float32(2.001) in np.round(kept.depth_m, 4)
    pairs.source.close()


def test_the_gripper_strip_has_no_depth(pairs: Pairs) -> None:
    options = replace(QUICK, gripper_strip_share=0.25)
    picture = PictureMaker(rs, options, pairs.facts).make(pairs.raw(plane(0.5)), still=False)
    assert not np.any(picture.depth_m[48:])
    assert np.all(picture.depth_m[47, 8:88] > 0.0)


def noisy(rng: np.random.Generator) -> NDArray[np.uint16]:
    """A plane at 0.5 m with 2 mm of noise and a hole."""
    depth = np.round(rng.normal(0.5, 0.002, (HEIGHT, WIDTH)) / UNIT_M).astype(np.uint16)
    depth[28:36, 40:56] = 0
    return depth


def spread_m(picture: Picture) -> float:
    """Scatter of the depth away from hole and borders."""
    part = picture.depth_m[8:24, 16:80]
    return float(np.std(part[part > 0.0]))


def test_smoothing_within_the_picture_leaves_holes_open(pairs: Pairs) -> None:
    raw = noisy(np.random.default_rng(1))
    plain = PictureMaker(rs, QUICK, pairs.facts).make(pairs.raw(raw), still=True)
    smooth = PictureMaker(rs, replace(QUICK, spatial=True), pairs.facts).make(pairs.raw(raw), still=True)
    assert spread_m(plain) == pytest.approx(0.002, rel=0.25)  # the nearest of neighbours is kept
    assert spread_m(smooth) < 0.6 * spread_m(plain)
    assert np.mean(smooth.depth_m[8:24, 16:80]) == pytest.approx(0.5, abs=0.0005)
    np.testing.assert_array_equal(smooth.depth_m > 0.0, plain.depth_m > 0.0)
    assert not np.all(plain.depth_m[:, 8:88])


def after(maker: PictureMaker, pairs: Pairs, stills: list[bool]) -> Picture:
    """The last of some pictures of the noisy plane, the arm still or not at each."""
    rng = np.random.default_rng(2)
    return [maker.make(pairs.raw(noisy(rng)), still) for still in stills][-1]


def test_smoothing_over_time_is_for_a_still_arm_only(pairs: Pairs) -> None:
    options = replace(QUICK, temporal_while_still=True)
    one = spread_m(after(PictureMaker(rs, options, pairs.facts), pairs, [True]))
    still = spread_m(after(PictureMaker(rs, options, pairs.facts), pairs, [True] * 8))
    moving = spread_m(after(PictureMaker(rs, options, pairs.facts), pairs, [False] * 8))
    again = spread_m(after(PictureMaker(rs, options, pairs.facts), pairs, [True] * 7 + [False, True]))
    off = spread_m(after(PictureMaker(rs, QUICK, pairs.facts), pairs, [True] * 8))
    assert still < 0.7 * one
    assert moving == pytest.approx(one, rel=0.15)
    assert again == pytest.approx(one, rel=0.15)
    assert off == pytest.approx(one, rel=0.15)


def test_many_pictures_may_be_kept(pairs: Pairs) -> None:
    maker = PictureMaker(rs, replace(QUICK, spatial=True), pairs.facts)
    kept = []
    for index in range(40):
        picture = maker.make(pairs.raw(plane(0.5 + 0.01 * index)), still=False)
        kept.append((picture, pattern(pairs.number)))
    for index, (picture, rgb) in enumerate(kept):
        np.testing.assert_array_equal(picture.rgb, rgb)
        assert np.max(picture.depth_m) == pytest.approx(0.5 + 0.01 * index, abs=0.001)


def test_blue_green_red_is_turned_round() -> None:
    pairs = Pairs(SoftwareCamera(colour_format=rs.format.bgr8))
    picture = PictureMaker(rs, QUICK, pairs.facts).make(pairs.raw(plane(0.5)), still=False)
    np.testing.assert_array_equal(picture.rgb, pattern(pairs.number)[..., ::-1])
    pairs.source.close()


def test_another_colour_format_is_refused() -> None:
    pairs = Pairs(SoftwareCamera(colour_format=rs.format.yuyv))
    with pytest.raises(CameraRefused, match="yuyv"):
        PictureMaker(rs, QUICK, pairs.facts).make(pairs.raw(plane(0.5)), still=False)
    pairs.source.close()


def test_a_failing_filter_is_a_refusal(pairs: Pairs) -> None:
    options: RealSenseOptions = replace(QUICK, spatial=True)
    maker = PictureMaker(rs, options, pairs.facts)
    frames = pairs.raw(plane(0.5))
    with pytest.raises(CameraRefused, match="process a picture"):
        maker.make(frames.get_color_frame(), still=False)
