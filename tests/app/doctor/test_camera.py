"""doctor camera: the real command on a recording, and each check with what makes it warn or fail."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from app.cli import main
from app.doctor.camera import (
    depth_fill,
    depth_finding,
    facts_findings,
    frame_findings,
    hand_eye_finding,
    rate_finding,
    stamp_finding,
)
from app.doctor.clocks import SINCE_S, ClockWatch
from app.doctor.passes import now, state_file
from app.options import Config
from hardware.calibration.hand_eye_file import save_hand_eye
from hardware.calibration.options import HandEyeOptions
from hardware.realsense.camera import Counts
from hardware.realsense.errors import StaleFrame
from hardware.realsense.facts import CameraFacts
from hardware.realsense.options import RealSenseOptions
from hardware.types import RGBDFrame
from tests.bar import table_picture
from tests.fakes import FakeClock
from tests.hardware.calibration.test_hand_eye_file import CAMERA, HAND_EYE, NOW
from tests.hardware.realsense.software import SERIAL, SoftwareCamera, plane, record

FACTS = CameraFacts("D435I", "012345", "5.16.0.1", "3.2", CAMERA, CAMERA, 0.05, 0.0001)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recording") / "plane.db3"
    record(path, 20, lambda number: plane(0.5))
    return path


def words(recording: Path, *more: str) -> list[str]:
    quick = ["--realsense.warm-up-frames", "2", "--seconds", "0.6", "--json"]
    return ["doctor", "camera", "--realsense.recording", str(recording), *quick, *more]


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, tuple[str, str]]:
    findings = json.loads(capsys.readouterr().out)["findings"]
    return {finding["subject"]: (finding["state"], finding["detail"]) for finding in findings}


def test_a_recording_is_examined_in_the_cameras_place(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "hand-eye.yaml"
    facts = SoftwareCamera().facts()
    save_hand_eye(file, replace(HAND_EYE, camera_serial=SERIAL, intrinsics=facts.colour, date=now()))
    assert main(words(recording, "--hand-eye.file", str(file))) == 0
    found = told(capsys)
    assert found["camera"][0] == "WARN"
    assert "takes its place" in found["camera"][1]
    assert found["USB"] == ("OK", "3.2")
    assert found["depth"][0] == "OK"
    assert found["frames"][0] in ("OK", "WARN")
    assert "not the time they were taken" in found["time stamps"][1]
    assert found["hand-eye"][0] == "OK"
    assert not state_file().exists(), "a recording is no pass of a real camera"


def test_without_a_calibration_it_fails_and_nothing_is_kept(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(recording)) == 1
    state, detail = told(capsys)["hand-eye"]
    assert state == "FAIL"
    assert detail.startswith("hand_eye.file names no calibration; run `handover calibrate hand-eye`")
    assert not state_file().exists()


def test_no_recording_is_one_line_that_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words(tmp_path / "none.db3")) == 1
    state, detail = told(capsys)["broken off"]
    assert (state, "there is no such recording" in detail) == ("FAIL", True)


@pytest.mark.parametrize(
    ("facts", "subject", "state"),
    [
        (FACTS, "USB", "OK"),
        (replace(FACTS, usb="2.1"), "USB", "WARN"),
        (replace(FACTS, usb=""), "USB", "WARN"),
        (replace(FACTS, firmware=""), "firmware", "WARN"),
        (FACTS, "firmware", "OK"),
    ],
)
def test_who_the_camera_is(facts: CameraFacts, subject: str, state: str) -> None:
    states = {finding.subject: finding.state for finding in facts_findings(facts, None)}
    assert states[subject] == state
    assert states["camera"] == "OK"


@pytest.mark.parametrize(
    ("after", "state", "words"),
    [
        (Counts(taken=300), "OK", "30.0 of 30 a second"),
        (Counts(taken=250, dropped=40, repeated=10), "WARN", "10 repeated, 40 dropped"),
        (Counts(taken=100), "FAIL", "another USB 3 port"),
        (Counts(taken=300, reconnects=1), "WARN", "1 reconnects"),
    ],
)
def test_frames_are_counted(after: Counts, state: str, words: str) -> None:
    finding = rate_finding(Counts(), after, 10.0, 30)
    assert (finding.state, words in finding.detail) == (state, True), finding.detail


def test_a_recording_that_pauses_does_not_fail() -> None:
    assert rate_finding(Counts(), Counts(taken=100), 10.0, 30, live=False).state == "WARN"


def test_only_what_came_while_it_was_examined_counts() -> None:
    before = Counts(taken=1000, dropped=500, reconnects=2)
    finding = rate_finding(before, replace(before, taken=1300), 10.0, 30)
    assert (finding.state, finding.detail) == ("OK", "30.0 of 30 a second")


@pytest.mark.parametrize(("fill", "state"), [(0.9, "OK"), (0.4, "WARN"), (0.02, "FAIL")])
def test_depth(fill: float, state: str) -> None:
    assert depth_finding(fill).state == state


def test_depth_is_judged_in_the_middle_of_the_picture() -> None:
    depth_m = np.zeros((40, 80))
    depth_m[10:30, 20:60] = 0.5
    assert depth_fill(depth_m) == 1.0
    depth_m[10:20] = 0.0
    assert depth_fill(depth_m) == 0.5


@pytest.mark.parametrize(
    ("oldest_s", "counts", "state"),
    [(0.05, Counts(), "OK"), (0.4, Counts(), "WARN"), (0.05, Counts(unstamped=3), "WARN")],
)
def test_time_stamps(oldest_s: float, counts: Counts, state: str) -> None:
    assert stamp_finding(oldest_s, counts).state == state


def test_a_calibration_that_does_not_fit_says_why(tmp_path: Path) -> None:
    file = tmp_path / "hand-eye.yaml"
    save_hand_eye(file, HAND_EYE)
    config = Config(hand_eye=HandEyeOptions(file=str(file)))
    good = hand_eye_finding(config, FACTS, NOW)
    assert (good.state, good.detail) == ("OK", "3 days old, 1.2 mm and 0.11 deg held out, of this camera")
    for facts, at, words in (
        (FACTS, NOW + timedelta(days=400), "days old"),
        (replace(FACTS, serial="9"), NOW, "connected is 9"),
        (replace(FACTS, colour=replace(CAMERA, width=640)), NOW, "the stream is 640 x 480"),
    ):
        finding = hand_eye_finding(config, facts, at)
        assert (finding.state, words in finding.detail) == ("FAIL", True), finding.detail


@pytest.mark.parametrize(
    ("wall_s", "passes_s", "state"),
    [(2e9, 5.0, "OK"), (2e9, 8.0, "WARN"), (2e9, 2.0, "WARN"), (SINCE_S - 1e6, 5.0, "FAIL")],
)
def test_a_wall_clock_that_is_set_meanwhile_is_told(wall_s: float, passes_s: float, state: str) -> None:
    clock, times = FakeClock(), iter((wall_s, wall_s + passes_s))
    watch = ClockWatch(clock, lambda: next(times))
    clock.sleep(5.0)
    assert watch.finding("camera").state == state


class Wavering:
    """A camera whose pictures come only while `silent` says not of the time."""

    counts = Counts()

    def __init__(self, clock: FakeClock, silent: Callable[[float], bool]) -> None:
        self._clock, self._silent = clock, silent

    def latest(self, max_age_s: float) -> RGBDFrame:
        if self._silent(self._clock.now()):
            raise StaleFrame(9.0, max_age_s, "its cable is out")
        return table_picture()


@pytest.mark.parametrize(
    ("silent", "words"),
    [
        (lambda now_s: 1.0 < now_s < 3.0, ""),  # its cable was pulled and put back
        (lambda now_s: now_s > 3.0, "its cable is out"),
        (lambda now_s: True, "its cable is out"),
    ],
)
def test_a_camera_may_come_back_before_the_time_is_over(silent: Callable[[float], bool], words: str) -> None:
    clock = FakeClock()
    findings = frame_findings(Wavering(clock, silent), clock, RealSenseOptions(), 5.0)  # type: ignore[arg-type]
    found = list(findings)
    gone = [finding.detail for finding in found if "cable" in finding.detail]
    assert bool(gone) == bool(words)
    assert ("depth" in {finding.subject for finding in found}) == (not words)
