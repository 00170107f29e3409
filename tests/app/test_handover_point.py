"""`handover bench handover-point` on recordings made here: axes, honest halves, a fit that finds its rule."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.bench.handover_motions import Passing, read_passings
from app.bench.handover_point import (
    BOUNDED,
    PAPER,
    Rule,
    crossed,
    errors,
    fitted,
    halves,
    in_plane,
    interval,
    judged,
)
from app.cli import main
from hardware.types import FloatArray
from planning.ergonomics import ArmModel, Bounds

JOINTS = ("pelvis", "left_shoulder", "right_shoulder")
MADE_BY = Rule("true", "bounded", Bounds(0.10, 0.90, 0.70, 0.0), 0.20)


def passing(number: int, rule: Rule = MADE_BY) -> Passing:
    """A person somewhere, turned anyhow, who takes things where `rule` says."""
    rng = np.random.default_rng(number)
    turn = rng.uniform(-np.pi, np.pi)
    facing = np.array([np.cos(turn), np.sin(turn), 0.0])
    shoulder = np.array([*rng.uniform(-1.0, 1.0, 2), 1.4])
    giver = shoulder + rng.uniform(0.7, 1.4) * facing - (0.0, 0.0, 0.5)
    arm = ArmModel(*rng.uniform((0.27, 0.23), (0.33, 0.28)))
    made = Passing(f"m{number:02}", "right", shoulder, np.zeros(3), giver, facing, arm)
    return replace(made, point=rule.point(made, "body"))


def folder(path: Path, passings: list[Passing]) -> Path:
    """The passings as a recording of two frames, of which the second counts."""
    path.mkdir()
    arrays: dict[str, FloatArray] = {}
    for one in passings:
        left = one.shoulder + 0.35 * np.cross((0.0, 0.0, 1.0), one.facing)
        receiver = np.array([one.shoulder - (0.0, 0.0, 0.5), left, one.shoulder])
        arrays[f"{one.name}_receiver"] = np.stack([np.zeros((3, 3)), receiver])
        arrays[f"{one.name}_giver"] = np.stack([np.zeros((3, 3)), np.tile(one.giver, (3, 1))])
    np.savez(path / "motions.npz", **arrays)  # type: ignore[arg-type]  # numpy's stub wants allow_pickle
    motions = [
        {
            "id": one.name,
            "transfer_frame": 1,
            "receiver_hand": "right",
            "upper_arm_m": one.arm.upper_arm_m,
            "forearm_m": one.arm.forearm_m,
            "handover_point_m": one.point.tolist(),
        }
        for one in passings
    ]
    (path / "index.json").write_text(json.dumps({"joints": JOINTS, "motions": motions}), encoding="utf-8")
    return path


def test_what_is_read_is_what_was_recorded(tmp_path: Path) -> None:
    made = [passing(i) for i in range(4)]
    read = read_passings(folder(tmp_path / "data", made))
    for one, other in zip(made, read, strict=True):
        np.testing.assert_allclose(other.facing, one.facing, atol=1e-9)
        np.testing.assert_allclose(other.shoulder, one.shoulder)
        assert other.spacing_m == pytest.approx(one.spacing_m)
        np.testing.assert_allclose(errors([other], MADE_BY, "body"), 0.0, atol=1e-6)


def test_axes_are_forward_outward_and_up() -> None:
    one = Passing(
        "m",
        "left",
        np.zeros(3),
        np.zeros(3),
        np.array([0, 2.0, 0]),
        np.array([1.0, 0, 0]),
        ArmModel(0.3, 0.3),
    )
    np.testing.assert_allclose(one.in_axes(np.array([1.0, 2.0, 3.0]), "body"), (1.0, 2.0, 3.0))
    np.testing.assert_allclose(one.in_axes(np.array([1.0, 2.0, 3.0]), "giver"), (2.0, -1.0, 3.0))
    np.testing.assert_allclose(in_plane(np.array([[0.3, 9.0, -0.4]])), 0.5)


def test_the_literal_mode_lies_lower_and_nearer_than_the_bounded_one() -> None:
    people = [passing(i, BOUNDED) for i in range(3)]
    literal = errors(people, PAPER, "body")
    assert np.all(literal[:, 0] < -0.03)
    assert np.all(literal[:, 2] < -0.08)
    np.testing.assert_allclose(errors(people, BOUNDED, "body"), 0.0, atol=1e-9)


def test_halves_share_nothing_and_repeat_by_seed() -> None:
    people = [passing(i) for i in range(9)]
    first, second = halves(people, 3)
    assert {p.name for p in first} | {p.name for p in second} == {p.name for p in people}
    assert (len(first), len(second)) == (4, 5)
    assert [p.name for p in halves(people, 3)[0]] == [p.name for p in first]
    assert {p.name for p in halves(people, 4)[0]} != {p.name for p in first}


def test_each_half_is_judged_by_the_rule_of_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[set[str]] = []

    def noted(people: list[Passing], heading: str, spaced: bool) -> Rule:
        seen.append({p.name for p in people})
        return BOUNDED

    monkeypatch.setattr("app.bench.handover_point.fitted", noted)
    people = [passing(i) for i in range(8)]
    judgements = crossed(people, "body", 0, spaced=True)
    for fitted_on, judgement in zip(seen, judgements, strict=True):
        assert not fitted_on & set(judgement.names)
        assert judgement.fitted_on == len(fitted_on) == 4


def test_the_fit_finds_the_rule_that_made_the_motions() -> None:
    seen, new = [passing(i) for i in range(5)], [passing(i) for i in range(20, 24)]
    rule = fitted(seen, "body", spaced=True)
    assert np.median(judged(new, rule, "body").plane) < 0.02
    assert np.median(judged(new, BOUNDED, "body").plane) > 0.03
    assert rule.spacing_gain == pytest.approx(0.20, abs=0.1)


def test_the_interval_holds_the_median_and_narrows_with_numbers() -> None:
    values = np.random.default_rng(0).normal(1.0, 0.1, 400)
    few, many = interval(values[:20], 50.0, 0), interval(values, 50.0, 0)
    assert many[0] < np.median(values) < many[1]
    assert many[1] - many[0] < 0.5 * (few[1] - few[0])


def test_command_writes_table_and_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.bench.handover_point._NARROWINGS", 1)
    monkeypatch.setattr("app.bench.handover_point._FIT_STEPS", 2)
    data, out = folder(tmp_path / "data", [passing(i) for i in range(4)]), tmp_path / "out"
    assert main(["bench", "handover-point", "--data", str(data), "--out", str(out)]) == 0
    rows = json.loads((out / "handover_point.json").read_text(encoding="utf-8"))["rows"]
    assert [row["motions"] for row in rows] == [4, 4, 4, 4, 2, 2, 4, 2, 2, 4]
    assert set(rows[4]["judged"]).isdisjoint(rows[5]["judged"])
    with Image.open(out / "handover_point.png") as picture:
        assert picture.width > 800


def _index(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    index = json.loads((path / "index.json").read_text(encoding="utf-8"))
    change(index)
    (path / "index.json").write_text(json.dumps(index), encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda f: (f / "motions.npz").unlink(), "the file is missing"),
        (lambda f: (f / "motions.npz").write_bytes(b"PK\x03\x04junk"), "it cannot be read"),
        (lambda f: (f / "index.json").write_text("{"), "it cannot be read"),
        (lambda f: _index(f, lambda i: i["motions"][1].pop("upper_arm_m")), "motion m01: KeyError"),
        (lambda f: _index(f, lambda i: i["motions"][2].update(transfer_frame=7)), "motion m02: IndexError"),
        (
            lambda f: _index(f, lambda i: i["motions"][0].update(receiver_hand="both")),
            "must be left or right",
        ),
        (lambda f: _index(f, lambda i: i["motions"].pop()), "it lists 3 motions"),
        (lambda f: np.savez(f / "motions.npz", m00_receiver=np.array([None])), "motions.npz"),
    ],
)
def test_an_unusable_folder_is_one_clear_error(
    spoil: Callable[[Path], object], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = folder(tmp_path / "data", [passing(i) for i in range(4)])
    spoil(data)
    assert main(["bench", "handover-point", "--data", str(data), "--out", str(tmp_path / "out")]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_folder_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "handover-point"]) == 2
    assert "--data FOLDER is missing" in capsys.readouterr().err
