"""`handover models verify`: hashes every file in the store and compares it with the record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from app.arguments import UNSET, parse
from app.options import Config


@dataclass(frozen=True)
class VerifyCommand:
    """Hash every file of the store and compare with what was recorded; exit code 1 when one differs."""

    config: Annotated[tyro.conf.DisallowNone[Path | None], UNSET] = None
    """The configuration to use; by default config.yaml in the working directory, if there is one."""
    settings: Annotated[Config, tyro.conf.arg(name="")] = Config()  # noqa: RUF009  # frozen


def main(arguments: Sequence[str]) -> int:
    """Check and print; returns the exit code."""
    _, config = parse(VerifyCommand(), arguments, "handover models verify")

    from app.models.words import fault_of, origin, size_of, size_text
    from perception.weights.lock import read_lock
    from perception.weights.store import inventory, store_folder

    folder = store_folder(config.perception.weights)
    lock, faulty = read_lock(folder), 0
    for entry, locked in inventory(folder):
        fault = fault_of(entry, folder, lock, thorough=True)
        faulty += bool(fault)
        said = fault or f"as recorded, {size_text(size_of(entry, locked))}, {origin(locked)}"
        print(f"{entry.name}: {said}")
    if not lock:
        print(f"{folder} holds no weights; `handover models pull` fetches them")
    return 1 if faulty else 0
