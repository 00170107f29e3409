"""Where jobs that take longer than a tick run: inline when time can stand still, else in a worker thread.

Guarantees:
1. `submit` never raises what the job raises: result and exception arrive in the future.
2. One job at a time, in the order of submission.
3. The optional callback receives (name, when it began, when it ended) once per job, failed jobs included.
4. Nobody waits for a job after `shutdown`; `abandoned` names those that still run, for the program's end.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import SimpleQueue
from types import TracebackType
from typing import Any

from hardware.clock import SystemClock

JobRecord = Callable[[str, float, float], None]
"""Called with a job's name and when it began and ended, seconds of the SystemClock."""


def _timed(job: Callable[[], Any], name: str, record: JobRecord | None) -> Any:
    clock = SystemClock()
    began_s = clock.now()
    try:
        return job()
    finally:
        if record is not None:
            record(name, began_s, clock.now())


class InlineExecutor:
    """Runs each job at once in the caller's thread: deterministic where the world stands still meanwhile."""

    def __init__(self, record: JobRecord | None = None) -> None:
        self._record = record

    def submit(self, job: Callable[[], Any], name: str) -> Future[Any]:
        """Run `job` and return its finished future."""
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        try:
            future.set_result(_timed(job, name, self._record))
        except Exception as error:
            future.set_exception(error)
        return future


@dataclass(frozen=True)
class _Entry:
    """A job in the queue."""

    job: Callable[[], Any]
    name: str
    future: Future[Any] = field(default_factory=Future)


class ThreadExecutor:
    """Runs jobs one after another in a worker thread; leaving the context drops the jobs not yet begun.

    The thread is a daemon: `concurrent.futures` would keep the process alive until the last job is done,
    20 s for a model that does not answer.
    """

    def __init__(self, record: JobRecord | None = None) -> None:
        self._record = record
        self._queue: SimpleQueue[_Entry | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False
        self.running: str | None = None
        """The name of the job in the worker."""
        self._thread = threading.Thread(target=self._work, name="job", daemon=True)
        self._thread.start()
        _EXECUTORS.add(self)

    def submit(self, job: Callable[[], Any], name: str) -> Future[Any]:
        """Queue `job`; returns at once. Raises RuntimeError after `shutdown`."""
        entry = _Entry(job, name)
        with self._lock:
            if self._closed:
                raise RuntimeError(f"{name} was submitted after the shutdown")
            self._queue.put(entry)
        return entry.future

    def shutdown(self) -> None:
        """Drop the waiting jobs and leave; a job that runs goes on to its end. Idempotent."""
        with self._lock:
            self._closed = True
            while not self._queue.empty():
                entry = self._queue.get()
                if entry is not None:
                    entry.future.cancel()
            self._queue.put(None)

    def __enter__(self) -> ThreadExecutor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown()

    def _work(self) -> None:
        while (entry := self._queue.get()) is not None:
            if not entry.future.set_running_or_notify_cancel():
                continue
            self.running = entry.name
            try:
                result = _timed(entry.job, entry.name, self._record)
            except BaseException as error:
                self.running = None
                entry.future.set_exception(error)
            else:
                self.running = None
                entry.future.set_result(result)
            del entry  # or the last job and its result would live until the next one


_EXECUTORS: weakref.WeakSet[ThreadExecutor] = weakref.WeakSet()


def abandoned() -> tuple[str, ...]:
    """The names of the jobs that run in worker threads right now.

    A program that ends meanwhile must leave with `os._exit`: the interpreter would tear down what a model's
    native code still uses, and crash.
    """
    return tuple(sorted(executor.running for executor in _EXECUTORS if executor.running is not None))
