"""`handover models WORD`: fetches and checks the weights of learned models."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from hardware.errors import UnknownName

COMMANDS: dict[str, tuple[str, str]] = {
    "list": ("app.models.list_command", "every set of weights: what for, licence, size, whether it is here"),
    "pull": ("app.models.pull_command", "download what is named, or a profile"),
    "add": ("app.models.add_command", "take a file or folder that you downloaded yourself"),
    "verify": ("app.models.verify_command", "hash every file and compare with the record"),
    "where": ("app.models.where_command", "print where the weights are"),
}
"""Word -> (module with `main(arguments) -> exit code`, what it does)."""

HELP = """\
usage: handover models WORD [OPTIONS]

{commands}

  handover models pull                        the models of the paper
  handover models pull --profile small        the smallest set for detection, segmentation and human pose
  handover models pull owlv2 sam_vit_l
  handover models WORD --help                 its options
"""


def main(arguments: Sequence[str]) -> int:
    """Carry out one word; returns the exit code."""
    if not arguments or arguments[0] in ("-h", "--help"):
        width = max(map(len, COMMANDS))
        lines = [f"  {word:{width}}  {purpose}" for word, (_, purpose) in COMMANDS.items()]
        print(HELP.format(commands="\n".join(lines)), end="")
        return 0
    if arguments[0] not in COMMANDS:
        raise UnknownName("word of `handover models`", arguments[0], COMMANDS)
    return int(import_module(COMMANDS[arguments[0]][0]).main(arguments[1:]))
