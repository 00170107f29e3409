"""Every engine loses no trial, whatever a worker dies of; each test starts a real local cluster."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import get_args

import psutil
import pytest

from app.bench.engine import DIED, ONE_THREAD, Engine, check_engine, run_all
from app.errors import MissingPackage, UsageError
from tests.app.bench.engine_work import Task, fail, work

ROOT = Path(__file__).parents[3]


def exposed() -> set[str]:
    """Addresses beyond this machine on which this process or one it started listens."""
    addresses = set[str]()
    own = psutil.Process()
    for one in (own, *own.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):  # it may end meanwhile
            ports = one.net_connections("inet")
            addresses |= {port.laddr.ip for port in ports if port.status == psutil.CONN_LISTEN}
    return {address for address in addresses if address.rpartition(":")[2] != "127.0.0.1"}


@pytest.mark.parametrize("engine", get_args(Engine))
def test_no_trial_is_lost_with_the_worker_of_another(engine: Engine) -> None:
    tasks = [Task(seed, deadly=seed == 1) for seed in range(6)]
    rows, listening = [], set[str]()
    for row in run_all(work, tasks, engine, 2):
        rows.append(row)
        listening |= exposed()
    assert sorted(row["seed"] for row in rows) == list(range(6))
    assert [row for row in rows if row.get("failure")] == [{"seed": 1, "deadly": True, "failure": DIED}]
    alive = [row for row in rows if "process" in row]
    assert {row["threads"] for row in alive} == {ONE_THREAD["OMP_NUM_THREADS"]}
    assert os.getpid() not in {row["process"] for row in alive}
    assert not listening


@pytest.mark.parametrize("engine", ["processes", "dask"])
def test_what_a_trial_raises_is_no_result(engine: Engine) -> None:
    with pytest.raises(LookupError, match="seed 3"):
        list(run_all(fail, [Task(3)], engine, 1))


@pytest.mark.parametrize("engine", get_args(Engine))
def test_ctrl_c_ends_the_workers_and_keeps_what_is_done(engine: Engine) -> None:
    program = subprocess.Popen(
        [sys.executable, "-m", "tests.app.bench.engine_work", engine],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert program.stdout is not None
    worker = int(program.stdout.readline())
    os.killpg(program.pid, signal.SIGINT)  # as a terminal does: to every process in front of it
    assert program.communicate(timeout=60)[0] == "kept\n"
    assert not psutil.pid_exists(worker) or psutil.Process(worker).status() == psutil.STATUS_ZOMBIE


def test_an_engine_that_cannot_run_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="--engine dask or ray"):
        check_engine("processes", "tcp://192.0.2.1:8786")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingPackage, match=r"ray.*handover\[bench,cluster\]"):
        check_engine("ray")
