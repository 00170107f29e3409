"""Draws a tree of nodes with their statuses as lines of text, in unicode or in plain ASCII."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from app.ticks import Node, NodeState

STYLES = {"SUCCESS": "green", "FAILURE": "red", "RUNNING": "yellow"}
QUIET = "dim"
ROOMY = 120
"""Columns from which on a deep tree leaves room for what its leaves say."""


@dataclass(frozen=True)
class Marks:
    """The signs of one alphabet: kinds as py_trees draws them, statuses, and the arrow of a leaf."""

    sequence: tuple[str, str]
    """Without and with memory."""
    selector: tuple[str, str]
    parallel: str
    decorator: str
    leaf: str
    status: Mapping[str, str]


UNICODE = Marks(
    sequence=("[-]", "{-}"),
    selector=("[o]", "{o}"),
    parallel="/_/",
    decorator="-^-",
    leaf="→",
    status={"SUCCESS": "✓", "FAILURE": "✕", "RUNNING": "⋯", "INVALID": "-"},
)
ASCII = Marks(
    sequence=("[-]", "{-}"),
    selector=("[o]", "{o}"),
    parallel="/_/",
    decorator="-^-",
    leaf="-->",
    status={"SUCCESS": "o", "FAILURE": "x", "RUNNING": "*", "INVALID": "-"},
)


def marks_for(console: Console) -> Marks:
    """Unicode where the console can show it."""
    return UNICODE if (console.encoding or "").lower().startswith("utf") else ASCII


def mark(node: Node, marks: Marks) -> str:
    """The sign of a node's kind."""
    if node.kind in ("sequence", "selector"):
        pair: tuple[str, str] = getattr(marks, node.kind)
        return pair[node.memory]
    return {"parallel": marks.parallel, "decorator": marks.decorator}.get(node.kind, marks.leaf)


def label(name: str, state: NodeState, marks: Marks) -> Text:
    """Name, status sign and feedback of one node, coloured by status."""
    style = STYLES.get(state.status, QUIET)
    text = Text(f"{marks.status.get(state.status, '?')} {name}", style=style)
    feedback = " ".join(state.feedback.split())
    return text.append(f"  {feedback}", style=QUIET) if feedback else text


def indent_for(width: int) -> int:
    """Columns per level of the tree on a console of `width`: as py_trees draws it where there is room."""
    return 4 if width >= ROOMY else 2


def tree_lines(
    nodes: Sequence[Node], states: Mapping[int, NodeState], marks: Marks, indent: int = 4
) -> list[Text]:
    """One line per node, indented by depth; each fits the console's width by being cut."""
    nothing = NodeState("INVALID", "")
    lines = []
    for node in nodes:
        line = Text(
            " " * indent * node.depth + mark(node, marks) + " ",
            style=QUIET,
            no_wrap=True,
            overflow="ellipsis",
        )
        lines.append(line.append_text(label(node.name, states.get(node.id, nothing), marks)))
    return lines


def plain(text: Text) -> Text:
    """The same line with what ASCII lacks replaced."""
    words = text.plain.replace("…", "...").encode("ascii", "replace").decode()
    return Text(words, style=text.style) if words != text.plain else text
