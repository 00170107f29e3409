"""What the driver did and when, one flushed JSON line each: it outlives both processes."""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import Any

from hardware.protocols import Clock


class Journal:
    """Appends to a file; without one it keeps silent. Stamps are those of `clock`."""

    def __init__(self, path: Path | None, clock: Clock) -> None:
        self._file = None if path is None else path.open("a", encoding="utf-8")
        self._clock = clock

    def note(self, event: str, **facts: Any) -> None:
        """Write one line and flush it."""
        if self._file is not None:
            line = {"t_s": round(self._clock.now(), 6), "event": event, **facts}
            self._file.write(json.dumps(line) + "\n")
            self._file.flush()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
