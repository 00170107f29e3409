"""`handover study new FOLDER`: writes a plan to edit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from app.errors import UsageError

TEMPLATE = """\
# The plan of a user study; it cannot be changed any more once the first trial is made.

# Their codes are P01, P02, ...; names are nowhere stored.
participants: {participants}
# What is handed over, each by every condition.
objects: [{objects}]
# What is compared: any options of `handover run`, by a name the participants never see.
conditions:
{conditions}
# Asked after each handover, answered from 1 (do not agree at all) to 5 (agree fully).
questions:
{questions}
# Runs per trial until the first that succeeds; only that one is rated.
attempts: {attempts}
# Handed over once before the first trial, not rated; null for none.
practice: {practice}
# Seeds of simulated runs follow from it; the conditions of one object share theirs.
seed: {seed}
"""


@dataclass(frozen=True)
class StudyNewCommand:
    """Write study.yaml, as large as the study of arXiv 2409.17621: 10 people, 10 objects, 3 conditions."""

    folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER")]
    """The study's folder; it is made."""
    participants: int = 10
    """How many people."""
    objects: tuple[str, ...] = ()
    """What is handed over; ten by default."""


def main(arguments: Sequence[str]) -> int:
    """Write the plan; returns the exit code."""
    command = tyro.cli(StudyNewCommand, args=list(arguments), prog="handover study new")

    from app.config import read_yaml
    from app.study.conditions import not_simulated
    from app.study.order import balanced, williams_rows
    from app.study.plan import FILE, checked_plan

    path = command.folder / FILE
    if path.exists():
        raise UsageError(f"{path} is there already; edit it, or name another folder")
    try:
        command.folder.mkdir(parents=True, exist_ok=True)
        path.write_text(plan_text(command.participants, command.objects), encoding="utf-8")
        plan = checked_plan(read_yaml(path)[0], path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror}); name another folder") from error
    except Exception:
        path.unlink(missing_ok=True)
        raise
    print(f"wrote {path}: {plan.participants} participants, {len(plan.trials(0))} trials each")
    for fault in not_simulated(plan.objects):
        print(f"only a real arm can be asked for all of these: {fault}")
    if not balanced(plan.participants, len(plan.conditions)):
        rows = len(williams_rows(len(plan.conditions)))
        print(f"order and carry-over are balanced exactly with a multiple of {rows} participants")
    return 0


def plan_text(participants: int, objects: Sequence[str] = ()) -> str:
    """The default plan as YAML with its comments."""
    from app.study.plan import Plan

    plan = Plan()

    def flow(words: Sequence[str]) -> str:
        return ", ".join(f'"{word}"' for word in words)

    return TEMPLATE.format(
        participants=participants,
        objects=flow(objects or plan.objects),
        conditions="\n".join(f"  {name}: [{flow(words)}]" for name, words in plan.conditions.items()),
        questions="\n".join(f'  {key}: "{words}"' for key, words in plan.questions.items()),
        attempts=plan.attempts,
        practice=plan.practice,
        seed=plan.seed,
    )
