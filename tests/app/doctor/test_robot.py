"""doctor robot: the real command against the loopback controller, and an arm with every kind of trouble."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app.cli import main
from app.doctor import passes, robot_command
from app.doctor.findings import Finding, State
from app.doctor.robot import still_findings
from app.doctor.robot_command import agree
from app.errors import UsageError
from app.options import Config
from hardware.calibration.options import HandEyeOptions
from hardware.clock import SystemClock
from hardware.driver.options import DriverOptions
from hardware.errors import HardwareError
from hardware.gen3.facts import HOME
from hardware.kinova import report as reports
from hardware.kinova.checks import ArmCheck
from hardware.kinova.loopback.controller import LoopbackController
from hardware.kinova.loopback.mischief import Refuse
from hardware.kinova.loopback.plant import IdealArm, IdealGripper
from hardware.kinova.options import KinovaOptions
from hardware.kinova.report import report
from tests.hardware.kinova.rig import options_for

LOOPBACK = ["--kinova.address", "loopback", "--kinova.client", "stand_in"]
Act = Callable[[LoopbackController, IdealArm], object]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty state directory, and no long listening."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(reports, "LISTEN_S", 0.2)


@pytest.mark.timeout(120)
def test_the_whole_examination_of_a_rehearsed_arm(capsys: pytest.CaptureFixture[str]) -> None:
    """The genuine command: a process that looks, the driver process that moves, the simulated arm behind."""
    code = main(["doctor", "robot", "--move", "--json", *LOOPBACK])
    told = json.loads(capsys.readouterr().out)
    states = {finding["subject"]: finding["state"] for finding in told["findings"]}
    assert code == 0, told
    assert told["passed"]
    for subject in ("reachable", "product", "servoing mode", "faults", "kinematics", "limits read back"):
        assert states[subject] == "OK"
    assert {"tool and payload", "wrench", "readings", "clock"} <= set(states)
    assert {states["gripper opens"], states["gripper closes"]} == {"OK"}
    assert states["stop"] in ("OK", "WARN")
    assert told["notes"] == ["not kept for a real run: it was a rehearsal"]
    assert not passes.state_file().exists()


@pytest.mark.parametrize("state", ["OK", "FAIL"])
def test_a_rehearsal_leaves_the_real_arm_s_pass_as_it_is(state: State) -> None:
    real, soon = Config(), passes.now() + timedelta(minutes=1)
    passes.keep("robot", real, [Finding("robot", "stop", "OK", "in 50 ms")], moved=True)
    passes.keep("camera", real, [Finding("camera", "frames", "OK", "30 a second")])
    loopback = replace(real, kinova=KinovaOptions(address="loopback", client="stand_in"))
    recorded = replace(real, realsense=replace(real.realsense, recording="room.db3"))
    passes.keep("robot", loopback, [Finding("robot", "stop", state, "")], moved=True)
    passes.keep("camera", recorded, [Finding("camera", "frames", state, "")])
    assert not list(passes.missing(real, soon))
    assert len(list(passes.missing(loopback, soon))) == 1, "nor does it count for a rehearsal"


def test_a_calibration_that_cannot_be_read_is_another_configuration(tmp_path: Path) -> None:
    config = replace(Config(), hand_eye=HandEyeOptions(file=str(tmp_path)))  # a folder
    assert passes.digest("camera", config) != passes.digest("camera", Config())


# The checks at rest ---------------------------------------------------------------------------------------


def examined(act: Act = lambda controller, arm: None, **changes: object) -> dict[str, ArmCheck]:
    clock = SystemClock()
    arm = IdealArm(clock, HOME)
    with LoopbackController(arm, IdealGripper(clock), clock) as controller:
        act(controller, arm)
        options = options_for(controller, max_joint_speed_deg_s=25.0)
        return {check.subject: check for check in report(replace(options, **changes))}  # type: ignore[arg-type]


def test_a_good_arm_has_nothing_that_fails() -> None:
    checks = examined()
    assert not [check for check in checks.values() if check.state == "FAIL"]
    assert "default password" in checks["login"].detail
    assert checks["limits read back"].detail.startswith("25 deg/s")


def test_the_tool_s_mass_is_tried_and_put_back_where_it_is_configured() -> None:
    kept: list[LoopbackController] = []
    checks = examined(lambda controller, arm: kept.append(controller), tool_mass_kg=0.92)
    assert checks["tool and payload"].state == "OK"
    assert checks["tool's mass read back"].detail.startswith("0.92 kg")
    assert kept[0].calls.count("SetToolConfiguration") == kept[0].calls.count("SetPayloadInformation") == 2
    assert "tool's mass read back" not in examined()


def stands_in_fault(controller: LoopbackController, arm: IdealArm) -> None:
    controller.robot.actions.faulted = "ROBOT_IN_FAULT"


def refuses(controller: LoopbackController, arm: IdealArm) -> None:
    controller.mischief.answers["GetArmState"].append(Refuse("SESSION_NOT_IN_CONTROL"))


def will_not_be_limited(controller: LoopbackController, arm: IdealArm) -> None:
    controller.mischief.answers["SetJointSpeedSoftLimits"].append(Refuse("SESSION_NOT_IN_CONTROL"))


@pytest.mark.parametrize(
    ("act", "changes", "subject", "words"),
    [
        (stands_in_fault, {}, "arm state", "clear faults in the web application"),
        (refuses, {}, "connection", "another session moves the arm"),
        (will_not_be_limited, {}, "connection", "SetJointSpeedSoftLimits"),
        (lambda controller, arm: None, {"tcp_port": 9}, "connection", "is it switched on"),
        (lambda controller, arm: None, {"client": "kortex_api"}, "connection", "Kinova's wheel"),
    ],
)
def test_what_is_wrong_fails_with_what_to_do(
    act: Act, changes: dict[str, object], subject: str, words: str
) -> None:
    if changes.get("client") == "kortex_api" and "kortex_api" in sys.modules:
        pytest.fail("the genuine client must not be loaded into this process")
    check = examined(act, **changes)[subject]
    assert (check.state, words in check.detail) == ("FAIL", True), check.detail


def test_few_readings_are_told() -> None:
    assert examined(feedback_hz=20000.0)["readings"].state == "WARN"


def test_what_was_limited_is_put_back() -> None:
    kept: list[LoopbackController] = []
    examined(lambda controller, arm: kept.append(controller))
    assert kept[0].calls.count("SetJointSpeedSoftLimits") == 2


def test_an_interpreter_that_is_not_there_is_named() -> None:
    options = KinovaOptions(driver=DriverOptions(python="/nowhere/python"))
    with pytest.raises(HardwareError, match=r"kinova\.driver\.python"):
        list(still_findings(options))


# Consent --------------------------------------------------------------------------------------------------


def never(question: str) -> str:
    raise AssertionError("nobody may be asked")


def at_a_terminal(monkeypatch: pytest.MonkeyPatch, there: bool) -> None:
    monkeypatch.setattr(
        robot_command.sys, "stdin", type("Input", (), {"isatty": staticmethod(lambda: there)})()
    )


def test_moving_is_asked_for_once_and_a_no_moves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    at_a_terminal(monkeypatch, there=True)
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return "n" if len(asked) > 1 else "y"

    agree(Config(), yes=False, as_json=False, ask=ask)
    assert "emergency stop" in asked[0]
    with pytest.raises(UsageError, match="nothing was moved"):
        agree(Config(), yes=False, as_json=False, ask=ask)


def test_programs_and_pipes_must_say_yes_and_a_rehearsal_need_not(monkeypatch: pytest.MonkeyPatch) -> None:
    at_a_terminal(monkeypatch, there=False)
    with pytest.raises(UsageError, match="--yes"):
        agree(Config(), yes=False, as_json=False, ask=never)
    at_a_terminal(monkeypatch, there=True)
    with pytest.raises(UsageError, match="--yes"):
        agree(Config(), yes=False, as_json=True, ask=never)
    agree(Config(), yes=True, as_json=True, ask=never)
    agree(Config(kinova=KinovaOptions(address="loopback")), yes=False, as_json=True, ask=never)
