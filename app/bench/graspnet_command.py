"""`handover bench graspnet`: times Contact-GraspNet, and beside it the published way of sampling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from app.arguments import parse
from app.errors import UsageError
from app.options import Config


@dataclass(frozen=True)
class GraspnetCommand:
    """Time one pass of Contact-GraspNet by stages, and a plain port of the published loops beside it.

    Random weights of the published sizes unless planning.contact_graspnet.checkpoint names a file: they
    decide nothing about times, memory and indices. The port runs on the CPU.
    """

    seed: int = 0
    """For cloud and weights."""
    repeats: int = 3
    """How often our pass is timed, after one to warm up; the port's is timed once."""
    points: int = 20_000
    """Of the cloud: noise in a box of 0.3 x 0.3 x 0.15 m, where balls fill slower than on surfaces."""
    config: tyro.conf.DisallowNone[Path | None] = None
    """The configuration to use; by default config.yaml in the working directory, if there is one."""
    settings: Annotated[Config, tyro.conf.arg(name="")] = Config()  # noqa: RUF009  # frozen


def main(arguments: Sequence[str]) -> int:
    """Measure and print; 0 when both find the same indices, else 1."""
    command, config = parse(GraspnetCommand(), arguments, "handover bench graspnet")
    if command.repeats < 1:
        raise UsageError("--repeats needs a whole number of 1 or more")
    if not 1_000 <= command.points <= 200_000:
        raise UsageError("--points needs a whole number from 1000 to 200000")

    from app.bench.graspnet import compare, print_comparison

    options = config.planning.contact_graspnet
    comparison = compare(options, command.seed, command.points, command.repeats)
    print_comparison(comparison)
    return 0 if comparison.same_indices else 1
