"""`handover models where`: prints where weights are, for people and for scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from app.arguments import UNSET, parse
from app.options import Config


@dataclass(frozen=True)
class WhereCommand:
    """Print the folder of the store, or the path that a back end would load."""

    name: Annotated[
        tyro.conf.DisallowNone[str | None], tyro.conf.Positional, tyro.conf.arg(metavar="[NAME]")
    ] = None
    """One set of weights, as in `handover models list`."""
    config: Annotated[tyro.conf.DisallowNone[Path | None], UNSET] = None
    """The configuration to use; by default config.yaml in the working directory, if there is one."""
    settings: Annotated[Config, tyro.conf.arg(name="")] = Config()  # noqa: RUF009  # frozen


def main(arguments: Sequence[str]) -> int:
    """Print one path; returns the exit code."""
    command, config = parse(WhereCommand(), arguments, "handover models where")

    from perception.weights.store import store_folder, weights_path

    options = config.perception.weights
    print(store_folder(options) if command.name is None else weights_path(command.name, options))
    return 0
