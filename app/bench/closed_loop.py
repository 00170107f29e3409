"""One closed-loop trial: a whole handover in simulation, judged by physics.

Success needs three things of physics: the person has the object, holds it by a part meant for people, and
gripper and table have let go of it. What the robot says of the run is told beside it and counts for nothing.
Everything but a row's `wall` follows from its trial, so a trial alone gives what it gave among all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import product
from typing import Any

from app.assembly import Assembly
from app.bench.closed_loop_watch import CourseWatch
from app.bench.engine import lost
from app.bench.trials import quiet
from app.options import Config
from app.ticks import Observer, Result
from hardware.sim.options import Script

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
WALL = "wall"
"""The part of a row that is the machine's, and differs from run to run."""

Row = dict[str, Any]
FilmCrew = Callable[[Assembly], Observer]


@dataclass(frozen=True)
class Episode:
    """One handover to make. noise: scale of that of depth and wrist force; seed: of all that is drawn."""

    label: str
    instance: int
    script: Script
    clutter: int
    noise: float
    seed: int


def episodes(
    labels: Sequence[str],
    scripts: Sequence[Script],
    clutter: Sequence[int],
    noise: Sequence[float],
    seeds: Sequence[int],
) -> list[Episode]:
    """Both instances of every object under every condition, seed by seed, so that a list cut short is still
    a fair sample.
    """
    return [
        Episode(label, instance, script, things, scale, seed)
        for seed, script, things, scale, label, instance in product(
            seeds, scripts, clutter, noise, labels, (1, 2)
        )
    ]


def episode_config(episode: Episode, config: Config) -> Config:
    """The configuration of an episode."""
    sim = config.sim
    person = replace(sim.person, script=episode.script)
    return replace(
        config,
        sim=replace(
            sim,
            instance=episode.instance,
            person=person,
            clutter=episode.clutter,
            depth_noise=episode.noise * sim.depth_noise,
            force_noise_n=episode.noise * sim.force_noise_n,
        ),
    )


def run_episode(
    episode: Episode, config: Config, realtime: bool = False, film: FilmCrew | None = None
) -> Row:
    """One whole handover as a row; whatever is raised becomes its `failure`. film: makes an onlooker."""
    from app.factory import build
    from app.record.writer import versions
    from app.runner import run_handover
    from perception.types import HandoverRequest
    from trees.handover import create_root

    row: Row = {**asdict(episode), "failure": "", "success": False, "outcome": "error", "ended": ""}
    row |= {"leaf": "", "reason": "", "versions": versions()}
    request = HandoverRequest(episode.label)
    try:
        config = episode_config(episode, config)
        assembly = build(config, request, episode.seed, realtime=realtime)
        services = assembly.services
        root = partial(create_root, assembly.mission, vlm=services.vlm is not None, ahead=services.ahead)
        course = CourseWatch()
        onlookers: list[Observer] = [course]
        if film is not None:
            onlookers.append(film(assembly))
        with quiet("app"):
            result = run_handover(assembly, root, request, config.run, onlookers)
    except Exception as error:  # a trial that cannot even start is a result too
        return row | {"failure": f"{type(error).__name__}: {error}"}
    return row | _judged(result, assembly) | course.summary() | {WALL: _wall(result)}


def lost_episode(episode: Episode) -> Row:
    """The row of an episode that killed its worker."""
    return {**lost(episode), "success": False, "outcome": "error", "ended": "", "leaf": "", "reason": ""}


def succeeded(score: Mapping[str, Any]) -> bool:
    """Whether physics says that the person carries the object away by a part meant for people."""
    return bool(score["outcome"] == "handed_over" and score["by_human_part"])


def _judged(result: Result, assembly: Assembly) -> Row:
    score = dict(result.score or {})
    effort = _effort(score, assembly)
    return {
        "success": succeeded(score),
        "outcome": result.outcome.value,
        "ended": score["outcome"],
        "leaf": result.leaf,
        "reason": result.reason,
        "failure": result.reason if result.error is not None else "",
        "sim_s": round(result.duration_s, 3),
        "score": score,
        "failures": dict(result.failures),
        "safety": dict(result.safety),
        **effort,
    }


def _effort(score: Mapping[str, Any], assembly: Assembly) -> Row:
    """Eq. 5 of the posture in which the person took the object, beside that where the robot aims."""
    from planning.ergonomics import arm_cost, arm_of_stature, least_effort_angles

    person = assembly.world.person
    if person is None or score["arm_deg"] is None:
        return {"effort": None, "aimed_effort": None}
    arm, (shoulder_deg, elbow_deg) = arm_of_stature(person.spec.stature_m), score["arm_deg"]
    return {
        "effort": round(float(arm_cost(shoulder_deg, elbow_deg, arm)), 4),
        "aimed_effort": round(least_effort_angles(arm).cost, 4),
    }


def _wall(result: Result) -> Row:
    attempt = [result.jobs[name] for name in ATTEMPT if name in result.jobs]
    return {
        "total_s": round(result.wall_s, 3),
        "first_motion_s": result.first_motion_wall_s,
        # Of one attempt, without what ran beside another job.
        "planning_s": round(sum((j["total_s"] - j.get("hidden_s", 0.0)) / j["count"] for j in attempt), 4),
        "tick_p99_s": result.tick_p99_s,
        "stages_s": {name: job["total_s"] for name, job in result.jobs.items()},
    }
