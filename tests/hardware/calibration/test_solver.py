"""The hand-eye solver on views with a known answer: exact, noisy, spoiled and not enough."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from hardware.calibration.errors import NoAgreement, ParallelMotions, TooFewViews
from hardware.calibration.hand_eye import HELD_OUT, MIN_FITTED, REFINED, Calibration, calibrate
from hardware.calibration.refine import mean_pose, refine
from hardware.calibration.solve import METHODS, apart, closed_form
from hardware.calibration.views import View
from hardware.geometry import inverse, pose, rotation_about, rotation_from_rpy
from tests.hardware.calibration.synthetic import (
    BASE_FROM_BOARD,
    BOARD,
    LENS,
    MOUNT,
    cameras,
    knocked,
    views,
)


def solved(seen: list[View], seed: int = 0) -> Calibration:
    return calibrate(seen, LENS, BOARD.middle, np.random.default_rng(seed))


@pytest.fixture(scope="module")
def noisy() -> list[View]:
    """20 views by an arm that is 1 mm and 0.1 degrees off."""
    rng = np.random.default_rng(5)
    return views(cameras(20, rng), rng)


@pytest.fixture(scope="module")
def result(noisy: list[View]) -> Calibration:
    return solved(noisy)


def test_every_method_finds_the_exact_mount() -> None:
    rng = np.random.default_rng(1)
    for method, found in closed_form(views(cameras(12, rng), rng, 0.0, 0.0, 0.0)).items():
        assert found is not None, method
        metres, degrees = apart(MOUNT, found)
        assert metres < 1e-4, method
        assert degrees < 0.01, method


def test_a_noisy_arm_leaves_less_than_its_own_error(result: Calibration) -> None:
    metres, degrees = apart(MOUNT, result.flange_from_camera)
    assert metres < 0.0008
    assert degrees < 0.1
    metres, degrees = apart(BASE_FROM_BOARD, result.base_from_board)
    assert metres < 0.002
    assert degrees < 0.2
    assert result.agrees.all()


def test_refining_does_not_lose_to_the_closed_forms() -> None:
    # Pixels that all weigh the same do, three times over: the arm's error is not the detector's.
    refined: list[float] = []
    park: list[float] = []
    for seed in range(4):
        rng = np.random.default_rng(100 + seed)
        methods = solved(views(cameras(20, rng), rng), seed).methods
        for name, errors in ((REFINED, refined), ("PARK", park)):
            answer = methods[name]
            assert answer is not None
            errors.append(apart(MOUNT, answer[0])[0])
    assert np.mean(refined) < 1.15 * np.mean(park)


def test_the_held_out_error_is_the_arms(result: Calibration) -> None:
    # The arm is 1 mm off, and a tenth of a degree at 0.45 m adds 0.8 mm.
    assert 0.0005 < result.held_out.rms_m < 0.0025
    assert 0.03 < result.held_out.rms_deg < 0.3
    assert result.held_out.worst_m >= result.held_out.rms_m


def test_the_held_out_error_shows_a_board_that_was_not_measured(noisy: list[View]) -> None:
    from dataclasses import replace

    def grown(view: View) -> View:
        place = pose(view.seen.camera_from_board[:3, :3], 1.08 * view.seen.camera_from_board[:3, 3])
        points = 1.08 * view.seen.points
        return replace(view, seen=replace(view.seen, camera_from_board=place, points=points))

    assert solved([grown(view) for view in noisy]).held_out.rms_m > 0.005


def test_the_spread_between_methods_is_the_largest_difference(result: Calibration) -> None:
    metres, degrees = result.spread
    trusted_m, trusted_deg = result.trusted_spread
    assert 0.0 < trusted_m <= metres < 0.01
    assert 0.0 < trusted_deg <= degrees < 1.0
    worst = max(
        apart(a[0], b[0])[0] for a in result.methods.values() for b in result.methods.values() if a and b
    )
    assert metres == pytest.approx(worst)


def test_views_that_contradict_the_others_are_dropped(noisy: list[View]) -> None:
    bad = {2, 9, 15}
    seen = [knocked(view, 0.02) if i in bad else view for i, view in enumerate(noisy)]
    result = solved(seen)
    assert set(np.flatnonzero(~result.agrees)) == bad
    assert apart(MOUNT, result.flange_from_camera)[0] < 0.001
    assert result.held_out.rms_m < 0.0025


def test_too_many_contradictions_are_no_calibration(noisy: list[View]) -> None:
    rng = np.random.default_rng(0)
    seen = [knocked(view, float(rng.uniform(0.02, 0.2))) if i % 2 else view for i, view in enumerate(noisy)]
    with pytest.raises(NoAgreement, match="of 20 poses agree"):
        solved(seen)


def test_a_method_that_fails_is_named_and_harms_nothing(
    noisy: list[View], monkeypatch: pytest.MonkeyPatch
) -> None:
    real: Any = cv2.calibrateHandEye
    spoiled = {
        cv2.CALIB_HAND_EYE_ANDREFF: (np.full((3, 3), np.nan), np.full((3, 1), np.nan)),
        cv2.CALIB_HAND_EYE_TSAI: (np.diag([1.0, 1.0, -1.0]), np.zeros((3, 1))),
        cv2.CALIB_HAND_EYE_DANIILIDIS: (np.eye(3), np.array([[9.0], [0.0], [0.0]])),
    }

    def sometimes(*arrays: object, method: int) -> object:
        return spoiled[method] if method in spoiled else real(*arrays, method=method)

    monkeypatch.setattr(cv2, "calibrateHandEye", sometimes)
    result = solved(noisy)
    assert [name for name in METHODS if result.methods[name] is None] == ["TSAI", "ANDREFF", "DANIILIDIS"]
    assert np.isfinite(result.spread).all()
    assert apart(MOUNT, result.flange_from_camera)[0] < 0.0008


def test_too_few_views_say_so(noisy: list[View]) -> None:
    with pytest.raises(TooFewViews, match=rf"from 9 poses, {HELD_OUT + MIN_FITTED} are needed"):
        solved(noisy[:9])
    with pytest.raises(TooFewViews, match="from 2 poses, 3 are needed"):
        closed_form(noisy[:2])


def test_turning_about_one_axis_only_says_so() -> None:
    rng = np.random.default_rng(3)
    first = cameras(1, rng)[0]
    turns = [pose(rotation_about((0.0, 0.0, 1.0), angle)) for angle in np.linspace(-1.0, 1.0, 12)]
    middle = pose(translation=(BASE_FROM_BOARD @ np.append(BOARD.middle, 1.0))[:3])
    around = [middle @ turn @ inverse(middle) @ first for turn in turns]
    with pytest.raises(ParallelMotions, match="about one axis only"):
        solved(views(around, rng))


def test_refining_starts_from_afar_and_arrives(noisy: list[View]) -> None:
    start = MOUNT @ pose(rotation_from_rpy(0.1, -0.1, 0.1), (0.02, -0.02, 0.02))
    board = mean_pose([view.base_from_board(start) for view in noisy], BOARD.middle)
    found, _ = refine(noisy, LENS, start, board)
    assert apart(MOUNT, found)[0] < 0.001


def test_the_inverse_of_a_sighting_is_no_answer(noisy: list[View]) -> None:
    # board_from_camera taken for camera_from_board, the commonest mistake, must not look like an answer.
    from dataclasses import replace

    swapped = [
        replace(view, seen=replace(view.seen, camera_from_board=inverse(view.seen.camera_from_board)))
        for view in noisy
    ]
    with pytest.raises(NoAgreement):
        solved(swapped)


def test_the_same_views_give_the_same_answer(noisy: list[View], result: Calibration) -> None:
    again = solved(noisy)
    np.testing.assert_array_equal(again.flange_from_camera, result.flange_from_camera)
    assert again.held_out == result.held_out
