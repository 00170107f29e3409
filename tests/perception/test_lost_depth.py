"""Slender parts whose depth is the table's get the height of what is measured beside them."""

from dataclasses import replace

import numpy as np
import pytest

from hardware.types import RGBDFrame
from perception.lost_depth import HIGHEST_M, restored
from perception.pointcloud import frame_points
from tests.perception.scenes import TABLE_Z, Block, object_mask, part_mask, table_frame


def lost(width: float = 0.004, height: float = 0.02) -> tuple[RGBDFrame, np.ndarray, np.ndarray]:
    """A driver seen from above whose shaft shows the table's depth: frame, its mask, the shaft's pixels."""
    blocks = (
        Block((0.40, 0.0), (0.10, 0.03, height), part="handle"),
        Block((0.52, 0.0), (0.14, width, height), part="shaft"),
    )
    frame, empty = table_frame(blocks), table_frame()
    shaft = part_mask(frame, "shaft")
    return replace(frame, depth_m=np.where(shaft, empty.depth_m, frame.depth_m)), object_mask(frame), shaft


def test_a_lost_shaft_is_as_high_as_the_handle_beside_it() -> None:
    frame, mask, shaft = lost()
    mended, found = restored(frame, mask, TABLE_Z)
    height = frame_points(mended)[..., 2] - TABLE_Z
    assert np.median(height[shaft]) == pytest.approx(0.02, abs=0.002)
    assert np.count_nonzero(found & shaft) > 0.9 * np.count_nonzero(shaft)
    np.testing.assert_array_equal(mended.depth_m[~found], frame.depth_m[~found])


def test_no_shaft_is_taken_to_lie_higher_than_fingers_reach() -> None:
    frame, mask, shaft = lost(height=0.06)
    height = frame_points(restored(frame, mask, TABLE_Z)[0])[..., 2] - TABLE_Z
    assert np.max(height[shaft]) < HIGHEST_M + 0.001


def test_a_missing_reading_is_lost_too() -> None:
    frame, mask, shaft = lost()
    blind = replace(frame, depth_m=np.where(shaft, 0.0, frame.depth_m).astype(np.float32))
    assert np.mean(restored(blind, mask, TABLE_Z)[0].depth_m[shaft] > 0.3) > 0.9


def test_a_wide_blade_on_the_table_is_believed_to_be_flat() -> None:
    frame, mask, _ = lost(width=0.06)
    mended, found = restored(frame, mask, TABLE_Z)
    assert not found.any()
    assert mended is frame


def test_a_thing_that_is_nowhere_measured_stays_lost() -> None:
    frame, mask, _ = lost()
    blind = replace(frame, depth_m=np.where(mask, 0.0, frame.depth_m).astype(np.float32))
    assert not restored(blind, mask, TABLE_Z)[1].any()
