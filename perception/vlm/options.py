"""What a user may change about vision-language models (light: nothing but the standard library)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

OPENAI_URL = "https://api.openai.com/v1"


@dataclass(frozen=True)
class VlmOptions:
    """The vision-language model that tells the person's end from the robot's.

    base_url to retries and the prices are for a server with OpenAI's interface, whose key comes from the
    environment only; a local model's weights are perception.models.vlm.
    """

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    base_url: str | None = None
    """null: OpenAI's own server; else for example http://127.0.0.1:8000/v1 (vLLM), :11434/v1 (Ollama)."""
    model: str = "gpt-4o"
    """As the server names it; it must take pictures."""
    key_variable: str = "OPENAI_API_KEY"
    """The environment variable that holds the key; a server with a base_url may do without."""
    structured: bool = True
    """Ask for JSON by schema first; a server that rejects this is asked in plain text from then on."""
    detail: Literal["auto", "low", "high"] = "high"
    """Low shrinks the picture on the server's side until labels may be unreadable."""
    temperature: float | None = None
    """null: the server's own; some models accept no other."""
    max_tokens: int | None = 2000
    """Of the answer with all thinking; null: no limit but the server's."""
    retries: int = 1
    """How often a request is repeated within its time after 429, 5xx or a broken connection."""
    call_s: float = 20.0
    """One question, retries included; the tree waits tree.deadlines.vlm_s for it."""
    total_s: float = 45.0
    """All questions about one picture, repairs included."""
    price_in_per_million: float | None = None
    """Price of a million prompt tokens, in any currency; null: unknown, and so is the cost in the record."""
    price_out_per_million: float | None = None
    cache_dir: str | None = "~/.cache/handover/replies"
    """Usable replies are kept here and given again to the same question; null: no cache."""
    offline: bool = False
    """Answer from the cache only; nothing is sent and no model is loaded."""
