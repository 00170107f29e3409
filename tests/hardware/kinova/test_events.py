"""Which events end the motion at hand: by the identifier its beginning has told."""

from __future__ import annotations

import pytest

from hardware.kinova.events import ActionEvents


def begun(identifier: int = 7) -> ActionEvents:
    events = ActionEvents()
    events.expect()
    events.take("ACTION_START", identifier, "")
    return events


@pytest.mark.parametrize("event", ["ACTION_END", "ACTION_ABORT", "ACTION_PREPROCESS_ABORT"])
def test_only_an_end_under_its_own_identifier_ends_it(event: str) -> None:
    events = begun()
    assert not events.take(event, 6, "X")
    assert events.ended == ""
    assert events.take(event, 7, "X")
    assert events.ended == ("ACTION_END" if event == "ACTION_END" else f"{event}, X")


def test_nothing_ends_what_has_not_begun() -> None:
    events = ActionEvents()
    events.expect()
    events.take("ACTION_END", 7, "")
    assert events.ended == ""


def test_the_first_end_stays() -> None:
    events = begun()
    events.take("ACTION_ABORT", 7, "X")
    events.take("ACTION_END", 7, "")
    assert events.ended == "ACTION_ABORT, X"


def test_an_earlier_action_that_is_told_late_neither_begins_nor_ends_the_next() -> None:
    events = begun(7)
    events.expect()
    events.take("ACTION_START", 7, "")
    events.take("ACTION_ABORT", 7, "X")
    assert events.ended == ""
    events.take("ACTION_START", 8, "")
    events.take("ACTION_END", 8, "")
    assert events.ended == "ACTION_END"


def test_a_beginning_told_late_gives_way_to_the_true_one() -> None:
    events = begun(7)  # of an earlier action, whose beginning nobody had waited for
    events.take("ACTION_START", 8, "")
    events.take("ACTION_ABORT", 7, "X")
    assert events.ended == ""
