"""What an examination found: a line each for people, the same as values for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from hardware.errors import HandoverError

State = Literal["OK", "WARN", "FAIL"]
STYLES: dict[State, str] = {"OK": "green", "WARN": "yellow", "FAIL": "bold red"}


@dataclass(frozen=True)
class Finding:
    """One line; FAIL counts against the exit code and says in its detail what to do."""

    device: str
    subject: str
    state: State
    detail: str


def guarded(device: str, subject: str, findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings; an expected failure on the way becomes a last one, which fails."""
    try:
        yield from findings
    except HandoverError as error:
        yield Finding(device, subject, "FAIL", str(error))


def passed(findings: Sequence[Finding]) -> bool:
    """Whether something was examined and nothing failed."""
    return bool(findings) and all(finding.state != "FAIL" for finding in findings)


def report(findings: Iterable[Finding], *, as_json: bool, notes: Sequence[str] = ()) -> int:
    """Print findings and notes; returns the exit code."""
    findings = list(findings)
    good = passed(findings)
    if as_json:
        content = {
            "passed": good,
            "findings": [asdict(finding) for finding in findings],
            "notes": list(notes),
        }
        print(json.dumps(content, ensure_ascii=False, indent=2))
        return 0 if good else 1

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console, table = Console(highlight=False), Table.grid(padding=(0, 2))
    for number, finding in enumerate(findings):
        if number == 0 or finding.device != findings[number - 1].device:
            table.add_row("")
            table.add_row(Text(finding.device, style="bold"))
        state = Text(finding.state, style=STYLES[finding.state])
        table.add_row(Text("  " + finding.subject), state, Text(finding.detail))
    console.print(table)
    console.print()
    for note in notes:
        console.print(note, markup=False)
    failed = [f"{finding.device}: {finding.subject}" for finding in findings if finding.state == "FAIL"]
    if good:
        console.print("Nothing failed.", style="bold green")
    else:
        console.print(
            f"Not fit: {', '.join(failed) or 'nothing was examined'}", style="bold red", markup=False
        )
    return 0 if good else 1
