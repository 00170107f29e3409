"""Which hand-eye calibration is used, and until when (light: nothing but the standard library)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class HandEyeOptions:
    """Where the real camera sits on the flange, as `handover calibrate hand-eye` found it."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    file: str | None = None
    """The file that command wrote; the real robot does not start without one."""
    max_age_days: float = 90.0
    """Calibrate again after this long, and whenever the camera was touched."""
    max_error_m: float = 0.005
    """A held-out error above this would be felt at the fingertips: the file is refused."""
