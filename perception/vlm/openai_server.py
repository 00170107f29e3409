"""A vision-language model behind OpenAI's interface: OpenAI itself, vLLM, Ollama, llama.cpp and others.

Guarantees:
1. The configured address alone gets anything: no redirect is followed, no proxy stands before loopback.
2. A picture with a side over 512 pixels is not sent.
3. The key comes from the environment and is in no error, no reply and no `repr`.
4. `ask` returns within the call's budget, or at once after `interrupt`.
"""

from __future__ import annotations

import base64
import ipaddress
import os
import struct
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from hardware.protocols import Clock
from perception.errors import VlmError
from perception.grid import LARGEST_SENT_PX
from perception.models.device import package
from perception.prompt import asked_count
from perception.types import Message, Picture, Reply
from perception.vlm.budget import Allowance, Budget
from perception.vlm.errors import Interrupted, KeyMissing, LastingVlmError, PictureTooLarge, Server
from perception.vlm.failures import QUOTA, failure, reply_text
from perception.vlm.options import OPENAI_URL, VlmOptions
from perception.vlm.waiting import Waiting

NO_KEY = "none"
"""What is sent where a server asks for no key; the package insists on one."""


def server_identity(options: VlmOptions) -> Mapping[str, Any]:
    """What, beside the question, decides a reply: part of the key it is cached under."""
    return {
        "model": options.model,
        "structured": options.structured,
        "detail": options.detail,
        "temperature": options.temperature,
        "max_tokens": options.max_tokens,
    }


@dataclass
class _Call:
    """One `ask`: the bytes of its requests, how many of them were rejected for a parameter, and whether
    anybody still waits for it.
    """

    sent: list[int] = field(default_factory=list)
    rejected: int = 0
    answered: bool = False
    over: bool = False


class OpenAiServer:
    """A VisionLanguageModel over HTTP."""

    def __init__(self, options: VlmOptions, calls: int, clock: Clock) -> None:
        """calls: most requests about one picture. Raises KeyMissing, PackageMissing."""
        openai = package("openai", "a vision-language model behind OpenAI's interface")
        httpx2 = package("httpx2", "the openai package")
        url = options.base_url or OPENAI_URL
        key = os.environ.get(options.key_variable, "").strip()
        if not key and options.base_url is None:
            raise KeyMissing(options.key_variable, url)
        self.name = f"{options.model} at {urlsplit(url).netloc}"
        self._options = options
        self._server = Server(url, options.model, options.key_variable, key)
        self._budget = Budget(self.name, options.call_s, options.total_s, calls, clock)
        self._waiting = Waiting(self.name)
        self._unsupported: set[str] = set()
        self._given_up: LastingVlmError | None = None
        self._thread = threading.local()
        self._client = openai.OpenAI(
            base_url=url,
            api_key=key or NO_KEY,
            http_client=httpx2.Client(
                follow_redirects=False,
                trust_env=not is_loopback(url),
                event_hooks={"request": [self._count], "response": [_keep_from_retrying_without_quota]},
            ),
        )

    def ask(self, messages: Sequence[Message]) -> Reply:
        """The model's answer. Raises VlmError; one that only a person can mend is raised again at once."""
        if self._given_up is not None:
            self._given_up.bytes_sent = 0
            raise self._given_up
        allowance = self._budget.allow(messages)
        body = request_body(messages, self._options)
        call = _Call()
        try:
            completion = self._waiting.run(lambda: self._create(body, call, allowance), allowance.seconds)
            reply = self._reply(completion, sum(call.sent))
            call.answered = True
        except VlmError as error:
            error.bytes_sent = sum(call.sent)
            if isinstance(error, LastingVlmError):
                self._given_up = error
            raise
        finally:
            call.over = True
            self._budget.spend(messages, len(call.sent) - call.rejected, answered=call.answered)
        return reply

    def interrupt(self) -> None:
        """End the question that waits for its answer, from any thread."""
        self._waiting.interrupt()

    def _create(self, body: dict[str, Any], call: _Call, allowance: Allowance) -> Any:
        """One completion; parameters the server rejects by name are left out from then on."""
        import openai

        self._thread.call = call
        seconds, retries = allowance.seconds, min(self._options.retries, allowance.requests - 1)
        client = self._client.with_options(timeout=seconds, max_retries=retries)
        while True:
            wanted = {name: value for name, value in body.items() if name not in self._unsupported}
            try:
                return client.chat.completions.create(**wanted)
            except openai.BadRequestError as error:
                rejected = _named(error, wanted)
                if not rejected:
                    raise failure(error, self._server, seconds) from None
                self._unsupported |= rejected
                call.rejected += 1
            except (openai.OpenAIError, ValueError, AttributeError, TypeError) as error:
                raise failure(error, self._server, seconds) from None

    def _reply(self, completion: Any, bytes_sent: int) -> Reply:
        options = self._options
        try:
            text = reply_text(completion, self._server, options.max_tokens)
            usage = getattr(completion, "usage", None)
            tokens_in, tokens_out = (_count_of(usage, f"{kind}_tokens") for kind in ("prompt", "completion"))
        except (ValueError, AttributeError, TypeError) as error:
            raise failure(error, self._server, options.call_s) from None
        return Reply(
            text,
            self.name,
            tokens_in,
            tokens_out,
            bytes_sent,
            cost(tokens_in, tokens_out, options.price_in_per_million, options.price_out_per_million),
        )

    def _count(self, request: Any) -> None:
        """Called before each request, in the thread of its call: a call given up sends nothing more."""
        call: _Call = self._thread.call
        if call.over:
            raise Interrupted(self.name)
        call.sent.append(len(request.content))


OPTIONAL = ("response_format", "temperature", "max_completion_tokens")
"""Parameters that a request does without where a server does not know them."""


def request_body(messages: Sequence[Message], options: VlmOptions) -> dict[str, Any]:
    """The parameters of chat.completions.create. Raises PictureTooLarge."""
    body: dict[str, Any] = {
        "model": options.model,
        "messages": [_turn(message, options.detail) for message in messages],
    }
    picture = next((p for m in messages for p in m.pictures), None)
    count = next((n for message in messages if (n := asked_count(message.text))), None)
    if options.structured and picture is not None and count is not None:
        schema = {"name": "regions", "strict": True, "schema": regions_schema(picture.grid_n, count)}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    if options.temperature is not None:
        body["temperature"] = options.temperature
    if options.max_tokens is not None:
        body["max_completion_tokens"] = options.max_tokens
    return body


def regions_schema(n: int, count: int) -> dict[str, Any]:
    """The JSON schema of an answer about an n x n grid with `count` cells per role."""
    cells = {
        "type": "array",
        "items": {"type": "integer", "minimum": 1, "maximum": n * n},
        "minItems": count,
        "maxItems": count,
    }
    return {
        "type": "object",
        "properties": {"human": cells, "robot": cells},
        "required": ["human", "robot"],
        "additionalProperties": False,
    }


def cost(
    tokens_in: int | None, tokens_out: int | None, price_in: float | None, price_out: float | None
) -> float | None:
    """What tokens cost at prices per million; None where any of the four is unknown."""
    if tokens_in is None or tokens_out is None or price_in is None or price_out is None:
        return None
    return (tokens_in * price_in + tokens_out * price_out) / 1e6


def is_loopback(url: str) -> bool:
    """Whether `url` is on this very machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _turn(message: Message, detail: str) -> dict[str, Any]:
    if not message.pictures:
        return {"role": message.role, "content": message.text}
    pictures = [
        {"type": "image_url", "image_url": {"url": _data_url(picture), "detail": detail}}
        for picture in message.pictures
    ]
    return {"role": message.role, "content": [{"type": "text", "text": message.text}, *pictures]}


def _data_url(picture: Picture) -> str:
    width, height = struct.unpack(">II", picture.png[16:24])  # a PNG's first chunk begins with its size
    if max(width, height) > LARGEST_SENT_PX:
        raise PictureTooLarge(width, height, LARGEST_SENT_PX)
    return "data:image/png;base64," + base64.b64encode(picture.png).decode("ascii")


def _named(error: Any, body: Mapping[str, Any]) -> set[str]:
    """Which optional parameters of `body` a server names when it rejects a request."""
    words = f"{error.body or ''} {error.message}"
    aliases = {
        "response_format": ("response_format", "json_schema"),
        "max_completion_tokens": ("max_tokens",),
    }
    return {
        name
        for name in OPTIONAL
        if name in body and any(word in words for word in (name, *aliases.get(name, ())))
    }


def _keep_from_retrying_without_quota(response: Any) -> None:
    """The package repeats every 429; this header tells it when that is useless."""
    if response.status_code == 429 and QUOTA in response.read().decode("utf-8", "replace"):
        response.headers["x-should-retry"] = "false"


def _count_of(usage: Any, name: str) -> int | None:
    value = getattr(usage, name, None)
    return value if isinstance(value, int) else None
