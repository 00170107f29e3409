"""The study's commands: plan, refusals, one real run, report."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.cli import main
from app.errors import UsageError
from app.study import program as program_module
from app.study.ask import SimulatedParticipant
from app.study.errors import Stopped
from app.study.log import answers_row, open_log, run_row
from app.study.plan import FILE, Plan, load_plan
from app.study.program import Program, objective
from app.study.results import complete_scores, course, questions
from hardware.errors import BadFile

CONDITIONS: dict[str, tuple[str, ...]] = {"ours": (), "other": ("--back-ends.vlm", "none"), "third": ()}
PLAN = Plan(6, ("mug", "hammer"), CONDITIONS, {"room": "Room?"}, 1, None)
RECORD = {
    "outcome": "handed_over",
    "leaf": "",
    "reason": "",
    "seed": 3,
    "back_ends": {"robot": "simulated"},
    "versions": {},
    "counts": {"failures": {}},
    "timings": {"duration_s": 37.5, "first_motion_s": 1.0},
    "score": {
        "outcome": "handed_over",
        "contact_n": {"hand": 4.0, "arm": 9.0},
        "free_s": 35.0,
        "pull_n": 12.0,
    },
}


def filled(folder: Path, simulated: bool = False, people: int = 6) -> Path:
    """A study in which everybody prefers `ours` by 2 and `other` fails for the first participant's mug."""
    with open_log(folder, PLAN, simulated) as log:
        for index in range(people):
            code = PLAN.code(index, simulated)
            for number, (label, condition) in enumerate(PLAN.trials(index)):
                failed = (index, label, condition) == (0, "mug", "other")
                facts = {"object": label, "condition": condition}
                ran = {"success": not failed, "outcome": "dropped" if failed else "handed_over"}
                log.add(run_row(code, number, 0, {**facts, **ran, "duration_s": 30.0, "contact_n": 5.0}))
                mark = {"ours": 5, "other": 3, "third": 2}[condition]
                log.add(
                    answers_row(code, number, 0, {**facts, "answers": None if failed else {"room": mark}})
                )
    return folder


def rows(folder: Path) -> list[dict[str, Any]]:
    with open_log(folder, PLAN, simulated=False) as log:
        return list(log.rows.values())


def test_new_writes_a_plan_that_is_the_default_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["study", "new", str(tmp_path / "s")]) == 0
    assert load_plan(tmp_path / "s") == Plan()
    assert "multiple of 6" in capsys.readouterr().out
    assert main(["study", "new", str(tmp_path / "s")]) == 2
    assert "there already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("conditions: {one: []}", "at least two"),
        ("participants: 0", "out of bounds"),
        ("objects: [mug, mug]", "none twice"),
        ("objects: ['mug; rm']", "cannot be asked for"),
        ("conditions: {'Our Way': [], b: []}", "small letters"),
        ("people: 4", "people"),
        ("questions: {}", "at least one"),
    ],
)
def test_a_wrong_plan_is_told_in_one_message(tmp_path: Path, line: str, fault: str) -> None:
    (tmp_path / FILE).write_text(line)
    with pytest.raises(BadFile, match=fault):
        load_plan(tmp_path)


@pytest.mark.parametrize("code", ["Anna", "P1", "P001", "P03", "p01", "SIM01", "P00", "P01 Anna", "../P01"])
def test_only_codes_of_the_plan_are_taken(
    tmp_path: Path, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / FILE).write_text("participants: 2")
    assert main(["study", "run", str(tmp_path), "--participant", code]) == 2
    assert "no names are stored" in capsys.readouterr().err
    assert not (tmp_path / "trials.jsonl").exists()


def test_a_condition_that_is_no_option_is_told_before_anybody_waits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / FILE).write_text("conditions: {one: [], two: [--no-such-option, '3']}")
    assert main(["study", "run", str(tmp_path), "--simulated-participants", "1"]) == 2
    assert "condition two" in capsys.readouterr().err


def test_a_method_that_lacks_something_is_told_before_anybody_waits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lacking = "[--method, affnet_dr, --back-ends.maps, server]"
    (tmp_path / FILE).write_text(f"conditions: {{one: [], two: {lacking}}}")
    assert main(["study", "run", str(tmp_path), "--simulated-participants", "1"]) == 2
    said = capsys.readouterr().err
    assert "condition two" in said
    assert "perception.maps.url" in said
    assert not (tmp_path / "trials.jsonl").exists()


def test_the_shipped_plan_compares_the_methods_of_the_paper(tmp_path: Path) -> None:
    assert main(["study", "new", str(tmp_path)]) == 0
    methods = list(load_plan(tmp_path).conditions.values())
    assert methods == [("--method", "ours"), ("--method", "lan_grasp"), ("--method", "affnet_dr")]


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--participant", "P01", "--simulated-participants", "2"],
        ["--simulated-participants", "1", "--robot", "kinova"],
        ["--simulated-participants", "1", "--page"],
        ["--simulated-participants", "11"],
        ["--participant", "P01", "--port", "70000"],
    ],
)
def test_what_does_not_go_together_is_refused(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / FILE).write_text("participants: 10")
    assert main(["study", "run", str(tmp_path), *words]) == 2


def test_a_rehearsal_runs_the_real_program_and_reports_as_simulated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = "[--perception.simulated.miss-rate, '1.0']"
    (tmp_path / FILE).write_text(
        f"participants: 2\nobjects: [hammer]\npractice: null\nattempts: 1\n"
        f"conditions: {{alone: {settings}, again: {settings}}}\n"
    )
    plan = load_plan(tmp_path)
    with open_log(tmp_path, plan, simulated=True) as log:  # as if stopped after the second trial
        log.add(answers_row("SIM01", 1, 0, {"object": "hammer", "condition": "again", "answers": None}))
    assert (
        main(["study", "run", str(tmp_path), "--simulated-participants", "1", "--tree.budgets.acquire", "1"])
        == 0
    )
    assert "SIMULATED PARTICIPANTS" in capsys.readouterr().out
    made = [json.loads(line) for line in (tmp_path / "trials.jsonl").read_text().splitlines()[1:]]
    first = made[1]
    record = json.loads((tmp_path / first["record"] / "run.json").read_text())
    assert (first["outcome"], first["seed"]) == (record["outcome"], record["seed"])
    assert first["outcome"] == "not_found"
    assert record["config"]["tree"]["budgets"]["acquire"] == 1, "the command's options hold for every run"
    assert [row["kind"] for row in made] == ["answers", "run", "answers"], "one trial was missing"
    assert main(["study", "report", str(tmp_path)]) == 2, "nothing is rated"


def test_objective_record_and_what_counts_as_success() -> None:
    facts = objective(json.loads(json.dumps(RECORD)))
    assert (facts["success"], facts["contact_n"], facts["times_s"]) == (True, 9.0, {"free": 35.0})
    stuck = {**RECORD, "score": {**RECORD["score"], "outcome": "in_gripper"}}  # type: ignore[dict-item]
    assert not objective(stuck)["success"]
    real = objective({**RECORD, "score": None})
    assert (real["success"], real["contact_n"]) == (True, None)


def test_a_refused_and_an_interrupted_run_end_the_session(tmp_path: Path) -> None:
    program = Program(tmp_path, ("--no-such-option",))
    with pytest.raises(UsageError, match="refused to run P01-1-1"):
        program.run("P01-1-1", "mug", 0, ())


class Arm:
    """A run that ends at the fourth look with `code`; `signals` come to the study at the first ones."""

    def __init__(self, code: int, signals: tuple[int, ...] = ()) -> None:
        self.code, self.signals = code, list(signals)
        self.sent: list[int] = []
        self.looks = 0

    def __call__(self, words: list[str], **how: Any) -> Arm:
        assert words[:4] == [sys.executable, "-m", "app.study.bound", str(os.getpid())]
        assert how["start_new_session"]
        return self

    def send_signal(self, number: int) -> None:
        self.sent.append(number)

    def wait(self, timeout_s: float) -> int:
        self.looks += 1
        if self.signals:
            signal.raise_signal(self.signals.pop(0))
        if self.looks < 4:
            raise program_module.subprocess.TimeoutExpired("run", timeout_s)
        return self.code


@pytest.fixture
def harmless_signals() -> Iterator[None]:
    """A signal that the study does not handle changes nothing, rather than end the tests."""
    before = {number: signal.signal(number, lambda *what: None) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_stop_reaches_the_run_once_and_counts_as_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arm = Arm(130)
    monkeypatch.setattr(program_module.subprocess, "Popen", arm)
    with pytest.raises(Stopped):
        Program(tmp_path, (), lambda: True).run("P01-1-1", "mug", 0, ())
    assert arm.sent == [signal.SIGINT]


@pytest.mark.usefixtures("harmless_signals")
@pytest.mark.parametrize(
    ("signals", "passed_on"),
    [
        ((signal.SIGINT,), 1),
        ((signal.SIGINT, signal.SIGINT), 2),
        ((signal.SIGTERM,), 1),
        ((signal.SIGHUP,), 1),
        ((signal.SIGHUP, signal.SIGHUP), 1),
    ],
)
def test_what_ends_the_study_stops_the_run_and_a_closing_window_is_no_emergency(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signals: tuple[int, ...], passed_on: int
) -> None:
    arm = Arm(130, signals)
    monkeypatch.setattr(program_module.subprocess, "Popen", arm)
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    with pytest.raises(Stopped):
        Program(tmp_path).run("P01-1-1", "mug", 0, ())
    assert arm.sent == [signal.SIGINT] * passed_on
    assert handlers == [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]


def test_a_study_that_ignores_hang_ups_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arm = Arm(1, (signal.SIGHUP,))
    monkeypatch.setattr(program_module.subprocess, "Popen", arm)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert Program(tmp_path).run("P01-1-1", "mug", 0, ())["outcome"] == "error"
    finally:
        signal.signal(signal.SIGHUP, before)
    assert arm.sent == []


@pytest.mark.parametrize("code", [-signal.SIGINT, 1])
def test_a_run_stopped_before_it_left_a_record_counts_as_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    monkeypatch.setattr(program_module.subprocess, "Popen", Arm(code, (signal.SIGINT,)))
    with pytest.raises(Stopped):
        Program(tmp_path).run("P01-1-1", "mug", 0, ())
    monkeypatch.setattr(program_module.subprocess, "Popen", Arm(code))
    assert Program(tmp_path).run("P01-1-2", "mug", 0, ())["outcome"] == "error"


def test_a_killed_study_interrupts_its_run() -> None:
    run = (
        "import os, signal; from app.study.bound import bind; signal.alarm(30); bind(os.getppid())\n"
        "try:\n    print('moving', flush=True); signal.pause()\n"
        "except KeyboardInterrupt: print('stopped')"
    )
    study = (
        "import subprocess, sys; "
        f"subprocess.Popen([sys.executable, '-c', {run!r}], start_new_session=True).wait()"
    )
    with subprocess.Popen([sys.executable, "-c", study], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "moving\n"
        process.kill()
        assert process.stdout.read() == "stopped\n"


def test_a_run_whose_study_has_ended_already_does_not_begin() -> None:
    command = [sys.executable, "-m", "app.study.bound", "1", "--version"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60.0)
    assert "handover" not in ended.stdout
    assert ended.returncode != 0


def test_means_are_of_all_answers_and_tests_of_complete_objects(tmp_path: Path) -> None:
    found = rows(filled(tmp_path))
    (question,) = questions(found, tuple(CONDITIONS), PLAN.questions, 0)
    assert question.mean == {"ours": 5.0, "other": 3.0, "third": 2.0}
    assert question.answers == {"ours": 12, "other": 11, "third": 12}
    assert question.friedman is not None
    assert question.friedman.kendall_w == pytest.approx(1.0)
    assert question.friedman_p_holm == pytest.approx(question.friedman.p)
    assert [pair.r for pair in question.pairs] == [1.0, 1.0, 1.0]
    assert question.pairs[0].p_holm == pytest.approx(3 * 2 / 2**6)


def test_an_object_not_rated_for_every_condition_is_left_out() -> None:
    def row(thing: str, condition: str, mark: int) -> dict[str, Any]:
        return {"participant": "P01", "object": thing, "condition": condition, "answers": {"room": mark}}

    rated = [row("mug", "a", 1), row("mug", "b", 2), row("hammer", "a", 5)]
    assert complete_scores(rated, ("a", "b"), "room").tolist() == [[1.0, 2.0]]
    assert complete_scores(rated[2:], ("a", "b"), "room").shape == (0, 2)


def test_the_course_counts_failures_the_answers_do_not_show(tmp_path: Path) -> None:
    how = course(rows(filled(tmp_path)), "other")
    assert (how.trials, how.succeeded, how.at_once) == (12, 11, 11)
    assert how.outcomes == {"handed_over": 11, "dropped": 1}
    assert how.interval[0] < 11 / 12 < how.interval[1]


@pytest.mark.parametrize("simulated", [True, False])
def test_the_report_says_who_answered(
    tmp_path: Path, simulated: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    filled(tmp_path, simulated)
    assert main(["study", "report", str(tmp_path)]) == 0
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["simulated_participants"] is simulated
    assert ("SIMULATED" in capsys.readouterr().out) is simulated
    assert report["questions"][0]["mean"]["ours"] == 5.0
    reddish = np.asarray(Image.open(tmp_path / "study.png").convert("RGB")).astype(int)
    title = reddish[:40]
    assert bool(((title[..., 0] - title[..., 1]) > 100).any()) is simulated


def test_three_people_of_one_mind_prove_nothing_and_are_told_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    filled(tmp_path, people=3)
    main(["study", "report", str(tmp_path)])
    assert "No pair can differ significantly here" in " ".join(capsys.readouterr().out.split())


def test_a_folder_without_trials_has_no_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "report", str(tmp_path)]) == 2
    (tmp_path / "trials.jsonl").write_text('{"rubbish": 1}\n')
    assert main(["study", "report", str(tmp_path)]) == 2
    assert "no trials of a study" in capsys.readouterr().err


def test_a_simulated_participant_repeats_itself_and_dislikes_fingers_in_the_way() -> None:
    words = {f"q{number}": "?" for number in range(200)}

    def marks(run: dict[str, Any]) -> list[int]:
        return list(SimulatedParticipant(np.random.default_rng(2)).rate(words, run).values())

    assert marks({}) == marks({})
    assert set(marks({})) <= {1, 2, 3, 4, 5}
    assert np.mean(marks({"fingers_in_the_way": True})) < np.mean(marks({})) - 0.5
