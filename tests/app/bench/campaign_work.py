"""What the campaign's tests let workers do: in a module of its own, so that workers can import it."""

from __future__ import annotations

import io
import signal
import sys
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from app.bench.campaign import Campaign
from app.bench.engine import lost
from app.record.writer import versions

NEVER = -1


@dataclass(frozen=True)
class Task:
    label: str
    seed: int


TASKS = [Task("mug", seed) for seed in range(5)]


def work(task: Task, begun: Path, hangs: int = NEVER) -> dict[str, Any]:
    """A row; `begun` tells which tasks were begun, and the task of seed `hangs` never ends."""
    with begun.open("a", encoding="utf-8") as file:
        file.write(f"{task.seed}\n")
    if task.seed == hangs:
        print("hangs", flush=True)
        signal.pause()
    return {**asdict(task), "failure": "", "score": {"share": task.seed / 3}, "versions": versions()}


def run(folder: Path, hangs: int = NEVER, about: Any = None, console: Console | None = None) -> list[Any]:
    """All tasks in one process beside this one."""
    campaign = Campaign(folder, "test", about or {}, jobs=1)
    doing = partial(work, begun=folder.parent / "begun", hangs=hangs)
    return campaign.run(console or Console(file=io.StringIO()), doing, TASKS, lost)


if __name__ == "__main__":
    from tests.app.bench import campaign_work

    campaign_work.run(Path(sys.argv[1]), int(sys.argv[2]))
