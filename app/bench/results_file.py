"""Finished trials in a file of JSON lines that outlives a kill: each is on disk before the next is counted.

The first line says what all trials share; a file is only continued with the same.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from hardware.errors import BadFile

REMEDY = "name another folder with --out"


class ResultsFile:
    """Rows by key, read at the start and appended as they come; use as a context manager."""

    def __init__(self, path: Path, about: Mapping[str, Any], keys: tuple[str, ...]) -> None:
        """Reads what is there, without a last line cut short. Raises BadFile where it belongs to another run,
        or holds a line that is none of it, and where it cannot be written.
        """
        self._path, self._keys = path, keys
        self.rows: dict[tuple[Any, ...], dict[str, Any]] = {}
        about = json.loads(json.dumps(about))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            whole = self._whole_lines()
            if not whole:
                path.write_text(json.dumps({"about": about}) + "\n", encoding="utf-8")
            else:
                self._read(whole, about)
            self._file = path.open("a", encoding="utf-8")
        except OSError as error:
            raise BadFile(path, f"it cannot be written ({error.strerror})", REMEDY) from error

    def __enter__(self) -> ResultsFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def key(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        """What tells a trial from the others."""
        return tuple(row[key] for key in self._keys)

    def add(self, row: dict[str, Any]) -> None:
        """Append a finished trial, on disk when this returns; one already there is left as it is."""
        if self.key(row) in self.rows:
            return
        self._file.write(json.dumps(row) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self.rows[self.key(row)] = row

    def _whole_lines(self) -> list[str]:
        if not self._path.exists():
            return []
        content = self._path.read_bytes()
        end = content.rfind(b"\n") + 1
        if end < len(content):  # killed while writing
            with self._path.open("rb+") as file:
                file.truncate(end)
        return content[:end].decode("utf-8", "replace").splitlines()

    def _read(self, lines: list[str], about: Any) -> None:
        try:
            first, *rows = [json.loads(line) for line in lines]
            theirs = first["about"]
            self.rows = {self.key(row): row for row in rows}
        except (ValueError, KeyError, TypeError) as error:
            raise BadFile(self._path, f"it holds no trials of this benchmark ({error!r})", REMEDY) from error
        if theirs != about:
            changed = sorted(key for key in {*theirs, *about} if theirs.get(key) != about.get(key))
            raise BadFile(self._path, f"its trials were made with another {', '.join(changed)}", REMEDY)


def read_results(path: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What all trials of a file share, and its rows in order. Raises BadFile."""
    try:
        first, *rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return first["about"], rows
    except OSError as error:
        fault, remedy = f"it cannot be read ({error.strerror})", "name the folder of a benchmark"
        raise BadFile(path, fault, remedy) from error
    except (ValueError, KeyError, TypeError) as error:
        fault, remedy = f"it holds no trials ({error!r})", "name the folder of a benchmark"
        raise BadFile(path, fault, remedy) from error


def trial_name(row: Mapping[str, Any]) -> str:
    """How a trial is called: what its row begins with, up to its seed."""
    fields = [*row][: [*row].index("seed") + 1]
    return "/".join(f"{row[name]:g}" if isinstance(row[name], float) else str(row[name]) for name in fields)


def picture_name(trial: str) -> str:
    """The name of the file with the picture of a trial of that name."""
    return trial.replace("/", "-") + ".png"
