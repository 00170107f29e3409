"""What is made of the object in a recording before planning, and what is too little to plan on."""

from dataclasses import replace

import numpy as np
import pytest

from app.plan.object_view import check_fills, prepare, why_none
from hardware.geometry import pose, rotation_about
from perception.types import Detection
from planning.errors import NoGrasp
from tests.perception.scenes import FROM_ABOVE, TABLE_Z, Block, object_mask, table_frame
from tests.perception.test_markers import picture


def found(mask: np.ndarray, box: tuple[float, float, float, float] = (0.0, 0.0, 320.0, 240.0)) -> Detection:
    return Detection("thing", 1.0, box, mask, "test")


def test_a_marker_is_lifted_with_the_object_but_no_part_to_hold() -> None:
    frame = table_frame([Block((0.45, 0.0), (0.2, 0.12, 0.03))])
    rgb, marker, thing = picture()
    colours, mask, stuck = frame.rgb.copy(), object_mask(frame).copy(), np.zeros((240, 320), dtype=bool)
    colours[40:200, 80:240], stuck[40:200, 80:240] = rgb, marker
    mask[40:200, 80:240] |= thing
    view = prepare(replace(frame, rgb=colours), found(mask), TABLE_Z)
    assert view.detection.mask is not None
    assert view.whole.mask is not None
    assert np.count_nonzero(view.detection.mask & stuck) < 0.1 * np.count_nonzero(stuck)
    assert np.count_nonzero(view.whole.mask & stuck) > 0.9 * np.count_nonzero(stuck)
    assert any("marker" in note for note in view.notes)


def test_what_spans_little_of_its_box_is_declined() -> None:
    mask = np.zeros((240, 320), dtype=bool)
    mask[50:100, 50:150] = True
    check_fills(found(mask, (45.0, 45.0, 155.0, 105.0)))
    with pytest.raises(NoGrasp, match="spans 25 % of the box"):
        check_fills(found(mask, (0.0, 0.0, 200.0, 100.0)))


@pytest.mark.parametrize(
    ("height", "low", "declined"), [(0.008, True, True), (0.008, False, False), (0.04, True, False)]
)
def test_a_flat_thing_seen_from_low_is_declined(height: float, low: bool, declined: bool) -> None:
    blocks = [Block((0.45, 0.0), (0.12, 0.05, height))]
    camera = FROM_ABOVE
    if low:
        tilt = pose(rotation_about((0.0, 1.0, 0.0), -np.radians(65.0)))
        camera = tilt @ FROM_ABOVE
        camera[:3, 3] = np.array([0.45, 0.0, TABLE_Z]) - 0.5 * camera[:3, 2]
    frame = table_frame(blocks, base_from_camera=camera)
    mask = object_mask(frame)
    assert mask.sum() > 200
    if declined:
        with pytest.raises(NoGrasp, match="too low to tell its width"):
            prepare(frame, found(mask), TABLE_Z)
    else:
        prepare(frame, found(mask), TABLE_Z)


def test_the_reason_names_the_narrowest_width_only_where_that_is_why() -> None:
    rng = np.random.default_rng(0)
    wide = rng.uniform(-0.5, 0.5, (2000, 3)) * (0.20, 0.12, 0.05)
    slim = wide * (1.0, 0.2, 1.0)
    assert "mm wide at its narrowest" in why_none(wide, 0.077)
    assert "straight edges" in why_none(slim, 0.077)
