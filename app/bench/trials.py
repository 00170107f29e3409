"""Closed-loop trials in simulation: every object, several seeds, in parallel processes, none ever lost."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from multiprocessing import get_context
from typing import Any

from app.options import Config

ATTEMPT = (
    "Detect Object",
    "Propose Grasps",
    "Ask VLM",
    "Parse Regions",
    "Generate Grasps",
    "Rank Grasps",
    "Plan Grasp",
)
"""The jobs from the picture of the table to the planned grasp."""


@dataclass(frozen=True)
class Trial:
    """One run to make: the object's category and instance, and the seed."""

    label: str
    instance: int
    seed: int

    @property
    def command(self) -> str:
        """The command line that repeats this trial."""
        return f"handover run {self.label} --sim.instance {self.instance} --seed {self.seed}"


@dataclass(frozen=True)
class TrialResult:
    """How one trial ended; times in s: on the simulated clock (sim_s) and on the machine's (wall_s)."""

    trial: Trial
    outcome: str
    leaf: str = ""
    reason: str = ""
    sim_s: float = 0.0
    wall_s: float = 0.0
    first_motion_wall_s: float | None = None
    planning_wall_s: float = 0.0
    """Computing from the first picture of the table to the planned grasp, all jobs of one attempt but what
    ran beside another."""
    tick_p99_s: float = 0.0
    score: dict[str, Any] = field(default_factory=dict)

    def as_row(self) -> dict[str, Any]:
        """For a JSON file."""
        return {**asdict(self), "command": self.trial.command}


def all_trials(labels: Sequence[str], instances: Sequence[int], seeds: Sequence[int]) -> list[Trial]:
    """Every object with every seed, seed by seed, so that a list cut short is still a fair sample."""
    return [Trial(label, instance, seed) for seed in seeds for label in labels for instance in instances]


def run_trials(trials: Sequence[Trial], config: Config, jobs: int, realtime: bool) -> Iterator[TrialResult]:
    """The results as they come, in any order."""
    if jobs == 1:
        yield from (run_trial(trial, config, realtime) for trial in trials)
        return
    # One thread of linear algebra per process; set before the children load it.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        try:
            futures = [pool.submit(run_trial, trial, config, realtime) for trial in trials]
            for future in as_completed(futures):
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def run_trial(trial: Trial, config: Config, realtime: bool = False) -> TrialResult:
    """One whole handover; whatever is raised becomes the outcome `error` with its reason."""
    from app.factory import build
    from app.runner import run_handover
    from perception.types import HandoverRequest
    from trees.handover import create_root

    config = replace(config, sim=replace(config.sim, instance=trial.instance))
    request = HandoverRequest(trial.label)
    try:
        assembly = build(config, request, trial.seed, realtime=realtime)
        services = assembly.services
        root = partial(create_root, assembly.mission, vlm=services.vlm is not None, ahead=services.ahead)
        with quiet("app"):
            result = run_handover(assembly, root, request, config.run)
    except Exception as error:  # a trial that cannot even start is a result too
        return TrialResult(trial, "error", "", f"{type(error).__name__}: {error}")
    attempt = [result.jobs[name] for name in ATTEMPT if name in result.jobs]
    return TrialResult(
        trial,
        result.outcome.value,
        result.leaf,
        result.reason,
        result.duration_s,
        result.wall_s,
        result.first_motion_wall_s,
        sum((job["total_s"] - job.get("hidden_s", 0.0)) / job["count"] for job in attempt),
        result.tick_p99_s,
        dict(result.score or {}),
    )


@contextmanager
def quiet(name: str) -> Iterator[None]:
    """No warnings of this logger meanwhile: a trial's slow ticks are in its figures."""
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
