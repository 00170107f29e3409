"""One moment of a record as lines of text: what happens, the tree, the blackboard, what the robot said."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from app.jobs import Job, hidden_s
from app.record.replay import Replay
from app.views.drawing import ASCII, Marks, indent_for, plain, tree_lines
from app.views.fitting import fitting_keys, fitting_nodes
from behaviours import keys
from behaviours.keys import Outcome

STATE_STYLES = {"running": "bold yellow", "done": "bold green", "fault": "bold red"}


def moment_lines(
    replay: Replay, index: int, marks: Marks, width: int = 80, rows: int | None = None
) -> list[Text]:
    """Headline, tree, blackboard and speech of moment `index` for `width` columns; only signs of `marks`.

    With `rows` no more lines than that: of the tree what runs, of the blackboard the most telling keys.
    """
    if not replay.moments:
        return [Text(f"{replay.request}: nothing has happened yet", style="bold yellow")]
    moment = replay.moments[index]
    board, nodes, said = dict(moment.board), list(replay.nodes), moment.said
    if moment.outcome == Outcome.HANDED_OVER.value and not moment.reason:
        board.pop(keys.FAILURE, None)  # the last trouble on the way, which was mended
    shown, hidden = sorted(board), hidden_lines(moment.jobs)
    if rows is not None:
        shown, said = fitting_keys(board, rows), said[-1:]
        nodes = fitting_nodes(nodes, moment.states, rows - 1 - len(shown) - len(said) - len(hidden))
    lines = [headline(replay, index), *tree_lines(nodes, moment.states, marks, indent_for(width))]
    longest = max(map(len, shown), default=0)
    lines += [Text(f"{key:{longest}}  ", style="cyan").append(board[key], style="default") for key in shown]
    lines += [Text(f"robot: {sentence}", style="bold cyan") for sentence in said]
    lines += [Text(line, style="dim") for line in hidden]
    return [plain(line) for line in lines] if marks is ASCII else lines


def hidden_lines(jobs: Sequence[Job]) -> list[str]:
    """What ran beside other jobs, one line each: how long it took and how much of that nobody waited for."""
    took_s = {name: sum(job.took_s for job in jobs if job.name == name) for name in hidden_s(jobs)}
    return [
        f"{name}: {took_s[name]:.1f} s, {behind_s:.1f} s of them behind other jobs"
        for name, behind_s in hidden_s(jobs).items()
    ]


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
