"""A thing is cut out of its box by height and colour, and nothing of its neighbours with it."""

from dataclasses import replace

import numpy as np
import pytest

from perception.cutout import ClusterSegmenter
from perception.errors import SegmentationFailed
from perception.types import Detection
from tests.perception.scenes import FROM_ABOVE, TABLE_RGB, Block, object_mask, table_frame

BOX = Block((0.5, 0.06), (0.07, 0.05, 0.06))
OTHER = Block((0.42, -0.08), (0.04, 0.06, 0.03), number=2)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def box_around(mask: np.ndarray, margin: float = 0.0) -> tuple[float, float, float, float]:
    rows, columns = np.nonzero(mask)
    low, high = np.array([columns.min(), rows.min()]), np.array([columns.max() + 1, rows.max() + 1])
    x0, y0, x1, y1 = *(low - margin), *(high + margin)
    return float(x0), float(y0), float(x1), float(y1)


def shared(mask: np.ndarray | None, truth: np.ndarray) -> float:
    """Intersection over union."""
    assert mask is not None
    return float(np.count_nonzero(mask & truth) / np.count_nonzero(mask | truth))


def test_a_thing_is_cut_out_of_a_loose_box() -> None:
    frame = table_frame([BOX, OTHER], noise_m=0.001)
    truth = object_mask(frame)
    detection = Detection("box", 0.9, box_around(truth, margin=6.0), None, "test")
    mask = ClusterSegmenter(rng()).segment(frame, detection).mask
    assert mask is not None
    assert np.count_nonzero(mask & truth) / np.count_nonzero(mask | truth) > 0.9


def test_a_thing_too_thin_for_depth_is_found_by_colour() -> None:
    frame = table_frame([Block((0.45, 0.0), (0.15, 0.02, 0.002), rgb=(60, 60, 70))], noise_m=0.0015)
    truth = object_mask(frame)
    detection = Detection("blade", 0.9, box_around(truth, margin=5.0), None, "test")
    mask = ClusterSegmenter(rng()).segment(frame, detection).mask
    assert mask is not None
    assert np.count_nonzero(mask & truth) / np.count_nonzero(mask | truth) > 0.8


def test_a_thing_of_the_tables_colour_is_found_by_height() -> None:
    frame = table_frame([Block((0.45, 0.0), (0.10, 0.06, 0.05), rgb=TABLE_RGB)], noise_m=0.001)
    truth = object_mask(frame)
    detection = Detection("wood", 0.9, box_around(truth, margin=5.0), None, "test")
    mask = ClusterSegmenter(rng()).segment(frame, detection).mask
    assert mask is not None
    assert np.count_nonzero(mask & truth) > 0.75 * np.count_nonzero(truth)


def test_an_empty_box_has_no_mask() -> None:
    frame = table_frame([BOX], noise_m=0.001)
    with pytest.raises(SegmentationFailed):
        ClusterSegmenter(rng()).segment(frame, Detection("air", 0.9, (5.0, 180.0, 60.0, 230.0), None, "test"))


def test_a_neighbour_that_touches_and_reaches_into_the_box_stays_out() -> None:
    low = Block((0.45, 0.0), (0.08, 0.06, 0.03), rgb=(200, 30, 30))
    tall = Block((0.45, 0.08), (0.12, 0.10, 0.09), rgb=(30, 60, 160), number=2)
    frame = table_frame([low, tall], noise_m=0.001)
    truth, beside = object_mask(frame), object_mask(frame, 2)
    box = box_around(truth, margin=8.0)
    mask = ClusterSegmenter(rng()).segment(frame, Detection("box", 1.0, box, None, "test")).mask
    assert shared(mask, truth) > 0.85
    assert mask is not None
    columns = np.nonzero(mask & beside)[1]
    assert np.ptp(columns) < 4  # no more than the seam


def test_depth_smeared_beside_a_thing_is_no_part_of_it() -> None:
    frame = table_frame([BOX], noise_m=0.001)
    truth = object_mask(frame)
    depth = frame.depth_m.copy()
    for step in range(1, 9):  # a ramp of eight pixels down to the table on the right
        ramp = np.roll(truth, step, axis=1) & ~truth & ~np.roll(truth, step - 1, axis=1)
        depth[ramp] -= 0.05 * (1.0 - step / 9.0)
    detection = Detection("box", 1.0, box_around(truth, margin=10.0), None, "test")
    mask = ClusterSegmenter(rng()).segment(replace(frame, depth_m=depth), detection).mask
    assert shared(mask, truth) > 0.85


def test_a_picture_without_a_table_is_cut_by_colour_alone() -> None:
    frame = table_frame([BOX])
    truth = object_mask(frame)
    blind = replace(frame, depth_m=np.zeros_like(frame.depth_m), base_from_camera=FROM_ABOVE)
    detection = Detection("box", 1.0, box_around(truth, margin=6.0), None, "test")
    assert shared(ClusterSegmenter(rng()).segment(blind, detection).mask, truth) > 0.85


def test_a_box_beside_the_picture_has_no_mask() -> None:
    detection = Detection("air", 1.0, (-90.0, -90.0, -50.0, -50.0), None, "test")
    with pytest.raises(SegmentationFailed):
        ClusterSegmenter(rng()).segment(table_frame([BOX]), detection)
