"""A campaign that is killed goes on without losing or repeating a finished trial, and ends in a table."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from rich.console import Console

from app.bench.campaign import TABLE, TRIALS, Campaign
from app.bench.engine import lost
from app.bench.parquet import write_parquet
from app.bench.results_file import ResultsFile, read_results, trial_name
from app.errors import MissingPackage, UsageError
from hardware.errors import BadFile
from tests.app.bench.campaign_work import TASKS, Task, run

ROOT = Path(__file__).parents[3]


def begun(folder: Path) -> list[int]:
    return [int(line) for line in (folder.parent / "begun").read_text().split()]


def test_a_killed_campaign_goes_on_with_what_is_missing(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    program = subprocess.Popen(
        [sys.executable, "-m", "tests.app.bench.campaign_work", str(folder), "3"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "hangs\n"
    os.killpg(program.pid, signal.SIGKILL)
    program.communicate(timeout=60)
    assert [row["seed"] for row in read_results(folder / TRIALS)[1]] == [0, 1, 2]
    assert not (folder / TABLE).exists()
    rows = run(folder)
    assert [row["seed"] for row in rows] == [0, 1, 2, 3, 4]
    assert begun(folder) == [0, 1, 2, 3, 3, 4]
    assert read_results(folder / TRIALS)[1] == rows
    assert run(folder) == rows
    assert begun(folder) == [0, 1, 2, 3, 3, 4]


def test_the_table_tells_seed_and_versions_of_every_trial(tmp_path: Path) -> None:
    file = io.StringIO()
    rows = run(tmp_path / "out", about={"realtime": False}, console=Console(file=file, force_terminal=True))
    table = pq.read_table(tmp_path / "out" / TABLE)
    assert table["seed"].to_pylist() == [0, 1, 2, 3, 4]
    assert table["score.share"].to_pylist() == [row["score"]["share"] for row in rows]
    assert set(table["versions.mujoco"].to_pylist()) == {rows[0]["versions"]["mujoco"]}
    assert json.loads(table.schema.metadata[b"about"]) == {"benchmark": "test", "realtime": False}
    assert "5/5" in file.getvalue()
    assert "a minute" in file.getvalue()


def test_ctrl_c_keeps_what_is_done_and_writes_no_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = []

    def interrupted(work: Any, trials: list[Task], *_: Any, **__: Any) -> Iterator[dict[str, Any]]:
        try:
            yield lost(trials[1])
            raise KeyboardInterrupt
        finally:
            ended.append(True)

    monkeypatch.setattr("app.bench.campaign.run_all", interrupted)
    console = Console(file=io.StringIO())
    campaign = Campaign(tmp_path, "test", {})
    rows = campaign.run(console, lost, TASKS, lost)
    assert rows == [lost(TASKS[1])]
    assert ended == [True]
    assert "goes on from here" in console.file.getvalue()  # type: ignore[attr-defined]  # a StringIO
    assert not (tmp_path / TABLE).exists()


def test_a_folder_goes_on_with_the_same_setting_only(tmp_path: Path) -> None:
    run(tmp_path / "out", about={"realtime": False})
    with pytest.raises(BadFile, match="another realtime"):
        run(tmp_path / "out", about={"realtime": True})


def test_what_cannot_run_or_be_written_is_told_before_the_first_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="--engine dask or ray"):
        Campaign(tmp_path / "out", "test", {}, cluster="tcp://192.0.2.1:1").run(Console(), lost, TASKS, lost)
    monkeypatch.setattr("app.bench.parquet.find_spec", lambda name: None)
    with pytest.raises(MissingPackage, match=r"pyarrow.*handover\[bench\]"):
        Campaign(tmp_path / "out", "test", {}).run(Console(), lost, TASKS, lost)
    assert not list(tmp_path.iterdir())


def test_finished_trials_outlive_a_line_cut_short(tmp_path: Path) -> None:
    path, keys, about = tmp_path / "trials.jsonl", ("label", "seed"), {"size": (1, 2)}
    with ResultsFile(path, about, keys) as results:
        results.add({"label": "mug", "seed": 0, "share": 1.0})
    path.write_bytes(path.read_bytes() + b'{"label": "mug", "seed": 1, "sha')
    with ResultsFile(path, about, keys) as results:
        assert list(results.rows) == [("mug", 0)]
        results.add({"label": "mug", "seed": 1, "share": 0.5})
        results.add({"label": "mug", "seed": 0, "share": 0.0})
    with ResultsFile(path, about, keys) as results:
        assert [one["share"] for one in results.rows.values()] == [1.0, 0.5]
    with pytest.raises(BadFile, match="made with another size"):
        ResultsFile(path, {"size": (1, 3)}, keys)
    path.write_text("no trials\n", encoding="utf-8")
    with pytest.raises(BadFile, match="holds no trials"):
        ResultsFile(path, about, keys)


def test_results_that_are_none_are_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="cannot be read"):
        read_results(tmp_path / TRIALS)
    (tmp_path / TRIALS).write_text('["mug"]\n', encoding="utf-8")
    with pytest.raises(BadFile, match="holds no trials"):
        read_results(tmp_path / TRIALS)


def test_a_trial_is_called_by_what_tells_it_from_the_others() -> None:
    assert trial_name({"label": "mug", "noise": 0.5, "scale": 1.0, "seed": 7, "share": 0.2}) == "mug/0.5/1/7"


def test_rows_with_different_figures_share_one_table(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"seed": 0, "score": {"pull_n": 3.5, "parts": ["handle"]}, "word": "a"},
        {"seed": 1, "failure": "lost", "word": 2, "score": {"contact_n": {}}},
    ]
    write_parquet(tmp_path / TABLE, rows, {})
    assert pq.read_table(tmp_path / TABLE).to_pylist() == [
        {"seed": 0, "score.pull_n": 3.5, "score.parts": ["handle"], "word": '"a"', "failure": None},
        {"seed": 1, "score.pull_n": None, "score.parts": None, "word": "2", "failure": "lost"},
    ]


def test_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    with pytest.raises(BadFile, match=r"cannot be written .*; name another folder with --out"):
        ResultsFile(tmp_path / "taken" / "trials.jsonl", {}, ("seed",))
