"""What a person can get wrong at the command line and in the configuration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hardware.errors import HandoverError


class UsageError(HandoverError):
    """The command cannot start as it was typed: one message, exit code 2, no traceback."""


@dataclass(frozen=True)
class Fault:
    """One wrong value: its dotted key, its line in the file (None on the command line), what is wrong."""

    key: str
    message: str
    line: int | None = None


class ConfigError(UsageError):
    """A configuration with everything that is wrong with it."""

    def __init__(self, source: str, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        count = f"{len(faults)} faults" if len(faults) > 1 else "one fault"
        lines = [f"the configuration cannot be used ({count}):"]
        for fault in faults:
            place = source if fault.line is None else f"{source}:{fault.line}"
            lines.append("  " + ": ".join(filter(None, (place, fault.key, fault.message))))
        super().__init__("\n".join(lines))


class MissingPackage(UsageError):
    """A back end or a command needs a package that is not installed."""

    def __init__(self, package: str, needed_for: str, remedy: str) -> None:
        super().__init__(f"{needed_for} needs the package {package}, which is not installed; {remedy}")
