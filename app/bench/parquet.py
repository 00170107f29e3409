"""Rows of trials as a Parquet table: one column per figure, nested ones under dotted names."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from app.errors import MissingPackage


def check_parquet() -> None:
    """Raises MissingPackage where the table could not be written."""
    if find_spec("pyarrow") is None:
        raise MissingPackage("pyarrow", "handover bench", "pip install 'handover[bench]'")


def write_parquet(path: Path, rows: Sequence[Mapping[str, Any]], about: Mapping[str, Any]) -> None:
    """All rows, what they share in the table's metadata as `about` (JSON).

    A figure that a row lacks is null there; a column of mixed kinds is kept as text.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    flat = [dict(columns(row)) for row in rows]
    names = list(dict.fromkeys(name for row in flat for name in row))
    arrays = []
    for name in names:
        values = [row.get(name) for row in flat]
        try:
            arrays.append(pa.array(values))
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            arrays.append(pa.array([None if value is None else json.dumps(value) for value in values]))
    table = pa.table(dict(zip(names, arrays, strict=True)))
    pq.write_table(table.replace_schema_metadata({"about": json.dumps(about)}), path)


def columns(row: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """A row's figures under their dotted names."""
    for name, value in row.items():
        if isinstance(value, Mapping):
            yield from columns(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
