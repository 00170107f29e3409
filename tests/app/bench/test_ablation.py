"""`handover bench ablation`: choices, figures and the file of trials by themselves, then tiny runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.bench.ablation import Setup, ablation_trials, look, lost_trial, run_trial, trial_config
from app.bench.ablation_execute import HELD, UNREACHABLE, execute
from app.bench.ablation_methods import METHODS, choose, farthest_pair
from app.bench.ablation_recorded import judge_folder, part_mask, pixel
from app.bench.ablation_report import sheets, worst
from app.bench.engine import DIED
from app.bench.metrics import share_text
from app.bench.results_file import trial_name
from app.bench.simulated_labels import human_part
from app.bench.trials import Trial
from app.cli import main
from app.options import Config
from hardware.geometry import pose
from hardware.sim.options import SimOptions, WristCameraOptions
from perception.types import RegionCells
from planning.antipodal import AntipodalGenerator
from planning.types import Grasp
from tests.app.test_plan_recorded import record
from tests.perception.scenes import hammer, table_frame
from tests.planning import clouds

TRIAL = Trial("hammer", 1, 3)
CONFIG = Config(sim=SimOptions(camera=WristCameraOptions(width=424, height=240, focal_px=302.9)))
"""A coarse picture is enough here, and much quicker."""


def grasp(x: float, y: float = 0.0) -> Grasp:
    return Grasp(np.eye(4), 0.03, np.array([x, y, 0.0]))


def row(label: str, success: bool, share: float | None, outcome: str = HELD) -> dict[str, Any]:
    record = {"success": success, "share": share, "failure": "" if share else "none", "outcome": outcome}
    return {"label": label, "instance": 1, "seed": 0, "methods": {name: dict(record) for name in METHODS}}


def test_farthest_pair_is_the_two_ends() -> None:
    pair = farthest_pair([grasp(0.1), grasp(0.0), grasp(0.05, 0.02), grasp(0.3)])
    assert sorted(one.contact[0] for one in pair) == [0.0, 0.3]
    alone = farthest_pair([grasp(0.2)])
    assert alone[0] is alone[1]


def test_methods_choose_where_they_are_told_to() -> None:
    view = clouds.hammer(np.random.default_rng(1), 0.3)
    chosen = choose(view, "hammer", AntipodalGenerator(), Config(), np.random.default_rng(0))
    assert set(chosen) == set(METHODS)
    contacts = {name: one.grasp.contact for name, one in chosen.items() if one.grasp is not None}
    assert set(contacts) == set(METHODS)
    for name in ("A3", "B1", "B2"):
        assert chosen[name].region == "robot"
        assert np.min(np.linalg.norm(view.robot_points - contacts[name], axis=1)) < 0.02
    assert np.min(np.linalg.norm(view.human_points - contacts["A2"], axis=1)) >= 0.02
    again = choose(view, "hammer", AntipodalGenerator(), Config(), np.random.default_rng(0))
    for name, one in again.items():
        assert one.grasp is not None
        np.testing.assert_array_equal(one.grasp.contact, contacts[name])


def test_without_regions_only_the_first_can_choose() -> None:
    view = clouds.hammer(np.random.default_rng(1), 0.3)
    chosen = choose(view, "hammer", AntipodalGenerator(), Config(), np.random.default_rng(0), grounded=False)
    assert chosen["A1"].grasp is not None
    assert all(chosen[name].failure == "no regions" for name in METHODS if name != "A1")


def test_every_trial_has_its_own_seed_whichever_objects_are_asked_for() -> None:
    trials = ablation_trials(["mug", "torch"], 3, 100)
    assert len({trial.seed for trial in trials}) == len(trials) == 12
    alone = ablation_trials(["torch"], 3, 100)
    assert alone == [trial for trial in trials if trial.label == "torch"]


def test_label_errors_come_at_the_stated_rate_and_only_in_labels() -> None:
    setup = Setup("labels", 0.3)
    swapped = [trial_config(replace(TRIAL, seed=seed), setup, Config())[1] for seed in range(300)]
    assert 0.2 < np.mean(swapped) < 0.4
    config, _ = trial_config(TRIAL, Setup("shape"), Config())
    assert config.back_ends.vlm == "none"
    assert not config.sim.person.present
    assert config.sim.start_deg == config.tree.views.table_deg[0]


def test_worst_are_those_without_a_grasp_then_the_least_ahead() -> None:
    rows = [row("a", False, 0.6), row("b", True, 0.9), row("c", False, None), row("d", False, 0.2)]
    assert [one["label"] for one in worst(rows, "A3", 5)] == ["c", "d", "a"]


def test_tables_count_physical_outcomes_apart() -> None:
    rows = [
        row("mug", True, 1.0),
        row("mug", True, 1.0, UNREACHABLE),
        row("pan", False, 0.4),
        row("pan", False, None),
    ]
    overall, by_category, _, reasons = sheets(rows, executed=True)
    assert overall.rows[2] == (
        "A3", "both regions", "4", share_text(2, 4), "84.3", share_text(3, 3), share_text(1, 4), "1",
    )  # fmt: skip
    assert by_category.rows[0] == ("mug (2)", "100", "100", "100", "100", "100")
    assert ("A1", "1", "none") in reasons.rows


@pytest.fixture(scope="module")
def executed() -> dict[str, Any]:
    return run_trial(TRIAL, Setup(executes=True), CONFIG)


def test_a_trial_tells_all_methods_with_seed_versions_and_outcome(executed: dict[str, Any]) -> None:
    assert (executed["seed"], executed["failure"], executed["source"]) == (3, "", "simulated vlm")
    assert "mujoco" in executed["versions"]
    for figures in executed["methods"].values():
        assert 0.0 <= figures["share"] <= 1.0
        assert figures["success"] == (figures["share"] > 0.8)
        assert figures["outcome"] in ("held", "slipped", "missed", "unreachable")
    assert HELD in {figures["outcome"] for figures in executed["methods"].values()}


def test_a_trial_repeats_alone(executed: dict[str, Any]) -> None:
    again = run_trial(TRIAL, Setup(), CONFIG)
    for name, figures in again["methods"].items():
        assert figures == {key: v for key, v in executed["methods"][name].items() if key != "outcome"}


def test_a_trial_that_killed_its_worker_failed_by_every_method() -> None:
    row = lost_trial(TRIAL)
    assert trial_name(row) == "hammer/1/3"
    assert {(figures["success"], figures["failure"]) for figures in row["methods"].values()} == {
        (False, DIED)
    }


def test_swapped_labels_hand_the_robot_the_persons_part() -> None:
    right, wrong = (look(TRIAL, Setup("labels", rate), CONFIG) for rate in (0.0, 1.0))
    assert right.regions is not None
    assert wrong.regions is not None
    true = human_part(right.view.frame)
    assert isinstance(right.regions.cells, RegionCells)
    assert np.sum(right.regions.human_mask & true) > np.sum(right.regions.robot_mask & true)
    assert np.sum(wrong.regions.human_mask & true) < np.sum(wrong.regions.robot_mask & true)
    with pytest.raises(ValueError, match="only a simulated picture"):
        human_part(replace(right.view.frame, truth=None))


def test_a_grasp_beside_the_object_is_missed() -> None:
    seen = look(TRIAL, Setup(), CONFIG)
    best = seen.choices["A3"].grasp
    assert best is not None
    config, _ = trial_config(TRIAL, Setup(), CONFIG)
    beside = pose(translation=(0.0, 0.0, 0.06)) @ best.base_from_tcp
    assert execute(TRIAL, config, replace(best, base_from_tcp=beside), seen.view) == "missed"
    away = pose(translation=(2.0, 0.0, 0.0)) @ best.base_from_tcp
    assert execute(TRIAL, config, replace(best, base_from_tcp=away), seen.view) == UNREACHABLE


def test_command_goes_on_where_it_was_and_draws_the_worst(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[Trial] = []

    def counted(work: Any, trials: list[Trial], *_: Any, **__: Any) -> Iterator[dict[str, Any]]:
        seen.extend(trials)
        for trial in trials:
            yield {**row(trial.label, False, 0.1), "instance": trial.instance, "seed": trial.seed}

    monkeypatch.setattr("app.bench.campaign.run_all", counted)
    words = [
        "bench",
        "ablation",
        "--objects",
        "mug",
        "--jobs",
        "1",
        "--pictures",
        "1",
        "--out",
        str(tmp_path),
    ]
    monkeypatch.chdir(tmp_path)
    words += ["--sim.camera.width", "424", "--sim.camera.height", "240", "--sim.camera.focal-px", "302.9"]
    assert main([*words, "--trials", "1", "--pictures", "0"]) == 0
    assert main([*words, "--trials", "2", "--pictures", "1"]) == 0
    assert len(seen) == len(set(seen)) == 4
    assert len((tmp_path / "trials.jsonl").read_text().splitlines()) == 5
    with Image.open(next((tmp_path / "worst").glob("mug-*.png"))) as picture:
        assert picture.width > 424 + 800
    assert main([*words, "--regions", "shape"]) == 2
    assert "made with another setup" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--trials", "0"), "--trials and --jobs need"),
        (("--label-errors", "1.5"), "a share from 0 to 1"),
        (("--label-errors", "0.1", "--regions", "shape"), "goes with --regions labels"),
        (("--regions", "vlm", "--back-ends.vlm", "none"), "needs a model"),
        (("--recorded", "."), "no recording in it"),
    ],
)
def test_wrong_words_are_one_clear_error(
    words: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["bench", "ablation", *words]) == 2
    assert said in capsys.readouterr().err


def test_recorded_pictures_are_judged_by_their_annotation(tmp_path: Path) -> None:
    folder = record(tmp_path / "hammer", hammer())
    frame = table_frame(hammer())
    tall = frame.rgb.shape[0]
    rows, columns = np.nonzero(_on_object(frame))
    x0, x1, y0, y1 = columns.min(), columns.max(), rows.min(), rows.max()
    middle = (y0 + y1) / 2.0
    assert tall > y1

    def box(top: float, bottom: float) -> list[list[list[float]]]:
        return [[[float(x0), top], [float(x1), top], [float(x1), bottom], [float(x0), bottom]]]

    thing: dict[str, Any] = {"name": "hammer", "box": [int(x0) - 6, int(y0) - 6, int(x1) + 6, int(y1) + 6]}
    # The handle, lower in the picture, is the person's.
    thing |= {"human": box(middle, float(y1)), "robot": box(float(y0), middle), "either_end_ok": False}
    (folder / "annotation.json").write_text(json.dumps({"objects": [thing]}), encoding="utf-8")
    for judgement in judge_folder(tmp_path, Config(), 0):
        assert judgement.failure == ""
        assert judgement.right_part
        assert judgement.human_free
        assert judgement.share is not None
        assert judgement.share > 0.8
    thing |= {"human": thing["robot"], "robot": thing["human"]}
    (folder / "annotation.json").write_text(json.dumps({"objects": [thing]}), encoding="utf-8")
    by_shape = judge_folder(tmp_path, Config(), 0)[1]
    assert not by_shape.right_part
    assert not by_shape.human_free


def _on_object(frame: Any) -> Any:
    """Pixels clearly nearer than the table around them."""
    return frame.depth_m < np.median(frame.depth_m) - 0.01


def test_a_mask_covers_its_polygons_and_a_point_finds_its_pixel() -> None:
    mask = part_mask([[(1, 1), (4, 1), (4, 3), (1, 3)]], (6, 8))
    assert mask[1:4, 1:5].all()
    assert mask.sum() == 12
    frame = table_frame(hammer())
    centre = frame.base_from_camera @ (0.0, 0.0, 0.5, 1.0)
    k = frame.intrinsics
    np.testing.assert_allclose(pixel(frame, centre[:3]), (k.cy, k.cx), atol=1e-6)
