"""`handover bench WORD`: measures; what it prints is what may be claimed."""

from __future__ import annotations

from collections.abc import Sequence

from app.words import carry_out

COMMANDS: dict[str, tuple[str, str]] = {
    "closed-loop": ("app.bench.closed_loop_command", "whole handovers in simulation, judged by physics"),
    "sim": ("app.bench.closed_loop_command", "the same, for short"),
    "speed": ("app.bench.speed_command", "what each stage costs as it grows, against the usual ways"),
    "models": ("app.bench.models_command", "how long the learned models take, and how much memory"),
    "graspnet": ("app.bench.graspnet_command", "Contact-GraspNet's stages against the published sampling"),
    "stops": ("app.bench.stops_command", "how fast the arm stops when the program that moves it dies"),
    "handover-point": ("app.bench.handover_point_command", "the predicted point against recorded people"),
    "ablation": ("app.bench.ablation_command", "what regions and ranking are worth, with the paper's metric"),
    "methods": ("app.bench.methods_command", "the other methods of the field on the same scenes"),
    "report": ("app.bench.report_command", "one HTML page of results: tables, plots, pictures"),
    "rerun": ("app.bench.rerun_command", "one trial of a results file again, with video"),
}
"""Word -> (module with `main(arguments) -> exit code`, what it measures)."""

HELP = """\
usage: handover bench WORD [OPTIONS]

{commands}

  handover bench WORD --help        its options
"""


def main(arguments: Sequence[str]) -> int:
    """Carry out one measurement; returns the exit code."""
    return carry_out(arguments, COMMANDS, HELP, "benchmark")
