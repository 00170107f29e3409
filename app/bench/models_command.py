"""`handover bench models`: times the learned models."""

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
class ModelsCommand:
    """Time the learned models on this machine, with the weights configured or pulled."""

    models: tuple[str, ...] = ()
    """Only these sections of perception.models; all by default."""
    random: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """With random weights of the published sizes: nothing to download, times and memory only."""
    repeats: int = 5
    """How often each stage is timed, after one call to warm up."""
    config: tyro.conf.DisallowNone[Path | None] = None
    """The configuration to use; by default config.yaml in the working directory, if there is one."""
    settings: Annotated[Config, tyro.conf.arg(name="")] = Config()  # noqa: RUF009  # frozen


def main(arguments: Sequence[str]) -> int:
    """Time the models; 0 when at least one could be measured."""
    command, config = parse(ModelsCommand(), arguments, "handover bench models")
    if command.repeats < 1:
        raise UsageError("--repeats needs a whole number of 1 or more")

    from app.bench.models import print_model_timing, time_models

    if command.random:
        print("random weights of the published sizes: times and memory only, the answers mean nothing")
    measured = 0
    for timing in time_models(config.perception, command.models, command.repeats, command.random):
        print_model_timing(timing)
        measured += not timing.fault
    return 0 if measured else 2
