"""`handover study WORD`: a user study from its plan to its report."""

from __future__ import annotations

from collections.abc import Sequence

from app.words import carry_out

COMMANDS: dict[str, tuple[str, str]] = {
    "new": (
        "app.study.new_command",
        "write the plan of a study: participants, objects, conditions, questions",
    ),
    "run": ("app.study.run_command", "one participant's trials, or what is missing of them"),
    "report": ("app.study.report_command", "tables, tests, effect sizes and the plot"),
}
"""Word -> (module with `main(arguments) -> exit code`, what it does)."""

HELP = """\
usage: handover study WORD FOLDER [OPTIONS]

{commands}

  handover study new my_study                          then edit my_study/study.yaml
  handover study run my_study --participant P01        --page asks on a local web page
  handover study run rehearsal --simulated-participants 6
  handover study report my_study
"""


def main(arguments: Sequence[str]) -> int:
    """Carry out one step of a study; returns the exit code."""
    return carry_out(arguments, COMMANDS, HELP, "step of a study")
