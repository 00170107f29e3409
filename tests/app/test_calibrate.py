"""`handover calibrate`: the print's scale, a whole calibration in simulation, its check, what it refuses."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from app.calibrate import attempt, hand_eye_command, search
from app.calibrate.board_pdf import black_runs
from app.cli import main
from app.signals import Interrupted
from hardware.calibration.board import Board
from hardware.calibration.errors import BoardNotSeen
from hardware.calibration.hand_eye_file import load_hand_eye, save_hand_eye
from hardware.calibration.views import View
from hardware.geometry import pose
from hardware.sim.board import board_world
from hardware.sim.options import SimOptions
from tests.hardware.calibration.synthetic import BOARD, LENS, cameras, knocked, views

SMALL = ["--sim.camera.width", "424", "--sim.camera.height", "240", "--sim.camera.focal-px", "302.9"]
QUICK = [*SMALL, "--pictures", "2"]
MM = 72.0 / 25.4


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)


# Board ----------------------------------------------------------------------------------------------------


def page(path: Path, module_mm: float) -> tuple[tuple[float, float], np.ndarray]:
    """The page's size and the boxes (N, 4) of its shapes one module high, x0 y0 x1 y1, all in mm."""
    raw = path.read_bytes()
    box = re.search(rb"/MediaBox \[ *0 0 ([\d.]+) ([\d.]+) *\]", raw)
    assert box is not None
    boxes = []
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", raw, re.DOTALL):
        try:
            text = zlib.decompress(stream).decode("latin-1")
        except zlib.error:
            continue
        number = r"(-?[\d.]+)"
        shape = rf"{number} {number} m\n{number} {number} l\n{number} {number} l\n{number} {number} l\nh"
        for found in re.findall(shape, text):
            corners = np.array(found, dtype=float).reshape(4, 2)
            boxes.append([*corners.min(axis=0), *corners.max(axis=0)])
    width, height = (float(value) / MM for value in box.groups())
    shapes = np.array(boxes) / MM
    return (width, height), shapes[np.abs(shapes[:, 3] - shapes[:, 1] - module_mm) < 0.01]


def test_the_print_is_at_true_scale_on_a4(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", "board", "--out", "board.pdf"]) == 0
    assert "MEASURE" in capsys.readouterr().out
    size, boxes = page(Path("board.pdf"), 35.0 / 8.0)
    assert size == pytest.approx((210.0, 297.0), abs=0.1)
    assert len(boxes) == len(list(black_runs(BOARD)))
    assert boxes[:, 2].max() - boxes[:, 0].min() == pytest.approx(5 * 35.0, abs=0.05)
    assert boxes[:, 3].max() - boxes[:, 1].min() == pytest.approx(7 * 35.0, abs=0.05)
    assert boxes[:, 0].min() > 8.0
    assert boxes[:, 3].max() < 297.0 - 8.0


def test_the_print_is_the_detectors_pattern() -> None:
    main(["calibrate", "board", "--out", "board.pdf", "--columns", "4", "--rows", "5", "--square-mm", "40"])
    board = Board(4, 5, 0.040, "4x4_50")
    _, boxes = page(Path("board.pdf"), module := 1000.0 * board.module_m)
    left, top = boxes[:, 0].min(), boxes[:, 3].max()
    drawn = np.zeros_like(board.black())
    for x0, y0, x1, y1 in boxes:
        columns = slice(round((x0 - left) / module), round((x1 - left) / module))
        drawn[round((top - y1) / module) : round((top - y0) / module), columns] = True
    np.testing.assert_array_equal(drawn, board.black())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--square-mm", "50"], "does not fit on A4"),
        (["--square-mm", "0"], "squares are 0 mm"),
        (["--columns", "20", "--rows", "20", "--square-mm", "6"], "needs 200 markers"),
        (["--out", "board.png"], "ends in .pdf"),
        (["--out", "nowhere/board.pdf"], "cannot be written"),
    ],
)
def test_a_board_that_cannot_be_printed_ends_with_2(
    words: Sequence[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["calibrate", "board", *words]) == 2
    assert said in capsys.readouterr().err
    assert not list(Path().iterdir())


# A whole calibration --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a calibration in simulation."""
    path = tmp_path_factory.mktemp("calibrated") / "hand-eye.yaml"
    words = ["hand-eye", *QUICK, "--poses", "14", "--seed", "1", "--out", str(path)]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(path.parent)  # no config.yaml but the defaults
        assert main(["calibrate", *words]) == 0
    return path


def test_the_simulated_camera_is_found(calibrated: Path) -> None:
    camera = replace(SimOptions().camera, width=424, height=240, focal_px=302.9)
    hand_eye = load_hand_eye(calibrated)
    metres, degrees = board_world(BOARD, SimOptions(camera=camera), 1).judge(hand_eye.flange_from_camera)
    assert metres < 0.0025  # half the pixels and half the poses; the whole command is within 1 mm
    assert degrees < 0.3
    assert hand_eye.error_m < 0.003


def test_the_file_says_how_it_was_made(calibrated: Path) -> None:
    hand_eye = load_hand_eye(calibrated)
    assert hand_eye.camera_serial == "simulated, seed 1"
    assert (hand_eye.intrinsics.width, hand_eye.intrinsics.height) == (424, 240)
    assert hand_eye.board == "ChArUco 5 x 7, squares 35 mm, dictionary 4x4_50"
    assert hand_eye.fk_model.startswith("hardware.gen3")
    assert set(hand_eye.details["methods"]) == {
        "TSAI",
        "PARK",
        "HORAUD",
        "ANDREFF",
        "DANIILIDIS",
        "reprojection",
    }
    assert hand_eye.details["simulated"] is True
    assert yaml.safe_load(calibrated.read_text())["format"]


def test_the_check_is_content_with_it(calibrated: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", "check", *QUICK, "--seed", "1", "--file", str(calibrated)]) == 0
    said = capsys.readouterr().out
    turned = re.search(r"turned by (\d+) degrees", said)
    assert turned is not None
    assert int(turned[1]) > 40
    assert "holds" in said


def test_the_check_warns_of_a_camera_that_was_knocked(
    calibrated: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hand_eye = load_hand_eye(calibrated)
    knock = hand_eye.flange_from_camera @ pose(translation=(0.012, -0.008, 0.0))
    save_hand_eye(tmp_path / "old.yaml", replace(hand_eye, flange_from_camera=knock))
    assert main(["calibrate", "check", *QUICK, "--seed", "1", "--file", "old.yaml"]) == 1
    assert "warning: more than 5 mm" in capsys.readouterr().out


def test_the_check_refuses_another_camera(calibrated: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", "check", *QUICK, "--seed", "2", "--file", str(calibrated)]) == 2
    assert "simulated, seed 1, connected is simulated, seed 2" in capsys.readouterr().err


# What is refused ------------------------------------------------------------------------------------------


def with_views(monkeypatch: pytest.MonkeyPatch, seen: list[View]) -> None:
    """Let the command have these views without a robot."""
    monkeypatch.setattr(hand_eye_command, "_views", lambda *given: seen)


@pytest.fixture(scope="module")
def seen() -> list[View]:
    rng = np.random.default_rng(4)
    return views(cameras(14, rng), rng)


def test_a_bad_calibration_is_refused_and_nothing_written(
    seen: list[View], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with_views(monkeypatch, seen)
    assert main(["calibrate", "hand-eye", "--hand-eye.max-error-m", "0.0001"]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "refused: the error on poses held out is" in said
    assert "0.1 are allowed; nothing was written" in said
    assert not list(Path().iterdir())


def test_contradictions_are_refused_and_nothing_written(
    seen: list[View], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with_views(monkeypatch, [knocked(view, 0.05 * i) for i, view in enumerate(seen)])
    assert main(["calibrate", "hand-eye"]) == 1
    assert "poses agree" in capsys.readouterr().out
    assert not list(Path().iterdir())


def test_without_a_name_the_file_is_dated(
    seen: list[View], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with_views(monkeypatch, seen)
    assert main(["calibrate", "hand-eye"]) == 0
    (path,) = Path("calibration").iterdir()
    assert re.fullmatch(r"hand-eye-\d{8}-\d{6}\.yaml", path.name)
    assert str(path) in capsys.readouterr().out
    assert load_hand_eye(path).intrinsics.width == 848 == LENS.width


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["hand-eye", "--poses", "5"], "--poses 5: 12 to 100"),
        (["hand-eye", "--pictures", "0"], "--pictures 0: 1 to 100"),
        (["hand-eye", "--seed", "-1"], "--seed -1"),
        (["hand-eye", "--board-at", "420", "0"], "--board-at 420 0"),
        (["hand-eye", "--square-mm", "0.035"], "squares are 0.035 mm"),
        (["hand-eye", "--out", "there.yaml"], "exists already"),
        (["check", "--file", "missing.yaml"], "there is no such file"),
        (["check", "--back-ends.robot", "kinova"], "no calibration to check"),
        (
            ["hand-eye", "--back-ends.robot", "kinova", "--realsense.recording", "there.db3"],
            "no real arm is calibrated by it",
        ),
        (["hand"], "did you mean hand-eye"),
    ],
)
def test_bad_input_ends_with_2(words: Sequence[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("there.yaml").write_text("mine")
    assert main(["calibrate", *words]) == 2
    assert said in capsys.readouterr().err
    assert Path("there.yaml").read_text() == "mine"


def test_a_board_that_is_not_seen_ends_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def blind(*given: object) -> None:
        raise BoardNotSeen(3, "ChArUco")

    monkeypatch.setattr(search, "find_board", blind)
    assert main(["calibrate", "hand-eye", *QUICK]) == 1
    assert "was not seen in 3 looks" in " ".join(capsys.readouterr().out.split())


def test_a_place_that_cannot_be_written_is_told_before_the_arm_moves(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(hand_eye_command, "_views", lambda *given: pytest.fail("the arm moved"))
    Path("file").write_text("mine")
    assert main(["calibrate", "hand-eye", "--out", "file/hand-eye.yaml"]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_the_check_finds_a_file_of_the_home_folder_and_refuses_other_kinematics(
    calibrated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    save_hand_eye(tmp_path / "old.yaml", replace(load_hand_eye(calibrated), fk_model="another arm's"))
    assert main(["calibrate", "check", "--hand-eye.file", "~/old.yaml"]) == 2
    assert "made with another arm's, this program moves by" in capsys.readouterr().err


def test_an_interruption_ends_with_130(capsys: pytest.CaptureFixture[str]) -> None:
    from rich.console import Console

    def stopped() -> int:
        raise Interrupted("stopped by SIGINT")

    assert attempt.attempted(stopped, Console()) == 130
    assert "nothing was written" in capsys.readouterr().out


def test_help_is_short_and_lists_the_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate"]) == 0
    said = capsys.readouterr().out
    assert "board" in said
    assert "hand-eye" in said
    assert "check" in said
