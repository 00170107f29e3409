"""`handover models list`: every set of weights with its licence, size and state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from app.arguments import UNSET, parse
from app.options import Config

HERE, MISSING, CHANGED = ("here", "green"), ("-", "dim"), ("changed", "bold red")


@dataclass(frozen=True)
class ListCommand:
    """Every set of weights: what for, licence, size, and whether it is here."""

    config: Annotated[tyro.conf.DisallowNone[Path | None], UNSET] = None
    """The configuration to use; by default config.yaml in the working directory, if there is one."""
    settings: Annotated[Config, tyro.conf.arg(name="")] = Config()  # noqa: RUF009  # frozen


def main(arguments: Sequence[str]) -> int:
    """Print the table; returns the exit code."""
    _, config = parse(ListCommand(), arguments, "handover models list")

    from rich.console import Console
    from rich.text import Text

    from app.models.needed import needed
    from app.models.words import fault_of, size_of, size_text
    from perception.weights.catalogue import ENTRIES
    from perception.weights.lock import read_lock
    from perception.weights.store import store_folder

    folder = store_folder(config.perception.weights)
    lock = read_lock(folder)
    configured = {name for need in needed(config) if need.checkpoint is None for name in need.names}
    console = Console(soft_wrap=True, highlight=False)
    for entry in ENTRIES:
        fault = fault_of(entry, folder, lock)
        state, colour = (
            ("here", "green") if not fault else ("-", "dim") if entry.name not in lock else CHANGED
        )
        size = size_text(size_of(entry, lock.get(entry.name))) or "size unknown"
        licence = entry.licence + (f": {entry.terms}" if entry.terms else "")
        marks = [f"profile {profile}" for profile in entry.profiles]
        marks += ["configured"] if entry.name in configured else []
        line = Text.assemble((f"{entry.name:18}", "bold"), (f"{state:9}", colour), f"{size:>12}  ", licence)
        console.print(line)
        console.print(Text(f"    {entry.purpose}" + (f" ({', '.join(marks)})" if marks else ""), "dim"))
    console.print(f"\n{folder}\nHubs tell sizes when asked: `handover models pull NAME` shows them first.")
    return 0
