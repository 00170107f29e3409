"""`handover models add`: takes weights that the user downloaded into the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from app.arguments import UNSET, parse
from app.options import Config


@dataclass(frozen=True)
class AddCommand:
    """Copy weights that you downloaded yourself into the store and record their SHA-256."""

    name: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="NAME")]
    """Which weights, as in `handover models list`."""
    path: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="PATH")]
    """The file, or for a model of transformers the folder."""
    accept_licence: tuple[str, ...] = ()
    """Names of weights whose terms you have read and accept."""
    config: Annotated[tyro.conf.DisallowNone[Path | None], UNSET] = None
    """The configuration to use; by default config.yaml in the working directory, if there is one."""
    settings: Annotated[Config, tyro.conf.arg(name="")] = Config()  # noqa: RUF009  # frozen


def main(arguments: Sequence[str]) -> int:
    """Add one set of weights; returns the exit code."""
    command, config = parse(AddCommand(tyro.MISSING, tyro.MISSING), arguments, "handover models add")

    from app.models.consent import accepted_terms
    from app.models.words import size_of, size_text
    from perception.weights.by_hand import add
    from perception.weights.catalogue import entry_of
    from perception.weights.lock import read_lock
    from perception.weights.store import location, store_folder

    entry, folder = entry_of(command.name), store_folder(config.perception.weights)
    accepted = accepted_terms([entry], command.accept_licence, read_lock(folder))
    locked = add(entry, command.path.expanduser(), folder, accepted)
    print(f"{entry.name}: {size_text(size_of(entry, locked))} in {location(entry, folder, locked)}")
    for name, file in locked.files.items():
        print(f"  {file.sha256}  {name}")
    return 0
