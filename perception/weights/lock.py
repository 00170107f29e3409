"""The record of what is in the store: where each file came from, its size and its SHA-256.

Trust on first use: the hub's revision and the hash of every file are written down at the first download (or
taken from the catalogue, where established); whatever differs later is an error until the user asks for an
update. The file is plain JSON, so that a lab can keep it and compare.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from perception.weights.errors import LockUnreadable

FILE = "lock.json"
VERSION = 1
CHUNK = 1 << 20


@dataclass(frozen=True)
class LockedFile:
    """One file: sha256 in hex, size in bytes; mtime_ns: its time stamp when it was last hashed."""

    sha256: str
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class LockedEntry:
    """What is in the store under one name: place is the folder of its files in the store;
    revision: the hub's commit, None for other sources; accepted: the terms of the licence as the user
    accepted them, "" where there are none.
    """

    source: str
    place: str
    revision: str | None
    files: Mapping[str, LockedFile] = field(default_factory=dict)
    accepted: str = ""


def read_lock(folder: Path) -> dict[str, LockedEntry]:
    """Every entry of the store at `folder`, empty where there is none. Raises LockUnreadable."""
    path = folder / FILE
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["version"] != VERSION:
            raise ValueError(f"version {content['version']}, {VERSION} is known")
        return {name: _entry(values) for name, values in content["weights"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise LockUnreadable(path, f"{type(error).__name__}: {error}") from error


def _entry(values: Mapping[str, Any]) -> LockedEntry:
    files = {name: LockedFile(**file) for name, file in values["files"].items()}
    return LockedEntry(**{**values, "files": files})


def write_lock(folder: Path, entries: Mapping[str, LockedEntry]) -> None:
    """Replace the record in one step: an interruption leaves the old one."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {"version": VERSION, "weights": {name: asdict(entries[name]) for name in sorted(entries)}}
    draft = folder / f"{FILE}.{os.getpid()}"
    draft.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    draft.replace(folder / FILE)


def fingerprint(path: Path) -> LockedFile:
    """What the record says about the file at `path`, which is read in full."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        before = os.fstat(file.fileno())
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return LockedFile(digest.hexdigest(), before.st_size, before.st_mtime_ns)
