"""What the benchmark makes of trials, and that no trial gets lost."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from app.bench.report import print_report, summarise, wilson_interval
from app.bench.trials import Trial, TrialResult, all_trials, run_trial
from app.options import Config


def result(outcome: str, contact_n: float = 0.0, drops: int = 0) -> TrialResult:
    score = {"drops": drops, "contact_n": {"hand": contact_n}}
    return TrialResult(Trial("mug", 1, 0), outcome, "Lift", "slipped", 40.0, 8.0, 0.3, 1.5, 0.004, score)


def test_wilson_interval_agrees_with_published_figures() -> None:
    assert wilson_interval(27, 30) == pytest.approx((0.7438, 0.9654), abs=1e-3)
    assert wilson_interval(0, 0) == (0.0, 1.0)
    assert wilson_interval(10, 10)[1] == pytest.approx(1.0)


def test_summary_counts_every_trial() -> None:
    summary = summarise([result("handed_over"), result("dropped", drops=1), result("unsafe", contact_n=75.0)])
    assert (summary.trials, summary.handed_over, summary.drops) == (3, 1, 1)
    assert (summary.worst_contact_n, summary.over_limit) == (75.0, 1)
    assert summary.speed == pytest.approx(5.0)
    assert summary.outcomes == {"handed_over": 1, "dropped": 1, "unsafe": 1}


def test_a_handover_counts_only_where_physics_agrees() -> None:
    stuck = replace(result("handed_over"), score={"outcome": "in_gripper"})
    free = replace(result("handed_over"), score={"outcome": "handed_over"})
    summary = summarise([stuck, free])
    assert summary.handed_over == 1
    assert summary.outcomes == {"handed_over though in_gripper": 1, "handed_over": 1}


def test_report_gives_the_command_that_repeats_a_failure() -> None:
    console = Console(file=io.StringIO(), width=200)
    print_report(console, [result("handed_over"), result("dropped")])
    text = console.file.getvalue()  # type: ignore[attr-defined]  # a StringIO
    assert text.count("handover run mug --sim.instance 1 --seed 0") == 1
    assert "Lift: slipped" in text


def test_trials_go_seed_by_seed() -> None:
    trials = all_trials(["mug", "torch"], (1, 2), (4, 5))
    assert len(set(trials)) == len(trials) == 8
    assert {trial.seed for trial in trials[:4]} == {4}


def test_a_trial_that_cannot_start_is_a_result() -> None:
    lost = run_trial(Trial("unicorn", 1, 0), Config())
    assert lost.outcome == "error"
    assert "unicorn" in lost.reason
