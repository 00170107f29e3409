"""The participant's page over a real server on this machine."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from app.errors import UsageError
from app.study.errors import Stopped
from app.study.page import PageQuestioner, serve_page

QUESTIONS = {"room": "Was there <room>?", "rest": "And the rest?"}


class Served:
    """A page, its address, and what was asked in the background."""

    def __init__(self, page: PageQuestioner, address: str) -> None:
        self.page, self.address = page, address
        self.shown = threading.Event()
        show = page._show

        def told(*card: Any) -> None:
            show(*card)
            self.shown.set()

        page._show = told  # type: ignore[method-assign]  # to wait for a card without sleeping

    def ask(self, question: Callable[[], Any]) -> list[Any]:
        """Asks in a thread; returns once the card is up. The list gets the answer or the exception."""
        answered: list[Any] = []

        def target() -> None:
            try:
                answered.append(question())
            except Stopped as stopped:
                answered.append(stopped)

        self.shown.clear()
        self.thread = threading.Thread(target=target, daemon=True)
        self.thread.start()
        assert self.shown.wait(10.0)
        return answered

    def get(self) -> str:
        with urlopen(self.address, timeout=10.0) as answer:
            return str(answer.read().decode())

    def card(self) -> str:
        found = re.search(r'name="card" value="([^"]+)"', self.get())
        assert found
        return found[1]

    def post(self, fields: Mapping[str, str]) -> str:
        with urlopen(self.address, urlencode(fields).encode(), timeout=10.0) as answer:
            return str(answer.read().decode())


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[PageQuestioner, str]]:
    said: list[str] = []
    with serve_page(0, said.append) as page:
        yield page, said[0].split()[-1]


@pytest.fixture
def served(address: tuple[PageQuestioner, str]) -> Iterator[Served]:
    page, place = address
    show = page._show
    yield Served(page, place)
    page._show = show  # type: ignore[method-assign]
    page._stopped.clear()


def test_the_answers_of_a_form_come_back(served: Served) -> None:
    answered = served.ask(lambda: served.page.rate(QUESTIONS, {}))
    page = served.get()
    assert "Was there &lt;room&gt;?" in page
    assert "refresh" not in page, "a form must not vanish while it is filled in"
    assert "Thank you" in served.post({"card": served.card(), "room": "4", "rest": "1"})
    served.thread.join(10.0)
    assert answered == [{"room": 4, "rest": 1}]


def test_half_answers_old_cards_and_marks_off_the_scale_change_nothing(served: Served) -> None:
    answered = served.ask(lambda: served.page.rate(QUESTIONS, {}))
    card = served.card()
    for fields in ({"room": "4"}, {"room": "4", "rest": "6"}, {"room": "4", "rest": "x"}):
        assert "And the rest?" in served.post({"card": card, **fields})
    served.post({"card": "old", "room": "4", "rest": "4"})
    served.post({"room": "4", "rest": "4"})
    assert answered == []
    served.post({"card": card, "room": "2", "rest": "3"})
    served.thread.join(10.0)
    assert answered == [{"room": 2, "rest": 3}]


def test_stop_ends_the_session_from_any_card(served: Served) -> None:
    answered = served.ask(lambda: served.page.wait("Handover 1 of 9"))
    served.post({"card": served.card(), "stop": "stop"})
    served.thread.join(10.0)
    assert isinstance(answered[0], Stopped)
    assert "Stopped" in served.get()


def test_stop_while_the_robot_moves_is_heard_at_once(served: Served) -> None:
    served.page.tell("The robot begins.")
    assert not served.page.stops()
    assert "refresh" in served.get()
    served.post({"card": served.card(), "stop": "stop"})
    assert served.page.stops()
    with pytest.raises(Stopped):
        served.page.wait("next")


def test_stop_counts_from_a_card_that_was_just_replaced(served: Served) -> None:
    seen = served.card()
    served.page.tell("The robot begins.")
    served.post({"card": "made up", "stop": "stop"})
    assert not served.page.stops()
    served.post({"card": seen, "stop": "stop"})
    assert served.page.stops()


def test_consent_is_asked_with_both_answers(served: Served) -> None:
    answered = served.ask(served.page.consents)
    served.post({"card": served.card(), "agree": "no"})
    served.thread.join(10.0)
    assert answered == [False]


def test_a_request_to_another_name_is_refused(served: Served) -> None:
    with pytest.raises(HTTPError, match="400"):
        urlopen(Request(served.address, headers={"Host": "robot.example"}), timeout=10.0)


def test_a_long_request_is_refused(served: Served) -> None:
    with pytest.raises(HTTPError, match="413"):
        served.post({"card": "x" * 20_000})


def test_a_taken_port_is_one_sentence(served: Served) -> None:
    port = int(served.address.rstrip("/").rpartition(":")[2])
    with pytest.raises(UsageError, match="--port"), serve_page(port, lambda words: None):
        pass
