"""The hand-eye file: what is saved comes back, and what does not fit is refused with a reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from hardware.calibration.hand_eye_file import (
    HandEye,
    check_camera,
    check_model,
    check_quality,
    check_writable,
    load_hand_eye,
    save_hand_eye,
)
from hardware.calibration.options import HandEyeOptions
from hardware.errors import BadFile
from hardware.gen3.kinematics import FK_MODEL
from hardware.geometry import pose, rotation_from_rpy
from hardware.types import CameraIntrinsics

NOW = datetime(2030, 5, 17, 12, 0, tzinfo=UTC)
CAMERA = CameraIntrinsics(848, 480, 605.8, 605.9, 423.5, 239.5)
HAND_EYE = HandEye(
    flange_from_camera=pose(rotation_from_rpy(0.1, -0.2, 3.1), (0.01, 0.06, 0.03)),
    camera_serial="012345",
    intrinsics=CAMERA,
    date=NOW - timedelta(days=3),
    error_m=0.0012,
    error_deg=0.11,
    method="PARK",
    board="ChArUco 5 x 7, 40 mm",
    fk_model=FK_MODEL,
    details={"poses": 18, "spread_mm": 0.4},
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    where = tmp_path / "calibration" / "hand_eye.yaml"
    save_hand_eye(where, HAND_EYE)
    return where


def test_what_is_saved_comes_back(path: Path) -> None:
    loaded = load_hand_eye(path)
    np.testing.assert_allclose(loaded.flange_from_camera, HAND_EYE.flange_from_camera, atol=1e-15)
    assert loaded.error_m == pytest.approx(HAND_EYE.error_m)
    same: dict[str, Any] = {"flange_from_camera": HAND_EYE.flange_from_camera, "error_m": HAND_EYE.error_m}
    assert vars(replace(loaded, **same)) | same == vars(HAND_EYE) | same
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_serial_of_digits_stays_text(path: Path) -> None:
    assert load_hand_eye(path).camera_serial == "012345"


def scaled(values: dict[str, Any]) -> None:
    values["flange_from_camera"][0][0] *= 1.01


def in_millimetres(values: dict[str, Any]) -> None:
    values["flange_from_camera"][1][3] = 60.0


def mirrored(values: dict[str, Any]) -> None:
    for row in values["flange_from_camera"][:3]:
        row[0] *= -1.0


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda values: values.pop("format"), "does not say"),
        (lambda values: values.pop("camera_serial"), "camera_serial is missing"),
        (lambda values: values["stream"].pop("width"), "width is missing"),
        (lambda values: values.update(error_mm="small"), "small"),
        (lambda values: values.update(error_mm=-1.0), "0 or more"),
        (lambda values: values.update(date="2030-05-17T12:00:00"), "time zone"),
        (lambda values: values.update(date=20300517), "not what it should be"),
        (lambda values: values.update(stream=[848, 480]), "not what it should be"),
        (lambda values: values.update(flange_from_camera=[[1.0, 0.0], [0.0, 1.0]]), "shape"),
        (scaled, "rigid"),
        (mirrored, "rigid"),
        (in_millimetres, "0.5 m from the flange"),
    ],
)
def test_a_spoilt_file_is_refused(path: Path, spoil: Callable[[dict[str, Any]], Any], words: str) -> None:
    values = yaml.safe_load(path.read_text(encoding="utf-8"))
    spoil(values)
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    with pytest.raises(BadFile, match=words):
        load_hand_eye(path)


@pytest.mark.parametrize("text", ["", "- a list", "a: [", "\x00"])
def test_what_is_no_calibration_is_refused(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadFile, match="calibrate hand-eye"):
        load_hand_eye(path)


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"no such file.*handover calibrate hand-eye"):
        load_hand_eye(tmp_path / "nothing.yaml")


def test_an_old_calibration_is_refused(path: Path) -> None:
    check_quality(path, HAND_EYE, HandEyeOptions(max_age_days=4.0), NOW)
    with pytest.raises(BadFile, match="3 days old, 2 are allowed"):
        check_quality(path, HAND_EYE, HandEyeOptions(max_age_days=2.0), NOW)


def test_a_calibration_from_the_future_is_refused(path: Path) -> None:
    with pytest.raises(BadFile, match="2 days from now"):
        check_quality(path, HAND_EYE, HandEyeOptions(), NOW - timedelta(days=5))


def test_other_kinematics_are_refused(path: Path) -> None:
    check_model(path, HAND_EYE)
    other = replace(HAND_EYE, fk_model="Kinova's own tool pose")
    for check in (
        lambda: check_model(path, other),
        lambda: check_quality(path, other, HandEyeOptions(), NOW),
    ):
        with pytest.raises(BadFile, match=r"Kinova's own tool pose, this program moves by hardware\.gen3"):
            check()


def test_a_place_that_can_be_written_is_left_as_it_was(tmp_path: Path) -> None:
    check_writable(tmp_path / "new" / "deep" / "hand_eye.yaml")
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for path in (tmp_path / "file" / "hand_eye.yaml", tmp_path / "new" / ("x" * 300) / "hand_eye.yaml"):
        with pytest.raises(BadFile, match=r"cannot be written.*name another folder"):
            check_writable(path)
    assert [left.name for left in tmp_path.iterdir()] == ["file"]


def test_a_bad_calibration_is_refused(path: Path) -> None:
    check_quality(path, replace(HAND_EYE, error_m=0.005), HandEyeOptions(), NOW)
    with pytest.raises(BadFile, match=r"5\.1 mm, 5\.0 mm are allowed"):
        check_quality(path, replace(HAND_EYE, error_m=0.0051), HandEyeOptions(), NOW)


@pytest.mark.parametrize(
    ("serial", "camera", "words"),
    [
        ("543210", CAMERA, "camera 012345, connected is 543210"),
        ("012345", replace(CAMERA, width=1280, height=720), "made at 848 x 480, the stream is 1280 x 720"),
        ("012345", replace(CAMERA, cx=424.2), "changed by 0.7 pixels"),
    ],
)
def test_another_camera_or_stream_is_refused(
    path: Path, serial: str, camera: CameraIntrinsics, words: str
) -> None:
    check_camera(path, HAND_EYE, "012345", replace(CAMERA, cx=423.6))
    with pytest.raises(BadFile, match=words):
        check_camera(path, HAND_EYE, serial, camera)
