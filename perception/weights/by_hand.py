"""Takes files that the user brought into the store, as `pull` does with those it fetched."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Collection
from pathlib import Path

from perception.weights.catalogue import Address, Entry
from perception.weights.errors import NoSpace, NotTheseWeights
from perception.weights.lock import LockedEntry, LockedFile, fingerprint, read_lock
from perception.weights.pull import (
    PARTIAL,
    PLACE_DIGITS,
    SPARE_BYTES,
    disk_free,
    require_acceptance,
    settle,
    sole_user,
)

CONFIGURATION = "config.json"


def add(
    entry: Entry,
    path: Path,
    folder: Path,
    accepted: Collection[str],
    *,
    free: Callable[[Path], int] = disk_free,
) -> LockedEntry:
    """Copy a file, or for a model of transformers a folder, into the store and record it.

    Raises NotTheseWeights, LicenceNotAccepted, NoSpace, StoreBusy.
    """
    require_acceptance(entry, accepted, read_lock(folder).get(entry.name))
    names = _names(entry, path)
    base = path if path.is_dir() else path.parent
    needed, room = sum((base / name).stat().st_size for name in names), free(folder)
    if needed + SPARE_BYTES > room:
        raise NoSpace(folder, needed + SPARE_BYTES, room)
    with sole_user(folder):
        content = {name: fingerprint(base / name) for name in names}
        _compare(entry, path, content)
        place = f"{entry.name}-{_digest(content)[:PLACE_DIGITS]}"
        staging = folder / PARTIAL / place
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True)
        for name in names:
            shutil.copyfile(base / name, staging / name)
        copied = {name: fingerprint(staging / name) for name in names}
        return settle(entry, f"by hand: {path.name}", None, copied, staging, folder)


def _names(entry: Entry, path: Path) -> list[str]:
    if not path.exists():
        raise NotTheseWeights(entry.name, path, "there is no such file or folder")
    if entry.one_file:
        if path.is_dir():
            raise NotTheseWeights(entry.name, path, "a file is needed, this is a folder")
        return [path.name]
    if not path.is_dir():
        raise NotTheseWeights(entry.name, path, "a folder with config.json and its tensors is needed")
    names = sorted(file.name for file in path.iterdir() if file.is_file() and not file.name.startswith("."))
    if CONFIGURATION not in names or not any(name.endswith((".safetensors", ".bin")) for name in names):
        raise NotTheseWeights(entry.name, path, "it lacks config.json, or *.safetensors or *.bin")
    return names


def _compare(entry: Entry, path: Path, content: dict[str, LockedFile]) -> None:
    if not isinstance(entry.source, Address):
        return
    (file,) = content.values()
    if file.sha256 != entry.source.sha256:
        fault = f"its SHA-256 is {file.sha256[:12]}..., the published file's {entry.source.sha256[:12]}..."
        raise NotTheseWeights(entry.name, path, fault)


def _digest(content: dict[str, LockedFile]) -> str:
    if len(content) == 1:
        return next(iter(content.values())).sha256
    lines = "".join(f"{file.sha256} {name}\n" for name, file in sorted(content.items()))
    return hashlib.sha256(lines.encode()).hexdigest()
