"""The doctor: every state of every check, and an exit code that follows from what is configured only."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from app.doctor import installed as doctor
from app.doctor.installed import Check, examine, main
from app.options import BackEnds


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working directory without a config.yaml."""
    monkeypatch.chdir(tmp_path)


def check(subject: str, path: Path | None = None) -> Check:
    (found,) = [check for check in examine(path) if check.subject == subject]
    return found


def test_what_is_configured_by_default_can_run_here(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    text = capsys.readouterr().out
    assert "What is configured can run here." in text
    assert "handover run hammer" in text


def test_every_step_tells_its_back_end_and_the_others() -> None:
    names = get_type_hints(BackEnds, include_extras=True)
    for step in doctor.fields(BackEnds()):
        detail = check(step.name).detail
        for name in get_args(names[step.name]):
            assert name in detail


def test_a_missing_core_package_counts_and_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def absent(module: str) -> Any:
        if module == "roboplan.core":
            raise ImportError("No module named 'roboplan'")
        return None

    monkeypatch.setattr(doctor, "import_module", absent)
    found = check("roboplan")
    assert found.state == "missing"
    assert "No module named 'roboplan'" in found.detail
    assert "pip install" in found.detail
    assert main([]) == 1
    assert "cannot run: roboplan" in " ".join(capsys.readouterr().out.split())


def test_an_unsupported_python_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.sys, "version_info", (3, 9, 1))
    monkeypatch.setattr(doctor.platform, "python_version", lambda: "3.9.1")
    assert next(examine(None)) == Check("program", "Python", "missing", "3.9.1; 3.11 to 3.13")


@pytest.mark.parametrize(
    ("finds", "state", "words"),
    [
        (lambda name: None, "optional", "pip install -e '.[models]'"),
        (lambda name: object(), "ok", "9.9, for"),
    ],
)
def test_an_extra_is_here_or_optional_with_its_command(
    finds: Callable[[str], Any], state: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "find_spec", finds)
    monkeypatch.setattr(metadata, "version", lambda name: "9.9")
    found = check("openai")
    assert (found.group, found.state) == ("extra models", state)
    assert words in found.detail


def test_the_robots_own_package_says_where_it_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "find_spec", lambda name: None)
    assert "from Kinova" in check("kortex_api").detail
    assert check("kortex_api").state == "optional"


def test_the_robots_own_package_is_looked_for_by_the_driver_s_own_python(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("kinova: {driver: {python: /opt/kortex/bin/python}}", encoding="utf-8")
    assert "/opt/kortex/bin/python: handover doctor robot" in check("kortex_api", file).detail


@pytest.mark.parametrize("there", [True, False])
def test_a_shared_library_is_here_or_optional(there: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(name: str) -> None:
        if not there:
            raise OSError(name)

    monkeypatch.setattr(ctypes, "CDLL", load)
    found = check("libusb-1.0.so.0")
    assert found.state == ("ok" if there else "optional")
    assert ("apt-get install libusb-1.0-0" in found.detail) is not there


@pytest.mark.parametrize("there", [True, False])
def test_a_key_is_told_to_be_set_and_never_shown(there: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    if there:
        monkeypatch.setenv("OPENAI_API_KEY", "very-secret")
    found = check("OPENAI_API_KEY")
    assert found.state == ("ok" if there else "optional")
    assert "very-secret" not in found.detail


def test_a_faulty_configuration_counts_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("run:\n  tick_hzz: 50\n", encoding="utf-8")
    assert main(["--config", str(file)]) == 1
    assert "cannot run" in capsys.readouterr().out
    detail = check(str(file), file).detail
    assert "mine.yaml:2" in detail
    assert "did you mean tick_hz" in detail


def test_a_configuration_that_is_not_there_counts(tmp_path: Path) -> None:
    assert check(str(tmp_path / "no.yaml"), tmp_path / "no.yaml").state == "wrong"


def test_the_configuration_in_the_working_directory_is_the_one_examined(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("back_ends: {vlm: none}\n", encoding="utf-8")
    assert check("config.yaml").state == "ok"
    assert check("vlm").detail.startswith("none (also: simulated")
