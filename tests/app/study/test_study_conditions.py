"""What of a plan is refused before anybody waits: another arm, options of the session, unknown objects."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.cli import main
from app.errors import UsageError
from app.options import Config
from app.study.conditions import try_conditions
from app.study.plan import FILE, Plan

PLAN = Plan(6, ("mug", "hammer"), {"one": (), "two": ()}, {"room": "Room?"}, 1, None)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("[--robot, kinova]", "back_ends.robot is kinova, and the session's simulated"),
        ("[--back-ends.robot, kinova]", "back_ends.robot is kinova"),
        ("[--kinova.address, 192.168.1.77]", "kinova.address is 192.168.1.77"),
        ("[--dry-run]", "--dry-run"),
        ("[--plan-only]", "--plan-only"),
        ("[--step]", "--step"),
        ("[--config, other.yaml]", "--config"),
        ("[--runs-dir=elsewhere]", "--runs-dir"),
        ("[--seed, '0']", "--seed"),
        ("[--video, a.mp4]", "--video"),
        ("['--yes']", "--yes"),
        ("[--person, taks]", "did you mean takes"),
    ],
)
@pytest.mark.parametrize("who", ["--participant=P01", "--simulated-participants=1"])
def test_a_condition_neither_moves_another_arm_nor_spoils_the_trial(
    tmp_path: Path, settings: str, said: str, who: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / FILE).write_text(f"conditions: {{one: [], two: {settings}}}")
    assert main(["study", "run", str(tmp_path), who]) == 2
    error = capsys.readouterr().err
    assert "condition two" in error
    assert said in error
    assert not (tmp_path / "trials.jsonl").exists()


def test_a_condition_may_repeat_the_sessions_own_arm() -> None:
    config = replace(Config(), back_ends=replace(Config().back_ends, robot="kinova"))
    again = ("--robot", "kinova", "--kinova.address", config.kinova.address)
    try_conditions(replace(PLAN, conditions={"one": (), "two": again}), config, Path(FILE))
    away = {"one": (), "two": ("--robot", "simulated")}
    with pytest.raises(UsageError, match="robot is simulated"):
        try_conditions(replace(PLAN, conditions=away), config, Path(FILE))


def test_an_object_the_simulation_lacks_is_told_before_anybody_waits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["study", "new", str(tmp_path), "--objects", "unicorn", "mug"]) == 0
    assert "no object called 'unicorn'" in capsys.readouterr().out
    assert main(["study", "run", str(tmp_path), "--participant", "P01"]) == 2
    error = capsys.readouterr().err
    assert "no object called 'unicorn'" in error
    assert FILE in error
    assert not (tmp_path / "trials.jsonl").exists()


def test_a_real_arm_and_a_file_of_ones_own_may_bring_another_object() -> None:
    plan = replace(PLAN, objects=("unicorn",))
    with pytest.raises(UsageError, match="unicorn"):
        try_conditions(plan, Config(), Path(FILE))
    real = replace(Config(), back_ends=replace(Config().back_ends, robot="kinova"))
    try_conditions(plan, real, Path(FILE))
    own = dict.fromkeys(("one", "two"), ("--object-file", "unicorn.xml"))
    try_conditions(replace(plan, conditions=own), Config(), Path(FILE))
    with pytest.raises(UsageError, match="centaur"):
        try_conditions(replace(plan, conditions=own, practice="centaur"), Config(), Path(FILE))
