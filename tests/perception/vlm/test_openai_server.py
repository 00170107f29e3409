"""The genuine openai package against a server that misbehaves: each fault in its own words, and no key."""

from __future__ import annotations

import io
import json
import threading
import traceback
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from perception.errors import VlmError
from perception.grounding import repair_messages
from perception.types import Message, Picture, Reply
from perception.vlm import errors
from perception.vlm.openai_server import OpenAiServer, cost, is_loopback, regions_schema
from perception.vlm.options import VlmOptions
from perception.vlm_parse import parse_regions
from tests.fakes import FakeClock
from tests.openai_server import (
    HTML,
    Act,
    HangUp,
    OpenAiStandIn,
    Raw,
    Refuses,
    Silence,
    Status,
    Well,
    Words,
)
from tests.perception.vlm.conftest import KEY

Question = tuple[Message, ...]
SOON = {"retry-after-ms": "1"}
"""Lets the package repeat a request at once."""


def model(
    server: OpenAiStandIn, clock: FakeClock | None = None, calls: int = 3, **options: Any
) -> OpenAiServer:
    return OpenAiServer(VlmOptions(base_url=server.url, **options), calls, clock or FakeClock())


def refused(server: OpenAiStandIn, question: Question, acts: Sequence[Act], **options: Any) -> VlmError:
    server.script[:] = acts
    with pytest.raises(VlmError) as caught:
        model(server, **options).ask(question)
    shown = "".join(traceback.format_exception(caught.value))
    assert KEY not in shown + repr(caught.value)
    return caught.value


# A good answer --------------------------------------------------------------------------------------------


def test_a_reply_comes_with_what_it_took(server: OpenAiStandIn, question: Question) -> None:
    vlm = model(server, price_in_per_million=2.0, price_out_per_million=10.0)
    reply = vlm.ask(question)
    parse_regions(reply)
    (request,) = server.requests
    assert reply.bytes_sent == request.length > len(question[1].pictures[0].png)
    assert (reply.tokens_in, reply.tokens_out) == (900, 30)
    assert reply.cost == pytest.approx(900 * 2e-6 + 30 * 10e-6)
    assert reply.source == vlm.name
    assert "127.0.0.1" in vlm.name
    assert request.headers["authorization"] == f"Bearer {KEY}"


def test_unknown_prices_and_tokens_are_not_invented(server: OpenAiStandIn, question: Question) -> None:
    assert model(server, price_in_per_million=2.0).ask(question).cost is None
    server.script[:] = [Words("{}", usage=None)]
    reply = model(server, price_in_per_million=2.0, price_out_per_million=10.0).ask(question)
    assert (reply.tokens_in, reply.tokens_out, reply.cost) == (None, None, None)
    assert cost(10, 0, 1.0, 1.0) == pytest.approx(1e-5)


def test_the_request_holds_the_crop_the_schema_and_nothing_of_the_machine(
    server: OpenAiStandIn, question: Question
) -> None:
    model(server, model="some-vlm", temperature=0.0, max_tokens=300).ask(question)
    body = server.requests[0].body
    assert body["model"] == "some-vlm"
    assert body["temperature"] == 0.0
    assert body["max_completion_tokens"] == 300
    schema = body["response_format"]["json_schema"]
    assert schema["strict"] is True
    assert schema["schema"] == regions_schema(5, 3)
    assert [turn["role"] for turn in body["messages"]] == ["system", "user"]
    (picture,) = server.requests[0].pictures
    assert max(picture.size) == 512
    assert picture.info == {}, "no metadata leaves with it"


def test_the_schema_follows_grid_and_count() -> None:
    cells = regions_schema(7, 2)["properties"]["robot"]
    assert cells["items"] == {"type": "integer", "minimum": 1, "maximum": 49}
    assert cells["minItems"] == cells["maxItems"] == 2


def test_a_repair_carries_the_whole_conversation(server: OpenAiStandIn, question: Question) -> None:
    model(server).ask(repair_messages(question, Reply("human: 1", "m"), "Too few cells."))
    turns = server.requests[0].body["messages"]
    assert [turn["role"] for turn in turns] == ["system", "user", "assistant", "user"]
    assert "Too few cells." in turns[-1]["content"]
    assert len(server.requests[0].pictures) == 1


# What goes wrong ------------------------------------------------------------------------------------------

FAULTS: list[tuple[Act, type[VlmError], str, int]] = [
    (Status(401, f"Incorrect API key provided: {KEY}"), errors.KeyRefused, "OPENAI_API_KEY", 1),
    (Status(403, "no access"), errors.KeyRefused, r"HTTP 403: no access", 1),
    (Status(404, "The model `x` does not exist"), errors.ModelUnknown, r"perception\.vlm\.model", 1),
    (Status(400, "image too small"), errors.RequestRejected, "HTTP 400: image too small", 1),
    (Status(400, f"cannot use {KEY}"), errors.RequestRejected, r"cannot use \*\*\*", 1),
    (Status(413, "too large"), errors.RequestRejected, "HTTP 413", 1),
    (Status(422, "unprocessable"), errors.RequestRejected, "HTTP 422", 1),
    (Status(429, "slow down", headers=SOON), errors.RateLimited, "too many requests", 2),
    (Status(429, "quota", "insufficient_quota", headers=SOON), errors.QuotaSpent, "no quota left", 1),
    (Status(500, "boom", headers=SOON), errors.ServerFault, "HTTP 500: boom", 2),
    (Raw(b"<html>Bad Gateway</html>", HTML, 502, SOON), errors.ServerFault, "HTTP 502", 2),
    (Status(503, headers=SOON), errors.ServerFault, "HTTP 503", 2),
    (Raw(b'{"choices": ['), errors.Garbled, "broken JSON", 1),
    (Raw(b""), errors.Garbled, "broken JSON", 1),
    (Raw(b"\xff\xfe\x00"), errors.Garbled, "broken JSON", 1),
    (Raw(b"<!doctype html><html>Sign in</html>", HTML), errors.Garbled, "a web page", 1),
    (Raw(b"hello", "text/plain"), errors.Garbled, "plain text", 1),
    (Raw(b"{}"), errors.Garbled, "no chat completion", 1),
    (Raw(b"[1, 2]"), errors.Garbled, "no chat completion", 1),
    (Raw(b"null"), errors.Garbled, "no chat completion", 1),
    (Raw(b'{"choices": "none"}'), errors.Garbled, "no chat completion", 1),
    (Raw(b'{"choices": [{}]}'), errors.Garbled, "no chat completion", 1),
    (Raw(b'{"choices": [{"message": {"content": [1]}, "finish_reason": "stop"}]}'), errors.Garbled,
     "no text", 1),
    (Raw(b'{"choices": []}'), errors.NoChoices, "without a choice", 1),
    (Words(None, refusal="I can't help with knives."), errors.Declined, "I can't help with knives", 1),
    (Words("", "content_filter"), errors.Declined, "content filter", 1),
    (Words('{"human": [1, 2', "length"), errors.CutOff,
     r"after 2000 tokens; raise perception\.vlm\.max_tokens", 1),
    (Raw(b"", status=307, headers={"location": "http://127.0.0.1:9/v1"}), errors.RequestRejected, "307", 1),
]  # fmt: skip


@pytest.mark.parametrize(("act", "kind", "words", "requests"), FAULTS)
def test_every_fault_is_told_apart(
    server: OpenAiStandIn, question: Question, act: Act, kind: type[VlmError], words: str, requests: int
) -> None:
    error = refused(server, question, [act] * 5)
    assert type(error) is kind
    with pytest.raises(kind, match=words):
        raise error
    assert len(server.requests) == requests
    assert error.bytes_sent == sum(request.length for request in server.requests)
    assert "\n" not in str(error)
    assert len(str(error)) < 500


def test_a_broken_connection_is_tried_again_then_told(
    server: OpenAiStandIn, question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.001)
    assert type(refused(server, question, [HangUp()] * 3)) is errors.Unreachable
    assert len(server.requests) == 2
    server.script[:] = [HangUp(), Well()]
    parse_regions(model(server).ask(question))


def test_nobody_at_the_address(question: Question, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    vlm = OpenAiServer(VlmOptions(base_url="http://127.0.0.1:9/v1", retries=0), 3, FakeClock())
    with pytest.raises(errors.Unreachable, match="is it running"):
        vlm.ask(question)


def test_an_empty_reply_is_left_to_the_parser(server: OpenAiStandIn, question: Question) -> None:
    server.script[:] = [Words(None), Words("")]
    assert [model(server).ask(question).text for _ in range(2)] == ["", ""]


def test_a_server_that_echoes_the_key_does_not_get_it_into_the_record(
    server: OpenAiStandIn, question: Question
) -> None:
    server.script[:] = [Words(f"Your key is {KEY}.")]
    assert model(server).ask(question).text == "Your key is ***."


# Time and calls -------------------------------------------------------------------------------------------


def test_a_silent_server_is_given_up_in_time(server: OpenAiStandIn, question: Question) -> None:
    silence = Silence()
    error = refused(server, question, [silence], call_s=0.2)
    silence.leave.set()
    assert type(error) is errors.TooSlow
    assert "0.2 s" in str(error)


def test_stopping_ends_a_question_at_once(server: OpenAiStandIn, question: Question) -> None:
    silence = Silence()
    server.script[:] = [silence]
    vlm = model(server)
    caught: list[BaseException] = []

    def ask() -> None:
        try:
            vlm.ask(question)
        except VlmError as error:
            caught.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    assert silence.here.wait(5.0)
    vlm.interrupt()
    thread.join(2.0)
    assert not thread.is_alive()
    silence.leave.set()
    assert type(caught[0]) is errors.Interrupted
    parse_regions(vlm.ask(question))


def test_a_question_given_up_sends_nothing_more(server: OpenAiStandIn, question: Question) -> None:
    silence = Silence()
    server.script[:] = [silence]
    vlm = model(server, call_s=0.2, retries=5)
    with pytest.raises(errors.TooSlow):
        vlm.ask(question)
    threads = [thread for thread in threading.enumerate() if thread.name == vlm.name]
    silence.leave.set()  # hangs up, which the package would answer with another try
    for thread in threads:
        thread.join(5.0)
        assert not thread.is_alive()
    assert len(server.requests) == 1


def test_one_picture_gets_three_requests_in_all(server: OpenAiStandIn, question: Question) -> None:
    server.script[:] = [Status(500, headers=SOON)] * 9
    vlm = model(server)
    for kind in (errors.ServerFault, errors.ServerFault, errors.BudgetSpent):
        with pytest.raises(kind):
            vlm.ask(question)
    assert len(server.requests) == 3


def test_one_picture_gets_its_time_in_all(server: OpenAiStandIn, question: Question) -> None:
    clock = FakeClock()
    vlm = model(server, clock)
    reply = vlm.ask(question)
    clock.now_s += 46.0
    with pytest.raises(errors.BudgetSpent, match="45 s in all"):
        vlm.ask(repair_messages(question, reply, "no"))
    parse_regions(vlm.ask(question))  # from the beginning: a new question


def test_what_only_a_person_can_mend_is_not_asked_again(server: OpenAiStandIn, question: Question) -> None:
    server.script[:] = [Status(401)]
    vlm = model(server)
    for _ in range(3):
        with pytest.raises(errors.KeyRefused):
            vlm.ask(question)
    assert len(server.requests) == 1


# What servers do not know ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ("response_format", "response_format is not supported"),
        ("response_format", "Unrecognized request argument supplied: 'json_schema'"),
        ("temperature", "Unsupported value: 'temperature' does not support 0"),
        ("max_completion_tokens", "unknown field max_completion_tokens, use max_tokens"),
    ],
)
def test_a_parameter_the_server_rejects_is_left_out_from_then_on(
    server: OpenAiStandIn, question: Question, parameter: str, message: str
) -> None:
    server.script[:] = [Refuses(parameter, message)]
    vlm = model(server, temperature=0.0)
    parse_regions(vlm.ask(question))
    parse_regions(vlm.ask(question))
    assert [parameter in request.body for request in server.requests] == [True, False, False]
    assert "model" in server.requests[-1].body


def test_a_server_that_rejects_it_anyhow_is_not_asked_for_ever(
    server: OpenAiStandIn, question: Question
) -> None:
    error = refused(server, question, [Status(400, "response_format, temperature: all wrong")] * 9)
    assert type(error) is errors.RequestRejected
    assert len(server.requests) == 2


def test_plain_text_is_asked_for_where_so_configured(server: OpenAiStandIn, question: Question) -> None:
    model(server, structured=False, max_tokens=None).ask(question)
    assert set(server.requests[0].body) == {"model", "messages"}


# Keys and addresses ---------------------------------------------------------------------------------------


def test_openai_itself_needs_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MY_KEY", raising=False)
    with pytest.raises(errors.KeyMissing, match="set the environment variable MY_KEY"):
        OpenAiServer(VlmOptions(key_variable="MY_KEY"), 3, FakeClock())


def test_a_server_of_ones_own_does_not(
    server: OpenAiStandIn, question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    parse_regions(model(server).ask(question))
    assert KEY not in json.dumps(dict(server.requests[0].headers))


def test_the_environment_does_not_redirect_pictures(
    server: OpenAiStandIn, question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    parse_regions(model(server).ask(question))


def test_which_addresses_are_this_machine() -> None:
    assert [
        is_loopback(url) for url in ("http://127.0.0.1:1/v1", "http://[::1]/v1", "http://localhost/v1")
    ] == [True] * 3
    assert not any(
        map(is_loopback, ("https://api.openai.com/v1", "http://192.168.1.7:8000/v1", "http://127.0.0.1.x/"))
    )


def test_a_picture_too_large_to_be_sent_stays_here(server: OpenAiStandIn, question: Question) -> None:
    png = io.BytesIO()
    Image.new("RGB", (513, 100)).save(png, "PNG")
    system, user = question
    large = replace(user, pictures=(Picture(png.getvalue(), (0.0, 0.0, 9.0, 9.0), 5, 0.0),))
    with pytest.raises(errors.PictureTooLarge, match="513 x 100"):
        model(server).ask((system, large))
    assert server.requests == []


def test_the_key_is_in_no_repr(server: OpenAiStandIn) -> None:
    vlm = model(server)
    assert KEY not in repr(vlm.__dict__["_server"]) + repr(vlm)
