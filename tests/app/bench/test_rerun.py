"""`handover bench rerun`: finds a trial by name or number and says what came out otherwise."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from app.bench.ablation import Setup
from app.bench.closed_loop import Episode
from app.bench.trials import Trial
from app.cli import main
from app.options import Config

FIRST = {**asdict(Episode("hammer", 1, "takes", 0, 1.0, 7)), "success": True, "score": {"pull_n": 8.0}}
SECOND = {**asdict(Episode("mug", 2, "late", 1, 0.5, 9)), "success": False, "score": {"pull_n": 3.0}}


def results(folder: Path, benchmark: str, *rows: dict[str, Any], **about: Any) -> str:
    shared = {"benchmark": benchmark, "config": asdict(Config()), **about}
    lines = [{"about": shared}, *rows]
    path = folder / "trials.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return str(folder)


def play(monkeypatch: pytest.MonkeyPatch, row: dict[str, Any]) -> list[tuple[Any, dict[str, Any]]]:
    """Makes every trial end with `row`; what was played, and with what."""
    played: list[tuple[Any, dict[str, Any]]] = []

    def at_once(work: partial[Any], trials: list[Any], *_: Any, **__: Any) -> Iterator[dict[str, Any]]:
        played.extend((trial, work.keywords) for trial in trials)
        yield row

    monkeypatch.setattr("app.bench.rerun_command.run_all", at_once)
    return played


@pytest.mark.parametrize("word", ["mug/2/late/1/0.5/9", "2"])
def test_a_trial_is_played_with_what_it_had(
    word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    again = {**SECOND, "wall": {"total_s": 3.0}, "versions": {"numpy": "3"}}
    played = play(monkeypatch, again)
    folder = results(tmp_path, "closed-loop", FIRST, SECOND, realtime=False)
    assert main(["bench", "rerun", word, "--results", folder]) == 0
    assert played == [(Episode("mug", 2, "late", 1, 0.5, 9), {"config": Config(), "film": None})]
    assert "mug/2/late/1/0.5/9: the same row, bit for bit" in capsys.readouterr().out


def test_every_other_figure_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other = {**FIRST, "score": {"pull_n": 8.000000001}, "versions": {"numpy": "3"}}
    play(monkeypatch, other)
    folder = results(tmp_path, "closed-loop", FIRST)
    assert main(["bench", "rerun", "1", "--results", folder + "/trials.jsonl"]) == 1
    said = capsys.readouterr().out
    assert "score.pull_n: 8.0 before, 8.000000001 now" in said
    assert "other versions" in said
    assert "1 figures differ" in said


def test_a_trial_of_the_ablation_has_its_setup_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noted = [{"question": "q", "reply": "Human: 1"}]
    row = {"label": "mug", "instance": 1, "seed": 4, "methods": {}, "model": "gpt", "replies": noted}
    played = play(monkeypatch, row)
    for setup, replies in ((Setup("labels", 0.2, True), None), (Setup("vlm"), ("gpt", noted))):
        folder = results(tmp_path, "ablation", row, setup=asdict(setup))
        assert main(["bench", "rerun", "mug/1/4", "--results", folder]) == 0
        had = {"setup": setup, "config": Config(), "replies": replies}
        assert played.pop() == (Trial("mug", 1, 4), had)


def test_a_trial_of_many_methods_has_all_of_them_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = {"label": "mug", "instance": 1, "seed": 4, "methods": {}}
    played = play(monkeypatch, row)
    setup = Setup("labels", 0.2)
    folder = results(tmp_path, "methods", row, setup=asdict(setup), methods=["ours", "meng"])
    assert main(["bench", "rerun", "1", "--results", folder]) == 0
    had = {"names": ("ours", "meng"), "setup": setup, "config": Config()}
    assert played == [(Trial("mug", 1, 4), had)]


@pytest.mark.parametrize(
    ("benchmark", "words", "said"),
    [
        ("closed-loop", ["3"], "holds trials 1 to 2"),
        ("closed-loop", ["mug/2/late/1/0.5/8"], "for example hammer/1/takes/0/1/7"),
        ("closed-loop", ["1", "--video", "film.avi"], ".mp4 or .gif"),
        ("ablation", ["1", "--video", "film.mp4"], "nothing moves"),
        ("speed", ["1"], "rerun plays those of closed-loop, ablation, methods"),
    ],
)
def test_what_cannot_be_played_is_one_clear_error(
    benchmark: str, words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = results(tmp_path, benchmark, FIRST, SECOND)
    assert main(["bench", "rerun", *words, "--results", folder]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error


def test_trials_at_real_speed_cannot_be_repeated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = results(tmp_path, "closed-loop", FIRST, realtime=True)
    assert main(["bench", "rerun", "1", "--results", folder]) == 2
    assert "real speed" in capsys.readouterr().err


def test_a_folder_without_results_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["bench", "rerun", "1"]) == 2
    assert "closed-loop: it cannot be read" in capsys.readouterr().err
