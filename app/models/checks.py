"""What `handover doctor` says of model weights: which are here as recorded, which configured one lacks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from app.models.needed import Need, needed
from app.models.words import fault_of, origin, size_of, size_text
from app.options import Config
from perception.weights.catalogue import CATALOGUE
from perception.weights.errors import LockUnreadable
from perception.weights.lock import LockedEntry, read_lock
from perception.weights.store import inventory, store_folder

Finding = tuple[str, Literal["ok", "missing", "wrong"], str]
"""What it is about, how it stands, and in words."""


def weights_findings(config: Config) -> Iterator[Finding]:
    """First what the configured back ends load, then what else the store holds. Nothing is downloaded; files
    are hashed only where size or time stamp differ from the record.
    """
    folder = store_folder(config.perception.weights)
    remote = config.perception.remote.url
    if remote is not None:
        yield "perception.remote", "ok", f"learned models run at {remote} (not asked now)"
    try:
        lock = read_lock(folder)
    except LockUnreadable as error:
        yield "store", "wrong", str(error)
        return
    used: set[str] = set()
    for need in needed(config):
        subject = f"{need.step} ({need.back_end})"
        if need.checkpoint is not None:
            yield subject, *_own(Path(need.checkpoint).expanduser())
            continue
        there = next((name for name in need.names if name in lock), None)
        used |= {there} if there else set()
        yield subject, *_stored(need, there, folder, lock)
    for entry, locked in inventory(folder):
        if entry.name not in used:
            fault = fault_of(entry, folder, lock)
            size = size_text(size_of(entry, locked))
            yield entry.name, "wrong" if fault else "ok", fault or f"here, not configured, {size}"


def _own(path: Path) -> tuple[Literal["ok", "missing"], str]:
    return ("ok", f"your own: {path}") if path.exists() else ("missing", f"there is nothing at {path}")


def _stored(
    need: Need, there: str | None, folder: Path, lock: dict[str, LockedEntry]
) -> tuple[Literal["ok", "missing", "wrong"], str]:
    if there is None:
        name = need.names[-1]
        return "missing", f"no weights of {' or '.join(need.names)}; `handover models pull {name}`"
    fault = fault_of(CATALOGUE[there], folder, lock)
    return ("wrong", fault) if fault else ("ok", f"{there}, as recorded, from {origin(lock[there])}")
