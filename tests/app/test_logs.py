"""Counts, times and differences: the tally, the watcher, the job log, the voice, the drawn camera."""

from __future__ import annotations

import logging
import threading
from typing import Any

import pytest
from py_trees.behaviour import Behaviour
from py_trees.blackboard import Blackboard
from py_trees.common import ParallelPolicy, Status
from py_trees.composites import Parallel, Selector, Sequence
from py_trees.decorators import Inverter
from py_trees.trees import BehaviourTree

from app import assembly, watcher
from app.assembly import DrawnCamera, Voice
from app.jobs import JobLog, Lane
from app.tally import MOVES_RAD_S, Tally
from app.watcher import LeafTimer, TreeWatcher, leaf_of
from hardware.errors import StaleData
from tests.bar import table_picture
from tests.fakes import FakeCamera, FakeClock, RecordingAnnouncer


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    """The machine's clock, moved by the test."""
    clock = FakeClock()
    for module in (assembly, watcher):
        monkeypatch.setattr(module, "SystemClock", lambda: clock)
    return clock


class Leaf(Behaviour):
    """Takes `took_s` of the clock, `inline_s` of them for a job."""

    def __init__(self, name: str, status: Status = Status.SUCCESS, **effort: Any) -> None:
        super().__init__(name)
        self.ends, self.effort = status, effort

    def update(self) -> Status:
        clock, jobs = self.effort.get("clock"), self.effort.get("jobs")
        if clock is not None:
            clock.now_s += self.effort["took_s"]
        if jobs is not None:
            jobs.record("plan", 0.0, self.effort["inline_s"])
        return self.ends


# Tally ----------------------------------------------------------------------------------------------------


def test_ticks_are_counted_and_the_slowest_leaf_is_named() -> None:
    tally = Tally(0.005)
    for took_s, leaf in ((0.001, "Lift"), (0.009, "Plan"), (0.006, "Plan"), (0.002, "Lift")):
        tally.add(took_s, leaf)
    told = tally.summary()
    assert (told["ticks"], told["slow_ticks"]) == (4, 2)
    assert (told["slowest_leaf"], told["slowest_tick_s"]) == ("Plan", 0.009)
    assert told["tick_p50_s"] == pytest.approx(0.004)


def test_a_leaf_is_blamed_once(caplog: pytest.LogCaptureFixture) -> None:
    tally = Tally(0.005)
    with caplog.at_level(logging.WARNING):
        for leaf in ("Plan", "Plan", "Lift"):
            tally.add(0.0085, leaf)
    assert [record.getMessage() for record in caplog.records] == [
        "slow tick: 8.5 ms, most of it in Plan",
        "slow tick: 8.5 ms, most of it in Lift",
    ]


def test_where_time_stands_still_slow_ticks_are_counted_in_silence(caplog: pytest.LogCaptureFixture) -> None:
    tally = Tally(0.005, warns=False)
    with caplog.at_level(logging.WARNING):
        tally.add(0.5, "Plan")
    assert tally.summary()["slow_ticks"] == 1
    assert not caplog.records


def test_the_first_motion_is_the_first_one() -> None:
    tally = Tally(0.005)
    assert tally.summary()["first_motion_s"] is None
    tally.moved(MOVES_RAD_S / 2, 0.5, 0.1)
    tally.moved(2 * MOVES_RAD_S, 0.7, 0.2)
    tally.moved(2 * MOVES_RAD_S, 0.9, 0.3)
    assert (tally.summary()["first_motion_s"], tally.summary()["first_motion_wall_s"]) == (0.7, 0.2)


def test_a_run_without_a_tick_has_a_summary() -> None:
    assert Tally(0.005).summary()["tick_p99_s"] == 0.0


# Watcher --------------------------------------------------------------------------------------------------


def tree() -> Behaviour:
    low = Sequence("Low", memory=False, children=[Leaf("C"), Inverter("Not", Leaf("D", Status.FAILURE))])
    high = Selector("High", memory=True, children=[Leaf("B", Status.FAILURE), low])
    return Parallel("Root", ParallelPolicy.SuccessOnOne(), [Leaf("A", Status.RUNNING), high])


def test_nodes_are_numbered_as_drawn_with_their_kinds() -> None:
    nodes = TreeWatcher(tree()).nodes
    assert [(node.id, node.name, node.kind, node.depth, node.parent) for node in nodes] == [
        (0, "Root", "parallel", 0, None),
        (1, "A", "leaf", 1, 0),
        (2, "High", "selector", 1, 0),
        (3, "B", "leaf", 2, 2),
        (4, "Low", "sequence", 2, 2),
        (5, "C", "leaf", 3, 4),
        (6, "Not", "decorator", 3, 4),
        (7, "D", "leaf", 4, 6),
    ]
    assert [node.memory for node in nodes if node.name in ("High", "Low")] == [True, False]


def test_only_changed_nodes_are_told() -> None:
    root = tree()
    looker = TreeWatcher(root)
    root.tick_once()
    first = looker.changed_nodes()
    assert {number: state.status for number, state in first.items()} == {
        number: "FAILURE" if number in (3, 7) else "SUCCESS" for number in (0, 2, 3, 4, 5, 6, 7)
    }
    assert looker.changed_nodes() == {}
    root.children[0].feedback_message = "new words"
    assert list(looker.changed_nodes()) == [1]


def test_only_newly_written_keys_are_told() -> None:
    looker = TreeWatcher(tree())
    value = ("frozen",)
    Blackboard.set("/a", value)
    Blackboard.set("/b", 1)
    assert looker.changed_keys() == {"a": value, "b": 1}
    Blackboard.set("/a", value)
    assert looker.changed_keys() == {}
    Blackboard.unset("/b")
    assert looker.changed_keys() == {"b": None}


def test_leaves_are_timed_without_their_inline_jobs(clock: FakeClock) -> None:
    jobs = JobLog()
    quick = Leaf("Quick", clock=clock, took_s=0.002)
    plans = Leaf("Plans", clock=clock, took_s=0.5, jobs=jobs, inline_s=0.499)
    slow = Leaf("Slow", Status.FAILURE, clock=clock, took_s=0.004)
    running = BehaviourTree(Sequence("All", memory=True, children=[quick, plans, slow]))
    timer = LeafTimer(jobs)
    running.visitors.append(timer)
    running.tick()
    assert (timer.slowest, timer.slowest_s) == ("Slow", pytest.approx(0.004))
    assert timer.busy_s == pytest.approx(0.007)
    assert timer.failures == {"Slow": 1}
    running.tick()
    assert timer.busy_s == pytest.approx(0.007)
    assert timer.failures == {"Slow": 2}


def test_the_innermost_leaf_an_error_passed_through_is_named() -> None:
    class Bad(Behaviour):
        def update(self) -> Status:
            return Status(int("x"))

    root = Sequence("Outer", memory=True, children=[Bad("Inner")])
    with pytest.raises(ValueError, match="invalid literal") as caught:
        root.tick_once()
    assert leaf_of(caught.value) == "Inner"
    assert leaf_of(ValueError("from nowhere")) == ""


# Jobs, voice, camera --------------------------------------------------------------------------------------


def test_only_jobs_of_the_ticking_thread_count_as_inline() -> None:
    jobs = JobLog()
    jobs.record("plan", 10.0, 10.5)
    elsewhere = threading.Thread(target=jobs.record, args=("plan", 12.0, 12.25))
    elsewhere.start()
    elsewhere.join()
    assert jobs.inline_s == 0.5
    assert jobs.summary() == {"plan": {"count": 2, "total_s": 0.75, "max_s": 0.5}}


def test_what_runs_beside_the_trees_jobs_is_hidden_as_long_as_one_of_them_runs() -> None:
    jobs = JobLog()
    beside, tracker = jobs.recorder(Lane.BESIDE), jobs.recorder(Lane.TRACKER)
    jobs.record("Ask VLM", 1.0, 3.0)
    beside("Propose Grasps", 1.0, 5.5)
    tracker("track human", 3.0, 4.0)
    jobs.record("Parse Regions", 4.0, 4.5)
    jobs.record("Plan Grasp", 9.0, 10.0)
    beside("Propose Grasps", 8.0, 8.5)
    assert jobs.summary()["Propose Grasps"] == {"count": 2, "total_s": 5.0, "max_s": 4.5, "hidden_s": 2.5}
    assert "hidden_s" not in jobs.summary()["Ask VLM"]
    assert "hidden_s" not in jobs.summary()["track human"]


def test_each_job_is_taken_once_with_its_times_from_the_start() -> None:
    jobs = JobLog()
    jobs.record("Ask VLM", 101.0, 103.0)
    (taken,) = jobs.take(100.0)
    assert (taken.name, taken.lane, taken.began_s, taken.ended_s) == ("Ask VLM", Lane.TREE, 1.0, 3.0)
    jobs.record("Parse Regions", 103.0, 104.0)
    assert [job.name for job in jobs.take(100.0)] == ["Parse Regions"]
    assert jobs.take(100.0) == ()
    assert len(jobs.summary()) == 2


def test_the_voice_speaks_and_hands_over_what_was_said_once() -> None:
    aloud = RecordingAnnouncer()
    voice = Voice(aloud)
    voice.say("Here.")
    voice.say("Please.")
    assert voice.take() == ("Here.", "Please.")
    assert voice.take() == ()
    assert aloud.said == ["Here.", "Please."]
    Voice().say("nobody hears it")


def test_drawing_a_picture_while_time_stands_still_is_a_job(clock: FakeClock) -> None:
    jobs = JobLog()
    inner = FakeCamera(clock, table_picture())
    drawn = DrawnCamera(inner, jobs)
    assert drawn.latest(1.0).sequence == 1
    inner.script[1] = StaleData("camera", 2.0, 1.0)
    with pytest.raises(StaleData):
        drawn.latest(1.0)
    assert jobs.summary()["draw the camera's picture"]["count"] == 2
