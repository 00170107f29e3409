"""Without names, geometry finds what stands on the table."""

import numpy as np
import pytest

from perception.errors import NotFound
from perception.options import DetectorOptions
from perception.tabletop import TabletopDetector, overlap
from tests.perception.scenes import Block, object_mask, table_frame

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


def test_an_empty_table_and_no_table_are_not_found() -> None:
    with pytest.raises(NotFound, match="an empty table"):
        TabletopDetector(rng()).detect(table_frame(), "mug")
    with pytest.raises(NotFound, match="no table"):
        TabletopDetector(rng(), DetectorOptions(max_range_m=0.2)).detect(table_frame([BOX]), "mug")


def test_overlap_of_boxes() -> None:
    assert overlap((0, 0, 10, 10), (0, 0, 10, 10)) == 1.0
    assert overlap((0, 0, 10, 10), (5, 0, 15, 10)) == pytest.approx(1 / 3)
    assert overlap((0, 0, 10, 10), (10, 0, 15, 10)) == 0.0
