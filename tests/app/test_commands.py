"""From words to commands: shorthands, folders, help, the tree's drawings, back ends by name, the file."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, get_args, get_type_hints

import numpy as np
import pytest

from app import factory, run_command
from app.cli import COMMANDS, main
from app.config import load_config
from app.config_file import config_text
from app.doctor import WORDS
from app.errors import UsageError
from app.options import BackEnds, Config
from app.run_command import PEOPLE, RunCommand, parse_request, run_folder
from behaviours.keys import Outcome
from hardware.errors import UnknownName
from perception.types import HandoverRequest

DETAILS = "--planning.selection.epsilon-m"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)


def ended(words: list[str]) -> int | str | None:
    with pytest.raises(SystemExit) as caught:
        main(words)
    return caught.value.code


# Run ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", ["mug", "red mug", "hair_brush", "screwdriver-2", "  red   mug "])
def test_a_few_plain_words_can_be_asked_for(label: str) -> None:
    assert parse_request(label).label == " ".join(label.split())


@pytest.mark.parametrize("label", ["", " ", "mug; rm -rf", "../mug", "a" * 41, "-mug", "mug\x00", "Tasse ß"])
def test_anything_else_cannot(label: str) -> None:
    with pytest.raises(UsageError, match="cannot be asked for"):
        parse_request(label)


def test_each_run_gets_a_folder_of_its_own(tmp_path: Path) -> None:
    now = datetime(2026, 11, 24, 4, 33)
    first = run_folder(tmp_path, "Red Mug", now)
    assert first.name == "20261124-043300-red-mug"
    first.mkdir()
    second = run_folder(tmp_path, "Red Mug", now)
    assert second.name == "20261124-043300-red-mug-2"
    second.mkdir()
    assert run_folder(tmp_path, "Red Mug", now).name == "20261124-043300-red-mug-3"


def test_shorthands_land_where_they_belong(tmp_path: Path) -> None:
    command = RunCommand("mug", person="late", clutter=3, runs_dir=tmp_path)
    config = run_command._shorthands(command, Config())
    assert config.sim.person == replace(Config().sim.person, present=True, script="late")
    assert (config.sim.clutter, config.run.runs_dir) == (3, str(tmp_path))
    assert run_command._shorthands(RunCommand("mug"), Config()) == Config()
    assert not run_command._shorthands(RunCommand("mug", person="none"), Config()).sim.person.present


def test_an_unknown_script_of_the_person_names_the_near_one_and_all() -> None:
    with pytest.raises(UnknownName, match="did you mean takes") as caught:
        run_command._shorthands(RunCommand("mug", person="taks"), Config())
    assert all(name in str(caught.value) for name in PEOPLE)


def test_the_exit_code_says_whether_the_person_has_it() -> None:
    codes = {word: run_command.EXIT_CODES.get(word, run_command.OTHERWISE) for word in Outcome}
    assert {word for word, code in codes.items() if code == 0} == {Outcome.HANDED_OVER, Outcome.PLANNED}
    assert codes[Outcome.INTERRUPTED] == 130
    assert set(codes.values()) == {0, 1, 130}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--runs-dir", "file"], "choose another place with --runs-dir"),
        (["--video", "films/run.mp4"], "there is no folder films"),
    ],
)
def test_a_place_that_cannot_be_written_is_told_before_anything_moves(
    options: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert main(["run", "hammer", "--view", "none", *options]) == 2
    assert said in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


# Help -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["run", "plan", "tree"])
def test_help_is_short_and_says_where_the_rest_is(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended([command, "--help"]) == 0
    short = capsys.readouterr().out
    assert len(short.splitlines()) < 50
    assert "--config" in short
    assert f"handover {command} --help-all" in short
    assert "--tree.views" not in short
    assert "(default: None)" not in short
    assert ended([command, "--help-all"]) == 0
    assert DETAILS in capsys.readouterr().out


def test_short_help_does_without_a_usable_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.yaml").write_text("nonsense: 1\n", encoding="utf-8")
    assert ended(["run", "--help"]) == 0
    assert "--seed" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["watch", *(f"doctor {word}" for word in WORDS)])
def test_small_commands_list_everything(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended([*command.split(), "--help"]) == 0
    text = capsys.readouterr().out
    assert f"usage: handover {command}" in text
    assert "None" not in text


def test_a_typing_mistake_in_an_option_names_the_near_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(["run", "hammer", "--sed", "3"]) == 2
    assert "--seed" in "".join(capsys.readouterr())
    assert ended(["tree", DETAILS.replace("-m", "m"), "0.03"]) == 2
    assert DETAILS in "".join(capsys.readouterr())


def test_an_option_beats_the_file_and_the_file_the_default(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.yaml").write_text("tree: {budgets: {handover_poses: 3}}\n", encoding="utf-8")
    assert main(["tree", "--ascii"]) == 0
    assert "Next Reachable Pose x3" in capsys.readouterr().out
    assert main(["tree", "--ascii", "--tree.budgets.handover-poses", "2"]) == 0
    assert "Next Reachable Pose x2" in capsys.readouterr().out
    (tmp_path / "other.yaml").write_text("tree: {budgets: {handover_poses: 5}}\n", encoding="utf-8")
    assert main(["tree", "--ascii", "--config=other.yaml"]) == 0
    assert "Next Reachable Pose x5" in capsys.readouterr().out


def test_an_option_out_of_bounds_is_told_with_its_bounds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tree", "--run.tick-hz", "5000"]) == 2
    assert "command line: run.tick_hz: 5000 is out of bounds (10 to 200)" in capsys.readouterr().err


def test_ctrl_c_before_a_run_is_one_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(words: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("app.cli._dispatch", interrupted)
    assert main(["run", "hammer"]) == 130
    assert capsys.readouterr().err == "handover: interrupted\n"


def test_every_command_has_its_module_and_main() -> None:
    from importlib import import_module

    for module, _ in COMMANDS.values():
        assert callable(import_module(module).main)


# Tree -----------------------------------------------------------------------------------------------------


def test_the_tree_is_drawn_in_ascii_and_as_graphviz(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tree", "--ascii"]) == 0
    drawn = capsys.readouterr().out
    assert drawn.isascii()
    assert drawn.startswith("/_/ - Handover\n    --> - Read Robot\n")
    assert main(["tree", "--dot"]) == 0
    dot = capsys.readouterr().out
    assert dot.startswith("digraph")
    assert "Wait For Take" in dot


def test_the_tree_is_drawn_in_the_alphabet_of_the_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tree"]) == 0
    assert "    → - Read Robot" in capsys.readouterr().out
    shown = subprocess.run(
        [sys.executable, "-c", "import sys; from app.cli import main; sys.exit(main(['tree']))"],
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[2],
        env={"PYTHONIOENCODING": "ascii", "PATH": ""},
    ).stdout
    assert b"    --> - Read Robot" in shown


# Back ends and the file -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "table"),
    [
        ("robot", factory.ROBOTS),
        ("detector", factory.DETECTORS),
        ("segmenter", factory.SEGMENTERS),
        ("vlm", factory.VLMS),
        ("grasps", factory.GRASPS),
        ("human", factory.HUMANS),
        ("planner", factory.PLANNERS),
    ],
)
def test_every_name_the_configuration_allows_has_a_back_end_and_none_is_left_over(
    step: str, table: Mapping[str, Any]
) -> None:
    allowed = get_args(get_type_hints(BackEnds)[step])
    assert set(table) == set(allowed)
    assert getattr(BackEnds(), step) in allowed


def test_the_same_seed_gives_the_same_world_and_another_another() -> None:
    def joints(seed: int) -> np.ndarray:
        return factory.build(Config(), HandoverRequest("mug"), seed).world.world.data.qpos.copy()

    np.testing.assert_array_equal(joints(3), joints(3))
    assert not np.array_equal(joints(3), joints(4))


def test_time_stands_still_in_a_simulation_unless_it_is_paced() -> None:
    assert not factory.build(Config(), HandoverRequest("mug"), 1).live
    paced = factory.build(Config(), HandoverRequest("mug"), 1, realtime=True)
    assert paced.live
    with paced.services.robot:
        pass


def test_every_answer_names_its_back_end() -> None:
    names = factory.build(Config(), HandoverRequest("mug"), 1).back_ends
    assert {"detector", "segmenter", "vlm", "fallback", "grasps", "human", "planner"} <= names.keys()
    assert all("simulated" in names[step] for step in ("robot", "detector", "segmenter", "vlm", "human"))


def test_the_written_file_reads_back_as_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(config_text(), encoding="utf-8")
    assert load_config(file) == Config()
    assert max(map(len, config_text().splitlines())) <= 110
