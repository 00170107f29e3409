"""Ctrl-C and SIGTERM: the first raises, a further one is the emergency stop, the end is not broken into."""

from __future__ import annotations

import signal
import threading
from contextlib import suppress

import pytest

from app.signals import SIGNALS, Interrupted, StopSignals


def test_the_first_signal_raises_at_once_and_says_which() -> None:
    with (
        pytest.raises(Interrupted, match="stopped by SIGTERM"),
        StopSignals(lambda: None) as signals,
    ):
        signal.raise_signal(signal.SIGTERM)
    assert signals.received


def test_a_further_signal_is_the_emergency_stop_in_a_thread_of_its_own() -> None:
    stopped_in: list[str] = []
    with StopSignals(lambda: stopped_in.append(threading.current_thread().name)):
        with pytest.raises(Interrupted):
            signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
    assert stopped_in == ["emergency stop"]


def test_an_emergency_stop_does_not_wait_for_a_lock_the_interrupted_code_holds() -> None:
    lock, done = threading.Lock(), threading.Event()

    def stop() -> None:
        with lock:
            done.set()

    with StopSignals(stop) as signals:
        signals.ending = True
        with lock:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
        assert done.wait(timeout=10.0)


def test_while_the_run_ends_the_first_signal_is_only_noted() -> None:
    with StopSignals(lambda: None) as signals:
        signals.ending = True
        signal.raise_signal(signal.SIGINT)
        assert signals.received


def test_the_handlers_of_before_are_back_even_after_an_error() -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    with suppress(ValueError), StopSignals(lambda: None):
        assert [signal.getsignal(number) for number in SIGNALS] != before
        raise ValueError
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_outside_the_main_thread_no_handler_is_touched() -> None:
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def run() -> None:
        with StopSignals(lambda: None):
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [before]
