"""One clean mask out of several proposals."""

import numpy as np
import pytest

from perception.errors import SegmentationFailed
from perception.models.masks import agreement, best_mask, cleaned, detection_with_mask
from perception.types import Detection

BOX = (20.0, 20.0, 80.0, 60.0)


def block(x0: int, y0: int, x1: int, y1: int) -> np.ndarray:
    mask = np.zeros((100, 120), dtype=np.bool_)
    mask[y0:y1, x0:x1] = True
    return mask


def test_the_mask_is_cut_to_the_box_and_its_largest_piece_stays() -> None:
    mask = block(10, 30, 60, 50) | block(70, 30, 74, 34) | block(90, 0, 120, 100)
    assert np.array_equal(cleaned(mask, BOX, 0.02), block(18, 30, 60, 50))


def test_small_holes_are_filled_and_the_ring_of_a_handle_is_not() -> None:
    solid = block(20, 20, 80, 60)
    specks = solid & ~block(30, 30, 33, 33)
    assert np.array_equal(cleaned(specks, BOX, 0.02), solid)
    ring = solid & ~block(40, 30, 60, 50)
    assert np.array_equal(cleaned(ring, BOX, 0.02), ring)


def test_a_mask_that_spans_the_box_beats_a_surer_one_of_a_part() -> None:
    whole, part, spilt = block(21, 21, 79, 59), block(21, 21, 40, 59), block(0, 0, 120, 100)
    assert np.array_equal(best_mask(np.array([part, whole]), np.array([0.95, 0.85]), BOX, 0.02), whole)
    assert agreement(part, BOX) < 0.35
    assert agreement(np.zeros_like(part), BOX) == 0.0
    # Of two that span it, the surer one.
    assert np.array_equal(best_mask(np.array([spilt, whole]), np.array([0.5, 0.9]), BOX, 0.02), whole)


def test_predicted_qualities_below_zero_do_not_turn_the_choice_round() -> None:
    whole, nothing = block(21, 21, 79, 59), np.zeros((100, 120), dtype=np.bool_)
    assert np.array_equal(best_mask(np.array([nothing, whole]), np.array([-0.1, -0.2]), BOX, 0.02), whole)


def test_the_detection_keeps_what_it_was_and_names_both_back_ends() -> None:
    detection = Detection("hammer", 0.4, BOX, None, "OWL-ViT", "another one")
    masks = np.array([block(30, 30, 50, 50)])
    found = detection_with_mask(detection, masks, np.array([0.9]), 0.02, 80, "SAM vit_b")
    assert (found.label, found.score, found.box, found.runner_up) == ("hammer", 0.4, BOX, "another one")
    assert found.source == "OWL-ViT, SAM vit_b"
    with pytest.raises(SegmentationFailed, match="has 400 pixels"):
        detection_with_mask(detection, masks, np.array([0.9]), 0.02, 401, "SAM vit_b")
