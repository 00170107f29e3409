"""Trials in parallel: in processes of this machine, or unchanged on a Dask or Ray cluster.

Guarantees:
1. A worker that dies (a segmentation fault, no memory left) costs no more than the trial that killed it: what
   was in work is tried again, one trial at a time, and only what kills a worker twice is told as failed.
2. What a trial raises is a bug, of this program or of its installation on a cluster, and is raised here.
3. Ctrl-C, and a consumer that turns away, end the workers of this machine at once.
4. Clusters made here listen on 127.0.0.1 alone, without dashboards.
"""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from logging import CRITICAL
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from app.errors import MissingPackage, UsageError

if TYPE_CHECKING:
    from joblib.externals.loky import ProcessPoolExecutor

Engine = Literal["processes", "dask", "ray"]
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""Linear algebra in a worker: as many workers as cores fill the machine already."""
DIED = "its worker died twice: a crash, or no memory left"

T = TypeVar("T")
Row = dict[str, Any]


@dataclass(frozen=True)
class Workers:
    """Somewhere to send work; `deaths` are the errors of a future whose worker died."""

    submit: Callable[..., Future[Row]]
    deaths: tuple[type[BaseException], ...]


def lost(trial: Any) -> Row:
    """The row of a trial (a dataclass) that killed its worker: what names it, and its `failure`."""
    return {**asdict(trial), "failure": DIED}


def run_all(
    work: Callable[[T], Row],
    trials: Sequence[T],
    engine: Engine,
    jobs: int,
    *,
    address: str = "",
    otherwise: Callable[[T], Row] = lost,
) -> Generator[Row, None, None]:
    """One row per trial as they come, in any order.

    jobs: trials at a time. address: of a Dask scheduler or a Ray head, whose workers have this program too;
    without one, a cluster of this machine lasts as long as the trials. otherwise: the row of a trial that
    killed its worker. Raises MissingPackage.
    """
    with _ENGINES[engine](jobs, address) as workers:
        suspects = []
        for trial, row in _each(workers, work, trials, jobs):
            if row is None:
                suspects.append(trial)
            else:
                yield row
        for suspect in suspects:  # one at a time: whoever was only near a crash survives
            for _, row in _each(workers, work, [suspect], 1):
                yield otherwise(suspect) if row is None else row


def check_engine(engine: Engine, address: str = "") -> None:
    """Whether trials can run there, before anything is begun. Raises UsageError, MissingPackage."""
    if address and engine == "processes":
        raise UsageError("--cluster goes with --engine dask or ray")
    for package in _PACKAGES[engine]:
        _need(package, engine)


_PACKAGES: dict[Engine, tuple[str, ...]] = {
    "processes": ("joblib",),
    "dask": ("dask", "distributed"),
    "ray": ("ray",),
}


def _need(package: str, engine: Engine) -> None:
    from importlib.util import find_spec

    if find_spec(package) is None:
        extra = "bench" if engine == "processes" else "bench,cluster"
        raise MissingPackage(package, f"--engine {engine}", f"pip install 'handover[{extra}]'")


def _each(
    workers: Workers, work: Callable[[T], Row], trials: Sequence[T], width: int
) -> Iterator[tuple[T, Row | None]]:
    """Every trial with its row, None where its worker died; `width` at a time, so that few are ever lost."""
    waiting, running = iter(trials), dict[Future[Row], T]()
    while True:
        while len(running) < width and (trial := next(waiting, None)) is not None:
            running[workers.submit(carry_out, work, trial)] = trial
        if not running:
            return
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            trial = running.pop(future)
            try:
                row = future.result()
            except workers.deaths:
                yield trial, None
            else:
                yield trial, row


def carry_out(work: Callable[[T], Row], trial: T) -> Row:
    """One trial, in a worker. Its world holds itself in cycles that would otherwise pile up (0.1 GB each)."""
    try:
        return work(trial)
    finally:
        gc.collect()


@contextmanager
def _processes(jobs: int, address: str) -> Iterator[Workers]:
    """Joblib's own executor (loky): it notices a dead worker, and renews one whose memory grows."""
    _need("joblib", "processes")
    from joblib.externals.loky import BrokenProcessPool, ProcessPoolExecutor

    def begin() -> ProcessPoolExecutor:
        return ProcessPoolExecutor(jobs, env=ONE_THREAD)

    pool = begin()

    def submit(*call: Any) -> Future[Row]:
        nonlocal pool
        with _deaf_children():
            try:
                return pool.submit(*call)
            except BrokenProcessPool:
                pool = begin()
                return pool.submit(*call)

    try:
        yield Workers(submit, (BrokenProcessPool,))
    finally:
        pool.shutdown(kill_workers=True)


@contextmanager
def _deaf_children() -> Iterator[None]:
    """Threads and processes begun in here leave Ctrl-C, which reaches all in a terminal, to the main thread.

    Blocked rather than ignored: one that comes meanwhile is late, not lost.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _dask(jobs: int, address: str) -> Iterator[Workers]:
    """Workers have one thread of linear algebra by the library's default."""
    _need("distributed", "dask")
    import dask
    from distributed import Client, LocalCluster
    from distributed.scheduler import KilledWorker

    with dask.config.set({"distributed.scheduler.allowed-failures": 0}):
        if address:
            with Client(address) as client:
                yield Workers(client.get_executor(pure=False).submit, (KilledWorker,))
            return
        with _deaf_children():
            cluster = LocalCluster(
                n_workers=jobs,
                threads_per_worker=1,
                host="127.0.0.1",
                dashboard_address=None,
                worker_dashboard_address=None,
                silence_logs=CRITICAL,
            )
        with cluster, Client(cluster) as client:
            yield Workers(client.get_executor(pure=False).submit, (KilledWorker,))


@contextmanager
def _ray(jobs: int, address: str) -> Iterator[Workers]:
    """A worker takes one processor, and so one thread of linear algebra, by the library's default."""
    _need("ray", "ray")
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    if not address:
        # Read when the package is imported: no cluster of several machines, so loopback alone.
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    import ray
    from ray.exceptions import NodeDiedError, OutOfMemoryError, WorkerCrashedError

    if address:
        ray.init(address=address, log_to_driver=False, logging_level=CRITICAL)
    else:
        with _deaf_children():
            ray.init(num_cpus=jobs, include_dashboard=False, log_to_driver=False, logging_level=CRITICAL)
    remote: Any = ray.remote(carry_out).options(num_cpus=1, max_retries=0)
    try:
        yield Workers(
            lambda function, *call: remote.remote(*call).future(),
            (WorkerCrashedError, OutOfMemoryError, NodeDiedError),
        )
    finally:
        ray.shutdown()


_ENGINES: dict[Engine, Callable[[int, str], AbstractContextManager[Workers]]] = {
    "processes": _processes,
    "dask": _dask,
    "ray": _ray,
}
