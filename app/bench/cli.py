"""`handover bench WORD`: measures; what it prints is what may be claimed."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from hardware.errors import UnknownName

COMMANDS: dict[str, tuple[str, str]] = {
    "sim": ("app.bench.sim_command", "whole handovers in simulation, every object with several seeds"),
    "timing": ("app.bench.timing_command", "how long single steps take on this machine"),
    "models": ("app.bench.models_command", "how long the learned models take, and how much memory"),
    "graspnet": ("app.bench.graspnet_command", "Contact-GraspNet's stages against the published sampling"),
    "stops": ("app.bench.stops_command", "how fast the arm stops when the program that moves it dies"),
    "handover-point": ("app.bench.handover_point_command", "the predicted point against recorded people"),
    "ablation": ("app.bench.ablation_command", "what regions and ranking are worth, with the paper's metric"),
}
"""Word -> (module with `main(arguments) -> exit code`, what it measures)."""

HELP = """\
usage: handover bench WORD [OPTIONS]

{commands}

  handover bench WORD --help        its options
"""


def main(arguments: Sequence[str]) -> int:
    """Carry out one measurement; returns the exit code."""
    if not arguments or arguments[0] in ("-h", "--help"):
        width = max(map(len, COMMANDS))
        lines = [f"  {word:{width}}  {purpose}" for word, (_, purpose) in COMMANDS.items()]
        print(HELP.format(commands="\n".join(lines)), end="")
        return 0
    if arguments[0] not in COMMANDS:
        raise UnknownName("benchmark", arguments[0], COMMANDS)
    return int(import_module(COMMANDS[arguments[0]][0]).main(arguments[1:]))
