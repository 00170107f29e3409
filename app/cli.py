"""The command line: one program, one word per job; what a word needs is imported only when it is typed.

Exit codes: 0 the object was handed over (or the command did its job), 1 it was not, 2 the command cannot be
carried out as typed or configured, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import NoReturn

from hardware.errors import HandoverError, UnknownName

COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("app.run_command", "hand one object to a person, by default in simulation"),
    "watch": ("app.views.watch", "look at a run, while it happens or afterwards"),
    "plan": ("app.plan.command", "perceive and plan on a recorded picture; nothing moves"),
    "ground": ("app.ground.command", "the numbered grid, masks and regions on any picture"),
    "tree": ("app.tree_command", "draw the behaviour tree"),
    "models": ("app.models.cli", "fetch and check the weights of learned models"),
    "serve": ("app.serve_command", "run the models here for a robot PC without GPU"),
    "doctor": ("app.doctor", "say what is installed, what can run here, and how to get the rest"),
    "calibrate": ("app.calibrate.cli", "find where the camera sits on the robot's wrist, and check it"),
    "study": ("app.study.cli", "a user study: trials in balanced order, questions, report"),
    "bench": ("app.bench.cli", "measure: trials in simulation, how long single steps take"),
}
"""Word -> (module with `main(arguments) -> exit code`, what it does)."""

HELP = """\
usage: handover COMMAND [OPTIONS]

A robot arm hands a person the object they ask for.

{commands}

  handover run hammer               the whole handover in simulation, the tree live in the terminal
  handover run mug --seed 3 --person late --clutter 2
  handover COMMAND --help           the options of a command
  handover --version

  --debug with any command shows the traceback of an error.
  config.yaml lists every number that can be changed, with its unit and source; each is an option too,
  for example --planning.selection.epsilon-m 0.03
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command line (sys.argv by default); returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    try:
        return _dispatch(words)
    except HandoverError as error:
        if debug:
            raise
        print(f"handover: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:  # before or after a run, which handles its own
        print("handover: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader (head, less) has left; nothing more can be written
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def program() -> NoReturn:
    """What `handover` runs: one command line, then the end of the process, though a job may still be at work.

    The interpreter's own end would tear down what a model's native code in the worker still uses.
    """
    code = main()
    from hardware.executor import abandoned

    if abandoned():
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _dispatch(words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        width = max(map(len, COMMANDS))
        lines = [f"  {word:{width}}  {purpose}" for word, (_, purpose) in COMMANDS.items()]
        print(HELP.format(commands="\n".join(lines)), end="")
        return 0
    if words[0] == "--version":
        print(f"handover {program_version()}")
        return 0
    if words[0] not in COMMANDS:
        raise UnknownName("command", words[0], COMMANDS)
    command = import_module(COMMANDS[words[0]][0])
    return int(command.main(words[1:]))


def program_version() -> str:
    """The version of this program as it is installed."""
    try:
        return version("handover")
    except PackageNotFoundError:
        return "(not installed)"
