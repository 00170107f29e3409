"""`handover bench timing`: how long single steps take on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from app.arguments import parse
from app.options import Config


@dataclass(frozen=True)
class TimingCommand:
    """Time single steps on this machine."""

    seed: int = 0
    """For the simulated view."""
    config: tyro.conf.DisallowNone[Path | None] = None
    """The configuration to use; by default config.yaml in the working directory, if there is one."""
    settings: Annotated[Config, tyro.conf.arg(name="")] = Config()  # noqa: RUF009  # frozen


def main(arguments: Sequence[str]) -> int:
    """Time the steps and print them; returns the exit code."""
    from app.bench.timing import print_timings, time_steps

    command, config = parse(TimingCommand(), arguments, "handover bench timing")
    print_timings(time_steps(config, command.seed))
    return 0
