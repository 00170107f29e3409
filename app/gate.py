"""What stands between a typed command and a real arm that moves: what holds is said, and a person agrees."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from py_trees.behaviour import Behaviour
from rich.console import Console

from app.doctor.passes import missing, now
from app.errors import UsageError
from app.options import Config
from app.robot_factory import LOOPBACK

QUESTION = "Is the emergency stop within reach, and may the arm move? [y/N] "


def is_real(config: Config) -> bool:
    """Whether this configuration moves an arm that can hurt somebody."""
    return config.back_ends.robot == "kinova" and config.kinova.address != LOOPBACK


def require_consent(config: Config, console: Console, yes: bool, ask: Callable[[str], str] = input) -> None:
    """Say what holds for this run and ask once. Raises UsageError without consent; silent in simulation."""
    if not is_real(config):
        return
    for line in limits(config):
        console.print(line, highlight=False)
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(
            "a real arm is about to move and nobody can be asked here; --yes says that they agree"
        )
    try:
        answer = ask(QUESTION)
    except EOFError:
        answer = ""
    if answer.strip().lower() not in ("y", "yes"):
        raise UsageError("nothing was moved: the arm may not move")


def require_doctor(
    config: Config, at: datetime | None = None, devices: Sequence[str] = ("robot", "camera")
) -> None:
    """Raises UsageError unless `devices` were examined and passed lately; silent in simulation.

    at: a time with its zone, now if None. A camera passes with its calibration only: what calibrates it
    demands the robot.
    """
    if not is_real(config):
        return
    faults = list(missing(config, at or now(), devices))
    if faults:
        raise UsageError("\n".join(["the real arm does not move before it was examined:", *faults]))


def require_operator() -> None:
    """Raises UsageError where nobody can answer the questions of --step."""
    if not sys.stdin.isatty():
        raise UsageError("--step asks before each phase and nobody can be asked here; a terminal is needed")


def limits(config: Config) -> list[str]:
    """The limits that hold for this run, a line each."""
    safety, kinova = config.planning.safety, config.kinova
    joint = math.degrees(min(config.motion.joint_speed_rad_s))
    near = ", ".join(
        f"{speed:.2f} m/s at {distance:.2f} m"
        for distance, speed in zip(
            config.motion.person_distance_m, config.motion.person_speed_m_s, strict=True
        )
    )
    loads = f"{min(safety.torque_nm):g} to {max(safety.torque_nm):g}"
    return [
        f"arm            Kinova Gen3 at {kinova.address}",
        f"joint speed    at most {min(joint, kinova.max_joint_speed_deg_s):.0f} deg/s",
        f"near a person  {near}; nobody seen: {config.motion.unseen_speed_m_s:.2f} m/s",
        f"kept           {safety.stop_distance_m:.2f} m from head, torso and the other arm, "
        f"{safety.receiving_stop_distance_m:.2f} m from the receiving one, nothing within "
        f"{safety.column_m:.2f} m over the head; now and on the way of the next {safety.look_ahead_s:.1f} s",
        f"force          unexpected {safety.force_n:.0f} N for {safety.force_s:.2f} s, or "
        f"{safety.hard_force_n:.0f} N at once: stop and hold",
        f"joint loads    unexpected {loads} Nm for {safety.torque_s:.2f} s: stop and hold",
        f"push           {safety.push_n:.0f} N toward the robot or down for {safety.push_s:.2f} s while it "
        "offers: stop and hold",
        f"camera         no picture for {safety.camera_s:.1f} s: stop on the way to a person, else at most "
        f"{safety.speeds_m_s[0]:.2f} m/s",
        "stops          Ctrl-C stops and holds, a second one is the arm's own emergency stop;",
        "               the red button cuts the power: the arm sinks, what it holds may fall",
        "These are risk-reduction measures, not a safety function.",
    ]


def print_dry_run(console: Console, root: Behaviour, back_ends: Mapping[str, str], config: Config) -> None:
    """What would run: the tree, who does each step, and what holds."""
    from py_trees.display import unicode_tree

    console.print(unicode_tree(root), highlight=False, markup=False)
    for step, name in back_ends.items():
        console.print(f"{step:10} {name}", highlight=False, markup=False)
    if is_real(config):
        for line in limits(config):
            console.print(line, highlight=False)
    console.print("Nothing was connected or started.")
