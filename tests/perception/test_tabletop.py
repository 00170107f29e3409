"""Without names, geometry finds what stands on the table, and cuts it out by height and colour."""

import numpy as np
import pytest

from perception.colour import colour_distance, lab
from perception.errors import NotFound, SegmentationFailed
from perception.options import DetectorOptions
from perception.tabletop import ClusterSegmenter, TabletopDetector, overlap
from perception.types import Detection
from tests.perception.scenes import TABLE_RGB, Block, object_mask, table_frame

BOX = Block((0.5, 0.06), (0.07, 0.05, 0.06))
OTHER = Block((0.42, -0.08), (0.04, 0.06, 0.03), number=2)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def box_around(mask: np.ndarray, margin: float = 0.0) -> tuple[float, float, float, float]:
    rows, columns = np.nonzero(mask)
    low, high = np.array([columns.min(), rows.min()]), np.array([columns.max() + 1, rows.max() + 1])
    x0, y0, x1, y1 = *(low - margin), *(high + margin)
    return float(x0), float(y0), float(x1), float(y1)


def test_a_single_thing_is_taken_for_the_object_asked_for() -> None:
    frame = table_frame([BOX], noise_m=0.001)
    found = TabletopDetector(rng()).detect(frame, "whatever")
    assert overlap(found.box, box_around(object_mask(frame))) > 0.9
    assert found.label == "whatever"
    assert found.score == 1.0


def test_several_things_are_listed_with_size_and_place() -> None:
    frame = table_frame([BOX, OTHER], noise_m=0.001)
    with pytest.raises(NotFound, match=r"7 x 5 cm at x 0\.50, y 0\.06 m") as missed:
        TabletopDetector(rng()).detect(frame, "mug")
    assert "6 x 4 cm at x 0.42, y -0.08 m" in str(missed.value)


def test_a_box_says_which_thing_is_meant() -> None:
    frame = table_frame([BOX, OTHER], noise_m=0.001)
    wanted = box_around(object_mask(frame, 2), margin=4.0)
    found = TabletopDetector(rng(), box=wanted).detect(frame, "mug")
    assert overlap(found.box, box_around(object_mask(frame, 2))) > 0.85


def test_a_box_beside_everything_finds_nothing() -> None:
    frame = table_frame([BOX])
    with pytest.raises(NotFound):
        TabletopDetector(rng(), box=(0.0, 0.0, 20.0, 20.0)).detect(frame, "mug")


def test_an_empty_table_and_no_table_are_not_found() -> None:
    with pytest.raises(NotFound, match="an empty table"):
        TabletopDetector(rng()).detect(table_frame(), "mug")
    with pytest.raises(NotFound, match="no table"):
        TabletopDetector(rng(), DetectorOptions(max_range_m=0.2)).detect(table_frame([BOX]), "mug")


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
    unlike = colour_distance(rgb, wanted, ~wanted, rng())
    assert (unlike[32:48, 32:48] > 1).all()
    assert (unlike[22:28, 22:58] > 1).mean() < 0.1


def test_overlap_of_boxes() -> None:
    assert overlap((0, 0, 10, 10), (0, 0, 10, 10)) == 1.0
    assert overlap((0, 0, 10, 10), (5, 0, 15, 10)) == pytest.approx(1 / 3)
    assert overlap((0, 0, 10, 10), (10, 0, 15, 10)) == 0.0
