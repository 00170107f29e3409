"""A session: what is asked, kept, repeated and gone on with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from app.study.ask import TerminalQuestioner
from app.study.errors import Stopped
from app.study.log import open_log
from app.study.plan import Plan
from app.study.session import PRACTICE, Session
from hardware.errors import BadFile

PLAN = Plan(
    participants=2,
    objects=("mug", "hammer"),
    conditions={"secret_one": (), "secret_two": ("--back-ends.vlm", "none")},
    questions={"room": "Was there room?", "rest": "And the rest?"},
    attempts=2,
    practice=None,
)
GOOD, BAD = {"success": True, "outcome": "handed_over"}, {"success": False, "outcome": "dropped"}


@dataclass
class FakeRuns:
    """Runs that end as told, good ones after that."""

    ends: list[dict[str, Any]] = field(default_factory=list)
    made: list[tuple[str, str, int, tuple[str, ...]]] = field(default_factory=list)

    def run(self, name: str, label: str, seed: int, settings: tuple[str, ...]) -> dict[str, Any]:
        self.made.append((name, label, seed, settings))
        return self.ends.pop(0) if self.ends else GOOD


class Person:
    """Types the given answers, then Enter, 3 or yes as asked; remembers all that was shown."""

    def __init__(self, answers: Sequence[str] = ()) -> None:
        self.answers, self.shown = list(answers), list[str]()

    def read(self, prompt: str) -> str:
        self.shown.append(prompt)
        if self.answers:
            return self.answers.pop(0)
        return "yes" if "yes/no" in prompt else "3" if "[1-5]" in prompt else ""


def hold(folder: Path, runs: FakeRuns, person: Person, plan: Plan = PLAN, code: str = "P01") -> bool:
    with open_log(folder, plan, simulated=False) as log:
        questioner = TerminalQuestioner(person.read, person.shown.append)
        index = plan.index(code, simulated=False)
        return Session(plan, code, index, log, runs, questioner, lambda words: None).carry_out()


def rows(folder: Path, kind: str) -> list[dict[str, Any]]:
    with open_log(folder, PLAN, simulated=False) as log:
        return [row for row in log.rows.values() if row["kind"] == kind]


def test_every_trial_is_run_with_its_condition_and_rated(tmp_path: Path) -> None:
    runs, person = FakeRuns(), Person()
    assert hold(tmp_path, runs, person)
    order = PLAN.trials(0)
    assert [(label, settings) for _, label, _, settings in runs.made] == [
        (label, PLAN.conditions[condition]) for label, condition in order
    ]
    answers = rows(tmp_path, "answers")
    assert [(row["object"], row["condition"]) for row in answers] == list(order)
    assert all(row["answers"] == {"room": 3, "rest": 3} for row in answers)


def test_the_participant_is_never_told_the_condition(tmp_path: Path) -> None:
    person = Person()
    hold(tmp_path, FakeRuns(), person)
    shown = "\n".join(person.shown)
    assert "mug" in shown
    assert "secret" not in shown
    assert "vlm" not in shown


def test_conditions_of_one_object_share_their_seed_and_participants_do_not(tmp_path: Path) -> None:
    runs = FakeRuns()
    hold(tmp_path, runs, Person())
    hold(tmp_path, runs, Person(), code="P02")
    seeds = [
        {seed for name, label, seed, _ in runs.made if label == "mug" and code in name}
        for code in ("P01", "P02")
    ]
    assert [len(found) for found in seeds] == [1, 1]
    assert seeds[0] != seeds[1]


def test_a_failed_run_is_made_again_and_a_trial_without_success_is_not_rated(tmp_path: Path) -> None:
    runs = FakeRuns([BAD, GOOD, BAD, BAD])
    hold(tmp_path, runs, Person())
    first, second, *_ = rows(tmp_path, "answers")
    assert (first["attempt"], first["answers"]) == (1, {"room": 3, "rest": 3})
    assert (second["attempt"], second["answers"]) == (1, None)
    assert len(runs.made) == 2 + 2 + 1 + 1
    assert runs.made[0][2] != runs.made[1][2], "a repeated run would only repeat what happened"


def test_stopped_between_run_and_answers_only_the_answers_are_missing(tmp_path: Path) -> None:
    runs = FakeRuns()
    with pytest.raises(Stopped):
        hold(tmp_path, runs, Person(["yes", "", "2", "stop"]))
    assert len(rows(tmp_path, "run")) == 1
    assert rows(tmp_path, "answers") == []
    hold(tmp_path, runs, Person())
    assert len(runs.made) == 4
    assert len(rows(tmp_path, "answers")) == 4


@pytest.mark.parametrize("error", [EOFError, KeyboardInterrupt])
def test_ctrl_c_and_a_closed_terminal_stop_as_the_word_does(error: type[BaseException]) -> None:
    def read(prompt: str) -> str:
        raise error

    with pytest.raises(Stopped):
        TerminalQuestioner(read, lambda words: None).wait("ready?")


def test_an_answer_off_the_scale_is_asked_again() -> None:
    person = Person(["0", "six", "6", "5"])
    marks = TerminalQuestioner(person.read, person.shown.append).rate({"room": "Was there room?"}, GOOD)
    assert marks == {"room": 5}
    assert sum("please answer" in words for words in person.shown) == 3


def test_whoever_does_not_consent_sees_no_run(tmp_path: Path) -> None:
    runs = FakeRuns()
    assert not hold(tmp_path, runs, Person(["no"]))
    assert runs.made == []


def test_the_practice_run_is_made_once_and_counts_for_nothing(tmp_path: Path) -> None:
    plan = Plan(2, ("mug",), PLAN.conditions, PLAN.questions, 1, "hammer")
    runs = FakeRuns()
    with pytest.raises(Stopped):
        hold(tmp_path, runs, Person(["yes", "", "stop"]), plan)
    hold(tmp_path, runs, Person(), plan)
    assert [label for _, label, _, _ in runs.made] == ["hammer", "mug", "mug"]
    with open_log(tmp_path, plan, simulated=False) as log:
        (row,) = [row for row in log.rows.values() if row["trial"] == PRACTICE and row["kind"] == "answers"]
    assert row["answers"] is None


def test_a_folder_takes_no_other_plan_and_no_simulated_participants(tmp_path: Path) -> None:
    hold(tmp_path, FakeRuns(), Person())
    with pytest.raises(BadFile, match="simulated_participants"), open_log(tmp_path, PLAN, simulated=True):
        pass
    with pytest.raises(BadFile, match="plan"), open_log(tmp_path, Plan(), simulated=False):
        pass
