"""Replies of a model by trial: noted, written, read and given again, to the same question only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from app.bench.ablation import Setup, run_trial
from app.bench.replies import REPLIES, NotingVlm, RecordedVlm, read_replies, replies_of, write_replies
from app.cli import main
from hardware.errors import BadFile
from perception.errors import VlmError
from perception.types import Message, Reply
from tests.app.bench.test_ablation import CONFIG, TRIAL


class Model:
    """Answers once, then is not there."""

    name = "some model"

    def __init__(self) -> None:
        self.asked = 0

    def ask(self, messages: Sequence[Message]) -> Reply:
        self.asked += 1
        if self.asked > 1:
            raise VlmError("the line is dead")
        return Reply("Human: 1, 2. Robot: 8, 9.", self.name)


FIRST, OTHER = (Message("user", "cells 1, 2, 8, 9"),), (Message("user", "cells 3, 4, 5, 6"),)


def test_what_was_said_is_said_again_errors_too() -> None:
    noting = NotingVlm(Model())
    said = noting.ask(FIRST)
    with pytest.raises(VlmError, match="line is dead"):
        noting.ask(OTHER)
    again = RecordedVlm("some model (recorded)", noting.noted)
    assert again.ask(FIRST) == Reply(said.text, "some model (recorded)")
    with pytest.raises(VlmError, match="line is dead"):
        again.ask(OTHER)
    with pytest.raises(VlmError, match="2 replies are recorded, and one more"):
        again.ask(OTHER)


def test_a_reply_answers_its_own_question_only() -> None:
    noting = NotingVlm(Model())
    noting.ask(FIRST)
    with pytest.raises(VlmError, match="reply 1 was given to another question"):
        RecordedVlm("", noting.noted).ask(OTHER)
    assert RecordedVlm("", [{"reply": "written by hand"}]).ask(OTHER).text == "written by hand"


def test_a_file_keeps_the_replies_of_every_trial(tmp_path: Path) -> None:
    noted = [{"question": "q", "reply": "Human: 1"}, {"question": "q", "error": "gone"}]
    rows: list[dict[str, Any]] = [
        {"label": "mug", "seed": 3, "model": "gpt", "replies": noted},
        {"label": "pan", "seed": 3, "model": "", "replies": []},
        {"label": "pan", "seed": 4, "failure": "no such thing"},
    ]
    assert write_replies(tmp_path / REPLIES, rows)
    assert read_replies(tmp_path / REPLIES) == {"mug/3": ("gpt", noted)}
    assert replies_of(rows[0]) == ("gpt", noted)
    assert replies_of(rows[1]) is replies_of(rows[2]) is None
    assert not write_replies(tmp_path / "none", rows[1:])
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    "text", ["no", "[1]", '{"trial": "mug/3"}', '{"trial": "m", "source": "", "replies": [{"reply": 3}]}',
             '{"trial": "m", "source": "", "replies": [{"question": "q"}]}', None]
)  # fmt: skip
def test_what_holds_no_replies_is_one_clear_error(text: str | None, tmp_path: Path) -> None:
    path = tmp_path / REPLIES
    if text is not None:
        path.write_text(text)
    with pytest.raises(BadFile, match="replies"):
        read_replies(path)


def test_a_trial_with_recorded_replies_chooses_as_it_did(tmp_path: Path) -> None:
    first = run_trial(TRIAL, Setup("labels"), CONFIG)
    assert first["failure"] == first["note"] == ""
    assert [set(note) for note in first["replies"]] == [{"question", "reply"}] * len(first["replies"])
    assert write_replies(tmp_path / REPLIES, [first])
    again = run_trial(TRIAL, Setup("recorded", replies=str(tmp_path / REPLIES)), CONFIG)
    assert again["source"] == again["model"] == "simulated vlm (recorded)"
    assert again["methods"] == first["methods"]
    assert again["replies"] == first["replies"]
    lost = [{"reply": "I cannot help with that."}] * 3
    fallen = run_trial(TRIAL, Setup("vlm"), CONFIG, ("simulated vlm", lost))
    assert fallen["source"] == "shape rule"
    assert fallen["note"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--regions", "recorded"], "go together"),
        (["--replies", REPLIES], "go together"),
        (["--regions", "recorded", "--replies", "nowhere"], "cannot be read"),
        (["--regions", "recorded", "--replies", REPLIES], "no replies for 2 of 2 trials, for example mug/"),
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
    (tmp_path / REPLIES).write_text(json.dumps({"trial": "pan/1/3", "source": "", "replies": []}) + "\n")
    assert main(["bench", "ablation", "--objects", "mug", "--trials", "1", *words]) == 2
    assert said in " ".join(capsys.readouterr().err.split())
