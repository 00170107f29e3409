"""The real robot as it is built: refused without a calibration, its camera carried by its arm."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from app.errors import UsageError
from app.factory import build
from app.options import BackEnds, Config
from app.order import Devices, Order
from app.robot_factory import ROBOTS
from hardware.announcer import AnnounceOptions, NoSpeechProgram, SpokenAnnouncer
from hardware.calibration.hand_eye_file import HandEye, save_hand_eye
from hardware.calibration.options import HandEyeOptions
from hardware.driver.client import DriverProcess
from hardware.driver.remote import RemoteArm
from hardware.errors import BadFile
from hardware.gen3.kinematics import FK_MODEL, flange_pose
from hardware.geometry import pose, rotation_from_rpy
from hardware.kinova.options import KinovaOptions
from hardware.realsense.camera import RealSenseCamera
from hardware.realsense.options import RealSenseOptions
from hardware.types import CameraIntrinsics
from perception.types import HandoverRequest
from tests.hardware.realsense.software import (
    COLOUR_CENTRE,
    COLOUR_F,
    HEIGHT,
    SERIAL,
    WIDTH,
    pattern,
    plane,
    record,
)

LENS = CameraIntrinsics(WIDTH, HEIGHT, COLOUR_F, COLOUR_F, *COLOUR_CENTRE)
HAND_EYE = HandEye(
    flange_from_camera=pose(rotation_from_rpy(0.02, -0.01, 3.14), (0.01, 0.06, 0.03)),
    camera_serial=SERIAL,
    intrinsics=LENS,
    date=datetime.now(UTC) - timedelta(days=1),
    error_m=0.001,
    error_deg=0.1,
    method="PARK",
    board="ChArUco",
    fk_model=FK_MODEL,
)


def real(**parts: object) -> Config:
    base = Config()
    robot = replace(base.back_ends, robot="kinova")
    return replace(base, back_ends=robot, **parts)  # type: ignore[arg-type]


def calibrated(folder: Path, hand_eye: HandEye = HAND_EYE) -> HandEyeOptions:
    save_hand_eye(folder / "hand_eye.yaml", hand_eye)
    return HandEyeOptions(file=str(folder / "hand_eye.yaml"))


def built(config: Config) -> Devices:
    return ROBOTS["kinova"](Order(config, HandoverRequest("hammer"), np.random.default_rng(1)))


def test_without_a_calibration_there_is_no_real_robot() -> None:
    with pytest.raises(UsageError, match=r"handover calibrate hand-eye.*hand_eye.file"):
        built(real())


@pytest.mark.parametrize(
    ("hand_eye", "words"),
    [
        (replace(HAND_EYE, date=datetime.now(UTC) - timedelta(days=400)), "400 days old"),
        (replace(HAND_EYE, error_m=0.006), r"error is 6\.0 mm"),
    ],
)
def test_a_calibration_that_is_not_good_is_refused(tmp_path: Path, hand_eye: HandEye, words: str) -> None:
    with pytest.raises(BadFile, match=words):
        built(real(hand_eye=calibrated(tmp_path, hand_eye)))


def test_a_real_arm_never_moves_by_a_recording(tmp_path: Path) -> None:
    config = real(hand_eye=calibrated(tmp_path), realsense=RealSenseOptions(recording="room.db3"))
    with pytest.raises(UsageError, match="never with a real arm"):
        built(config)


@pytest.mark.parametrize("step", ["detector", "segmenter", "vlm", "human"])
def test_a_real_arm_never_goes_by_the_simulators_truth(step: str) -> None:
    seeing = BackEnds(robot="kinova", detector="owlvit", segmenter="sam", vlm="none", human="vitpose")
    config = replace(Config(), back_ends=replace(seeing, **{step: "simulated"}))  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=rf"simulated perception \({step}\)"):
        build(config, HandoverRequest("mug"), 0)


def test_a_missing_speech_program_is_found_before_anything_starts(tmp_path: Path) -> None:
    config = real(hand_eye=calibrated(tmp_path), announce=AnnounceOptions(command=("no-such-voice",)))
    with pytest.raises(NoSpeechProgram):
        built(config)


def test_the_real_robot_is_its_driver_process_and_then_its_camera(tmp_path: Path) -> None:
    devices = built(real(hand_eye=calibrated(tmp_path)))
    driver, camera = devices.robot.connections
    assert isinstance(driver, DriverProcess)
    assert isinstance(camera, RealSenseCamera)
    assert devices.robot.camera is devices.tracking_camera is camera
    assert isinstance(devices.robot.arm, RemoteArm)
    assert isinstance(devices.robot.announcer, SpokenAnnouncer)
    assert devices.live
    np.testing.assert_allclose(devices.flange_from_camera, HAND_EYE.flange_from_camera)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rehearsal") / "room.db3"
    record(path, 20, lambda number: plane(0.5))
    return path


def rehearsal(recording: Path, hand_eye: HandEyeOptions) -> Config:
    return real(
        kinova=KinovaOptions(address="loopback", client="stand_in"),
        realsense=RealSenseOptions(recording=str(recording), warm_up_frames=2),
        hand_eye=hand_eye,
    )


def test_a_recording_is_seen_from_the_rehearsing_arm(recording: Path, tmp_path: Path) -> None:
    devices = built(rehearsal(recording, calibrated(tmp_path)))
    with devices.robot as robot:
        joints = robot.arm.state().joints
        frame = robot.camera.latest(5.0)
    expected = flange_pose(joints) @ HAND_EYE.flange_from_camera
    np.testing.assert_allclose(frame.base_from_camera, expected, atol=1e-3)
    assert np.median(frame.depth_m[frame.depth_m > 0.0]) == pytest.approx(0.5, abs=1e-3)
    assert any(np.array_equal(frame.rgb, pattern(number)) for number in range(1, 21))


def test_another_cameras_calibration_ends_the_connection(recording: Path, tmp_path: Path) -> None:
    other = calibrated(tmp_path, replace(HAND_EYE, camera_serial="17"))
    devices = built(rehearsal(recording, other))
    with pytest.raises(BadFile, match=f"made with the camera 17, connected is {SERIAL}"), devices.robot:
        pass


def test_the_driver_writes_its_journal_where_the_order_says(tmp_path: Path) -> None:
    config = real(kinova=KinovaOptions(address="loopback", client="stand_in"))
    order = Order(
        config, HandoverRequest("hammer"), np.random.default_rng(1), journal=tmp_path / "driver.jsonl"
    )
    with ROBOTS["kinova"](order).robot:
        pass
    assert '"event": "ready"' in (tmp_path / "driver.jsonl").read_text(encoding="utf-8")
