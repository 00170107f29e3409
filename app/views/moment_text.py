"""One moment of a record as lines of text: what happens, the tree, the blackboard, what the robot said."""

from __future__ import annotations

from rich.text import Text

from app.record.replay import Replay
from app.views.drawing import ASCII, Marks, tree_lines

STATE_STYLES = {"running": "bold yellow", "done": "bold green", "fault": "bold red"}


def moment_lines(replay: Replay, index: int, marks: Marks) -> list[Text]:
    """Headline, tree, blackboard and speech of moment `index`; only signs of `marks`' alphabet."""
    if not replay.moments:
        return [Text(f"{replay.request}: nothing has happened yet", style="bold yellow")]
    lines = [headline(replay, index)]
    moment = replay.moments[index]
    lines += tree_lines(replay.nodes, moment.states, marks)
    width = max((len(key) for key in moment.board), default=0)
    for key, text in sorted(moment.board.items()):
        lines.append(Text(f"{key:{width}}  ", style="cyan").append(text, style="default"))
    lines += [Text(f"robot: {sentence}", style="bold cyan") for sentence in moment.said]
    return [plain(line) for line in lines] if marks is ASCII else lines


def headline(replay: Replay, index: int) -> Text:
    """Request, state, time and what took how long, in one line."""
    moment = replay.moments[index]
    state = moment.run_state if not moment.outcome else f"{moment.run_state}: {moment.outcome}"
    text = Text(f"{replay.request}  ", style="bold")
    text.append(state, style=STATE_STYLES.get(moment.run_state, "bold"))
    text.append(
        f"  {moment.t_s:6.2f} s  tick {moment.number} took {moment.tick_ms:.1f} ms  at {moment.tip}"
        + (f"  {moment.reason}" if moment.reason else "")
    )
    return text


def plain(text: Text) -> Text:
    """The same line with what ASCII lacks replaced."""
    words = text.plain.replace("…", "...").encode("ascii", "replace").decode()
    return Text(words, style=text.style) if words != text.plain else text
