"""Coming up and going down, the checks before anything moves, the arm left as it was found."""

from __future__ import annotations

import socket
from dataclasses import asdict, replace
from types import SimpleNamespace

import numpy as np
import pytest

from hardware.clock import SystemClock
from hardware.errors import DeviceFault, HardwareError
from hardware.gen3.facts import HOME
from hardware.kinova.checks import examine, limited_speeds, require_fit
from hardware.kinova.errors import KortexLinkLost, KortexRefused, KortexUnreachable
from hardware.kinova.feedback import Feedback
from hardware.kinova.hosted import open_devices
from hardware.kinova.loopback.controller import LoopbackController
from hardware.kinova.loopback.mischief import Drop, Refuse
from hardware.kinova.loopback.plant import IdealArm, IdealGripper
from hardware.kinova.package import load_package
from hardware.kinova.payload import weighed_tool
from hardware.kinova.session import KortexSession
from tests.hardware.kinova.rig import options_for, rig

STAND_IN = load_package("stand_in")


def controller(**changes: object) -> LoopbackController:
    clock = SystemClock()
    return LoopbackController(IdealArm(clock, HOME), IdealGripper(clock), clock, **changes)  # type: ignore[arg-type]


def test_nobody_at_the_address_is_told_at_once_with_what_to_check() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with controller() as made:
        options = replace(options_for(made), tcp_port=port)
    with pytest.raises(KortexUnreachable, match="is it switched on"):
        KortexSession(STAND_IN, options).__enter__()


def test_wrong_credentials_name_the_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINOVA_PASSWORD", "wrong")
    with controller() as made, pytest.raises(KortexRefused, match="KINOVA_PASSWORD") as caught:
        KortexSession(STAND_IN, options_for(made)).__enter__()
    assert caught.value.sub_code == "INVALID_PASSWORD"
    assert "wrong" not in str(caught.value)


def test_the_password_of_the_environment_is_used_and_the_default_one_warned_of(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("KINOVA_USER", "lab")
    monkeypatch.setenv("KINOVA_PASSWORD", "secret")
    with controller(credentials=("lab", "secret")) as made, KortexSession(STAND_IN, options_for(made)):
        assert "CreateSession" in made.calls
    assert not caplog.records
    monkeypatch.delenv("KINOVA_USER")
    monkeypatch.delenv("KINOVA_PASSWORD")
    with controller() as made, KortexSession(STAND_IN, options_for(made)):
        assert "default password" in caplog.text


def breaks(*given: object) -> None:
    raise BrokenPipeError("Broken pipe")


def test_a_link_that_breaks_at_the_login_or_a_subscription_is_told_in_words() -> None:
    class Manager:
        def __init__(self, router: object) -> None:
            self.CreateSession = breaks

    with controller() as made:
        options = options_for(made)
        broken = replace(STAND_IN, session_manager=Manager)
        with pytest.raises(KortexLinkLost, match=r"broke during the login \(Broken pipe\)"):
            KortexSession(broken, options).__enter__()
        with (
            KortexSession(STAND_IN, options) as session,
            pytest.raises(KortexLinkLost, match="broke during a subscription"),
        ):
            session.subscribe(breaks, print)


def test_a_port_that_takes_no_connection_is_told_in_words() -> None:
    class Deaf:
        send = None

        def connect(self, address: str, port: int) -> None:
            raise ConnectionRefusedError("refused")

    package = replace(STAND_IN, transports=SimpleNamespace(tcp=Deaf, udp=Deaf))
    with controller() as made, pytest.raises(KortexUnreachable, match="refused"):
        KortexSession(package, options_for(made)).__enter__()


def test_going_down_ends_subscriptions_stops_and_closes_in_this_order() -> None:
    with rig() as made:
        pass
    calls = made.controller.calls
    ends = [calls.index("Unsubscribe"), calls.index("SetJointSpeedSoftLimits", calls.index("Unsubscribe"))]
    ends += [calls.index("CloseSession", ends[-1]), calls.index("Stop", ends[-1])]
    assert ends == sorted(ends)
    assert calls[-1] == "CloseSession"


def test_a_step_that_fails_on_the_way_down_does_not_keep_the_next_from_running() -> None:
    with rig() as made:
        made.controller.mischief.answers["Unsubscribe"].append(Refuse("METHOD_FAILED"))
        made.controller.mischief.answers["Stop"].append(Drop())
    assert made.controller.calls[-1] == "CloseSession"


def test_the_speed_limit_is_set_read_back_and_put_back() -> None:
    with controller() as made:
        options = options_for(made, max_joint_speed_deg_s=75.0)
        with KortexSession(STAND_IN, options) as session:
            limited_speeds(session, options)
            assert made.robot._speed_limits() == pytest.approx(np.radians([75.0] * 4 + [70.0] * 3))
        assert made.robot._speed_limits() == pytest.approx(np.radians([25.0] * 7))


def test_a_limit_the_arm_does_not_take_is_an_error() -> None:
    with controller() as made:
        options = options_for(made)
        with KortexSession(STAND_IN, options) as session:
            made.robot._set_joint_speed_soft_limits = lambda request: None  # type: ignore[method-assign]
            with pytest.raises(HardwareError, match="reads back"):
                limited_speeds(session, options)


def carried(made: LoopbackController) -> tuple[float, float, float, float]:
    """What the controller has: the tool's mass, its centre's z, the tool frame's z, the payload."""
    tool, payload = made.robot._tool, made.robot._payload
    return tool.tool_mass, tool.tool_mass_center.z, tool.tool_transform.z, payload.payload_mass


def test_the_tool_s_mass_is_set_read_back_and_put_back() -> None:
    with controller() as made:
        made.robot._tool.tool_mass, made.robot._tool.tool_transform.z = 0.5, 0.12
        made.robot._payload.payload_mass = 0.3
        options = options_for(made, tool_mass_kg=1.02)
        with KortexSession(STAND_IN, options) as session:
            assert weighed_tool(session, options)
            assert carried(made) == pytest.approx((1.02, 0.047, 0.12, 0.0))
        assert carried(made) == pytest.approx((0.5, 0.0, 0.12, 0.3))


def test_without_a_mass_the_arm_keeps_its_own() -> None:
    with controller() as made:
        options = options_for(made)
        with KortexSession(STAND_IN, options) as session:
            assert not weighed_tool(session, options)
    assert not [call for call in made.calls if call.startswith("Set")]


@pytest.mark.parametrize("deaf", ["_set_tool_configuration", "_set_payload_information"])
def test_a_mass_the_arm_does_not_take_is_an_error(deaf: str) -> None:
    with controller() as made:
        made.robot._payload.payload_mass = 0.3
        setattr(made.robot, deaf, lambda request: None)
        options = options_for(made, tool_mass_kg=1.02)
        with KortexSession(STAND_IN, options) as session, pytest.raises(HardwareError, match="reads back"):
            weighed_tool(session, options)


def test_the_driver_process_sets_the_tool_s_mass() -> None:
    with controller() as made:
        options = options_for(made, tool_mass_kg=0.92)
        with open_devices(SystemClock(), **asdict(options)):
            assert made.robot._tool.tool_mass == pytest.approx(0.92)
        assert made.robot._tool.tool_mass == 0.0


def test_the_firmware_is_told_as_it_is() -> None:
    with controller() as made:
        options = options_for(made)
        with KortexSession(STAND_IN, options) as session, Feedback(session, options, SystemClock()) as felt:
            told = {check.subject: check for check in examine(session, felt, options)}["firmware"]
            made.mischief.answers["GetFirmwareVersion"].append(Refuse("UNSUPPORTED_METHOD"))
            silent = {check.subject: check for check in examine(session, felt, options)}["firmware"]
    assert (told.state, silent.state) == ("WARN", "WARN")
    assert told.detail.startswith("0x02060000, by bytes 2.6.0.0; 2.6 or a later 2.x is needed")
    assert "UNSUPPORTED_METHOD" in silent.detail


def test_an_arm_that_is_fit_passes_and_each_check_has_its_line() -> None:
    with controller() as made:
        options = options_for(made)
        with KortexSession(STAND_IN, options) as session, Feedback(session, options, SystemClock()) as felt:
            checks = {check.subject: check for check in examine(session, felt, options)}
    assert {check.state for check in checks.values()} <= {"OK", "WARN"}
    assert "0.0 mm" in checks["kinematics"].detail
    assert checks["tool and payload"].state == "WARN"  # nothing is configured on it
    assert "kinova.tool_mass_kg" in checks["tool and payload"].detail


@pytest.mark.parametrize(
    ("what", "subject"),
    [("fault", "arm state"), ("low level", "servoing mode"), ("wrench", "wrench"), ("moved", "kinematics")],
)
def test_what_is_wrong_with_an_arm_is_told(what: str, subject: str) -> None:
    clock = SystemClock()
    plant = IdealArm(clock, HOME)
    with LoopbackController(plant, IdealGripper(clock), clock) as made:
        options = options_for(made)
        with KortexSession(STAND_IN, options) as session, Feedback(session, options, clock) as felt:
            if what == "fault":
                made.robot.actions.faulted = "ROBOT_IN_FAULT"
            elif what == "low level":
                made.robot._servoing = session.package.messages.Base.LOW_LEVEL_SERVOING
            elif what == "wrench":
                plant.wrench = np.array([0.0, 0.0, -40.0, 0.0, 0.0, 0.0])
            else:
                options = replace(options, fk_tolerance_m=-1.0)
            until = clock.now() + 5.0
            before = felt.newest().arm.stamp_s
            while felt.newest().arm.stamp_s <= before + 0.05 and clock.now() < until:
                clock.sleep(0.005)
            found = {check.subject: check for check in examine(session, felt, options)}[subject]
            assert found.state == ("WARN" if what in ("wrench", "moved") else "FAIL")
            if found.state == "FAIL":
                with pytest.raises(DeviceFault, match=subject):
                    require_fit(session, felt, options)


def test_a_silent_program_s_arm_comes_to_rest_by_the_controller_s_own_timeout() -> None:
    """What stands behind the driver process should it die too: the robot watches the connection."""
    with rig() as made:
        motion = made.arm.follow(made.swing(0.6, 12.0))
        made.until(lambda: not made.stands())
        made.controller.drop_connections()
        made.until(made.stands)
        assert motion.poll().running or not motion.poll().succeeded
