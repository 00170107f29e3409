"""What the terminal shows: whole, at 80 columns, without unicode and without colour."""

from __future__ import annotations

import io
import logging
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.text import Text

from app.jobs import Job, Lane
from app.record.replay import Replay
from app.summary import WORDS, print_summary, run_log
from app.ticks import Node, NodeState, Result, Tick
from app.views.drawing import ASCII, UNICODE, indent_for, mark, marks_for, plain, tree_lines
from app.views.fitting import fitting_nodes
from app.views.live import LineView, TreeView, create_view
from app.views.moment_text import headline, hidden_lines, moment_lines
from behaviours import keys
from behaviours.keys import Failure, Outcome
from perception.types import HandoverRequest
from planning.types import Phase
from tests.app.test_replay import END, FIRST, write
from tests.app.test_replay import tick as line

NODES = (
    Node(0, "Handover", "parallel", 0, None),
    Node(1, "Read Robot", "leaf", 1, 0),
    Node(2, "Task", "selector", 1, 0, memory=True),
    Node(3, "Pick", "sequence", 2, 2, memory=True),
    Node(4, "Approach", "leaf", 3, 3),
    Node(5, "Lift (D)", "decorator", 3, 3),
    Node(6, "Lift", "leaf", 4, 5),
    Node(7, "Recover", "sequence", 2, 2),
    Node(8, "Stop Arm", "leaf", 3, 7),
)
RUNS = NodeState("RUNNING", "")
GOES = {0: RUNS, 1: RUNS, 2: RUNS, 3: RUNS, 4: NodeState("SUCCESS", "there"), 5: RUNS, 6: RUNS}


class Latin(io.TextIOWrapper):
    """A terminal that speaks ASCII only."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="ascii", errors="strict")

    def text(self) -> str:
        self.flush()
        return self.buffer.getvalue().decode("ascii")  # type: ignore[attr-defined]  # a BytesIO


def console(height: int = 24, **options: Any) -> Console:
    return Console(file=io.StringIO(), width=80, height=height, color_system=None, **options)


def output(shown: Console) -> str:
    return shown.file.getvalue()  # type: ignore[attr-defined]  # a StringIO


def tick(nodes: dict[int, NodeState], board: dict[str, Any] | None = None, *said: str) -> Tick:
    return Tick(3, 1.5, 0.2, 0.0012, 0.0, "Lift", nodes, board or {}, said)


# Drawing --------------------------------------------------------------------------------------------------


def test_the_tree_is_drawn_with_kinds_statuses_and_feedback() -> None:
    drawn = [text.plain for text in tree_lines(NODES, GOES, UNICODE)]
    assert drawn[0] == "/_/ ⋯ Handover"
    assert drawn[2] == "    {o} ⋯ Task"
    assert drawn[4] == "            → ✓ Approach  there"
    assert drawn[7] == "        [-] - Recover"
    assert [text.plain for text in tree_lines(NODES, GOES, ASCII, 2)][4] == "      --> o Approach  there"


def test_marks_follow_the_terminals_alphabet() -> None:
    assert marks_for(console()) is UNICODE
    assert marks_for(Console(file=Latin())) is ASCII
    assert mark(NODES[5], ASCII) == "-^-"


def test_plain_lines_hold_ascii_only() -> None:
    assert plain(Text("läuft … 5 mm")).plain == "l?uft ... 5 mm"


def test_narrow_terminals_get_narrow_indents() -> None:
    assert indent_for(80) < indent_for(160)


# Fitting --------------------------------------------------------------------------------------------------


def test_a_tree_that_fits_is_whole() -> None:
    assert fitting_nodes(NODES, GOES, len(NODES)) == list(NODES)


@pytest.mark.parametrize("rows", range(1, 9))
def test_a_low_terminal_keeps_the_deepest_running_leaf_and_the_order(rows: int) -> None:
    shown = fitting_nodes(NODES, GOES, rows)
    assert len(shown) <= rows
    assert NODES[6] in shown
    assert [node.id for node in shown] == sorted(node.id for node in shown)


def test_neighbours_near_the_running_leaf_come_before_far_ones() -> None:
    shown = {node.name for node in fitting_nodes(NODES, GOES, 7)}
    assert "Approach" in shown
    assert "Recover" not in shown


def test_a_tree_at_rest_is_shown_down_to_the_depth_that_fits() -> None:
    shown = fitting_nodes(NODES, {0: NodeState("SUCCESS", "")}, 4)
    assert [node.name for node in shown] == ["Handover", "Read Robot", "Task"]


# Live views -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("height", [10, 24, 50])
def test_the_live_tree_fits_the_terminal_and_shows_what_runs(height: int) -> None:
    shown = console(height)
    view = TreeView(shown)
    view.begin(NODES, HandoverRequest("mug"))
    board = {keys.PHASE: Phase.LOOK, keys.FAILURE: Failure(Outcome.NOT_FOUND, "x", "y")}
    view.tick(tick(GOES, board, "Here is the mug. " * 10))
    view.end(Result(Outcome.HANDED_OVER))
    lines = output(shown).splitlines()
    assert len(lines) <= height
    assert max(map(len, lines)) <= 80
    text = "\n".join(lines)
    assert "mug:   1.50 s, tick 3 took 1.2 ms, at Lift" in text
    assert "⋯ Lift" in text
    assert f"{keys.PHASE}  {Phase.LOOK.value}" in text
    assert "robot: Here is the mug." in text
    assert "\x1b" not in text


def test_the_live_tree_forgets_keys_that_were_unset() -> None:
    shown = console()
    view = TreeView(shown)
    view.begin(NODES, HandoverRequest("mug"))
    view.tick(tick(GOES, {keys.PHASE: Phase.LOOK}))
    view.tick(tick({}, {keys.PHASE: None}))
    view.end(Result(Outcome.HANDED_OVER))
    assert keys.PHASE not in output(shown)


def test_a_terminal_without_unicode_gets_ascii_from_every_view() -> None:
    for kind in (TreeView, LineView):
        latin = Latin()
        view = kind(Console(file=latin, width=80, height=24, color_system=None))
        view.begin(NODES, HandoverRequest("mug"))
        view.tick(tick({4: NodeState("SUCCESS", "läuft … gut")}, {}, "Grüß Gott"))
        view.end(Result(Outcome.HANDED_OVER))
        assert "Approach" in latin.text() or kind is TreeView


def test_lines_tell_each_change_of_a_leaf_once() -> None:
    shown = console()
    view = LineView(shown)
    view.begin(NODES, HandoverRequest("mug"))
    view.tick(tick({3: RUNS, 6: NodeState("RUNNING", "3 s to go")}))
    view.tick(tick({6: NodeState("RUNNING", "2 s to go")}))
    view.tick(tick({6: NodeState("SUCCESS", "up")}, {}, "Here it is."))
    view.tick(tick({6: NodeState("INVALID", "")}))
    lines = [" ".join(row.split()) for row in output(shown).splitlines()]
    assert lines == ["1.50 s ⋯ Lift 3 s to go", "1.50 s ✓ Lift up", "1.50 s robot: Here it is."]


@pytest.mark.parametrize(
    ("view", "terminal", "kind"),
    [
        ("auto", True, TreeView),
        ("auto", False, LineView),
        ("tree", False, TreeView),
        ("lines", True, LineView),
    ],
)
def test_the_view_suits_the_output_unless_asked_for(view: Any, terminal: bool, kind: type) -> None:
    (made,) = create_view(view, console(force_terminal=terminal))
    assert isinstance(made, kind)
    assert create_view("none", console()) == []


# Moments --------------------------------------------------------------------------------------------------


def test_a_moment_is_headline_tree_keys_and_speech(tmp_path: Path) -> None:
    first = line(1, nodes={"1": ["RUNNING", "reading …"]}, bb={"task/phase": "pick"}, said=["Hello."])
    texts = [text.plain for text in moment_lines(Replay(write(tmp_path, FIRST, first)), 0, UNICODE)]
    assert texts[0].startswith("hammer  running    0.02 s  tick 1 took 0.5 ms  at Read Robot")
    assert "task/phase  pick" in texts
    assert texts[-1] == "robot: Hello."
    assert any("Read Robot  reading …" in text for text in texts)


def test_trouble_that_was_mended_is_not_shown_beside_success(tmp_path: Path) -> None:
    trouble = line(1, bb={keys.FAILURE: "not_reachable: Plan Grasp"})
    replay = Replay(write(tmp_path, FIRST, trouble, END))
    shown = [any(keys.FAILURE in text.plain for text in moment_lines(replay, i, ASCII)) for i in (0, 1)]
    assert shown == [True, False]


def test_the_headline_of_the_end_gives_outcome_and_reason(tmp_path: Path) -> None:
    end = {**END, "outcome": "not_taken", "reason": "nobody came"}
    head = headline(Replay(write(tmp_path, FIRST, line(1), end)), 1).plain
    assert "done: not_taken" in head
    assert head.endswith("nobody came")


def test_a_record_without_a_tick_says_so(tmp_path: Path) -> None:
    (only,) = moment_lines(Replay(write(tmp_path, FIRST)), -1, UNICODE)
    assert only.plain == "hammer: nothing has happened yet"


# Summary --------------------------------------------------------------------------------------------------


def test_every_outcome_has_words() -> None:
    assert set(WORDS) == set(Outcome)


def test_the_summary_tells_outcome_reason_times_and_files(tmp_path: Path) -> None:
    (tmp_path / "regions-1.png").touch()
    (tmp_path / "film.mp4").touch()
    shown = Console(file=io.StringIO(), width=200, color_system=None)
    result = Result(
        Outcome.NOT_TAKEN,
        "nobody came",
        "Wait For Take",
        duration_s=40.0,
        wall_s=8.0,
        ticks=2000,
        slow_ticks=3,
        slowest_leaf="Lift",
        slowest_tick_s=0.012,
        tick_p99_s=0.004,
        first_motion_s=0.7,
    )
    print_summary(shown, result, tmp_path, {"vlm": "simulated vlm"}, tmp_path / "film.mp4")
    text = output(shown)
    for words in (
        "not taken: nobody took it, so it went back",
        "Wait For Take: nobody came",
        "40.0 s simulated, in 8.0 s; first motion after 0.7 s; ticks 0.0 ms (99 % below 4.0 ms)",
        "3 of 2000, slowest 12.0 ms in Lift",
        "vlm: simulated vlm",
        f"{tmp_path}/: regions-1.png",
        f"{tmp_path}/film.mp4",
        f"handover watch {tmp_path}",
    ):
        assert words in text, words


def test_the_summary_tells_the_longest_jobs_and_what_was_hidden(tmp_path: Path) -> None:
    shown = Console(file=io.StringIO(), width=200, color_system=None)
    jobs: dict[str, dict[str, float]] = {
        "Rank Grasps": {"count": 1, "total_s": 0.1, "max_s": 0.1},
        "Plan Grasp": {"count": 3, "total_s": 2.0, "max_s": 1.0},
        "Propose Grasps": {"count": 1, "total_s": 4.0, "max_s": 4.0, "hidden_s": 3.5},
        "Ask VLM": {"count": 1, "total_s": 3.5, "max_s": 3.5},
        "Detect Object": {"count": 1, "total_s": 0.5, "max_s": 0.5},
    }
    print_summary(shown, Result(Outcome.HANDED_OVER, jobs=jobs), tmp_path, {})
    told = "Propose Grasps 4.0 s, 3.5 s of them behind other jobs; Ask VLM 3.5 s; Plan Grasp 2.0 s in 3"
    assert told in output(shown)
    assert "Rank Grasps" not in output(shown)


def test_what_ran_behind_other_jobs_is_one_line() -> None:
    ask, propose = Job("Ask VLM", Lane.TREE, 1.0, 3.0), Job("Propose Grasps", Lane.BESIDE, 1.0, 4.0)
    assert hidden_lines([ask, propose]) == ["Propose Grasps: 3.0 s, 2.0 s of them behind other jobs"]
    assert hidden_lines([ask]) == []


def test_a_film_that_was_not_written_is_not_named(tmp_path: Path) -> None:
    shown = console()
    print_summary(shown, Result(Outcome.HANDED_OVER), tmp_path, {}, tmp_path / "film.mp4")
    assert "film.mp4" not in output(shown)


def test_warnings_are_one_line_on_the_console_and_whole_in_the_log(tmp_path: Path) -> None:

    shown = console()
    logger = logging.getLogger("a part")
    with run_log(shown, tmp_path):
        try:
            raise OSError("disk full")
        except OSError:
            logger.exception("the record stopped")
        logger.info("nothing special")
    logger.warning("after the run")
    assert output(shown).split() == ["ERROR", "the", "record", "stopped"]
    log = (tmp_path / "log.txt").read_text()
    assert "Traceback" in log
    assert "disk full" in log
    assert "after the run" not in log


def test_a_log_that_cannot_be_written_does_not_disturb_the_console(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:

    shown = console()
    with run_log(shown, tmp_path / "gone"):
        logging.getLogger("a part").warning("careful")
    assert "careful" in output(shown)
    assert capsys.readouterr().err == ""
