"""`handover plan` on a rendered recording: the facts of plan.json, and every kind of unusable folder."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.cli import main
from hardware.geometry import inverse
from hardware.recorded import read_frame
from planning.robot_model import tcp_pose
from tests.perception.scenes import FOCAL, HEIGHT, WIDTH, Block, hammer, table_frame

CAMERA = {"width": WIDTH, "height": HEIGHT, "fx": FOCAL, "fy": FOCAL, "cx": WIDTH / 2, "cy": HEIGHT / 2}


def record(folder: Path, blocks: tuple[Block, ...]) -> Path:
    """A recording of blocks on a table, seen from above."""
    frame = table_frame(blocks, noise_m=0.0005)
    folder.mkdir()
    Image.fromarray(frame.rgb).save(folder / "color.png")
    Image.fromarray((1000.0 * frame.depth_m).round().astype(np.uint16)).save(folder / "depth.png")
    (folder / "camera.json").write_text(json.dumps(CAMERA), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A recording of a hammer and what was planned on it."""
    root = tmp_path_factory.mktemp("plan")
    folder, out = record(root / "hammer", hammer()), root / "out"
    assert main(["plan", str(folder), "--object", "hammer", "--out", str(out)]) == 0
    return folder, out


def test_the_grasp_lies_on_the_object_and_is_rigid(planned: tuple[Path, Path]) -> None:
    folder, out = planned
    plan = json.loads((out / "plan.json").read_text())
    grasp, frame = np.array(plan["camera_from_grasp"]), read_frame(folder)
    np.testing.assert_allclose(grasp[:3, :3] @ grasp[:3, :3].T, np.eye(3), atol=1e-5)
    assert 0.0 < plan["width_m"] < 0.085
    x, y, z = grasp[:3, 3]
    u, v = round(FOCAL * x / z + WIDTH / 2), round(FOCAL * y / z + HEIGHT / 2)
    mask = np.asarray(Image.open(out / "mask.png"))
    assert mask[v - 3 : v + 4, u - 3 : u + 4].any()
    assert abs(frame.depth_m[v, u] - z) < 0.04


def test_the_joint_path_reaches_the_grasp(planned: tuple[Path, Path]) -> None:
    plan = json.loads((planned[1] / "plan.json").read_text())
    base_from_camera = np.array(plan["base_from_camera"])
    at_grasp = np.array(plan["joint_path"])[plan["approach_samples"] - 1]
    reached = tcp_pose(at_grasp, plan["width_m"])
    np.testing.assert_allclose(inverse(base_from_camera) @ reached, plan["camera_from_grasp"], atol=2e-3)
    assert np.max(np.abs(np.diff(plan["joint_path"], axis=0))) < 0.1


def test_table_regions_and_candidates_are_told(planned: tuple[Path, Path]) -> None:
    _, out = planned
    plan = json.loads((out / "plan.json").read_text())
    assert plan["table"]["offset_m"] == pytest.approx(0.50, abs=0.005)
    assert plan["regions"]["source"] == "shape rule"
    # The handle, lower in the picture, is the person's.
    assert plan["regions"]["human"]["middle_px"][1] > plan["regions"]["robot"]["middle_px"][1]
    statuses = [candidate["status"] for candidate in plan["candidates"]]
    assert statuses.count("chosen") == 1
    assert all(candidate["reason"] for candidate in plan["candidates"])
    with (out / "ranking.csv").open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == len(statuses)
    for picture in ("grid.png", "regions.png", "grasps.png"):
        assert min(Image.open(out / picture).size) >= 200


@pytest.mark.parametrize(
    ("method", "source", "persons_px"), [("random", "no regions", 0), ("aleotti", "shape rule", 100)]
)
def test_another_method_plans_by_its_own_regions_and_rule(
    method: str, source: str, persons_px: int, planned: tuple[Path, Path], tmp_path: Path
) -> None:
    folder, _ = planned
    words = ["plan", str(folder), "--object", "hammer", "--out", str(tmp_path / "out")]
    assert main([*words, "--method", method]) == 0
    plan = json.loads((tmp_path / "out" / "plan.json").read_text())
    assert plan["regions"]["source"] == source
    assert plan["regions"]["human"]["pixels"] >= persons_px
    assert (plan["regions"]["human"]["middle_px"] is None) == (persons_px == 0)
    scores = [candidate["score"] for candidate in plan["candidates"]]
    assert (scores == sorted(scores, reverse=True)) == (method == "aleotti")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--method", "lan_grasp"], "set back_ends.vlm to openai or local"),
        (["--method", "affnet_dr"], "set back_ends.maps to server"),
        (["--method", "contact_handover", "--back-ends.maps", "server"], "address of your network's server"),
    ],
)
def test_a_method_that_needs_more_than_a_recording_says_what(
    words: list[str], said: str, planned: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", str(planned[0]), "--object", "hammer", *words]) == 2
    assert said in " ".join(capsys.readouterr().err.split())


def test_among_several_objects_the_box_decides(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    others = (*hammer(middle=(0.45, 0.1)), Block((0.45, -0.14), (0.05, 0.05, 0.05), number=2))
    folder, out = record(tmp_path / "two", others), tmp_path / "out"
    command = ["plan", str(folder), "--object", "block", "--out", str(out)]
    assert main(command) == 1
    failure = json.loads((out / "plan.json").read_text())["failure"]
    boxes = [part.split(")")[0] for part in failure.split("(box ")[1:]]
    assert len(boxes) == 2
    right = max(boxes, key=lambda box: float(box.split()[0]))
    main([*command, "--box", *right.split()])
    assert json.loads((out / "plan.json").read_text())["regions"] is not None
    assert main([*command, "--box", "0", "0", "900", "10"]) == 2
    assert "is no box in a picture of 320 x 240" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda f: (f / "depth.png").unlink(), "neither depth.png nor depth.npy"),
        (lambda f: (f / "color.png").unlink(), "the file is missing"),
        (lambda f: (f / "color.png").write_text("no picture"), "no picture that can be read"),
        (lambda f: (f / "camera.json").write_text("{"), "it is no JSON"),
        (lambda f: (f / "camera.json").write_text(json.dumps({**CAMERA, "fx": "wide"})), "fx is 'wide'"),
        (
            lambda f: (f / "camera.json").write_text(json.dumps({**CAMERA, "width": 100})),
            "camera.json says 100",
        ),
        (lambda f: np.save(f / "depth.npy", np.zeros((HEIGHT, WIDTH))), "no reading at all"),
        (lambda f: np.save(f / "depth.npy", np.full((HEIGHT, WIDTH), 700.0)), "check depth_scale"),
        (lambda f: np.save(f / "depth.npy", np.full((HEIGHT, WIDTH), 0.0007)), "check depth_scale"),
        (lambda f: np.save(f / "depth.npy", np.full((HEIGHT, WIDTH), np.nan)), "no reading at all"),
        (lambda f: np.save(f / "depth.npy", np.full((9, 9), 0.5)), "depth is 9 x 9 pixels"),
        (lambda f: (f / "camera.json").unlink(), "the file is missing"),
        (lambda f: Image.new("I;16", (WIDTH, HEIGHT)).save(f / "color.png"), "colour needs 8 bits"),
        (lambda f: Image.new("RGBA", (WIDTH, HEIGHT)).save(f / "depth.png"), "depth needs 16 bits"),
    ],
)
def test_unusable_recording_is_one_clear_error(
    spoil: Callable[[Path], object], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = record(tmp_path / "spoilt", hammer())
    spoil(folder)
    assert main(["plan", str(folder), "--object", "hammer", "--out", str(tmp_path / "out")]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_metres_and_transparency_are_read_as_well(tmp_path: Path) -> None:
    folder = record(tmp_path / "npy", hammer())
    before = read_frame(folder)
    np.save(folder / "depth.npy", np.where(before.depth_m > 0.0, before.depth_m, np.nan))
    (folder / "depth.png").unlink()
    Image.open(folder / "color.png").convert("RGBA").save(folder / "color.png")
    after = read_frame(folder)
    np.testing.assert_array_equal(after.rgb, before.rgb)
    np.testing.assert_allclose(after.depth_m, before.depth_m)


def test_a_body_wider_than_the_gripper_is_declined_with_its_width(tmp_path: Path) -> None:
    folder = record(tmp_path / "wide", (Block((0.45, 0.0), (0.15, 0.14, 0.08)),))
    out = tmp_path / "out"
    assert main(["plan", str(folder), "--object", "tin", "--out", str(out)]) == 1
    plan = json.loads((out / "plan.json").read_text())
    assert plan["camera_from_grasp"] is None
    assert "wide at its narrowest, the fingers take 77 mm" in plan["failure"]


def test_a_file_where_the_folder_should_be_is_told_before_anything_is_planned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = record(tmp_path / "hammer", hammer()), tmp_path / "out"
    out.write_text("mine", encoding="utf-8")
    assert main(["plan", str(folder), "--object", "hammer", "--out", str(out)]) == 2
    assert "is no folder" in capsys.readouterr().err
    assert out.read_text(encoding="utf-8") == "mine"
