"""Races: fair counts, wrong answers told, the rivals really answer the same; the report of a run."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.bench import speed_motion, speed_rules, speed_tree
from app.bench.speed import FEWEST, OURS, Race, Row, Stage, growth, race, seconds
from app.bench.speed_report import by_stage, draw, print_rows, write
from app.cli import main
from app.options import Config
from planning.motion.planner import RoboplanPlanner


def row(size: int, median_s: float, method: str = OURS, stage: str = "a") -> Row:
    return Row(stage, "points", size, method, 5, median_s, median_s, median_s, median_s, median_s)


def stage(others_up_to: float = 100.0, answer: int = 4) -> Stage:
    def prepare(size: int, rng: np.random.Generator) -> Race:
        return Race(lambda: 4, {"other": lambda: answer}, lambda ours, other: abs(ours - other), 0.5)

    return Stage("adding", "numbers", (10, 1000), prepare, others_up_to)


def test_a_step_is_repeated_as_often_as_fits_and_three_times_at_least() -> None:
    calls: list[int] = []
    assert len(seconds(lambda: calls.append(1), 7, 60.0)) == len(calls) == 7
    assert len(seconds(lambda: None, 7, 0.0)) == FEWEST


def test_others_stop_growing_where_they_would_take_too_long() -> None:
    rows = list(race([stage()], 0, 3, 1.0))
    assert [(r.size, r.method) for r in rows] == [(10, OURS), (10, "other"), (1000, OURS)]
    assert all(r.equal and r.repeats == 3 and r.quarter_s <= r.median_s <= r.max_s for r in rows)


def test_another_answer_is_told() -> None:
    (other,) = [r for r in race([stage(answer=5)], 0, 3, 1.0) if r.method == "other"]
    assert (other.equal, other.difference) == (False, 1.0)


def test_growth_is_the_exponent_of_the_larger_sizes() -> None:
    rows = [row(size, 1e-3 if size < 100 else 1e-7 * size**2) for size in (1, 10, 100, 1000, 10_000)]
    assert growth(rows) == pytest.approx(2.0)
    assert growth(rows[:1]) is None


@pytest.mark.parametrize("chosen", speed_rules.stages(), ids=lambda chosen: chosen.name)
def test_the_usual_ways_give_our_answers(chosen: Stage) -> None:
    small = Stage(chosen.name, chosen.grows, chosen.sizes[:1], chosen.prepare)
    prepared = small.prepare(small.sizes[0], np.random.default_rng(3))
    expected = prepared.ours()
    for name, step in prepared.others.items():
        assert prepared.difference(expected, step()) <= prepared.tolerance, name


def test_answers_that_differ_are_seen_by_every_comparison() -> None:
    for chosen in speed_rules.stages():
        one, two = (chosen.prepare(chosen.sizes[1], np.random.default_rng(seed)) for seed in (1, 2))
        other = two.ours() if chosen.name == "Eq. 5" else next(iter(two.others.values()))()
        assert one.difference(one.ours(), other) > one.tolerance, chosen.name


def test_ompl_finds_a_path_the_second_checker_accepts() -> None:
    search, motion = speed_motion.stages(Config(), RoboplanPlanner(Config().motion, np.eye(4)), ompl=True)
    prepared = search.prepare(3, np.random.default_rng(0))
    path = prepared.others[speed_motion.OMPL]()
    assert prepared.difference(prepared.ours(), path) == 0.0
    assert prepared.difference(None, path) == 1.0
    assert prepared.difference(path, path[:1]) == 1.0
    assert motion.prepare(3, np.random.default_rng(0)).ours().duration_s > 0.5


def test_the_tree_has_the_nodes_it_is_timed_with() -> None:
    prepared = speed_tree.stages()[0].prepare(51, np.random.default_rng(0))
    (bare,) = prepared.others.values()
    assert prepared.difference(prepared.ours(), bare()) == 0.0
    assert sum(1 for _ in speed_tree._wide(51, speed_tree._Waiting).iterate()) == 51


def test_the_distribution_of_ticks_counts_slow_ones() -> None:
    told = speed_tree.distribution([0.001] * 97 + [0.006, 0.007, 0.03], Config())
    assert told["ticks"] == 100
    assert told["percentiles_s"]["50"] == pytest.approx(0.001)
    assert (told["max_s"], told["slow_share"], told["over_period_share"]) == (0.03, 0.03, 0.01)


def test_the_report_keeps_every_row_and_draws_a_panel_per_growing_stage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from rich.console import Console

    rows = [row(10, 1e-3), row(10, 2e-3, "other"), row(100, 1e-2), row(1, 1e-3, stage="once")]
    ticks = {"outcome": "handed_over", **speed_tree.distribution([0.001, 0.002, 0.02], Config())}
    print_rows(Console(width=100), rows)
    assert "2.0" in capsys.readouterr().out
    write(tmp_path / "speed.json", rows, ticks, {"seed": 3})
    told = json.loads((tmp_path / "speed.json").read_text())
    assert (len(told["rows"]), told["seed"], told["growth"]["a"]) == (4, 3, pytest.approx(1.0))
    assert list(by_stage(rows)) == ["a", "once"]
    draw(tmp_path / "two.png", rows, ticks, Config())
    draw(tmp_path / "one.png", rows, None, Config())
    two, one = (Image.open(tmp_path / name).width for name in ("two.png", "one.png"))
    assert two > 1.5 * one


@pytest.mark.parametrize("words", [["--repeats", "2"], ["--budget-s", "0"], ["--seed", "-1"]])
def test_counts_that_tell_nothing_are_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "speed", *words]) == 2
    assert "--repeats needs 3 or more" in capsys.readouterr().err


def test_a_missing_ompl_is_told_with_the_way_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ompl.geometric", None)
    assert main(["bench", "speed"]) == 2
    assert "handover[compare]" in capsys.readouterr().err
