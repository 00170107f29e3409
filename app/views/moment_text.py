"""One moment of a record as lines of text: what happens, the tree, the blackboard, what the robot said."""

from __future__ import annotations

from rich.text import Text

from app.record.replay import Replay
from app.views.drawing import ASCII, Marks, indent_for, plain, tree_lines
from behaviours import keys
from behaviours.keys import Outcome

STATE_STYLES = {"running": "bold yellow", "done": "bold green", "fault": "bold red"}


def moment_lines(replay: Replay, index: int, marks: Marks, width: int = 80) -> list[Text]:
    """Headline, tree, blackboard and speech of moment `index` for `width` columns; only signs of `marks`."""
    if not replay.moments:
        return [Text(f"{replay.request}: nothing has happened yet", style="bold yellow")]
    lines = [headline(replay, index)]
    moment = replay.moments[index]
    lines += tree_lines(replay.nodes, moment.states, marks, indent_for(width))
    board = dict(moment.board)
    if moment.outcome == Outcome.HANDED_OVER.value:
        board.pop(keys.FAILURE, None)  # the last trouble on the way, which was mended
    longest = max(map(len, board), default=0)
    for key, text in sorted(board.items()):
        lines.append(Text(f"{key:{longest}}  ", style="cyan").append(text, style="default"))
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
