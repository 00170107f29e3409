"""Where model weights are kept (light: nothing but the standard library)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class WeightsOptions:
    """The store that `handover models` fills and the back ends read."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    dir: str | None = None
    """The folder; null: handover/weights in the user's cache. HANDOVER_WEIGHTS in the environment wins."""
    offline: bool = False
    """Download nothing, whatever is asked for; HANDOVER_OFFLINE=1 in the environment does the same."""
