"""What the engines' tests let workers do: in a module of its own, so that workers can import it."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass
from typing import Any, cast

from app.bench.engine import Engine, run_all


@dataclass(frozen=True)
class Task:
    seed: int
    deadly: bool = False


def work(task: Task) -> dict[str, Any]:
    """Dies where the task is deadly."""
    if task.deadly:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"seed": task.seed, "threads": os.environ["OMP_NUM_THREADS"], "process": os.getpid()}


def fail(task: Task) -> dict[str, Any]:
    raise LookupError(f"seed {task.seed}")


def endless(task: Task) -> dict[str, Any]:
    """Only the first task ever ends."""
    if task.seed:
        signal.pause()
    return {"process": os.getpid()}


if __name__ == "__main__":
    from tests.app.bench import engine_work

    tasks = [engine_work.Task(seed) for seed in range(3)]
    try:
        for row in run_all(engine_work.endless, tasks, cast(Engine, sys.argv[1]), 2):
            print(row["process"], flush=True)
    except KeyboardInterrupt:
        print("kept", flush=True)
