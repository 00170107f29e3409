"""The folder of model weights on this machine, and the way back ends find their files in it.

Guarantees:
1. A path is handed out only for files that are the recorded ones: those whose size or time stamp differs from
   the last check are hashed again first.
2. Nothing is downloaded here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from perception.weights.catalogue import CATALOGUE, SERVING, Entry, entry_of
from perception.weights.errors import WeightsChanged, WeightsMissing
from perception.weights.lock import LockedEntry, LockedFile, fingerprint, read_lock, write_lock
from perception.weights.options import WeightsOptions

FOLDER_VARIABLE, OFFLINE_VARIABLE = "HANDOVER_WEIGHTS", "HANDOVER_OFFLINE"


def store_folder(options: WeightsOptions = WeightsOptions()) -> Path:  # noqa: B008  # frozen
    """Where weights are kept: HANDOVER_WEIGHTS, else the option, else the user's cache."""
    chosen = os.environ.get(FOLDER_VARIABLE) or options.dir
    if chosen:
        return Path(chosen).expanduser()
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "handover" / "weights"


def weights_path(name: str, options: WeightsOptions = WeightsOptions()) -> Path:  # noqa: B008  # frozen
    """The file, or for a model of transformers the folder, with the weights `name` of the catalogue.

    `sam` and `person`, as sections of the configuration are called, stand for the best of their weights that
    are here. Raises WeightsMissing, WeightsChanged, LockUnreadable, and UnknownName for a name that does not
    exist.
    """
    folder = store_folder(options)
    lock = read_lock(folder)
    names = SERVING.get(name, (name,))
    for candidate in names:
        entry = entry_of(candidate)
        if candidate in lock:
            check(entry, folder)
            return location(entry, folder, lock[candidate])
    raise WeightsMissing(names, folder)


def location(entry: Entry, folder: Path, locked: LockedEntry) -> Path:
    """The path that a back end loads."""
    place = folder / locked.place
    return place / next(iter(locked.files)) if entry.one_file else place


def check(entry: Entry, folder: Path, *, thorough: bool = False) -> None:
    """Compare the files of an entry with the record; thorough: by their hashes, time stamps or not.

    Raises WeightsChanged with every fault.
    """
    lock = read_lock(folder)
    locked = lock[entry.name]
    seen: dict[str, LockedFile] = {}
    faults = []
    for name, recorded in locked.files.items():
        found = _look(folder / locked.place / name, recorded, thorough)
        if found is None:
            faults.append(f"{name} is missing")
        elif (found.sha256, found.size) != (recorded.sha256, recorded.size):
            faults.append(f"{name} differs (sha256 {found.sha256[:12]}, recorded {recorded.sha256[:12]})")
        else:
            seen[name] = found
    if faults:
        raise WeightsChanged(entry.name, faults)
    if seen != locked.files:
        try:
            write_lock(folder, {**lock, entry.name: replace(locked, files=seen)})
        except OSError:  # a store that may only be read is checked again next time
            return


def _look(path: Path, recorded: LockedFile, thorough: bool) -> LockedFile | None:
    """The file as it is now; hashed only where something hints at a change. None: it is not there."""
    try:
        status = path.stat()
        unchanged = (status.st_size, status.st_mtime_ns) == (recorded.size, recorded.mtime_ns)
        return recorded if unchanged and not thorough else fingerprint(path)
    except OSError:
        return None


def inventory(folder: Path) -> Iterator[tuple[Entry, LockedEntry]]:
    """What the store holds by its record, without names of other versions. Raises LockUnreadable."""
    for name, locked in read_lock(folder).items():
        if name in CATALOGUE:
            yield CATALOGUE[name], locked
