"""Reads the two lists of cells out of a vision-language model's reply, or says precisely what is wrong
with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from perception.errors import VlmParseError
from perception.types import RegionCells, Reply
from perception.vlm_clean import plain, spoken
from perception.vlm_table import table_statements
from perception.vlm_text import Cell, Role, Statement, cells_in, role_of, statements, whole

LONGEST_REPLY = 20_000
"""Only the end of a longer reply is read: the answer comes last."""
_ROLES: tuple[Role, Role] = ("human", "robot")
_FORBIDS = re.compile("avoid|not|never|forbid|exclude|danger|unsafe|sharp", re.IGNORECASE)
"""In a JSON key: what stands there is no choice."""
_CELL_KEY = re.compile("cell|id|number|index|label|grid|region", re.IGNORECASE)
_REFUSAL = re.compile(r"\b(?:can't|cannot|can not|unable|won't|sorry|not able|decline|refuse)\b", re.I)


def parse_regions(reply: str | Reply, n: int = 5, count: int = 3) -> RegionCells:
    """The cells a reply names for the person and for the robot, in its order.

    Understood: a JSON object with both roles anywhere in the reply (in a code fence, nested, numbers as
    text), else statements in words, one role at a time. When a role is stated more than once, the last
    fitting statement counts: models think aloud first. Raises VlmParseError, whose `fault` tells the
    model what to mend, unless both roles have exactly `count` different cells of 1..n*n and share none;
    no other exception for any text.
    """
    text = (reply if isinstance(reply, str) else reply.text)[-LONGEST_REPLY:]
    if not text.strip():
        raise VlmParseError("The answer was empty.", text)
    answer = plain(spoken(text))
    found = _last_fitting(list(_json_statements(answer)), count)
    if len(found) < 2:
        found = _last_fitting([*statements(answer), *table_statements(answer)], count) | found
    if not found and _REFUSAL.search(answer):
        raise VlmParseError(
            "You declined, but the picture only shows a household object; name cells for both roles.", text
        )
    faults = [fault for role in _ROLES for fault in _faults(role, found.get(role), n, count)]
    if not faults:
        shared = _in_order(set(found["human"]) & set(found["robot"]))
        if shared:
            faults.append(
                f"Named for both human and robot: {_joined(shared)}; every cell may be named only once."
            )
    if faults:
        raise VlmParseError(" ".join(faults), text)
    human, robot = (tuple(int(cell) for cell in found[role]) for role in _ROLES)
    return RegionCells(human, robot)


def _last_fitting(stated: list[Statement], count: int) -> dict[Role, tuple[Cell, ...]]:
    """Per role the last statement that is strong or has the right count; else the last one."""
    found: dict[Role, tuple[Cell, ...]] = {s.role: s.cells for s in stated}
    return found | {s.role: s.cells for s in stated if s.strong or len(s.cells) == count}


def _faults(role: Role, cells: tuple[Cell, ...] | None, n: int, count: int) -> Iterator[str]:
    if cells is None:
        yield f'No cells are named for the {role}; give "{role}" a list of {count} cell numbers.'
        return
    outside = [c for c in cells if not isinstance(c, int) or not 1 <= c <= n * n]
    if outside:
        yield (
            f"Named for the {role}, but not in the grid: {_joined(outside)}; "
            f"the cells are numbered 1 to {n * n}."
        )
    repeated = _in_order({c for c in cells if cells.count(c) > 1})
    if repeated:
        yield f"Named twice for the {role}: {_joined(repeated)}; name {count} different cells."
    if len(cells) != count:
        named = f" ({_joined(cells)})" if cells else ""
        yield f"Named for the {role}: {len(cells)} cells{named}; exactly {count} are needed."


def _in_order(cells: set[Cell]) -> list[Cell]:
    return sorted(cells, key=lambda cell: (isinstance(cell, str), cell))


def _joined(cells: list[Cell] | tuple[Cell, ...]) -> str:
    shown = ", ".join(str(cell) for cell in cells[:12])
    return f"{shown}, ..." if len(cells) > 12 else shown


def _json_statements(text: str) -> Iterator[Statement]:
    """Statements of all JSON objects in `text`, in their order."""
    decoder = json.JSONDecoder()
    position = text.find("{")
    while position >= 0:
        try:
            value, end = decoder.raw_decode(text, position)
            yield from _walk(value)
        except (ValueError, RecursionError):
            end = position + 1
        position = text.find("{", end)


def _walk(value: Any) -> Iterator[Statement]:
    if isinstance(value, list):
        for item in value:
            yield from _walk(item)
    elif isinstance(value, dict):
        value = {key: item for key, item in value.items() if not _FORBIDS.search(key)}
        yield from _by_cell(value)
        spoken_of = {role_of(v) for v in value.values() if isinstance(v, str) and len(v) < 20} - {None}
        for key, item in value.items():
            role = role_of(key)
            if role is None and len(spoken_of) == 1 and isinstance(item, list):
                role = next(iter(spoken_of))
            cells = _cells(item) if role else None
            if role and cells is not None:
                yield Statement(role, cells, strong=True)
            else:
                yield from _walk(item)


def _by_cell(values: dict[str, Any]) -> Iterator[Statement]:
    """What {"4": "human", "5": "human", "16": "robot"} states."""
    for role in _ROLES:
        cells = [
            int(key)
            for key, item in values.items()
            if key.isdecimal() and len(key) < 4 and isinstance(item, str) and role_of(item) == role
        ]
        if cells:
            yield Statement(role, tuple(cells), strong=True)


def _cells(value: Any) -> tuple[Cell, ...] | None:
    """The cells a JSON value names; None when it is no list of cells."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return (
            whole(str(int(value) if value == value and abs(value) < 1e6 and value == int(value) else value)),
        )
    if isinstance(value, str):
        return cells_in(value)
    if isinstance(value, dict):
        return _named_in(value)
    named = [_cells(item) for item in value]
    if any(cells is None for cells in named):
        return None
    return tuple(cell for cells in named for cell in cells or ())


def _named_in(values: dict[str, Any]) -> tuple[Cell, ...] | None:
    """The cells somewhere in a JSON object: its list, else what is called a cell, else its numbered items."""
    values = {key: item for key, item in values.items() if not _FORBIDS.search(key)}
    lists = [cells for item in values.values() if isinstance(item, list) and (cells := _cells(item))]
    called = [cells for key, item in values.items() if _CELL_KEY.search(key) and (cells := _cells(item))]
    if lists or called:
        return (lists or called)[0]
    if values and all(key.strip().isdigit() for key in values):
        return _cells(list(values.values()))
    return next((cells for item in values.values() if (cells := _cells(item)) is not None), None)
