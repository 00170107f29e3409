"""What the openai package raises, as this program's errors; and replies that are none."""

from __future__ import annotations

from typing import Any

from perception.errors import VlmError
from perception.vlm.errors import (
    CutOff,
    Declined,
    Garbled,
    KeyRefused,
    ModelUnknown,
    NoChoices,
    QuotaSpent,
    RateLimited,
    RequestRejected,
    Server,
    ServerFault,
    TooSlow,
    Unreachable,
)

QUOTA = "insufficient_quota"


def failure(error: Exception, server: Server, seconds: float) -> VlmError:
    """The VlmError that tells what `error`, raised by the openai package, means.

    Besides its own errors the package lets JSONDecodeError (a ValueError) through, and trips over answers
    that are no JSON object (AttributeError, TypeError).
    """
    import openai

    if isinstance(error, openai.APITimeoutError):
        return TooSlow(server.url, seconds)
    if isinstance(error, openai.APIConnectionError):
        return Unreachable(server, server.quote(error.__cause__ or error))
    if isinstance(error, openai.APIStatusError):
        return _status(error, server)
    if isinstance(error, openai.OpenAIError):
        return Garbled(server, f"something the openai package cannot read ({server.quote(error)})")
    if isinstance(error, ValueError):
        return Garbled(server, f"broken JSON ({server.quote(error)})")
    return Garbled(server, "JSON that is no chat completion")


def _status(error: Any, server: Server) -> VlmError:
    status, words = int(error.status_code), server.quote(_words(error))
    if status in (401, 403):
        return KeyRefused(server, status, words)
    if status == 404:
        return ModelUnknown(server, words)
    if status == 429:
        if QUOTA in (error.code, error.type):
            return QuotaSpent(server)
        retry_after = error.response.headers.get("retry-after")
        return RateLimited(server, server.quote(retry_after) if retry_after else None)
    if status >= 500:
        return ServerFault(server, status, words)
    return RequestRejected(server, status, words)


def _words(error: Any) -> str:
    """What the server says went wrong: its own message, else the start of the body."""
    body = error.body
    if isinstance(body, dict):
        inner = body.get("message") or body.get("error") or body.get("detail")
        if inner:
            return str(inner)
    return str(body or error.response.text or error.response.reason_phrase or "no reason given")


def reply_text(completion: Any, server: Server, max_tokens: int | None) -> str:
    """The words of the first choice. Raises the VlmError for anything that is no finished answer."""
    if isinstance(completion, str):
        page = "<html" in completion[:1000].lower() or "<!doctype" in completion[:100].lower()
        raise Garbled(server, "a web page" if page else "plain text")
    choices = getattr(completion, "choices", None)
    if choices is None:
        raise Garbled(server, "JSON that is no chat completion")
    if len(choices) == 0:
        raise NoChoices(server)
    choice, name = choices[0], f"{server.model} at {server.url}"
    message = choice.message
    if refusal := getattr(message, "refusal", None):
        raise Declined(name, server.quote(refusal))
    if choice.finish_reason == "content_filter":
        raise Declined(name, "the server's content filter stopped it")
    if choice.finish_reason == "length":
        raise CutOff(name, max_tokens, "perception.vlm.max_tokens")
    content = message.content
    if content is not None and not isinstance(content, str):
        raise Garbled(server, "a message that is no text")
    return server.without_key(content or "")
