"""Live views in the terminal: the tree as it ticks, or one line for whatever changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from app.record.short import short
from app.ticks import Node, NodeState, Observer, Result, Tick
from app.views.drawing import ASCII, STYLES, UNICODE, Marks, indent_for, label, marks_for, plain, tree_lines
from app.views.fitting import fitting_keys, fitting_nodes
from perception.types import HandoverRequest

View = Literal["auto", "tree", "lines", "none"]

REFRESH_HZ = 8.0


def create_view(view: View, console: Console) -> list[Observer]:
    """The view asked for, if any; "auto" is the tree on a terminal and lines elsewhere."""
    chosen = view if view != "auto" else ("tree" if console.is_terminal else "lines")
    if chosen == "none":
        return []
    return [TreeView(console) if chosen == "tree" else LineView(console)]


class LineView:
    """One line per leaf that starts, succeeds or fails, and per sentence the robot says."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._marks = marks_for(console)
        self._nodes: tuple[Node, ...] = ()
        self._shown: dict[int, NodeState] = {}

    def begin(self, nodes: tuple[Node, ...], request: HandoverRequest) -> None:
        self._nodes = nodes

    def tick(self, tick: Tick) -> None:
        for number, state in tick.nodes.items():
            before = self._shown.get(number)
            self._shown[number] = state
            changed = before is None or before.status != state.status
            if self._nodes[number].kind == "leaf" and changed and state.status in STYLES:
                self._print(tick.t_s, label(self._nodes[number].name, state, self._marks))
        for sentence in tick.said:
            self._print(tick.t_s, Text(f"robot: {sentence}", style="bold cyan"))

    def end(self, result: Result) -> None:
        """The summary is the command's to print."""

    def _print(self, t_s: float, text: Text) -> None:
        line = Text(f"{t_s:7.2f} s  ", style="dim").append_text(text)
        line = plain(line) if self._marks is ASCII else line
        self._console.print(line, soft_wrap=True, highlight=False)


class TreeView:
    """The whole tree, the blackboard in short and the timing, redrawn a few times per second.

    The drawing thread only reads what `tick` has put here: whole values, replaced and never changed.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._marks: Marks = marks_for(console)
        self._nodes: tuple[Node, ...] = ()
        self._request = ""
        self._states: Mapping[int, NodeState] = {}
        self._board: Mapping[str, str] = {}
        self._tick: Tick | None = None
        self._said = ""
        self._live = Live(
            get_renderable=self._picture,
            console=console,
            refresh_per_second=REFRESH_HZ,
            vertical_overflow="crop",
        )

    def begin(self, nodes: tuple[Node, ...], request: HandoverRequest) -> None:
        self._nodes, self._request = nodes, request.label
        self._live.start()

    def tick(self, tick: Tick) -> None:
        self._states = {**self._states, **tick.nodes}
        written = {key: short(value) for key, value in tick.board.items() if value is not None}
        kept = {key: text for key, text in self._board.items() if tick.board.get(key, "") is not None}
        self._board = {**kept, **written}
        if tick.said:
            self._said = tick.said[-1]
        self._tick = tick

    def end(self, result: Result) -> None:
        self._live.stop()

    def _picture(self) -> RenderableType:
        tick = self._tick
        if tick is None:
            return Text("getting ready")
        board = Table.grid(padding=(0, 2))
        for key in fitting_keys(self._board, self._console.height):
            board.add_row(Text(key, style="cyan"), self._line(self._board[key]))
        took = f"tick {tick.number} took {1e3 * tick.tick_s:.1f} ms"
        head = self._line(f"{self._request}: {tick.t_s:6.2f} s, {took}, at {tick.tip}", style="bold")
        said = self._line(f"robot: {self._said}" if self._said else "", style="bold cyan")
        nodes = fitting_nodes(self._nodes, self._states, self._console.height - board.row_count - 3)
        tree = tree_lines(nodes, self._states, self._marks, indent_for(self._console.width))
        return Group(head, *(self._fitted(line) for line in tree), board, said)

    def _line(self, text: str, style: str = "") -> Text:
        return self._fitted(Text(text, style=style))

    def _fitted(self, line: Text) -> Text:
        """A line that is cut where the console ends, in signs the console can show."""
        line = plain(line) if self._marks is ASCII else line
        line.no_wrap, line.overflow = True, "ellipsis" if self._marks is UNICODE else "crop"
        return line
