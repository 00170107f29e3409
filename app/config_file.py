"""Writes config.yaml from the options in the code: `python -m app.config_file > config.yaml`.

The comments are those of the code, so that a value and its source are written down once.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from app.options import Config

WIDTH = 110
HEADER = """\
# Every number that can be changed, with its default; units are part of the names (_m, _s, _n, _deg, _rad_s).
#
# Used from the working directory, or with --config FILE; a file of your own needs only the keys it changes.
# Each value is an option of the commands too: --planning.selection.epsilon-m 0.03
# Secrets are never written here: OPENAI_API_KEY and KINOVA_PASSWORD are read from the environment.
# Written by `python -m app.config_file > config.yaml` from the options in the code.
"""


def config_text() -> str:
    """The whole file."""
    return HEADER + "\n".join(_section(Config(), 0)) + "\n"


def _section(options: Any, depth: int) -> Iterator[str]:
    indent = "  " * depth
    notes = _notes(type(options))
    for field in fields(options):
        value, note = getattr(options, field.name), notes.get(field.name, "")
        if depth == 0:
            yield ""
        if is_dataclass(value):
            yield from _comment(_purpose(type(value)), indent)
            yield f"{indent}{field.name}:"
            yield from _section(value, depth + 1)
        else:
            yield from _entry(field.name, value, note, indent)


def _entry(name: str, value: Any, note: str, indent: str) -> Iterator[str]:
    """One key: its comment behind the value where both fit into a line, else above it."""
    if isinstance(value, tuple) and value and not isinstance(value[0], int | float):
        yield from _comment(note, indent)
        yield f"{indent}{name}:"
        for item in value:
            yield f"{indent}  - {_flow(item)}"
        return
    line = f"{indent}{name}: {_flow(value)}"
    together = f"{line}  # {note}"
    if note and len(together) <= WIDTH:
        yield together
    else:
        yield from _comment(note, indent)
        yield line


def _flow(value: Any) -> str:
    """A value on one line of YAML."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return f"[{', '.join(_flow(item) for item in value)}]"
    if is_dataclass(value):
        pairs = (f"{field.name}: {_flow(getattr(value, field.name))}" for field in fields(value))
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, str) and not value.replace("_", "").isalnum():
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)


def _comment(text: str, indent: str) -> Iterator[str]:
    for line in textwrap.wrap(text, WIDTH - len(indent) - 2):
        yield f"{indent}# {line}"


def _purpose(kind: type) -> str:
    """The docstring of an options class as running text."""
    return " ".join((inspect.getdoc(kind) or "").split())


def _notes(kind: type) -> dict[str, str]:
    """Per field: the comment behind it (its source), then the docstring below it."""
    source = textwrap.dedent(inspect.getsource(kind))
    lines = source.splitlines()
    body: Sequence[ast.stmt] = ast.parse(source).body[0].body  # type: ignore[attr-defined]  # a class
    notes: dict[str, str] = {}
    for statement, following in zip(body, [*body[1:], None], strict=True):
        if not (isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)):
            continue
        _, _, behind = lines[(statement.end_lineno or 1) - 1].partition("  # ")
        below = ""
        if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
            below = " ".join(str(following.value.value).split())
        notes[statement.target.id] = "; ".join(filter(None, (below.rstrip("."), behind.strip())))
    return notes


if __name__ == "__main__":
    sys.stdout.write(config_text())
