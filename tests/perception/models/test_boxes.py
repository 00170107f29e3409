"""Overlap, suppression and formats of boxes."""

import numpy as np

from perception.models.boxes import area, clip, coco, overlap, suppress


def test_overlap_is_intersection_over_union() -> None:
    boxes = [(0, 0, 10, 10), (20, 20, 30, 30)]
    np.testing.assert_allclose(overlap(boxes, [(5, 0, 15, 10), (0, 0, 10, 10)]), [[1 / 3, 1.0], [0.0, 0.0]])
    assert overlap([(1, 1, 1, 1)], [(1, 1, 1, 1)])[0, 0] == 0.0


def test_the_better_of_two_overlapping_boxes_stays_in_the_order_of_scores() -> None:
    boxes = np.array([(0, 0, 10, 10), (1, 0, 11, 10), (50, 50, 60, 60), (2, 0, 12, 10)], dtype=float)
    scores = np.array([0.5, 0.9, 0.7, 0.4])
    assert suppress(boxes, scores, 0.5).tolist() == [1, 2]
    assert suppress(boxes, scores, 0.95).tolist() == [1, 2, 0, 3]
    assert suppress(boxes, scores, 0.5, most=1).tolist() == [1]
    assert suppress(np.zeros((0, 4)), np.zeros(0), 0.5).tolist() == []


def test_boxes_end_at_the_picture() -> None:
    clipped = clip(np.array([(-5.0, -5.0, 700.0, 500.0), (650.0, 0.0, 660.0, 10.0)]), 640, 480)
    assert clipped.tolist() == [[0, 0, 640, 480], [640, 0, 640, 10]]
    assert area(clipped).tolist() == [640 * 480, 0]


def test_coco_counts_width_and_height() -> None:
    assert coco(np.array([(10.0, 20.0, 110.0, 220.0)])).tolist() == [[10, 20, 100, 200]]
