"""Tables of results, the same for the terminal and for the report's page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True)
class Sheet:
    """A title, the columns' names and rows of text."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def print_sheets(console: Console, sheets: Sequence[Sheet]) -> None:
    """Each as a table; one without rows is left out."""
    from rich.table import Table
    from rich.text import Text

    for sheet in sheets:
        if sheet.rows:
            table = Table(*sheet.columns, title=Text(sheet.title), title_justify="left")
            for row in sheet.rows:
                table.add_row(*map(Text, row))
            console.print(table)
