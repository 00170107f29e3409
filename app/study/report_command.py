"""`handover study report FOLDER`: tables, tests, effect sizes and the plot of a study."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import tyro

from app.study.run_command import SIMULATED_WARNING
from hardware.errors import BadFile

REPORT, PICTURE = "report.json", "study.png"


@dataclass(frozen=True)
class StudyReportCommand:
    """Report what a study has so far; report.json and study.png go into its folder."""

    folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER")]
    """The study's folder."""


def main(arguments: Sequence[str]) -> int:
    """Print and write the report; returns the exit code."""
    command = tyro.cli(StudyReportCommand, args=list(arguments), prog="handover study report")

    from rich.console import Console

    from app.study.log import FILE
    from app.study.plan import checked_plan
    from app.study.report import draw, print_study
    from app.study.results import course, questions

    path = command.folder / FILE
    remedy = f"make trials with `handover study run {command.folder} --participant P01`"
    if not path.is_file():
        raise BadFile(path, "there are no trials", remedy)
    try:
        content = path.read_bytes()
        lines = content[: content.rfind(b"\n") + 1].decode("utf-8").splitlines()
        first, *rows = [json.loads(line) for line in lines]
        about = first["about"]
        plan, simulated = checked_plan(about["plan"], path), bool(about["simulated_participants"])
    except (ValueError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise BadFile(path, f"it holds no trials of a study ({error!r})", remedy) from error
    if not any(row["kind"] == "answers" and row.get("answers") for row in rows):
        raise BadFile(path, "no trial is rated yet", remedy)
    names = tuple(plan.conditions)
    found = questions(rows, names, plan.questions, plan.seed)
    courses = {name: course(rows, name) for name in names}
    people = sorted({row["participant"] for row in rows})
    print_study(Console(), found, courses, people, simulated)
    report = {
        "simulated_participants": simulated,
        "warning": SIMULATED_WARNING if simulated else "",
        "participants": people,
        "plan": plan.as_values(),
        "questions": [asdict(question) for question in found],
        "course": {name: asdict(how) for name, how in courses.items()},
    }
    text = json.dumps(report, indent=1, default=float)
    (command.folder / REPORT).write_text(text.replace("NaN", "null") + "\n", encoding="utf-8")
    draw(command.folder / PICTURE, found, names, len(people), simulated)
    print(f"report           {command.folder / REPORT}\nplot             {command.folder / PICTURE}")
    return 0
