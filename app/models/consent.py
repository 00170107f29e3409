"""Asks at the terminal: for a licence by its name, for a download by yes or no."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence

from app.errors import UsageError
from perception.weights.catalogue import CATALOGUE, Entry
from perception.weights.lock import LockedEntry


def accepted_terms(
    entries: Sequence[Entry], given: Sequence[str], lock: Mapping[str, LockedEntry]
) -> Collection[str]:
    """The names of the entries whose terms were accepted: in `given`, or by typing the name when asked.

    Terms accepted at an earlier download are not asked for again; without a terminal nothing is asked.
    Raises UsageError for a name in `given` that has no terms.
    """
    for name in given:
        if name not in CATALOGUE or not CATALOGUE[name].terms:
            bound = ", ".join(entry.name for entry in CATALOGUE.values() if entry.terms)
            raise UsageError(f"--accept-licence {name}: it has no terms to accept; those that do: {bound}")
    accepted = set(given)
    for entry in entries:
        earlier = entry.name in lock and lock[entry.name].accepted == entry.terms
        if not entry.terms or entry.name in accepted or earlier or not sys.stdin.isatty():
            continue
        print(f"{entry.name} stands under the {entry.licence} ({entry.licence_page}):\n  {entry.terms}.")
        if _asked(f"Type {entry.name} to accept this: ") == entry.name:
            accepted.add(entry.name)
    return accepted


def agreed(question: str) -> bool:
    """Whether the user says yes. Raises UsageError where nobody can be asked."""
    if not sys.stdin.isatty():
        raise UsageError(f"{question} There is no terminal to ask at: say --yes")
    return _asked(f"{question} [y/N] ").lower() in ("y", "yes")


def _asked(question: str) -> str:
    try:
        return input(question).strip()
    except EOFError:
        return ""
