"""What of a plan is tried before anybody waits for a robot: each condition's options, and the objects."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import tyro

from app.config import as_values, checked
from app.errors import UsageError
from app.options import Config
from hardware.errors import UnknownName

if TYPE_CHECKING:
    from app.run_command import RunCommand
    from app.study.plan import Plan

NOT_OF_A_CONDITION = ("dry_run", "plan_only", "step", "config", "runs_dir", "seed", "video", "yes")
"""Options of `handover run` that the session gives itself, or that make a run no trial."""


def try_conditions(plan: Plan, config: Config, path: Path) -> None:
    """Reads and checks each condition's options on top of the session's `config`, and every object.

    Raises UsageError or ConfigError for a wrong option, a method that lacks something, another arm than the
    one that was examined and consented to, and an object of the plan at `path` that the simulation lacks.
    """
    from app.gate import is_real

    commands = [_tried(name, settings, config) for name, settings in plan.conditions.items()]
    if is_real(config):
        return
    brought = all(command.object_file is not None for command in commands)
    labels = () if brought else plan.objects
    if missing := not_simulated((*labels, *([plan.practice] if plan.practice else []))):
        raise UsageError(f"{path}: objects: {'; '.join(missing)}")


def not_simulated(labels: tuple[str, ...]) -> list[str]:
    """What is wrong with each of `labels` that names no object of the simulation."""
    from hardware.sim.objects import resolve_category

    faults = []
    for label in dict.fromkeys(labels):
        try:
            resolve_category(label)
        except UnknownName as error:
            faults.append(f"in simulation {error}")
    return faults


def _tried(name: str, settings: tuple[str, ...], config: Config) -> RunCommand:
    from app.run_command import RunCommand, _shorthands

    default = replace(RunCommand("object"), settings=config)
    try:
        command = tyro.cli(RunCommand, args=["object", *settings], default=default)
    except SystemExit as error:
        raise UsageError(
            f"condition {name}: {' '.join(settings)} are no options of `handover run`"
        ) from error
    for option in NOT_OF_A_CONDITION:
        if getattr(command, option) != getattr(default, option):
            words = option.replace("_", "-")
            raise UsageError(f"condition {name}: --{words} is nothing that a condition may say; leave it out")
    try:
        amended = _shorthands(command, command.settings)
    except UnknownName as error:
        raise UsageError(f"condition {name}: {error}") from error
    for key, own, base in (
        ("back_ends.robot", amended.back_ends.robot, config.back_ends.robot),
        ("kinova.address", amended.kinova.address, config.kinova.address),
    ):
        if own != base:
            raise UsageError(
                f"condition {name}: {key} is {own}, and the session's {base}; an arm that was not examined "
                "and asked about must not move: give it to `handover study run`, for every condition"
            )
    checked(as_values(amended), f"condition {name}")
    return command
