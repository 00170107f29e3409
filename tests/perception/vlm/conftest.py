"""A server that talks like OpenAI's, a key in the environment, and a question about a hammer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from perception.grounding import first_messages, numbered_grid
from perception.types import Message
from tests.openai_server import OpenAiStandIn
from tests.perception.test_grounding import FRAME, HAMMER

KEY = "sk-a-key-that-nobody-may-see"


@pytest.fixture(scope="session")
def running() -> Iterator[OpenAiStandIn]:
    with OpenAiStandIn() as server:
        yield server


@pytest.fixture
def server(running: OpenAiStandIn, monkeypatch: pytest.MonkeyPatch) -> OpenAiStandIn:
    """Answers well until told otherwise; the key is set."""
    running.script.clear()
    running.requests.clear()
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    return running


@pytest.fixture(scope="session")
def question() -> tuple[Message, ...]:
    return first_messages("hammer", numbered_grid(FRAME, HAMMER))
