"""Reads tables as language models draw them: a column per role, or a line per cell."""

from __future__ import annotations

import re
from collections.abc import Iterator

from perception.vlm_text import Cell, Role, Statement, cells_in, role_of

_CELL_LINE = re.compile(r"\W*(?:cells? )?([0-9]{1,3})\W+(\w+)\W*", re.IGNORECASE)
_RULE = re.compile(r"[\s|:+=-]*")


def table_statements(text: str) -> Iterator[Statement]:
    """A statement per column that is headed by a role, and per role that lines like "4: human" name."""
    yield from _columns(text)
    found: dict[Role, tuple[Cell, ...]] = {}
    for line in text.splitlines():
        if (match := _CELL_LINE.fullmatch(line)) and (role := role_of(match[2])):
            found[role] = (*found.get(role, ()), int(match[1]))
    yield from (Statement(role, cells, strong=True) for role, cells in found.items())


def _columns(text: str) -> Iterator[Statement]:
    columns: dict[int, Role] = {}
    found: dict[Role, tuple[Cell, ...]] = {}
    width = 0
    for line in (*text.splitlines(), ""):
        row = _row(line)
        if columns and len(row) == width:
            if not _RULE.fullmatch(line):
                for i, role in columns.items():
                    found[role] = (*found.get(role, ()), *(cells_in(row[i]) or ()))
            continue
        yield from (Statement(role, cells, strong=True) for role, cells in found.items() if cells)
        columns, found, width = _roles(row), {}, len(row)


def _row(line: str) -> list[str]:
    """The cells of a table's line; empty for any other line."""
    return (
        [re.sub(r"[*`_\[\]]", " ", cell) for cell in line.strip().strip("|").split("|")]
        if "|" in line
        else []
    )


def _roles(header: list[str]) -> dict[int, Role]:
    """Which columns of a header are whose; empty unless both roles have exactly one and no number is near."""
    if any(re.search("[0-9]", cell) for cell in header):
        return {}
    roles = {i: role for i, cell in enumerate(header) if (role := role_of(cell)) is not None}
    return roles if sorted(roles.values()) == ["human", "robot"] else {}
