"""The real robot's voice: each sentence one argument of a program, nobody kept waiting."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from threading import Event

import pytest

from hardware.announcer import BACKLOG, NoSpeechProgram, SpokenAnnouncer
from hardware.clock import SystemClock
from hardware.protocols import Announcer

WRITE = "import sys, pathlib; pathlib.Path(sys.argv[1]).open('a').write(repr(sys.argv[2:]) + chr(10))"
WAIT = (
    "import sys, pathlib, time\n"
    "pathlib.Path(sys.argv[1]).open('a').write(sys.argv[2] + chr(10))\n"
    "while not pathlib.Path(sys.argv[1] + '.go').exists(): time.sleep(0.005)\n"
)


def until(lines: int, path: Path) -> list[str]:
    """The lines of the file once there are so many."""
    clock, pause = SystemClock(), Event()
    end_s = clock.now() + 20.0
    while not path.exists() or len(path.read_text().splitlines()) < lines:
        assert clock.now() < end_s, "it was not said"
        pause.wait(0.005)
    return path.read_text().splitlines()


def test_a_sentence_is_one_argument_whatever_is_in_it(tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    announcer = SpokenAnnouncer((sys.executable, "-c", WRITE, str(heard)), 20.0)
    assert isinstance(announcer, Announcer)
    announcer.say('Please take the "hammer"; $(touch x) & `y`')
    announcer.say("Thank you.")
    assert until(2, heard) == [repr(['Please take the "hammer"; $(touch x) & `y`']), repr(["Thank you."])]


def test_without_a_program_it_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        SpokenAnnouncer((), 10.0).say("Please take the hammer.")
    assert "the robot says: Please take the hammer." in caplog.text


def test_a_missing_program_is_named_at_once() -> None:
    with pytest.raises(NoSpeechProgram, match="no program 'no-such-voice'"):
        SpokenAnnouncer(("no-such-voice",), 10.0)


def test_speaking_keeps_nobody_waiting(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    heard = tmp_path / "heard"
    announcer = SpokenAnnouncer((sys.executable, "-c", WAIT, str(heard)), 30.0)
    announcer.say("sentence 0")
    until(1, heard)  # it is being spoken, until told to go on
    for number in range(1, BACKLOG + 3):
        announcer.say(f"sentence {number}")
    assert [f"sentence {n}" in caplog.text for n in (BACKLOG, BACKLOG + 1, BACKLOG + 2)] == [
        False,
        True,
        True,
    ]
    Path(f"{heard}.go").touch()
    assert until(BACKLOG + 1, heard) == [f"sentence {n}" for n in range(BACKLOG + 1)]


@pytest.mark.parametrize(
    ("code", "sentence_s"), [("raise SystemExit(3)", 20.0), ("import time; time.sleep(60)", 0.01)]
)
def test_what_cannot_be_spoken_is_a_warning(
    code: str, sentence_s: float, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    announcer = SpokenAnnouncer((sys.executable, "-c", code), sentence_s)
    announcer.say("Hello.")
    clock, pause = SystemClock(), Event()
    end_s = clock.now() + 20.0
    while "could not be spoken" not in caplog.text:
        assert clock.now() < end_s
        pause.wait(0.005)
    announcer.say("Hello again.")  # and the next one is tried
