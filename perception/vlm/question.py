"""What makes two questions the same, and which replies answer one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from perception.errors import VlmParseError
from perception.prompt import PROMPT_VERSION, asked_count, listed_cells
from perception.types import Message
from perception.vlm_parse import parse_regions


def opening(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The question itself: everything before the first answer."""
    return tuple(
        messages[: next((i for i, m in enumerate(messages) if m.role == "assistant"), len(messages))]
    )


def question_key(messages: Sequence[Message], asked: Mapping[str, Any] | None = None) -> str:
    """SHA-256 (hex) of the question's words and pictures, the prompt's version and whatever else decides
    the answer (`asked`: model, parameters). Repairs of one question share its key.
    """
    content = {
        "prompt": PROMPT_VERSION,
        "asked": dict(asked or {}),
        "messages": [
            [m.role, m.text, [hashlib.sha256(picture.png).hexdigest() for picture in m.pictures]]
            for m in opening(messages)
        ],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def answers(text: str, messages: Sequence[Message]) -> bool:
    """Whether `text` names cells for both roles, all of them among those listed as showing the object.

    The same checks as `grounding.regions_from_reply`, from the question's own words.
    """
    question = opening(messages)
    count = next((n for message in question if (n := asked_count(message.text))), None)
    asked = next((message for message in reversed(question) if message.pictures), None)
    if count is None or asked is None:
        return False
    try:
        cells = parse_regions(text, asked.pictures[-1].grid_n, count)
    except VlmParseError:
        return False
    return {*cells.human, *cells.robot} <= set(listed_cells(asked.text))
