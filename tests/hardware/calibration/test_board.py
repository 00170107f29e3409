"""The board, its detector and the poses to look at it from, on pictures made here."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from hardware.calibration.board import Board
from hardware.calibration.detector import MAX_ERROR_PX, BoardDetector, Corners, median_corners
from hardware.calibration.errors import BadBoard, Unclear
from hardware.calibration.poses import (
    DISTANCE_M,
    TILT_DEG,
    dome,
    in_picture,
    looking,
    most_different,
    shortest_round,
)
from hardware.calibration.solve import apart
from hardware.calibration.views import project
from hardware.geometry import angle_between, inverse, pose, rotation_about, transform
from hardware.types import CameraIntrinsics, FloatArray
from tests.hardware.calibration.synthetic import BASE_FROM_BOARD, BOARD, LENS

SMALL = CameraIntrinsics(424, 240, 302.9, 302.9, 211.5, 119.5)
PLACE = pose(rotation_about((1.0, 0.4, 0.0), 0.5), (-0.10, -0.11, 0.42))


def picture(camera_from_board: FloatArray, lens: CameraIntrinsics = LENS) -> NDArray[np.uint8]:
    """The board seen from there, warped from its pattern by the plane's homography."""
    cells = 8
    black = np.kron(BOARD.black(), np.ones((cells, cells), dtype=bool))
    pattern = np.where(black, 30, 230).astype(np.uint8)
    size_m = BOARD.module_m / cells
    matrix = np.array([[lens.fx, 0.0, lens.cx], [0.0, lens.fy, lens.cy], [0.0, 0.0, 1.0]])
    plane = camera_from_board[:3, [0, 1, 3]]
    # Whole numbers are pixel centres, in the pattern too.
    pixel = np.array([[size_m, 0.0, size_m / 2.0], [0.0, size_m, size_m / 2.0], [0.0, 0.0, 1.0]])
    warp = matrix @ plane @ pixel
    size = (lens.width, lens.height)
    grey = cv2.warpPerspective(pattern, warp, size, flags=cv2.INTER_AREA, borderValue=230)
    return np.repeat(grey[:, :, None], 3, axis=2)


@pytest.fixture(scope="module")
def detector() -> BoardDetector:
    return BoardDetector(BOARD, LENS)


# Board ----------------------------------------------------------------------------------------------------


def test_the_pattern_has_a_whole_number_of_modules_and_the_detectors_corners() -> None:
    black = BOARD.black()
    assert black.shape == (7 * 8, 5 * 8)
    assert BOARD.module_m * 8 == pytest.approx(0.035)
    assert BOARD.corners.shape == (24, 3)
    for x, y, _ in BOARD.corners:
        row, column = round(y / BOARD.module_m), round(x / BOARD.module_m)
        around = black[row - 1 : row + 1, column - 1 : column + 1]
        assert around[0, 0] == around[1, 1] != around[0, 1] == around[1, 0]


@pytest.mark.parametrize("dictionary", ["4x4_100", "5x5_50", "6x6_100"])
def test_each_dictionarys_board_is_found_in_its_own_print(dictionary: str) -> None:
    board = Board(5, 7, 0.030, dictionary)
    black = np.kron(board.black(), np.ones((6, 6), dtype=bool))
    print_ = np.pad(np.where(black, 20, 240).astype(np.uint8), 40, constant_values=240)
    found = BoardDetector(board, LENS).corners(np.repeat(print_[:, :, None], 3, axis=2))
    assert len(found.numbers) == 24


@pytest.mark.parametrize(
    ("board", "said"),
    [
        ((2, 7, 0.035, "4x4_50"), "2 x 7 squares"),
        ((5, 7, 35.0, "4x4_50"), "squares are 35000 mm"),
        ((5, 7, 0.0, "4x4_50"), "squares are 0 mm"),
        ((12, 10, 0.02, "4x4_50"), "needs 60 markers, the dictionary 4x4_50 has 50"),
    ],
)
def test_a_board_that_cannot_be_says_why(board: tuple[int, int, float, str], said: str) -> None:
    with pytest.raises(BadBoard, match=said):
        Board(*board)


# Detector -------------------------------------------------------------------------------------------------


def test_the_board_is_found_where_it_is(detector: BoardDetector) -> None:
    seen = detector.sighting([picture(PLACE)])
    metres, degrees = apart(PLACE, seen.camera_from_board)
    assert metres < 0.001
    assert degrees < 0.3
    assert len(seen.points) == 24
    assert seen.error_px < 0.3


def test_no_board_is_no_sighting(detector: BoardDetector) -> None:
    with pytest.raises(Unclear, match="0 corners are seen"):
        detector.sighting([np.full((480, 848, 3), 200, dtype=np.uint8)])


def test_another_dictionarys_board_is_no_sighting() -> None:
    with pytest.raises(Unclear, match="corners are seen"):
        BoardDetector(Board(5, 7, 0.035, "6x6_50"), LENS).sighting([picture(PLACE)])


def test_wrong_intrinsics_are_noticed() -> None:
    wide = CameraIntrinsics(848, 480, 605.8, 560.0, 423.5, 239.5)
    with pytest.raises(Unclear, match="px"):
        BoardDetector(BOARD, wide).sighting([picture(PLACE)])


def test_a_corner_that_was_pulled_away_is_left_out(
    detector: BoardDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = project(transform(PLACE, BOARD.corners), LENS)
    spoiled = exact.copy()
    spoiled[7] += (3.0, -2.0)
    monkeypatch.setattr(detector, "corners", lambda rgb: Corners(np.arange(24), spoiled))
    seen = detector.sighting([picture(PLACE)])
    assert len(seen.points) == 23
    assert apart(PLACE, seen.camera_from_board)[0] < 1e-4
    spoiled[::3] += (3.0, -2.0)  # too many: then the picture does not count
    with pytest.raises(Unclear, match=f"{MAX_ERROR_PX:g} are allowed"):
        detector.sighting([picture(PLACE)])


def test_the_median_of_several_pictures_counts() -> None:
    right, wrong = np.array([[10.0, 20.0], [30.0, 40.0]]), np.array([[90.0, 20.0], [30.0, 40.0]])
    found = median_corners(
        [
            Corners(np.array([3, 5]), right),
            Corners(np.array([3, 5]), wrong),
            Corners(np.array([3, 5]), right + 0.2),
            Corners(np.array([9]), right[:1]),
        ]
    )
    np.testing.assert_array_equal(found.numbers, [3, 5])  # 9 was seen in one of four
    np.testing.assert_allclose(found.pixels, [[10.2, 20.0], [30.0, 40.0]], atol=1e-9)


# Poses ----------------------------------------------------------------------------------------------------


def test_the_poses_look_at_the_board_from_all_round() -> None:
    rng, outward = np.random.default_rng(0), np.array([1.0, 0.0, 0.0])
    poses = dome(BASE_FROM_BOARD, BOARD.corners, LENS, rng, 40, outward)
    assert len(poses) > 30
    middle, normal = transform(BASE_FROM_BOARD, BOARD.middle), -BASE_FROM_BOARD[:3, 2]
    bearings = []
    for base_from_camera in poses:
        way = base_from_camera[:3, 3] - middle
        assert in_picture(inverse(base_from_camera) @ BASE_FROM_BOARD, BOARD.corners, LENS).mean() >= 0.75
        assert DISTANCE_M[0] - 0.05 < np.linalg.norm(way) < DISTANCE_M[1] + 0.07
        tilt = np.degrees(angle_between(-base_from_camera[:3, 2], normal))
        assert TILT_DEG[0] - 0.1 < tilt < TILT_DEG[1] + 0.1
        bearings.append(np.arctan2(way[1], way[0]))
    assert np.max(np.diff(np.sort(bearings))) < np.radians(40.0)


def test_the_most_different_poses_are_taken() -> None:
    angles = [0.0, 0.02, 0.04, 1.0, 1.02, 0.5]
    poses = [pose(rotation_about((0.0, 0.0, 1.0), angle)) for angle in angles]
    assert {angles[i] for i in most_different(poses, 3)} == {0.0, 1.02, 0.5}
    assert len(most_different(poses, 20)) == 6


def test_a_camera_looks_where_it_is_told() -> None:
    camera = looking(np.array([0.4, 0.0, 0.5]), np.array([0.4, 0.1, 0.0]), np.array([1.0, 0.0, 0.0]))
    seen = transform(inverse(camera), [[0.4, 0.1, 0.0], [0.5, 0.1, 0.0]])
    np.testing.assert_allclose(seen[0, :2], 0.0, atol=1e-9)
    assert seen[1, 1] < 0.0  # what lies farther out along `up` is higher in the picture
    assert np.linalg.det(camera[:3, :3]) == pytest.approx(1.0)


def test_the_round_goes_on_to_the_nearest() -> None:
    stops = [np.full(7, value) for value in (3.0, 1.0, 2.0)]
    assert shortest_round(np.zeros(7), stops) == [1, 2, 0]
