"""What many trials say together: the share handed over with its interval, forces, speed, causes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from app.bench.trials import TrialResult

if TYPE_CHECKING:
    from rich.console import Console

FORCE_LIMIT_N = 60.0
Z_95 = 1.959964


def wilson_interval(successes: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a share by Wilson's score; (0, 1) without trials."""
    if count == 0:
        return 0.0, 1.0
    share, z2 = successes / count, Z_95**2
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = Z_95 / (1 + z2 / count) * np.sqrt(share * (1 - share) / count + z2 / (4 * count**2))
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


@dataclass(frozen=True)
class Summary:
    """Figures of all trials; speed is simulated seconds per second of one process, perception included."""

    trials: int
    handed_over: int
    interval: tuple[float, float]
    drops: int
    worst_contact_n: float
    over_limit: int
    speed: float
    first_motion_s: float
    planning_s: float
    tick_p99_s: float
    outcomes: dict[str, int]


def succeeded(result: TrialResult) -> bool:
    """Whether the robot says that the person has the object, and physics says that it left the gripper."""
    return result.outcome == "handed_over" and result.score.get("outcome", "handed_over") == "handed_over"


def word(result: TrialResult) -> str:
    """The robot's word for how a trial ended, with that of physics where a handover was none."""
    if result.outcome == "handed_over" and not succeeded(result):
        return f"handed_over though {result.score['outcome']}"
    return result.outcome


def summarise(results: Sequence[TrialResult]) -> Summary:
    """Contact forces are those of robot or held object on the person; the hand on the object is none."""
    handed_over = sum(map(succeeded, results))
    contacts = [max(result.score.get("contact_n", {}).values(), default=0.0) for result in results]
    wall_s = sum(result.wall_s for result in results)
    firsts = [r.first_motion_wall_s for r in results if r.first_motion_wall_s is not None]
    return Summary(
        trials=len(results),
        handed_over=handed_over,
        interval=wilson_interval(handed_over, len(results)),
        drops=sum(int(result.score.get("drops", 0)) for result in results),
        worst_contact_n=max(contacts, default=0.0),
        over_limit=sum(force > FORCE_LIMIT_N for force in contacts),
        speed=sum(result.sim_s for result in results) / wall_s if wall_s else 0.0,
        first_motion_s=max(firsts, default=0.0),
        planning_s=float(np.median([r.planning_wall_s for r in results])) if results else 0.0,
        tick_p99_s=max((result.tick_p99_s for result in results), default=0.0),
        outcomes=dict(Counter(map(word, results)).most_common()),
    )


def print_report(console: Console, results: Sequence[TrialResult]) -> None:
    """The summary, then every trial that was not handed over with the command that repeats it."""
    summary = summarise(results)
    low, high = summary.interval
    share = summary.handed_over / max(summary.trials, 1)
    lines = (
        f"handed over      {summary.handed_over} of {summary.trials}: {share:.0%} "
        f"(95 % interval {low:.0%} to {high:.0%})",
        "outcomes         " + ", ".join(f"{name} {count}" for name, count in summary.outcomes.items()),
        f"drops            {summary.drops}",
        f"contact force    {summary.worst_contact_n:.0f} N at most; "
        f"over {FORCE_LIMIT_N:.0f} N in {summary.over_limit} trials",
        f"speed            {summary.speed:.1f} times real time in one process",
        f"computing        first motion after {summary.first_motion_s:.2f} s at most; "
        f"from picture to planned grasp {summary.planning_s:.2f} s (median)",
        f"ticks            99 % below {1e3 * summary.tick_p99_s:.1f} ms in the worst trial",
    )
    for line in lines:
        console.print(line, highlight=False, soft_wrap=True)
    for result in results:
        if not succeeded(result):
            why = f"{result.leaf}: {result.reason}" if result.leaf else result.reason
            console.print(
                f"  {result.trial.command}  [red]{word(result)}[/]  {why[:150]}",
                highlight=False,
                soft_wrap=True,
            )
