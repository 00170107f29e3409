"""Job executors: who runs the job, in which order, and what is recorded."""

from __future__ import annotations

import subprocess
import sys
import threading
from functools import partial

import pytest

from hardware.executor import InlineExecutor, ThreadExecutor, abandoned


def test_inline_runs_at_once_in_the_callers_thread() -> None:
    ran_in: list[int] = []
    future = InlineExecutor().submit(lambda: ran_in.append(threading.get_ident()), "job")
    assert future.done()
    assert ran_in == [threading.get_ident()]


def test_every_job_is_recorded_with_its_time_even_a_failing_one() -> None:
    record: list[tuple[str, float, float]] = []
    executor = InlineExecutor(lambda *job: record.append(job))
    executor.submit(lambda: sum(range(1000)), "sum")
    executor.submit(lambda: [][0], "broken")
    assert [name for name, _, _ in record] == ["sum", "broken"]
    times = [time_s for _, *times in record for time_s in times]
    assert times == sorted(times)


def test_inline_lets_an_interrupt_through() -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        InlineExecutor().submit(interrupted, "job")


def test_the_worker_runs_jobs_in_order_and_not_in_this_thread() -> None:
    ran: list[tuple[int, int]] = []
    with ThreadExecutor() as executor:
        jobs = [partial(lambda i: ran.append((i, threading.get_ident())), i) for i in range(5)]
        futures = [executor.submit(job, "job") for job in jobs]
        for future in futures:
            future.result(timeout=5.0)
    assert [i for i, _ in ran] == list(range(5))
    assert {thread for _, thread in ran}.isdisjoint({threading.get_ident()})


def test_shutdown_drops_waiting_jobs_and_does_not_wait() -> None:
    gate, started = threading.Event(), threading.Event()

    def first() -> str:
        started.set()
        gate.wait(5.0)
        return "done"

    executor = ThreadExecutor()
    running = executor.submit(first, "first")
    waiting = executor.submit(lambda: "never", "second")
    assert started.wait(5.0)
    executor.shutdown()
    executor.shutdown()
    assert waiting.cancelled()
    assert not running.done()
    gate.set()
    assert running.result(timeout=5.0) == "done"
    with pytest.raises(RuntimeError):
        executor.submit(lambda: None, "late")


def test_the_worker_lives_on_after_a_job_that_fails() -> None:
    with ThreadExecutor() as executor:
        broken = executor.submit(lambda: [][0], "broken")
        assert executor.submit(lambda: 3, "next").result(timeout=5.0) == 3
    assert isinstance(broken.exception(), IndexError)


def test_jobs_that_run_on_after_the_end_are_named() -> None:
    gate, started = threading.Event(), threading.Event()

    def stubborn() -> None:
        started.set()
        gate.wait(5.0)

    executor = ThreadExecutor()
    future = executor.submit(stubborn, "Ask VLM")
    assert started.wait(5.0)
    executor.shutdown()
    assert "Ask VLM" in abandoned()
    gate.set()
    future.result(timeout=5.0)
    assert "Ask VLM" not in abandoned()


PROGRAM = """
import threading
from app import cli
from hardware.executor import ThreadExecutor

def main():
    started = threading.Event()
    with ThreadExecutor() as executor:
        executor.submit(lambda: (started.set(), threading.Event().wait({seconds})), "Ask VLM")
        started.wait()
    print("the run has ended")
    return 3

cli.main = main
{end}
"""


@pytest.mark.parametrize("end", ["cli.program()", "raise SystemExit(cli.main())"])
def test_a_job_does_not_keep_the_program_alive(end: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(seconds=60, end=end)],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (3, "the run has ended\n", "")
