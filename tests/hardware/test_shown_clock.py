"""One time for two processes: it is read, who waits by it is let go, who is left alone gets to an end."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from hardware.shown_clock import STANDSTILL_S, ShownClock, ShownTime
from tests.fakes import FakeClock


class TickingMachine(FakeClock):
    """Each wait shows a little more time, as another process would."""

    def __init__(self, shown: ShownTime, step_s: float) -> None:
        super().__init__(100.0)
        self._shown, self._step_s, self._time_s = shown, step_s, 0.0

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self._time_s += self._step_s
        self._shown.show(self._time_s)


@pytest.fixture
def shown() -> Iterator[ShownTime]:
    with ShownTime() as made:
        yield made


def test_another_process_reads_what_is_shown(shown: ShownTime) -> None:
    shown.show(12.75)
    code = (
        "import sys; from hardware.shown_clock import ShownClock; print(ShownClock(int(sys.argv[1])).now())"
    )
    words = [sys.executable, "-c", code, str(shown.fileno())]
    said = subprocess.run(words, pass_fds=(shown.fileno(),), capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "12.75"


def test_sleeping_lasts_as_long_as_the_time_shown_takes(shown: ShownTime) -> None:
    machine = TickingMachine(shown, 0.0001)
    clock = ShownClock(shown.fileno(), machine)
    clock.sleep(0.05)
    assert clock.now() == pytest.approx(0.05, abs=0.0002)
    assert machine.now() - 100.0 > 0.4  # a tenth of the machine's pace: it takes ten times as long


def test_time_that_stands_still_holds_nobody_up_and_does_not_go_on_by_itself(shown: ShownTime) -> None:
    machine = FakeClock(100.0)
    clock = ShownClock(shown.fileno(), machine)
    clock.sleep(5.0)
    assert machine.now() - 100.0 < 2.0 * STANDSTILL_S
    assert clock.now() == 0.0


def test_once_the_other_process_is_gone_time_passes_as_the_machines(
    shown: ShownTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = FakeClock(100.0)
    clock = ShownClock(shown.fileno(), machine)
    shown.show(3.0)
    monkeypatch.setattr(os, "getppid", lambda: 1)
    assert clock.now() == 3.0
    clock.sleep(5.0)
    assert clock.now() == pytest.approx(8.0, abs=0.01)
    assert machine.now() == pytest.approx(105.0, abs=0.01)


def test_nothing_is_shown_outside_of_the_context() -> None:
    time = ShownTime()
    time.show(1.0)
    with pytest.raises(ValueError, match="context"):
        time.fileno()
