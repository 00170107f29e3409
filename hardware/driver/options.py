"""The numbers of the driver process (light: nothing but the standard library)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class DriverOptions:
    """The process that owns the arm, and when it stops the arm by itself."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    python: str | None = None
    """Interpreter of the driver process, for a package the program's own cannot hold; null: the same one."""
    beat_s: float = 0.02
    """How often the program says that it lives."""
    beat_limit_s: float = 0.2
    """Silence after which the driver stops the arm and holds."""
    loop_limit_s: float = 0.5
    """While the arm moves the program counts as alive only if its loop looked at it within this time."""
    state_hz: float = 100.0
    """How often readings are sent to the program."""
    silent_s: float = 0.5
    """Without readings for this long the driver counts as lost."""
    start_s: float = 20.0
    """The connection must stand within this time."""
    reflex_pull_n: float = 10.0
    """Frozen at the offering pose: a pull this strong, twice that of a normal release, ..."""
    reflex_s: float = 0.3
    """... for this long opens the gripper by `reflex_open_m`."""
    reflex_open_m: float = 0.010
    linger_s: float = 60.0
    """After the program's death the driver stays this long for the person who already holds the object."""
