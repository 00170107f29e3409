"""Pictures are turned the way people stand, and points and boxes find back."""

import numpy as np
import pytest

from hardware.geometry import pose, rotation_about, transform
from perception.models.upright import boxes_back, points_back, quarter_turns, turned
from tests.perception.models.pictures import spot
from tests.perception.people import CAMERA, person, project


def rolled(turns: int) -> np.ndarray:
    """The level camera, turned about its view so that its picture needs so many quarter turns to the left."""
    return CAMERA @ pose(rotation_about((0, 0, 1), -turns * np.pi / 2))


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_a_person_stands_upright_after_the_turns_the_camera_asks_for(turns: int) -> None:
    camera = rolled(turns) @ pose(rotation_about((0, 0, 1), np.radians(20)))
    assert quarter_turns(camera) == turns
    joints = person()[[0, 5]]  # nose and left shoulder
    (nose_u, nose_v, _), (shoulder_u, shoulder_v, _) = project(joints, camera)
    rgb = spot(nose_u, nose_v, 320, 240) // 2 + spot(shoulder_u, shoulder_v, 320, 240, sigma=3.0)
    upright = turned(rgb, turns)
    nose, shoulder = (
        points_back(np.array([(u, v)]), (-turns) % 4, upright.shape[1], upright.shape[0])[0]
        for u, v in ((nose_u, nose_v), (shoulder_u, shoulder_v))
    )
    assert nose[1] < shoulder[1]
    assert np.mean(upright[round(nose[1]), round(nose[0])]) > 100


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_points_and_boxes_find_back_to_the_pixel(turns: int) -> None:
    rgb = np.zeros((24, 32, 3), dtype=np.uint8)
    rgb[5:9, 20:31] = 255  # the box (20, 5, 31, 9)
    upright = turned(rgb, turns)
    rows, columns = np.nonzero(upright[..., 0])
    box = np.array([[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]], dtype=float)
    assert boxes_back(box, turns, 32, 24).tolist() == [[20, 5, 31, 9]]
    corners = np.stack([columns, rows, np.full(len(rows), 0.5)], axis=1).astype(float)
    back = points_back(corners, turns, 32, 24)
    assert {(u, v) for u, v, _ in back.astype(int)} == {(u, v) for u in range(20, 31) for v in range(5, 9)}
    assert np.all(back[:, 2] == 0.5)


def test_a_camera_that_looks_down_has_no_up() -> None:
    down = pose([[1, 0, 0], [0, -1, 0], [0, 0, -1]])
    assert transform(down, (0, 0, 1)).tolist() == [0, 0, -1]
    for angle in np.radians((0, 90, 180)):
        assert quarter_turns(down @ pose(rotation_about((0, 0, 1), angle))) == 0
