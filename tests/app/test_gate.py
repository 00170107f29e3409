"""The gate before a real arm: who is asked, what is said, what refuses, and that nothing moves then."""

from __future__ import annotations

import io
import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from app import gate
from app.calibrate.hand_eye_command import main as hand_eye_main
from app.cli import main
from app.doctor import passes
from app.doctor.findings import Finding
from app.errors import UsageError
from app.factory import build
from app.gate import is_real, limits, require_consent, require_doctor
from app.options import BackEnds, Config
from app.robot_factory import within_limits
from behaviours.governed import GovernedArm
from hardware.kinova.options import KinovaOptions
from perception.types import HandoverRequest
from planning.options import PlanningOptions, SafetyOptions

REAL = Config(back_ends=BackEnds(robot="kinova"))
REHEARSED = replace(REAL, kinova=KinovaOptions(address="loopback"))
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
GOOD = (Finding("robot", "stop", "OK", "seen to work"), Finding("robot", "login", "WARN", "default"))


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty state directory, a working directory without configuration, and the time of day."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(passes, "now", lambda: NOW)
    return tmp_path / "handover" / "doctor.json"


def console() -> Console:
    return Console(file=io.StringIO(), width=120)


def said(by: Console) -> str:
    assert isinstance(by.file, io.StringIO)
    return by.file.getvalue()


def never(question: str) -> str:
    raise AssertionError("nobody may be asked")


def at_a_terminal(monkeypatch: pytest.MonkeyPatch, there: bool) -> None:
    monkeypatch.setattr(gate.sys, "stdin", type("Input", (), {"isatty": staticmethod(lambda: there)})())


def pass_everything(config: Config = REAL) -> None:
    passes.keep("robot", config, GOOD, moved=True)
    passes.keep("camera", config, GOOD)


# Consent ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("config", [Config(), REHEARSED], ids=["simulated", "loopback"])
def test_what_hurts_nobody_asks_nobody(config: Config) -> None:
    screen = console()
    require_consent(config, screen, yes=False, ask=never)
    require_doctor(config)
    assert not is_real(config)
    assert said(screen) == ""


@pytest.mark.parametrize("answer", ["y", " YES "])
def test_a_person_at_the_terminal_agrees_once(answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    at_a_terminal(monkeypatch, there=True)
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return answer

    screen = console()
    require_consent(REAL, screen, yes=False, ask=ask)
    assert len(asked) == 1
    assert "emergency stop" in asked[0]
    assert "192.168.1.10" in said(screen)


def interrupted(question: str) -> str:
    raise EOFError


@pytest.mark.parametrize("ask", [lambda q: "", lambda q: "n", lambda q: "yep", interrupted])
def test_anything_but_yes_moves_nothing(ask: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> None:
    at_a_terminal(monkeypatch, there=True)
    with pytest.raises(UsageError, match="nothing was moved"):
        require_consent(REAL, console(), yes=False, ask=ask)


def test_without_a_terminal_only_yes_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    at_a_terminal(monkeypatch, there=False)
    with pytest.raises(UsageError, match="--yes"):
        require_consent(REAL, console(), yes=False, ask=never)
    screen = console()
    require_consent(REAL, screen, yes=True, ask=never)
    assert "joint speed" in said(screen), "the limits are told even where nobody is asked"


def test_the_limits_are_those_of_the_configuration() -> None:
    slow = replace(REAL, kinova=KinovaOptions(max_joint_speed_deg_s=17.0))
    text = "\n".join(limits(slow))
    assert "17 deg/s" in text
    assert "0.10 m/s at 0.25 m" in text
    assert "20 N for 0.05 s" in text
    assert "not a safety function" in text


def test_every_kind_of_limit_is_told() -> None:
    safety = SafetyOptions(
        stop_distance_m=0.16,
        receiving_stop_distance_m=0.06,
        column_m=0.37,
        look_ahead_s=0.4,
        torque_nm=(14.0, 14.0, 14.0, 14.0, 5.0, 5.0, 5.0),
        torque_s=0.11,
        push_n=33.0,
        push_s=0.21,
        camera_s=0.7,
        speeds_m_s=(0.09, 0.25, 0.5),
    )
    lines = {
        line.split("  ")[0]: line for line in limits(replace(REAL, planning=PlanningOptions(safety=safety)))
    }
    for words in ("0.16 m from head", "0.06 m from the receiving", "0.37 m over the head", "next 0.4 s"):
        assert words in lines["kept"]
    assert "5 to 14 Nm for 0.11 s" in lines["joint loads"]
    assert "33 N toward the robot or down for 0.21 s" in lines["push"]
    assert "no picture for 0.7 s" in lines["camera"]
    assert "at most 0.09 m/s" in lines["camera"]


# Doctor ----------------------------------------------------------------------------------------------------


def test_a_real_run_demands_both_examinations_and_names_their_commands() -> None:
    with pytest.raises(UsageError) as caught:
        require_doctor(REAL, NOW)
    assert "handover doctor robot --move" in str(caught.value)
    assert "handover doctor camera" in str(caught.value)


def test_recent_passes_let_it_run_and_old_ones_do_not() -> None:
    pass_everything()
    require_doctor(REAL, NOW + timedelta(hours=23))
    with pytest.raises(UsageError, match="passed 25 h ago, 24 h are allowed"):
        require_doctor(REAL, NOW + timedelta(hours=25))
    patient = replace(REAL, run=replace(REAL.run, doctor_max_age_h=48.0))
    require_doctor(patient, NOW + timedelta(hours=25))
    with pytest.raises(UsageError, match="later than now"):
        require_doctor(REAL, NOW - timedelta(hours=1))


@pytest.mark.parametrize(
    ("changed", "device"),
    [
        (replace(REAL, kinova=KinovaOptions(max_joint_speed_deg_s=50.0)), "robot"),
        (replace(REAL, kinova=KinovaOptions(address="192.168.1.11")), "robot"),
        (replace(REAL, realsense=replace(REAL.realsense, serial="1")), "camera"),
        (replace(REAL, hand_eye=replace(REAL.hand_eye, file="other.yaml")), "camera"),
    ],
)
def test_a_pass_holds_for_what_was_examined_only(changed: Config, device: str) -> None:
    pass_everything()
    (fault,) = passes.missing(changed, NOW)
    assert fault.startswith(f"{device}: passed with another configuration")
    unrelated = replace(REAL, run=replace(REAL.run, tick_hz=40.0))
    assert not list(passes.missing(unrelated, NOW))


def test_a_new_calibration_needs_a_new_look(tmp_path: Path) -> None:
    file = tmp_path / "hand-eye.yaml"
    file.write_text("one", encoding="utf-8")
    config = replace(REAL, hand_eye=replace(REAL.hand_eye, file=str(file)))
    pass_everything(config)
    assert not list(passes.missing(config, NOW))
    file.write_text("two", encoding="utf-8")
    assert [fault.split(":")[0] for fault in passes.missing(config, NOW)] == ["camera"]


def test_a_failed_examination_takes_the_earlier_pass_away(state: Path) -> None:
    pass_everything()
    assert "seen to work" in state.read_text(encoding="utf-8")
    failed = [*GOOD, Finding("robot", "faults", "FAIL", "joint 3")]
    assert passes.keep("robot", REAL, failed, moved=True) == []
    assert [fault.split(":")[0] for fault in passes.missing(REAL, NOW)] == ["robot"]


def test_a_robot_that_did_not_move_has_not_passed_and_loses_nothing() -> None:
    (note,) = passes.keep("robot", REAL, GOOD)
    assert "--move" in note
    assert len(list(passes.missing(REAL, NOW))) == 2
    pass_everything()
    passes.keep("robot", REAL, GOOD)
    assert not list(passes.missing(REAL, NOW))


@pytest.mark.parametrize("text", ["", "[]", "{", '{"robot": 3}', '{"robot": {"date": "x", "digest": 1}}'])
def test_a_broken_file_is_no_pass(text: str, state: Path) -> None:
    state.parent.mkdir(parents=True)
    state.write_text(text, encoding="utf-8")
    assert len(list(passes.missing(REAL, NOW))) == 2
    pass_everything()
    assert not list(passes.missing(REAL, NOW))


def test_a_state_directory_that_cannot_be_written_is_told(state: Path) -> None:
    state.parent.write_text("a file where the folder should be", encoding="utf-8")
    (note,) = passes.keep("camera", REAL, GOOD)
    assert "cannot be kept" in note


# The commands ----------------------------------------------------------------------------------------------


def test_a_dry_run_shows_the_tree_and_starts_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "mug", "--dry-run", "--seed", "1"]) == 0
    text = capsys.readouterr().out
    assert "Safe?" in text
    assert "Nothing was connected or started." in text
    assert not (tmp_path / "runs").exists()


def test_a_real_run_without_doctor_is_refused_in_one_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "mug", "--robot", "kinova", "--yes", "--seed", "1"]) == 2
    text = capsys.readouterr().err
    assert "handover doctor robot --move" in text
    assert "Traceback" not in text
    assert not (tmp_path / "runs").exists()


def test_steps_need_somebody_who_can_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    at_a_terminal(monkeypatch, there=False)
    assert main(["run", "mug", "--step", "--seed", "1"]) == 2
    assert "a terminal is needed" in capsys.readouterr().err
    assert main(["run", "mug", "--step", "--dry-run", "--seed", "1"]) == 0


def test_every_run_gets_the_governed_arm_and_a_real_one_latches_contacts() -> None:
    assembly = build(Config(), HandoverRequest("mug"), 1)
    assert isinstance(assembly.services.robot.arm, GovernedArm)
    assert within_limits(REHEARSED).planning.safety.latch_contact
    assert within_limits(REAL).planning.safety.latch_contact
    assert within_limits(Config()) == Config()


def test_a_rehearsal_on_loopback_can_be_built_without_doctor_or_consent(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["run", "mug", "--robot", "kinova", "--kinova.address", "loopback", "--dry-run", "--seed", "1"]
    assert main(words) == 0
    assert "joint speed" not in capsys.readouterr().out


def test_calibrating_a_real_arm_demands_that_the_arm_was_examined(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with pytest.raises(UsageError, match="doctor robot --move") as refusal:
        hand_eye_main(["--back-ends.robot", "kinova", "--out", str(tmp_path / "new.yaml")])
    assert "doctor camera" not in str(refusal.value), "a camera passes with its calibration only"


def test_a_dry_run_of_a_rehearsal_opens_no_socket(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def opened(*given: object, **named: object) -> None:
        raise AssertionError("a socket was opened")

    for name in ("create_server", "socket"):
        monkeypatch.setattr(socket, name, opened)
    words = ["--robot", "kinova", "--kinova.address", "loopback", "--kinova.client", "stand_in"]
    assert main(["run", "hammer", "--dry-run", *words]) == 0
    assert "Nothing was connected or started" in capsys.readouterr().out
