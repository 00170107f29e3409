"""Downloads into the store: first what it will cost, then the transfer.

Guarantees:
1. Until every file of an entry is here and verified, the store answers as before; then it changes in one
   step. An interrupted pull goes on where it ended.
2. What was recorded at the first download (revision, SHA-256 of each file) is what every later one must
   bring, unless `update` is asked for.
3. Nothing is fetched under terms nobody accepted, and nothing at all offline.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from perception.weights.catalogue import Address, ByHand, Entry, HubRepository
from perception.weights.errors import (
    LicenceNotAccepted,
    NoSpace,
    Offline,
    OnlyByHand,
    SourceChanged,
    StoreBusy,
    TransferCorrupt,
    WeightsChanged,
)
from perception.weights.lock import LockedEntry, LockedFile, fingerprint, read_lock, write_lock
from perception.weights.options import WeightsOptions
from perception.weights.remote import Offer, RemoteFile, bytes_there, fetch
from perception.weights.store import OFFLINE_VARIABLE, check

PARTIAL, BUSY = ".partial", ".busy"
SPARE_BYTES = 256_000_000
"""Room that a download leaves on the disk."""
PLACE_DIGITS = 12


@dataclass(frozen=True)
class Order:
    """One entry to download; needed: bytes still to come, as far as their number is known."""

    entry: Entry
    offer: Offer
    needed: int


def offline(options: WeightsOptions) -> bool:
    """Whether downloads are forbidden by the option or the environment."""
    return options.offline or os.environ.get(OFFLINE_VARIABLE, "").lower() in ("1", "true", "yes", "on")


def orders(
    entries: Sequence[Entry], folder: Path, options: WeightsOptions, *, update: bool = False
) -> tuple[Order, ...]:
    """What has to be downloaded so that all entries are here, as recorded or, with update, as they now are.

    Asks the sources, changes nothing. Raises Offline, OnlyByHand, SourceUnusable, LockUnreadable.
    """
    lock = read_lock(folder)
    wanted = [entry for entry in entries if update or not _intact(entry, folder)]
    for entry in wanted:
        if isinstance(entry.source, ByHand):
            raise OnlyByHand(entry.name, entry.source.page)
    if wanted and offline(options):
        raise Offline([entry.name for entry in wanted])
    found = []
    for entry in wanted:
        locked = lock.get(entry.name)
        offer = _offer(entry, locked.revision if locked and not update else None)
        if locked and locked.place == place_of(entry, offer.revision) and _intact(entry, folder):
            continue
        staging = staging_of(entry, offer.revision, folder)
        sizes = [(file.size or 0) - bytes_there(file, staging) for file in offer.files]
        found.append(Order(entry, offer, sum(max(size, 0) for size in sizes)))
    return tuple(found)


def _intact(entry: Entry, folder: Path) -> bool:
    if entry.name not in read_lock(folder):
        return False
    try:
        check(entry, folder)
    except WeightsChanged:
        return False
    return True


def _offer(entry: Entry, revision: str | None) -> Offer:
    source = entry.source
    if isinstance(source, HubRepository):
        from perception.weights.hub import offer_of

        return offer_of(entry, source, revision)
    assert isinstance(source, Address)
    return Offer(str(source), None, (RemoteFile(source.file, source.url, source.size, source.sha256),))


def place_of(entry: Entry, revision: str | None) -> str:
    """The folder of an entry in the store, another one for each content."""
    content = entry.source.sha256 if isinstance(entry.source, Address) else revision
    return f"{entry.name}-{(content or '')[:PLACE_DIGITS]}"


def staging_of(entry: Entry, revision: str | None, folder: Path) -> Path:
    return folder / PARTIAL / place_of(entry, revision)


def disk_free(folder: Path) -> int:
    """Bytes free where `folder` is or will be."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    return shutil.disk_usage(there).free


def pull(
    wanted: Sequence[Order],
    folder: Path,
    accepted: Collection[str],
    *,
    free: Callable[[Path], int] = disk_free,
    done: Callable[[Order, LockedEntry], None] = lambda order, locked: None,
) -> None:
    """Download all orders; accepted: names of the entries whose terms the user accepted.

    Raises LicenceNotAccepted and NoSpace before anything is downloaded, then TransferBroken,
    TransferCorrupt, SourceChanged, StoreBusy; entries already told to `done` stay.
    """
    lock = read_lock(folder)
    for order in wanted:
        require_acceptance(order.entry, accepted, lock.get(order.entry.name))
    needed, room = sum(order.needed for order in wanted), free(folder)
    if wanted and needed + SPARE_BYTES > room:
        raise NoSpace(folder, needed + SPARE_BYTES, room)
    with sole_user(folder):
        for order in wanted:
            done(order, _carry_out(order, folder))


def require_acceptance(entry: Entry, accepted: Collection[str], locked: LockedEntry | None) -> None:
    """Raises LicenceNotAccepted unless the entry's terms were accepted, now or at an earlier download."""
    known = entry.name in accepted or (locked is not None and locked.accepted == entry.terms)
    if entry.terms and not known:
        raise LicenceNotAccepted(entry.name, entry.licence, entry.licence_page, entry.terms)


def _carry_out(order: Order, folder: Path) -> LockedEntry:
    entry, offer = order.entry, order.offer
    before = read_lock(folder).get(entry.name)
    staging = staging_of(entry, offer.revision, folder)
    files: dict[str, LockedFile] = {}
    for file in offer.files:
        files[file.name] = fingerprint(fetch(entry.name, file, staging, offer.headers))
        if file.sha256 not in (None, files[file.name].sha256):  # spoiled since an earlier try brought it
            (staging / file.name).unlink()
            raise TransferCorrupt(entry.name, file.name, "its SHA-256 differs")
        recorded = before.files.get(file.name) if before and before.revision == offer.revision else None
        if recorded and recorded.sha256 != files[file.name].sha256:
            (staging / file.name).unlink()
            raise SourceChanged(entry.name, file.name)
    return settle(entry, offer.source, offer.revision, files, staging, folder)


def settle(
    entry: Entry,
    source: str,
    revision: str | None,
    files: dict[str, LockedFile],
    staging: Path,
    folder: Path,
) -> LockedEntry:
    """Make the verified files in `staging` those of the store; what was there before goes."""
    locked = LockedEntry(source, staging.name, revision, files, entry.terms)
    place, lock = folder / locked.place, read_lock(folder)
    if place.exists():
        shutil.rmtree(place)
    staging.replace(place)
    write_lock(folder, {**lock, entry.name: locked})
    old = lock.get(entry.name)
    if old and old.place != locked.place:
        shutil.rmtree(folder / old.place, ignore_errors=True)
    return locked


@contextmanager
def sole_user(folder: Path) -> Iterator[None]:
    """While it lasts nobody else changes the store. Raises StoreBusy."""
    from filelock import FileLock, Timeout

    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / BUSY, timeout=0):
            yield
    except Timeout as error:
        raise StoreBusy(folder) from error
