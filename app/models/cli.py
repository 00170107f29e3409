"""`handover models WORD`: fetches and checks the weights of learned models."""

from __future__ import annotations

from collections.abc import Sequence

from app.words import carry_out

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
    return carry_out(arguments, COMMANDS, HELP, "word of `handover models`")
