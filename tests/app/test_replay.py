"""The record read back: whole, growing, cut off, and broken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.record.replay import Replay, find_run
from hardware.errors import BadFile

TREE = [
    {"id": 0, "name": "Handover", "kind": "parallel", "depth": 0, "parent": None, "memory": False},
    {"id": 1, "name": "Read Robot", "kind": "leaf", "depth": 1, "parent": 0, "memory": False},
]
FIRST = {"schema": 1, "tree": TREE, "request": "hammer"}


def tick(number: int, **changes: object) -> dict[str, object]:
    event = {
        "tick": number, "t": 0.02 * number, "wall": 0.01, "run_state": "running", "tip": "Read Robot",
        "tick_ms": 0.5, "job_ms": 0.0, "nodes": {}, "bb": {}, "said": [],
    }  # fmt: skip
    return {**event, **changes}


END = {"run_state": "done", "t": 1.0, "wall": 0.2, "outcome": "handed_over", "leaf": "", "reason": ""}


def write(folder: Path, *events: dict[str, object], tail: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    text = "".join(json.dumps(event) + "\n" for event in events) + tail
    (folder / "events.jsonl").write_text(text)
    return folder


def test_each_moment_carries_all_that_has_changed_so_far(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        FIRST,
        tick(
            1,
            nodes={"0": ["RUNNING", ""], "1": ["RUNNING", "reading"]},
            bb={"task/phase": "pick", "a/b": "x"},
        ),
        tick(2, nodes={"1": ["SUCCESS", "read"]}, bb={"a/b": None}, said=["Here is the hammer."]),
        END,
    )
    replay = Replay(folder)
    first, second, last = replay.moments
    assert first.states[1].feedback == "reading"
    assert second.states[0].status == "RUNNING"
    assert second.states[1].status == "SUCCESS"
    assert second.board == {"task/phase": "pick"}
    assert last.outcome == "handed_over"
    assert last.said == ("Here is the hammer.",)
    assert replay.finished


def test_a_growing_record_is_followed_and_half_a_line_waits(tmp_path: Path) -> None:
    line = json.dumps(tick(2))
    folder = write(tmp_path, FIRST, tick(1), tail=line[:20])
    replay = Replay(folder)
    assert len(replay.moments) == 1
    assert replay.poll() == 0
    with (folder / "events.jsonl").open("a") as record:
        record.write(line[20:] + "\n")
    assert replay.poll() == 1
    assert replay.moments[-1].number == 2
    assert not replay.finished


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ((FIRST, {"tick": 1}), "events.jsonl:2"),
        (({**FIRST, "schema": 7},), "schema 7, this program reads 1"),
        (({"tree": [{"id": 0}], "schema": 1, "request": "x"},), "events.jsonl:1"),
    ],
)
def test_what_is_no_record_is_named_with_its_line(
    tmp_path: Path, lines: tuple[dict[str, object], ...], words: str
) -> None:
    with pytest.raises(BadFile, match=words):
        Replay(write(tmp_path, *lines))


def test_the_newest_run_is_found_and_an_unknown_one_lists_what_there_is(tmp_path: Path) -> None:
    write(tmp_path / "20260101-000000-mug", FIRST)
    assert find_run(None, tmp_path).name == "20260101-000000-mug"
    assert find_run("20260101-000000-mug", tmp_path).name == "20260101-000000-mug"
    with pytest.raises(BadFile, match=r"the newest runs in .* are: 20260101-000000-mug"):
        find_run("nope", tmp_path)


def test_no_run_at_all_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="handover run hammer"):
        find_run(None, tmp_path / "runs")
