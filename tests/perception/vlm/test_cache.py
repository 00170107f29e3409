"""Only usable replies are kept, whole, under everything that decided them; offline nothing else is asked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from perception.errors import VlmError
from perception.grounding import GridGrounder, first_messages, numbered_grid, repair_messages
from perception.options import GridOptions
from perception.types import Message, Reply
from perception.vlm import cache as caching
from perception.vlm.cache import CachedVlm, remembering
from perception.vlm.errors import NoCache, NotCached
from perception.vlm.openai_server import OpenAiServer, server_identity
from perception.vlm.options import VlmOptions
from tests.fakes import FakeClock
from tests.openai_server import OpenAiStandIn, Status, Words
from tests.perception.test_grounding import FRAME, GOOD, HAMMER

Question = tuple[Message, ...]
ASKED = {"model": "m", "temperature": 0.0}
UNUSABLE = [
    "",
    "no idea",
    '{"human": [1, 2, 3]}',
    '{"human": [1, 2, 2], "robot": [4, 5, 6]}',
    '{"human": [13, 18, 21], "robot": [1, 3, 5]}',
]
"""The last one is well formed, but cell 21 shows no hammer."""


class Answers:
    """A model that answers in order; keeps the questions."""

    name = "answers"

    def __init__(self, *texts: str | VlmError) -> None:
        self.texts, self.asked, self.interrupted = list(texts), list[Question](), 0

    def ask(self, messages: Sequence[Message]) -> Reply:
        self.asked.append(tuple(messages))
        text = self.texts.pop(0)
        if isinstance(text, VlmError):
            raise text
        return Reply(text, self.name, 900, 30, 5000, 0.01)

    def interrupt(self) -> None:
        self.interrupted += 1


def kept(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.exists() else []


def test_a_usable_reply_is_given_again_and_nothing_is_sent(tmp_path: Path, question: Question) -> None:
    model = Answers(GOOD)
    vlm = CachedVlm(model, tmp_path, ASKED, "answers")
    first, second = vlm.ask(question), vlm.ask(question)
    assert len(model.asked) == 1
    assert (first.cached, first.tokens_in, first.bytes_sent) == (False, 900, 5000)
    assert second.text == first.text
    assert (second.cached, second.tokens_in, second.bytes_sent, second.cost) == (True, 0, 0, 0.0)
    assert second.source == "answers (cached)"


@pytest.mark.parametrize("text", UNUSABLE)
def test_a_reply_that_has_to_be_repaired_is_not_kept(tmp_path: Path, question: Question, text: str) -> None:
    model = Answers(text, text)
    vlm = CachedVlm(model, tmp_path, ASKED, "answers")
    for _ in range(2):
        assert vlm.ask(question).text == text
    assert len(model.asked) == 2
    assert kept(tmp_path) == []


def test_a_failure_is_not_kept(tmp_path: Path, question: Question) -> None:
    model = Answers(VlmError("down"), GOOD)
    vlm = CachedVlm(model, tmp_path, ASKED, "answers")
    with pytest.raises(VlmError, match="down"):
        vlm.ask(question)
    assert vlm.ask(question).text == GOOD


def test_the_reply_that_ended_a_repair_answers_the_question_itself(tmp_path: Path) -> None:
    model = Answers("no idea", GOOD)
    regions = GridGrounder(CachedVlm(model, tmp_path, ASKED, "answers")).ground(FRAME, HAMMER)
    again = GridGrounder(CachedVlm(None, tmp_path, ASKED, "answers")).ground(FRAME, HAMMER)
    assert again.cells == regions.cells
    assert again.source == "answers (cached)"


def test_a_repair_is_always_asked_for(tmp_path: Path, question: Question) -> None:
    model = Answers(GOOD, GOOD)
    vlm = CachedVlm(model, tmp_path, ASKED, "answers")
    reply = vlm.ask(question)
    vlm.ask(repair_messages(question, reply, "Those are the wrong ends."))
    assert len(model.asked) == 2


def test_whatever_decides_a_reply_is_in_its_key(
    tmp_path: Path, question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Answers(*[GOOD] * 9)
    CachedVlm(model, tmp_path, ASKED, "answers").ask(question)
    other_name = first_messages("mug", numbered_grid(FRAME, HAMMER))
    other_picture = first_messages("hammer", numbered_grid(FRAME, HAMMER, options=GridOptions(crop_px=500)))
    for messages in (other_name, other_picture):
        CachedVlm(model, tmp_path, ASKED, "answers").ask(messages)
    for asked in ({**ASKED, "model": "n"}, {**ASKED, "temperature": 1.0}):
        CachedVlm(model, tmp_path, asked, "answers").ask(question)
    monkeypatch.setattr("perception.vlm.question.PROMPT_VERSION", "next")
    CachedVlm(model, tmp_path, ASKED, "answers").ask(question)
    assert len(model.asked) == len(kept(tmp_path)) == 6


def test_every_option_that_changes_an_answer_is_in_the_identity() -> None:
    plain = VlmOptions()
    changed = [
        replace(plain, **{name: value})
        for name, value in {
            "model": "x", "structured": False, "detail": "low", "temperature": 0.5, "max_tokens": 9
        }.items()
    ]  # fmt: skip
    identities = [json.dumps(server_identity(options)) for options in (plain, *changed)]
    assert len(set(identities)) == len(identities)
    assert server_identity(replace(plain, base_url="http://127.0.0.1:1/v1")) == server_identity(plain)


def test_offline_says_what_is_missing(tmp_path: Path, question: Question) -> None:
    vlm = CachedVlm(None, tmp_path, ASKED, "m")
    with pytest.raises(NotCached, match=r"holds no reply of m to this question"):
        vlm.ask(question)
    vlm.interrupt()


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"reply": 3}', '{"reply": "no cells"}', "{}"])
def test_a_broken_file_counts_as_absent_and_is_replaced(
    tmp_path: Path, question: Question, content: str
) -> None:
    vlm = CachedVlm(Answers(GOOD, GOOD), tmp_path, ASKED, "answers")
    vlm.ask(question)
    (file,) = kept(tmp_path)
    file.write_text(content)
    assert not vlm.ask(question).cached
    assert vlm.ask(question).cached
    assert kept(tmp_path) == [file]


def test_a_file_is_whole_or_not_there(
    tmp_path: Path, question: Question, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(source: str, target: Path) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(caching.os, "replace", full)
    assert CachedVlm(Answers(GOOD), tmp_path, ASKED, "answers").ask(question).text == GOOD
    assert kept(tmp_path) == []
    assert "was not kept: no space left" in caplog.text


def test_what_is_kept_is_json_that_people_can_read(tmp_path: Path, question: Question) -> None:
    CachedVlm(Answers(GOOD), tmp_path, ASKED, "answers").ask(question)
    content = json.loads(kept(tmp_path)[0].read_text(encoding="utf-8"))
    assert content["reply"] == GOOD
    assert content["asked"] == ASKED
    assert content["prompt_version"]


def test_stopping_reaches_the_model(tmp_path: Path) -> None:
    model = Answers()
    CachedVlm(model, tmp_path, ASKED, "answers").interrupt()
    assert model.interrupted == 1


# As configured --------------------------------------------------------------------------------------------


def build(options: VlmOptions) -> OpenAiServer:
    return OpenAiServer(options, 3, FakeClock())


def test_the_configured_cache_needs_server_and_key_only_once(
    tmp_path: Path, server: OpenAiStandIn, question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = VlmOptions(base_url=server.url, cache_dir=str(tmp_path / "kept"))
    online = remembering(lambda: build(options), server_identity(options), options)
    server.script[:] = [Status(500, headers={"retry-after-ms": "1"}), Words("no idea")]
    assert online.ask(question).text == "no idea"
    good = online.ask(question)
    monkeypatch.delenv("OPENAI_API_KEY")
    offline = replace(options, offline=True, base_url=None)
    asked = len(server.requests)
    again = remembering(lambda: build(offline), server_identity(offline), offline)
    assert again.ask(question).text == good.text
    assert "offline" in again.name
    assert len(server.requests) == asked


def test_without_a_folder_nothing_is_kept_and_offline_is_a_contradiction(server: OpenAiStandIn) -> None:
    options = VlmOptions(base_url=server.url, cache_dir=None)
    assert isinstance(remembering(lambda: build(options), server_identity(options), options), OpenAiServer)
    offline = replace(options, offline=True)
    with pytest.raises(NoCache):
        remembering(lambda: build(offline), server_identity(offline), offline)
