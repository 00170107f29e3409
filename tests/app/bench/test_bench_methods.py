"""`handover bench methods`: tables by themselves, then one trial of every method and a tiny run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from app.bench.ablation import Setup, look
from app.bench.ablation_execute import HELD, UNREACHABLE
from app.bench.engine import DIED
from app.bench.methods import NO_GRASP, Compared, compare, lost_trial, run_trial
from app.bench.methods_report import sheets
from app.bench.metrics import share_text
from app.bench.results_file import trial_name
from app.bench.trials import Trial
from app.cli import main
from app.options import Config, MethodName
from hardware.sim.options import SimOptions, WristCameraOptions

NAMES: tuple[MethodName, ...] = get_args(MethodName)
CONFIG = Config(sim=SimOptions(camera=WristCameraOptions(width=424, height=240, focal_px=302.9)))
"""A coarse picture is enough here, and much quicker."""
HAMMER, BOTTLE = Trial("hammer", 1, 7), Trial("bottle", 1, 7)


def record(
    success: bool, share: float | None, outcome: str = HELD, failure: str = "", tries: int = 1
) -> dict[str, Any]:
    """reached_success: as that of the first choice, unless others were tried."""
    reached = {"outcome": outcome, "tries": tries, "reached_success": success if tries == 1 else not success}
    return {"success": success, "share": share, "failure": failure, **reached}


def row(label: str, **records: dict[str, Any]) -> dict[str, Any]:
    return {"label": label, "instance": 1, "seed": 0, "methods": records}


@pytest.fixture(scope="module")
def compared() -> Compared:
    return compare(HAMMER, NAMES, Setup(), CONFIG)


def test_tables_count_shares_intervals_and_reasons() -> None:
    unknown = "'torch' is of no class that the affordance network knows: bowl"
    rows = [
        row("mug", ours=record(True, 1.0), affnet_dr=record(True, 0.9, UNREACHABLE)),
        row("mug", ours=record(True, 0.9, "slipped"), affnet_dr=record(False, 0.4, tries=3)),
        row("torch", ours=record(False, 0.3), affnet_dr=record(False, None, NO_GRASP, unknown)),
        row("wrench", ours=record(True, 1.0), affnet_dr=record(False, None, NO_GRASP, unknown)),
    ]
    overall, by_category, reasons = sheets(rows, executed=True)
    assert [line[0] for line in overall.rows] == ["ours", "affnet_dr"]
    one, three = share_text(1, 4), share_text(3, 4)
    assert overall.rows[0][1:] == ("4", "0", three, three, "0", three, share_text(2, 4))
    assert overall.rows[1][1:] == ("4", "2", one, share_text(1, 2), "2", one, one)
    assert len(overall.columns) == len(overall.rows[0])
    assert [line[:2] for line in by_category.rows] == [
        ("mug (2)", "100 (34-100)"),
        ("torch (1)", "0 (0-79)"),
        ("wrench (1)", "100 (21-100)"),
    ]
    assert [line[:2] for line in reasons.rows] == [("affnet_dr", "2")]
    assert reasons.rows[0][2].startswith("the object is of no class")
    plain, *_ = sheets(rows, executed=False)
    assert len(plain.columns) == len(plain.rows[0]) == 5


def test_no_trial_makes_no_table() -> None:
    assert not any(sheet.rows for sheet in sheets([], executed=True))


def test_categories_are_told_for_every_method_a_few_side_by_side() -> None:
    rows = [row("mug", **{name: record(True, 1.0) for name in NAMES})]
    _, *by_category, _ = sheets(rows, executed=False)
    assert [name for sheet in by_category for name in sheet.columns[1:]] == list(NAMES)
    assert all(len(sheet.columns) <= 5 and len(sheet.rows) == 1 for sheet in by_category)


def test_every_method_chooses_on_the_same_picture(compared: Compared) -> None:
    assert set(compared.choices) == set(NAMES)
    assert all(choice.grasp is not None for choice in compared.choices.values())
    views = [grounded.view for grounded in compared.grounded.values() if grounded.view is not None]
    assert len(views) == len(compared.grounded) == 6
    for view in views[1:]:
        np.testing.assert_array_equal(view.frame.depth_m, views[0].frame.depth_m)
        np.testing.assert_array_equal(view.object_mask, views[0].object_mask)
    assert compared.grounded["contacts"].regions is not None
    assert "simulated" in compared.grounded["contacts"].regions.source


def test_it_is_the_ablations_scene(compared: Compared) -> None:
    seen = look(HAMMER, Setup(), CONFIG)
    grid = compared.grounded["grid"].view
    assert grid is not None
    np.testing.assert_array_equal(seen.view.frame.depth_m, grid.frame.depth_m)
    np.testing.assert_array_equal(seen.human_points, compared.human_points)


def test_methods_that_ask_nobody_do_not_mind_wrong_labels(compared: Compared) -> None:
    swapped = compare(HAMMER, NAMES, Setup(label_errors=1.0), CONFIG)
    assert swapped.swapped

    def moved(name: MethodName) -> bool:
        before, after = compared.choices[name].grasp, swapped.choices[name].grasp
        assert before is not None
        return after is None or bool(np.linalg.norm(before.contact - after.contact) > 0.05)

    assert moved("ours_paper")
    assert moved("lan_grasp")
    assert not any(moved(name) for name in ("affnet_dr", "contact_handover", "aleotti", "random"))


def test_an_unknown_class_fails_that_method_alone() -> None:
    found = run_trial(BOTTLE, ("ours", "affnet_dr"), Setup(), CONFIG)
    assert found["failure"] == ""
    ours, affnet = found["methods"]["ours"], found["methods"]["affnet_dr"]
    assert ours["share"] is not None
    assert affnet["share"] is None
    assert "no class that the affordance network knows" in affnet["failure"]


def test_a_trial_repeats_alone_whatever_other_methods_run() -> None:
    together = run_trial(HAMMER, ("random", "ours", "lan_grasp"), Setup(), CONFIG)
    alone = run_trial(HAMMER, ("lan_grasp",), Setup(), CONFIG)
    assert together["methods"]["lan_grasp"] == alone["methods"]["lan_grasp"]
    assert list(together)[:3] == ["label", "instance", "seed"]
    assert together["versions"]


def test_what_breaks_and_what_is_lost_is_a_row() -> None:
    broken = run_trial(replace(HAMMER, label="unicorn"), ("ours",), Setup(), CONFIG)
    assert "unicorn" in broken["methods"]["ours"]["failure"]
    gone = lost_trial(HAMMER, ("ours",))
    assert trial_name(gone) == "hammer/1/7"
    assert gone["failure"] == gone["methods"]["ours"]["failure"] == DIED


def test_the_command_executes_and_goes_on_where_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["bench", "methods", "--trials", "1", "--first-seed", "7100", "--objects", "hammer"]
    words += ["--jobs", "1", "--methods", "ours", "random", "--out", str(tmp_path / "out"), "--execute"]
    words += ["--sim.camera.width", "424", "--sim.camera.height", "240", "--sim.camera.focal-px", "302.9"]
    assert main(words) == 0
    first = capsys.readouterr().out
    assert all(word in first for word in ("ours", "random", "the same by category", "trials.jsonl"))
    lines = (tmp_path / "out" / "trials.jsonl").read_text().splitlines()
    about, *rows = map(json.loads, lines)
    assert about["about"]["benchmark"] == "methods"
    assert [row["seed"] for row in rows] == [7106, 7107]
    for found in (record for row in rows for record in row["methods"].values()):
        assert found["outcome"] in (HELD, "slipped", "missed", "broken off")
        assert found["tries"] >= 1
        assert found["tries"] > 1 or found["reached_success"] == found["success"]
    assert main(words) == 0
    assert (tmp_path / "out" / "trials.jsonl").read_text().splitlines() == lines


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--trials", "0"], "whole number of 1 or more"),
        (["--label-errors", "2"], "from 0 to 1"),
        (["--label-errors", "0.1", "--regions", "vlm"], "--regions labels only"),
        (["--objects", "unicorn"], "unicorn"),
        (["--methods"], "at least one"),
        (["--methods", "affnet_dr", "--back-ends.maps", "server"], "address of your network's server"),
        (["--back-ends.detector", "tabletop"], "back_ends.detector to owlvit"),
        (["--back-ends.robot", "kinova"], "--back-ends.robot simulated"),
        (["--regions", "vlm", "--back-ends.vlm", "none"], "set back_ends.vlm"),
    ],
)
def test_wrong_words_are_one_clear_error(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["bench", "methods", "--out", str(tmp_path / "out"), *words]) == 2
    shown = capsys.readouterr().err
    assert said in " ".join(shown.split())
    assert "Traceback" not in shown


def test_help_says_what_is_faithful(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["bench", "methods", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert "contact_handover: grasp quality less blocked human contacts" in shown
    assert "faithful: LAN-grasp: a language model names one part" in shown
