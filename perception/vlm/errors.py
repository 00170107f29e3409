"""Why a vision-language model gave no usable answer: one class per cause, each saying what to do next.

No text here ever holds a key: what a server says is passed on only after `Server.quote` took it out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from perception.errors import VlmError

LONGEST_QUOTE = 200


@dataclass(frozen=True)
class Server:
    """Who was asked: address, model, and the environment variable of its key."""

    url: str
    model: str
    key_variable: str
    key: str = field(repr=False)

    def quote(self, words: object) -> str:
        """What the server said, on one line of at most 200 characters, without the key."""
        text = self.without_key(" ".join(str(words).split()))
        return text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1] + "…"

    def without_key(self, text: str) -> str:
        return text.replace(self.key, "***") if self.key else text


class LastingVlmError(VlmError):
    """Asking again would change nothing: only a person can."""


class KeyMissing(LastingVlmError):
    """No key in the environment."""

    def __init__(self, variable: str, url: str) -> None:
        super().__init__(
            f"{url} needs a key: set the environment variable {variable}, or set perception.vlm.base_url to "
            "a server of your own"
        )


class KeyRefused(LastingVlmError):
    """401 or 403."""

    def __init__(self, server: Server, status: int, words: str) -> None:
        super().__init__(
            f"{server.url} refused the key in the environment variable {server.key_variable} "
            f"(HTTP {status}: {words}); set a valid one"
        )


class ModelUnknown(LastingVlmError):
    """404."""

    def __init__(self, server: Server, words: str) -> None:
        super().__init__(
            f"{server.url} knows no model {server.model!r}, or speaks another language than OpenAI's "
            f"(HTTP 404: {words}); check perception.vlm.model and perception.vlm.base_url (most end in /v1)"
        )


class QuotaSpent(LastingVlmError):
    """429 with insufficient_quota."""

    def __init__(self, server: Server) -> None:
        super().__init__(
            f"the account behind {server.key_variable} has no quota left at {server.url} (HTTP 429); "
            "add credit or use another server"
        )


class RateLimited(VlmError):
    """429."""

    def __init__(self, server: Server, retry_after: str | None) -> None:
        when = f"; it asks to wait {retry_after} s" if retry_after else ""
        super().__init__(f"{server.url} has too many requests (HTTP 429){when}")


class RequestRejected(VlmError):
    """Another 4xx, or a redirect, which is not followed: pictures go to the configured address only."""

    def __init__(self, server: Server, status: int, words: str) -> None:
        super().__init__(f"{server.url} rejected the request (HTTP {status}: {words})")


class ServerFault(VlmError):
    """5xx."""

    def __init__(self, server: Server, status: int, words: str) -> None:
        super().__init__(f"{server.url} failed (HTTP {status}: {words}); try later")


class Unreachable(VlmError):
    """No connection."""

    def __init__(self, server: Server, words: str) -> None:
        super().__init__(
            f"{server.url} cannot be reached ({words}); is it running, is perception.vlm.base_url right?"
        )


class TooSlow(VlmError):
    """No answer in time."""

    def __init__(self, name: str, seconds: float) -> None:
        super().__init__(
            f"{name} gave no answer within {seconds:.1f} s; perception.vlm.call_s and total_s set the limit"
        )


class BudgetSpent(VlmError):
    """All time or all calls for one picture are used up."""

    def __init__(self, name: str, spent: str) -> None:
        super().__init__(f"{name} is not asked about this picture any more: {spent}")


class Garbled(VlmError):
    """An answer, but none in OpenAI's format."""

    def __init__(self, server: Server, what: str) -> None:
        super().__init__(f"{server.url} answered with {what}; is perception.vlm.base_url right?")


class NoChoices(VlmError):
    """A well-formed answer without a single choice."""

    def __init__(self, server: Server) -> None:
        super().__init__(f"{server.model} at {server.url} answered without a choice")


class Declined(VlmError):
    """The model or a filter refused."""

    def __init__(self, name: str, words: str) -> None:
        super().__init__(f"{name} declined: {words}")


class CutOff(VlmError):
    """The reply hit the limit of tokens."""

    def __init__(self, name: str, limit: int | None, option: str) -> None:
        after = f" after {limit} tokens" if limit else ""
        super().__init__(f"the reply of {name} was cut off{after}; raise {option}")


class Interrupted(VlmError):
    """Somebody stopped the question."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the question to {name} was stopped")


class NotCached(LastingVlmError):
    """Offline, and this question was never answered."""

    def __init__(self, model: str, folder: Path) -> None:
        super().__init__(
            f"offline: {folder} holds no reply of {model} to this question; ask once without --offline"
        )


class NoCache(LastingVlmError):
    """Offline without a cache."""

    def __init__(self) -> None:
        super().__init__(
            "perception.vlm.offline answers from the cache only, and perception.vlm.cache_dir is null; "
            "set one of them"
        )


class PictureTooLarge(LastingVlmError):
    """A picture that must not leave the machine."""

    def __init__(self, width: int, height: int, limit: int) -> None:
        super().__init__(
            f"a picture of {width} x {height} pixels is not sent; {limit} a side is the most, "
            "see perception.grid.crop_px"
        )


class NoChatTemplate(LastingVlmError):
    """A local model that cannot be talked to."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder} holds no chat template; a model tuned for chat is needed")
