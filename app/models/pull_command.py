"""`handover models pull`: says what a download costs and under which licence, asks, and fetches it.

Exit code 0: everything is here; 1: something was declined; 2: it cannot be done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from app.arguments import UNSET, parse
from app.errors import UsageError
from app.options import Config

if TYPE_CHECKING:
    from rich.console import Console

    from perception.weights.catalogue import Entry
    from perception.weights.pull import Order


@dataclass(frozen=True)
class PullCommand:
    """Download weights; sizes and licences are shown first, and what broke off goes on."""

    names: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="[NAMES]")] = ()
    """Which weights, as in `handover models list`; without any, those of the profile."""
    profile: Annotated[tyro.conf.DisallowNone[Literal["paper", "small"] | None], UNSET] = None
    """paper (unless names are given): the models of the paper, with the largest SAM; small: the smallest
    set for detection, segmentation and human pose."""
    yes: Annotated[bool, tyro.conf.FlagCreatePairsOff, UNSET] = False
    """Do not ask before the download."""
    accept_licence: Annotated[tuple[str, ...], UNSET] = ()
    """Names of weights whose terms you have read and accept."""
    update: Annotated[bool, tyro.conf.FlagCreatePairsOff, UNSET] = False
    """Take what the sources have now, and record that."""
    offline: Annotated[bool, tyro.conf.FlagCreatePairsOff, UNSET] = False
    """Download nothing: only say whether everything is here."""
    config: Annotated[tyro.conf.DisallowNone[Path | None], UNSET] = None
    """The configuration to use; by default config.yaml in the working directory, if there is one."""
    settings: Annotated[Config, tyro.conf.arg(name="")] = Config()  # noqa: RUF009  # frozen


def main(arguments: Sequence[str]) -> int:
    """Download what is missing; returns the exit code."""
    command, config = parse(PullCommand(), arguments, "handover models pull", _offline)
    entries = _entries(command)

    from rich.console import Console

    from app.models.consent import accepted_terms, agreed
    from app.models.words import size_text
    from perception.weights.errors import LicenceNotAccepted
    from perception.weights.lock import LockedEntry, read_lock
    from perception.weights.pull import disk_free, orders, pull, require_acceptance
    from perception.weights.store import store_folder

    console = Console(soft_wrap=True, highlight=False)
    options = config.perception.weights
    folder = store_folder(options)
    wanted = orders(entries, folder, options, update=command.update)
    if not wanted:
        console.print(f"everything is here, in {folder}: {', '.join(entry.name for entry in entries)}")
        return 0
    _announce(console, wanted)
    lock = read_lock(folder)
    accepted = accepted_terms([order.entry for order in wanted], command.accept_licence, lock)
    declined = []
    for order in wanted:
        try:
            require_acceptance(order.entry, accepted, lock.get(order.entry.name))
        except LicenceNotAccepted:
            if not _asked_at_a_terminal():
                raise
            declined.append(order)
    wanted = tuple(order for order in wanted if order not in declined)
    if declined:
        console.print(f"left out: {', '.join(order.entry.name for order in declined)}")
    needed = sum(order.needed for order in wanted)
    console.print(
        f"{size_text(needed) or 'nothing'} to download to {folder} ({size_text(disk_free(folder))} free)"
    )
    if not wanted or not (command.yes or agreed("Download?")):
        return 1

    def done(order: Order, locked: LockedEntry) -> None:
        at = f" @ {locked.revision[:12]}" if locked.revision else ""
        console.print(f"[green]here[/]  {order.entry.name}{at}")
        for name, file in locked.files.items():
            console.print(f"      {file.sha256}  {name}")

    pull(wanted, folder, accepted, done=done)
    return 1 if declined else 0


def _offline(command: PullCommand, settings: Config) -> Config:
    if not command.offline:
        return settings
    weights = replace(settings.perception.weights, offline=True)
    return replace(settings, perception=replace(settings.perception, weights=weights))


def _asked_at_a_terminal() -> bool:
    import sys

    return sys.stdin.isatty()


def _entries(command: PullCommand) -> tuple[Entry, ...]:
    from perception.weights.catalogue import entries_of, entry_of

    if command.names and command.profile:
        raise UsageError("name weights or a --profile, not both")
    if command.names:
        return tuple(entry_of(name) for name in dict.fromkeys(command.names))
    return entries_of(command.profile or "paper")


def _announce(console: Console, wanted: Sequence[Order]) -> None:
    from rich.table import Table
    from rich.text import Text

    from app.models.words import size_text

    table = Table(box=None, pad_edge=False)
    for title in ("name", "to download", "from", "licence"):
        table.add_column(title, header_style="bold", no_wrap=title == "name", overflow="fold")
    for order in wanted:
        offer, entry = order.offer, order.entry
        size = size_text(order.needed) or "nothing"
        if any(file.size is None for file in offer.files):
            size += " or more"
        at = f" @ {offer.revision[:12]}" if offer.revision else ""
        licence = f"{entry.licence} ({entry.licence_page})"
        if offer.licence and offer.licence.lower() != entry.licence.lower():
            licence += f"; its card says {offer.licence}"
        table.add_row(entry.name, size, *map(Text, (offer.source + at, licence)))
    console.print(table)
