"""`handover doctor robot`: is the arm reachable, ready and limited; with --move, is it seen to stop?"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from app.arguments import UNSET, parse
from app.errors import UsageError
from app.options import Config

QUESTION = (
    "The gripper will open, close and open, then the hand turns by about 20 degrees. Is it empty and nobody "
    "near it, and the emergency stop in your hand? [y/N] "
)


@dataclass(frozen=True)
class RobotCommand:
    """Examine the arm named by kinova.address; nothing moves without --move."""

    move: Annotated[bool, tyro.conf.FlagCreatePairsOff, UNSET] = False
    """Open and close the gripper, turn the hand a little and see the arm stop; asks first."""
    yes: Annotated[bool, tyro.conf.FlagCreatePairsOff, UNSET] = False
    """Somebody has looked: do not ask before the first motion."""
    json: Annotated[bool, tyro.conf.FlagCreatePairsOff, UNSET] = False
    """Print the findings as JSON."""
    config: Annotated[tyro.conf.DisallowNone[Path | None], UNSET] = None
    """The configuration to use; by default config.yaml in the working directory, if there is one."""
    settings: Annotated[Config, tyro.conf.arg(name="")] = Config()  # noqa: RUF009  # frozen


def main(arguments: Sequence[str]) -> int:
    """Examine the arm; returns the exit code."""
    command, config = parse(RobotCommand(), arguments, "handover doctor robot")
    if command.move:
        agree(config, command.yes, command.json)

    from app.doctor.findings import guarded, report
    from app.doctor.passes import keep
    from app.doctor.robot import DEVICE, robot_findings

    findings = list(guarded(DEVICE, "broken off", robot_findings(config, move=command.move)))
    notes = keep(DEVICE, config, findings, moved=command.move)
    return report(findings, as_json=command.json, notes=notes)


def agree(config: Config, yes: bool, as_json: bool, ask: Callable[[str], str] = input) -> None:
    """Ask once before an arm moves that is a real one. Raises UsageError without consent."""
    from app.robot_factory import LOOPBACK

    if yes or config.kinova.address == LOOPBACK:
        return
    if as_json or not sys.stdin.isatty():
        raise UsageError("--move moves the arm and nobody can be asked here; --yes says that they agree")
    try:
        answer = ask(QUESTION)
    except EOFError:
        answer = ""
    if answer.strip().lower() not in ("y", "yes"):
        raise UsageError("nothing was moved: the arm may not move")
