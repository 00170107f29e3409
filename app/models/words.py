"""Sizes and states in the words that the commands of `handover models` and the doctor share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from perception.weights.catalogue import Address, Entry
from perception.weights.errors import WeightsChanged
from perception.weights.lock import LockedEntry
from perception.weights.store import check


def size_text(size: int | None) -> str:
    """Bytes in MB or GB (powers of ten); "" where unknown."""
    if not size:
        return ""
    return f"{size / 1e9:.2f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"


def size_of(entry: Entry, locked: LockedEntry | None) -> int | None:
    """Bytes of an entry as recorded, else as the catalogue knows them, else None."""
    if locked is not None:
        return sum(file.size for file in locked.files.values())
    return entry.source.size if isinstance(entry.source, Address) else None


def fault_of(entry: Entry, folder: Path, lock: Mapping[str, LockedEntry], *, thorough: bool = False) -> str:
    """Why an entry cannot be used: "" when it can."""
    if entry.name not in lock:
        return "not here"
    try:
        check(entry, folder, thorough=thorough)
    except WeightsChanged as error:
        return str(error)
    return ""


def origin(locked: LockedEntry) -> str:
    """Where recorded files came from."""
    return f"{locked.source} @ {locked.revision[:12]}" if locked.revision else locked.source
