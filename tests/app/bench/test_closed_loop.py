"""`handover bench closed-loop`: conditions, tables, and one whole handover whose row comes again, filmed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from app.assembly import Assembly
from app.bench.closed_loop import Episode, episode_config, episodes, lost_episode, run_episode, succeeded
from app.bench.closed_loop_report import sheets
from app.bench.closed_loop_watch import FALLBACKS
from app.bench.engine import DIED, run_all
from app.bench.metrics import share_text
from app.bench.results_file import ResultsFile
from app.bench.sheet import Sheet
from app.cli import main
from app.options import Config
from app.ticks import Node, Result, Tick
from hardware.sim.options import SimOptions, WristCameraOptions
from perception.types import HandoverRequest
from trees.handover import create_root

EPISODE = Episode("hammer", 1, "takes", 0, 1.0, 7)
COARSE = WristCameraOptions(width=424, height=240, focal_px=302.9, tracking_width=80, tracking_height=45)
CONFIG = Config(sim=SimOptions(camera=COARSE))
"""A coarse picture is enough here, and much quicker."""
SCORE = {
    "outcome": "handed_over",
    "drops": 0,
    "false_releases": 0,
    "contact_n": {"hand": 12.0},
    "pull_n": 8.0,
    "head_m": 0.5,
    "body_m": 0.3,
    "body_speed_m_s": 0.02,
    "held_part": "handle",
    "by_human_part": True,
    "fingers_in_the_way": False,
    "pull_to_free_s": 0.4,
}


def row(
    episode: Episode = EPISODE, outcome: str = "handed_over", ended: str = "handed_over", **score: Any
) -> dict[str, Any]:
    """A row as `run_episode` makes it, with some figures of its score changed."""
    judged = {**SCORE, "outcome": ended, **score}
    return {
        **asdict(episode),
        "failure": "",
        "success": succeeded(judged),
        "outcome": outcome,
        "ended": ended,
        "leaf": "",
        "reason": "",
        "sim_s": 30.0,
        "score": judged,
        "failures": {},
        "effort": 0.5,
        "aimed_effort": 0.4,
        "phases_s": {"look": 8.0, "pick": 7.0},
        "fallbacks": ["Ground By Shape"],
        "wall": {
            "total_s": 10.0,
            "first_motion_s": 0.4,
            "planning_s": 1.5,
            "tick_p99_s": 0.004,
            "stages_s": {"Plan Grasp": 0.3},
        },
    }


def sheet(rows: list[dict[str, Any]], title: str) -> Sheet:
    return next(one for one in sheets(rows) if one.title.startswith(title))


def test_conditions_cross_seed_by_seed() -> None:
    found = episodes(["mug", "pan"], ["takes", "late"], [0, 2], [1.0], (4, 5))
    assert len(set(found)) == len(found) == 2 * 2 * 2 * 2 * 2
    assert {one.seed for one in found[:16]} == {4}


def test_an_episode_sets_its_conditions_and_scales_the_noise() -> None:
    config = episode_config(Episode("mug", 2, "late", 3, 2.0, 0), CONFIG).sim
    assert (config.instance, config.person.script, config.clutter) == (2, "late", 3)
    assert config.depth_noise == 2.0 * CONFIG.sim.depth_noise
    assert config.force_noise_n == 2.0 * CONFIG.sim.force_noise_n
    assert config.camera == CONFIG.sim.camera


def test_fallbacks_are_nodes_of_the_tree() -> None:
    assert {node.name for node in create_root().iterate()} >= FALLBACKS


def test_an_episode_that_cannot_start_is_a_result() -> None:
    lost = run_episode(replace(EPISODE, label="unicorn"), CONFIG)
    assert (lost["success"], lost["outcome"]) == (False, "error")
    assert "unicorn" in lost["failure"]
    assert "mujoco" in lost["versions"]


class Crew:
    """An onlooker that counts and tells a file."""

    def __init__(self, assembly: Assembly, path: Path) -> None:
        self._path, self._ticks = path, 0

    def begin(self, nodes: tuple[Node, ...], request: HandoverRequest) -> None: ...

    def tick(self, tick: Tick) -> None:
        self._ticks += 1

    def end(self, result: Result) -> None:
        self._path.write_text(f"{self._ticks} {result.ticks}")


@pytest.mark.timeout(400)  # two whole handovers, in workers that load everything first
def test_a_real_episode_comes_again_bit_for_bit_filmed_or_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    work = partial(run_episode, config=CONFIG, film=partial(Crew, path=tmp_path / "ticks"))
    (row,) = run_all(work, [EPISODE], "processes", 1)
    assert row["failure"] == ""
    assert row["success"] == succeeded(row["score"])
    assert row["ended"] == row["score"]["outcome"]
    assert sum(row["phases_s"].values()) == pytest.approx(row["sim_s"], abs=0.5)
    assert {"look", "pick"} <= set(row["phases_s"])
    assert row["regions"] == "simulated vlm"
    assert row["wall"]["stages_s"]["Plan Grasp"] > 0.0
    assert (row["effort"] is None) == (row["score"]["arm_deg"] is None)
    ticks, all_ticks = map(int, (tmp_path / "ticks").read_text().split())
    assert ticks == all_ticks > 100
    about = {"benchmark": "closed-loop", "realtime": False, "config": asdict(CONFIG)}
    with ResultsFile(tmp_path / "trials.jsonl", about, tuple(asdict(EPISODE))) as results:
        results.add(row)
    assert main(["bench", "rerun", "hammer/1/takes/0/1/7", "--results", str(tmp_path)]) == 0
    assert "the same row, bit for bit" in capsys.readouterr().out


def test_success_needs_the_person_to_hold_the_right_part() -> None:
    assert succeeded(SCORE)
    assert not succeeded({**SCORE, "by_human_part": False})
    assert not succeeded({**SCORE, "by_human_part": None})
    assert not succeeded({**SCORE, "outcome": "in_gripper"})


def test_shares_are_of_those_who_would_take_it() -> None:
    rows = [
        row(),
        row(replace(EPISODE, seed=8), by_human_part=False, held_part="head"),
        row(replace(EPISODE, label="mug"), "dropped", "dropped", drops=1, false_releases=1),
        row(replace(EPISODE, script="ignores"), "not_taken", "on_table", by_human_part=None),
        lost_episode(replace(EPISODE, seed=9)),
    ]
    conditions = {name: cells for name, *cells in sheet(rows, "by condition").rows}
    assert conditions["takes, 0 things, noise 1"] == ["4", share_text(1, 4), "2", "1", "1"]
    assert conditions["ignores, 0 things, noise 1"] == ["1", "-", "1", "0", "0"]
    assert conditions["all"] == ["5", share_text(1, 4), "3", "1", "1"]
    assert [name for name, *_ in sheet(rows, "by object").rows] == ["hammer", "mug", "all"]
    failed = sheet(rows, "trials without success").rows
    assert [name for name, *_ in failed] == [
        "mug/1/takes/0/1/7",
        "hammer/1/takes/0/1/8",
        "hammer/1/takes/0/1/9",
    ]
    assert failed[1][2] == "by its head; "
    assert failed[2][2] == DIED


def test_figures_tell_median_and_worst() -> None:
    rows = [
        row(body_m=0.3, body_speed_m_s=0.02),
        row(body_m=0.1, body_speed_m_s=0.05),
        row(body_m=0.2, body_speed_m_s=0.2, contact_n={"hand": 3.0, "face": 61.0}, fingers_in_the_way=True),
    ]
    figures = dict(sheet(rows, "figures").rows)
    assert figures["force of robot or held object on the person, N"] == "12, 61, n 3"
    assert figures["trials with more than 60 N"] == "1"
    assert figures["least distance to the body but the receiving forearm and hand, m"] == "0.2, 0.1, n 3"
    assert figures["speed of the fingers at the nearest of all, m/s"] == "0.050"
    assert figures["fingers in the way of the person's hand"] == "1 of 3"
    assert figures["simulated seconds per second of one process"].startswith("3, ")
    assert sheet(rows, "fallbacks").rows == (("Ground By Shape", "3"),)
    assert sheet(rows, "time by phase").rows[0] == ("look", "8, 8, n 3")
    assert sheet(rows, "computing by stage").rows == (("Plan Grasp", "0.3, 0.3, n 3"),)


def test_tables_stand_without_a_single_score() -> None:
    figures = dict(sheet([lost_episode(EPISODE)], "figures").rows)
    assert figures["least distance to the head, m"] == "-"


def test_command_runs_what_is_missing_and_leaves_trials_and_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[Episode] = []

    def all_of(
        work: Any, trials: list[Episode], engine: str, jobs: int, **_: Any
    ) -> Iterator[dict[str, Any]]:
        assert (engine, jobs) == ("processes", 1)
        seen.extend(trials)
        yield from map(row, trials)

    monkeypatch.setattr("app.bench.campaign.run_all", all_of)
    monkeypatch.chdir(tmp_path)
    words = ["bench", "closed-loop", "--jobs", "1", "--objects", "mug", "--first-seed", "40", "--seeds"]
    assert main([*words, "1"]) == 0
    assert main([*words, "2", "--clutter", "0", "2"]) == 0
    assert len(seen) == len(set(seen)) == 8
    assert {one.seed for one in seen} == {40, 41}
    assert "trials.jsonl, trials.parquet" in capsys.readouterr().out
    assert pq.read_table(tmp_path / "closed-loop" / "trials.parquet").num_rows == 8


def test_command_interrupted_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(work: Any, trials: list[Episode], *_: Any, **__: Any) -> Iterator[dict[str, Any]]:
        yield row(trials[0])
        raise KeyboardInterrupt

    monkeypatch.setattr("app.bench.campaign.run_all", interrupted)
    assert main(["bench", "closed-loop", "--objects", "mug", "--out", str(tmp_path)]) == 130


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--seeds", "0"], "--seeds and --jobs need"),
        (["--first-seed", "-1"], "--first-seed and --pictures one of 0 or more"),
        (["--clutter", "9"], "numbers from 0 to 4"),
        (["--noise", "-1"], "scales from 0 to 10"),
        (["--noise"], "at least one value"),
        (["--objects", "unicorn"], "unicorn"),
        (["--cluster", "tcp://192.0.2.1:8786"], "goes with --engine dask or ray"),
        (["--back-ends.robot", "kinova"], "needs --back-ends.robot simulated"),
        (["--sim.person.no-present"], "needs somebody to hand to"),
    ],
)
def test_wrong_words_are_one_clear_error(
    words: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["bench", "closed-loop", *words]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
    assert not list(tmp_path.iterdir())
