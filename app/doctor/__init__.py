"""`handover doctor`: what is installed; and one device after the other, examined before a real run."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from hardware.errors import UnknownName

WORDS: dict[str, tuple[str, str]] = {
    "robot": ("app.doctor.robot_command", "the arm: reachable, ready, limited; with --move, that it stops"),
    "camera": ("app.doctor.camera_command", "the camera: frames, depth, time stamps, hand-eye calibration"),
    "models": (
        "app.doctor.models_command",
        "what the configured learned models load, here or on their server",
    ),
    "vlm": ("app.doctor.vlm_command", "ask the vision-language model one small question"),
    "all": ("app.doctor.all_command", "all of these"),
}
"""Word -> (module with `main(arguments) -> exit code`, what it examines)."""

HELP = """\
usage: handover doctor [WORD] [OPTIONS]

Without a word: what is installed, what the configuration (--config FILE) asks for, what is missing and how to
get it.

{words}

  handover doctor robot --move             asks, moves a little, and sees the arm stop
  handover doctor all --json               the same as values, for programs
  handover doctor WORD --help              its options

Exit code 0 when nothing failed. A real run demands `doctor robot --move` and `doctor camera`, passed lately.
"""


def main(arguments: Sequence[str]) -> int:
    """Examine what the first word names; returns the exit code."""
    if arguments and arguments[0] in ("-h", "--help"):
        width = max(map(len, WORDS))
        lines = [f"  {word:{width}}  {purpose}" for word, (_, purpose) in WORDS.items()]
        print(HELP.format(words="\n".join(lines)), end="")
        return 0
    if not arguments or arguments[0].startswith("-"):
        return int(import_module("app.doctor.installed").main(arguments))
    if arguments[0] not in WORDS:
        raise UnknownName("word of `handover doctor`", arguments[0], WORDS)
    return int(import_module(WORDS[arguments[0]][0]).main(arguments[1:]))
