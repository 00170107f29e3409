"""The grid tiles its box, its labels are row-major, and its picture shows what was in the box."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from perception.grid import backward_label, cell_shares, cells_mask, draw_grid, grid_cells

BOXES = st.tuples(
    st.floats(-20, 200), st.floats(-20, 200), st.floats(8, 300), st.floats(8, 300), st.integers(1, 7)
)


def test_labels_run_row_by_row_from_the_top_left() -> None:
    cells = grid_cells((10, 20, 60, 120))
    assert cells.shape == (25, 4)
    assert cells[0].tolist() == [10, 20, 20, 40]
    assert cells[1].tolist() == [20, 20, 30, 40]
    assert cells[5].tolist() == [10, 40, 20, 60]
    assert cells[24].tolist() == [50, 100, 60, 120]


@given(BOXES)
def test_cells_tile_the_box_without_gap_or_overlap(box: tuple[float, float, float, float, int]) -> None:
    x, y, w, h, n = box
    cells = grid_cells((x, y, x + w, y + h), n)
    cover = np.zeros((round(y + h) - round(y), round(x + w) - round(x)), dtype=int)
    for x0, y0, x1, y1 in cells - [round(x), round(y), round(x), round(y)]:
        cover[y0:y1, x0:x1] += 1
    assert np.all(cover == 1)


@pytest.mark.parametrize("box", [(0, 0, 4, 40), (0, 0, 40, 4), (30, 30, 10, 50)])
def test_a_box_too_small_for_its_cells_is_refused(box: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="cannot be cut"):
        grid_cells(box)


def test_merged_cells_are_named_by_label() -> None:
    mask = cells_mask(grid_cells((0, 0, 50, 50)), (1, 25), (60, 60))
    assert mask[0, 0]
    assert mask[49, 49]
    assert np.count_nonzero(mask) == 200


def test_cells_outside_the_picture_add_nothing() -> None:
    cells = grid_cells((-50, -50, 50, 50))
    assert not cells_mask(cells, (1,), (40, 40)).any()
    assert cells_mask(cells, (13, 25), (40, 40))[39, 39]


@pytest.mark.parametrize("label", [0, 26, -1])
def test_a_label_that_does_not_exist_is_refused(label: int) -> None:
    with pytest.raises(ValueError, match="1 to 25"):
        cells_mask(grid_cells((0, 0, 50, 50)), (label,), (60, 60))


def test_shares_count_pixels_of_the_mask() -> None:
    mask = np.zeros((50, 50), dtype=bool)
    mask[0:10, 0:5] = True
    shares = cell_shares(grid_cells((0, 0, 50, 50)), mask)
    assert shares[0] == pytest.approx(0.5)
    assert np.all(shares[1:] == 0.0)


@pytest.mark.parametrize("n", [5, 9])
@pytest.mark.parametrize("size", [(30, 20), (12, 180), (250, 12), (200, 150), (9, 9)])
def test_every_cell_is_drawn_large_enough_for_its_label_and_the_picture_small_enough(
    size: tuple[int, int], n: int
) -> None:
    rgb = np.full((240, 320, 3), 128, dtype=np.uint8)
    box = (50.0, 40.0, 50.0 + size[0], 40.0 + size[1])
    picture = Image.open(io.BytesIO(draw_grid(rgb, box, n, 512, 20)))
    drawn = np.asarray(picture).astype(int)
    assert max(picture.size) == 512
    lines = drawn.min(axis=2) == 255
    for axis in (0, 1):
        crossed = np.flatnonzero(lines.mean(axis=axis) > 0.4)
        starts = crossed[np.insert(np.diff(crossed) > 1, 0, True)]
        assert len(starts) == n + 1
        assert np.diff(starts).mean() >= 19.5, "too thin for a label 11 px high"
    assert drawn.min() == 0


def test_backward_labels_run_from_the_bottom_right() -> None:
    assert [backward_label(label, 5) for label in (1, 5, 13, 25)] == [25, 21, 13, 1]
    rgb = np.full((240, 320, 3), 128, dtype=np.uint8)
    forward, backward = (
        np.asarray(Image.open(io.BytesIO(draw_grid(rgb, (60, 60, 160, 160), 5, 512, 20, backward=flag))))
        for flag in (False, True)
    )
    changed = np.any(forward != backward, axis=2)
    cell = changed.shape[0] // 5
    middle = changed[2 * cell + 20 : 3 * cell - 20, 2 * cell + 20 : 3 * cell - 20]
    assert changed[:cell, :cell].any()
    assert not middle.any(), "the middle cell keeps its label"


def test_the_picture_shows_the_object_at_its_place() -> None:
    rgb = np.zeros((240, 320, 3), dtype=np.uint8)
    rgb[100:150, 100:125] = (250, 20, 20)
    picture = np.asarray(Image.open(io.BytesIO(draw_grid(rgb, (100, 100, 150, 150), 5, 512, 20))))
    h, w = picture.shape[:2]
    red = picture[int(0.55 * h), :, 0] > 200
    assert red[int(0.2 * w) : int(0.45 * w)].mean() > 0.8
    assert red[int(0.6 * w) : int(0.9 * w)].mean() < 0.2
