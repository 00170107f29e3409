"""The command line: what it says, what it refuses, and what it does not load to say so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app.cli import COMMANDS, main


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    text = capsys.readouterr().out
    assert all(f"  {word} " in text for word in COMMANDS)


def test_help_loads_nothing_heavy() -> None:
    heavy = "{'mujoco', 'numpy', 'scipy', 'torch', 'matplotlib', 'textual', 'py_trees'}"
    code = f"import sys; from app.cli import main; main(['--help']); print({heavy} & set(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.rstrip().endswith("set()")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rnu", "hammer"], "did you mean run"),
        (["run", "../../etc"], "cannot be asked for"),
        (["run", "unicorn"], "unicorn"),
        (["run", "hammer", "--seed", "-1"], "0 or more"),
        (["run", "hammer", "--video", "film.avi"], ".mp4 or .gif"),
        (["run", "hammer", "--config", "no-such.yaml"], "no-such.yaml"),
        (["bench", "sped"], "did you mean speed"),
        (["plan", "no-such-folder", "--object", "mug"], "there is no such folder"),
        (["plan", "."], "--object NAME is missing"),
    ],
)
def test_bad_input_is_one_clear_error(
    words: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    error = capsys.readouterr().err
    assert error.startswith("handover: ")
    assert said in error
    assert "Traceback" not in error
    assert not list(tmp_path.iterdir())


def test_wrong_key_in_the_configuration_is_named_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("planning:\n  selection:\n    epsilonm: 0.03\n", encoding="utf-8")
    assert main(["tree", "--config", str(file)]) == 2
    error = capsys.readouterr().err
    assert "mine.yaml:3" in error
    assert "epsilon_m" in error
