"""The full-screen view of a record: the tree follows the run or is stepped through, in any terminal of 80
columns.
"""

from __future__ import annotations

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widgets import Static

from app.record.replay import Replay
from app.views.drawing import ASCII, Marks, plain
from app.views.moment_text import headline, moment_lines

POLL_S = 0.1
SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
HELP = "space pause  arrows step  home/end  +/- speed  t tree  q leave"


class WatchScreen(App[None]):
    """Shows one moment; a running record is followed at its end, a finished one is played from its start."""

    CSS = """
    Screen { layout: vertical; background: $background; }
    #head { height: 1; }
    #body { height: 1fr; scrollbar-size: 0 0; }
    #foot { height: 1; }
    """
    BINDINGS = [
        Binding("space", "pause", "pause"),
        Binding("left", "step(-1)", "back"),
        Binding("right", "step(1)", "forward"),
        Binding("home", "jump(0)", "start"),
        Binding("end", "jump(-1)", "end"),
        Binding("plus,equals_sign", "speed(1)", "faster"),
        Binding("minus", "speed(-1)", "slower"),
        Binding("t", "whole", "whole tree"),
        Binding("q", "quit", "leave"),
    ]
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, replay: Replay, marks: Marks) -> None:
        super().__init__()
        self._replay = replay
        self._marks = marks
        self._following = not replay.finished
        self._paused = False
        self._whole = False
        self._speed = SPEEDS.index(1.0)
        self._index = len(replay.moments) - 1 if self._following else 0
        self._time_s = replay.moments[self._index].t_s if replay.moments else 0.0

    def compose(self) -> ComposeResult:
        """A headline, the moment, the keys."""
        yield Static(id="head")
        with VerticalScroll(id="body"):
            yield Static(id="moment")
        yield Static(id="foot")

    def on_mount(self) -> None:
        """Start looking at the record."""
        self._show()
        self.set_interval(POLL_S, self._advance)

    def action_pause(self) -> None:
        """Stop or go on; going on from the end of a finished run starts it again."""
        self._paused = not self._paused
        if not self._paused and self._replay.finished and self._index == len(self._replay.moments) - 1:
            self._go_to(0)
        self._show()

    def action_step(self, by: int) -> None:
        """One recorded tick back or forth."""
        self._paused = True
        self._go_to(self._index + by)
        self._show()

    def action_jump(self, index: int) -> None:
        """To the start, or to the end and follow."""
        self._following = index < 0 and not self._replay.finished
        self._paused = not self._following
        self._go_to(index if index >= 0 else len(self._replay.moments) - 1)
        self._show()

    def action_speed(self, by: int) -> None:
        """Faster or slower."""
        self._speed = min(max(self._speed + by, 0), len(SPEEDS) - 1)
        self._show()

    def action_whole(self) -> None:
        """Switch between what runs and the whole tree with the whole blackboard."""
        self._whole = not self._whole
        self._show()

    def on_resize(self) -> None:
        """Fit the new size."""
        self._show()

    def _advance(self) -> None:
        grown = 0 if self._replay.finished else self._replay.poll()
        before, last = (self._index, self._paused), len(self._replay.moments) - 1
        if self._following and not self._paused:
            self._go_to(last)
            self._following = not self._replay.finished
            self._paused = not self._following
        elif not self._paused and last >= 0:
            self._time_s += POLL_S * SPEEDS[self._speed]
            while self._index < last and self._replay.moments[self._index + 1].t_s <= self._time_s:
                self._index += 1
            self._paused = self._index == last and self._replay.finished
        if grown or before != (self._index, self._paused):  # drawing costs more than looking
            self._show()

    def _go_to(self, index: int) -> None:
        self._index = min(max(index, 0), max(len(self._replay.moments) - 1, 0))
        if self._replay.moments:
            self._time_s = self._replay.moments[self._index].t_s

    def _show(self) -> None:
        rows = None if self._whole else max(self.size.height - 1, 4)  # the last one is for the keys
        body = moment_lines(self._replay, self._index, self._marks, self.size.width, rows)
        if self._replay.moments:
            head, body = headline(self._replay, self._index), body[1:]
            self.query_one("#head", Static).update(self._fitted(head))
        self.query_one("#moment", Static).update(Text("\n").join(self._fitted(line) for line in body))
        self.query_one("#foot", Static).update(self._fitted(Text(f"{self._mode()}  {HELP}", style="reverse")))
        self._keep_tip_in_sight()

    def _mode(self) -> str:
        place = f"{self._index + 1}/{len(self._replay.moments)}"
        if self._paused:
            return f"paused {place}"
        return f"live {place}" if self._following else f"x{SPEEDS[self._speed]:g} {place}"

    def _fitted(self, line: Text) -> Text:
        """The line cut to the screen, so that nothing wraps."""
        line = plain(line) if self._marks is ASCII else line.copy()
        line.truncate(max(self.size.width, 20), overflow="crop" if self._marks is ASCII else "ellipsis")
        return line

    def _keep_tip_in_sight(self) -> None:
        if not self._replay.moments or not self._whole:
            return
        states = self._replay.moments[self._index].states
        running = [n for n, state in states.items() if state.status == "RUNNING"]
        # Of equally deep ones the last: observers stand in front.
        row = max(running, key=lambda n: (self._replay.nodes[n].depth, n), default=0)
        body = self.query_one("#body", VerticalScroll)
        height = max(body.size.height, 1)
        if not body.scroll_y <= row < body.scroll_y + height - 2:
            body.scroll_to(y=max(row - height // 2, 0), animate=False)
