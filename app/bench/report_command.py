"""`handover bench report FOLDER...`: one HTML page of what benchmarks left, complete in itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from app.errors import UsageError


@dataclass(frozen=True)
class ReportCommand:
    """Make one HTML page of benchmarks' folders: tables, plots, pictures, commands to have them again."""

    folders: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER")]
    """Results of closed-loop, ablation, methods, speed or handover-point, in the order of the page."""
    out: Path = Path("report.html")
    """The page; it needs no network and no other file."""


def main(arguments: Sequence[str]) -> int:
    """Write the page; returns the exit code."""
    command: ReportCommand = tyro.cli(ReportCommand, args=list(arguments), prog="handover bench report")
    if not command.folders:
        raise UsageError("FOLDER is missing: name one folder of a benchmark's results or more")
    if command.out.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"--out {command.out}: the name of the page must end in .html")

    from app.bench.report_page import check_page, page
    from app.bench.report_sections import section

    check_page()
    text = page([section(folder) for folder in command.folders])
    try:
        command.out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--out {command.out}: cannot be written ({error.strerror})") from error
    print(f"page             {command.out} ({len(text) / 1e6:.1f} MB, {len(command.folders)} folders)")
    return 0
