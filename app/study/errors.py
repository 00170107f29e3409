"""What ends a study's session, and what it cannot begin with."""

from __future__ import annotations

from app.errors import UsageError


class Stopped(Exception):  # not an error: whoever takes part may stop at any time
    """The participant or the experimenter stopped; everything up to here is on disk."""


class NotACode(UsageError):
    """Something that is no participant code, such as a name."""

    def __init__(self, given: str, first: str, last: str) -> None:
        super().__init__(
            f"{given!r} is not a participant code; no names are stored: use {first} to {last} and keep the "
            "list of who is who, if there is one, elsewhere"
        )
