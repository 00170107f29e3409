"""Where jobs that take longer than a tick run: inline when time can stand still, else in a worker thread.

Guarantees:
1. `submit` never raises what the job raises: result and exception arrive in the future.
2. One job at a time, in the order of submission.
3. The optional callback receives (name, seconds of wall time) once per job, failed jobs included.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any

from hardware.clock import SystemClock

JobRecord = Callable[[str, float], None]
"""Called with a job's name and the wall seconds it took."""


def _timed(job: Callable[[], Any], name: str, record: JobRecord | None) -> Any:
    clock = SystemClock()
    started_s = clock.now()
    try:
        return job()
    finally:
        if record is not None:
            record(name, clock.now() - started_s)


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


class ThreadExecutor:
    """Runs jobs one after another in a worker thread; leaving the context drops the jobs not yet begun."""

    def __init__(self, record: JobRecord | None = None) -> None:
        self._record = record
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="job")

    def submit(self, job: Callable[[], Any], name: str) -> Future[Any]:
        """Queue `job`; returns at once. Raises RuntimeError after `shutdown`."""
        return self._pool.submit(_timed, job, name, self._record)

    def shutdown(self) -> None:
        """Drop the waiting jobs and leave; a job that runs goes on to its end. Idempotent."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def __enter__(self) -> ThreadExecutor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown()
