"""Colours in CIELAB, and what is unlike a surface of several colours or only in its shadow."""

import numpy as np
import pytest

from perception.colour import colour_distance, darkened, lab


def test_white_black_and_red_in_cielab() -> None:
    colours = lab(np.array([[255, 255, 255], [0, 0, 0], [255, 0, 0]], dtype=np.uint8))
    assert colours[0] == pytest.approx([100, 0, 0], abs=0.02)
    assert colours[1] == pytest.approx([0, 0, 0], abs=0.02)
    assert colours[2] == pytest.approx([53.24, 80.09, 67.20], abs=0.05)


def test_a_patterned_surface_is_like_itself() -> None:
    noise = np.random.default_rng(4)
    rgb = np.where(np.arange(80)[:, None, None] // 10 % 2, (180, 40, 40), (40, 40, 180)).astype(np.uint8)
    rgb = np.clip(np.tile(rgb, (1, 80, 1)) + noise.integers(-5, 6, (80, 80, 3)), 0, 255).astype(np.uint8)
    rgb[30:50, 30:50] = (40, 180, 40)
    wanted = np.zeros((80, 80), dtype=bool)
    wanted[20:60, 20:60] = True
    unlike = colour_distance(rgb, wanted, ~wanted, np.random.default_rng(0))
    assert (unlike[32:48, 32:48] > 1).all()
    assert (unlike[22:28, 22:58] > 1).mean() < 0.1


def test_a_shadow_keeps_the_surfaces_hue_and_a_dark_thing_does_not() -> None:
    rgb = np.full((40, 60, 3), (190, 160, 120), dtype=np.uint8)
    rgb[10:20, 5:15] = (140, 118, 88)  # about half the light
    rgb[10:20, 25:35] = (60, 60, 70)
    rgb[10:20, 45:55] = (140, 60, 60)
    surface = np.zeros((40, 60), dtype=bool)
    surface[25:] = True
    shadow = darkened(rgb, surface)
    assert shadow[10:20, 5:15].all()
    assert not shadow[10:20, 20:].any()
    assert not shadow[surface].any()
    assert not darkened(rgb, np.zeros((40, 60), dtype=bool)).any()
