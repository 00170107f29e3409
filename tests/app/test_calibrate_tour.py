"""The arm's way round the board: who is asked before it moves, what counts as a look, how a tour ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from app.calibrate import devices as calibration_devices
from app.calibrate.devices import CalibrationDevices, FreshColour, open_devices
from app.calibrate.tour import touring
from app.options import Config
from app.signals import Interrupted
from hardware.calibration.errors import Unclear
from hardware.errors import HardwareError, StaleData
from hardware.realsense.errors import StaleFrame
from hardware.sim.options import SimOptions
from hardware.types import MotionState, MotionStatus
from tests.hardware.calibration.synthetic import BOARD

ASIDE = np.radians([0.0, -2.0, 0.0, 3.0, 0.0, 2.0, 0.0])


def config() -> Config:
    sim = SimOptions()
    camera = replace(sim.camera, width=424, height=240, focal_px=302.9)
    return replace(Config(), sim=replace(sim, camera=camera))


@pytest.fixture
def devices() -> CalibrationDevices:
    """The arm looks at a person to come, the board lies behind its picture."""
    return open_devices(config(), BOARD, 0)


def counting(calls: list[str]) -> Callable[[], None]:
    return lambda: calls.append("asked")


def test_a_person_is_asked_once_and_before_the_first_motion(devices: CalibrationDevices) -> None:
    asked: list[str] = []
    with touring(devices, BOARD, config(), 1, counting(asked)) as tour:
        start = tour.joints
        assert not asked
        assert tour.go(start + ASIDE)
        assert tour.go(start)
    assert asked == ["asked"]


def test_nothing_moves_without_consent(devices: CalibrationDevices) -> None:
    def refuse() -> None:
        raise PermissionError

    start = devices.robot.arm.state().joints
    with pytest.raises(PermissionError), touring(devices, BOARD, config(), 1, refuse) as tour:
        tour.go(start + ASIDE)
    np.testing.assert_allclose(devices.robot.arm.state().joints, start, atol=1e-3)


def test_a_tour_that_is_broken_off_leaves_the_arm_at_rest(devices: CalibrationDevices) -> None:
    robot = devices.robot
    polls = 0

    def sleep(seconds: float) -> None:
        nonlocal polls
        polls += 1
        real(seconds)
        if polls == 20:
            raise Interrupted("stopped by SIGINT")

    real = robot.clock.sleep
    width_m = robot.gripper.state().width_m
    robot.clock.sleep = sleep  # type: ignore[method-assign]
    goal = robot.arm.state().joints + 5.0 * ASIDE
    with pytest.raises(Interrupted), touring(devices, BOARD, config(), 1, lambda: None) as tour:
        tour.go(goal)
    state = robot.arm.state()
    assert np.max(np.abs(state.velocities)) < 0.02
    assert np.max(np.abs(state.joints - goal)) > 0.01  # on the way it stopped
    real(1.0)
    np.testing.assert_allclose(robot.arm.state().joints, state.joints, atol=2e-3)
    assert robot.gripper.state().width_m == pytest.approx(width_m, abs=1e-3)


def test_a_motion_is_slowed_as_in_a_run() -> None:
    """Nobody is looked for here: the governor allows what it allows where nobody is seen."""
    usual, careful = (
        replace(config(), planning=replace(planning, safety=replace(planning.safety, unseen_speed_m_s=speed)))
        for planning, speed in ((config().planning, 0.25), (config().planning, 0.02))
    )
    took_s = []
    for chosen in (usual, careful):
        devices = open_devices(chosen, BOARD, 0)
        clock = devices.robot.clock
        with touring(devices, BOARD, chosen, 1, lambda: None) as tour:
            began_s = clock.now()
            assert tour.go(tour.joints + ASIDE)
            took_s.append(clock.now() - began_s)
    assert took_s[1] > 1.5 * took_s[0]


def test_a_motion_that_does_not_end_is_stopped(devices: CalibrationDevices) -> None:
    robot, calls = devices.robot, []
    stuck: Any = SimpleNamespace(
        poll=lambda: MotionStatus(MotionState.RUNNING, "on the way"), cancel=lambda: calls.append("cancel")
    )
    robot.arm.follow = lambda trajectory: stuck  # type: ignore[method-assign]
    longest_s = config().tree.deadlines.motion_s
    with (
        pytest.raises(HardwareError, match=f"did not get to the next pose within {longest_s:.0f} s"),
        touring(devices, BOARD, config(), 1, lambda: None) as tour,
    ):
        tour.go(tour.joints + ASIDE)
    assert calls == ["cancel"]


def unreadable() -> Any:
    raise StaleData("arm", 1.0, 0.5)


def test_the_first_error_of_a_tour_is_the_one_that_is_told(
    devices: CalibrationDevices, caplog: pytest.LogCaptureFixture
) -> None:
    """An arm that cannot be read any more is stopped and given the time to come to rest."""
    robot, calls = devices.robot, []

    def failing() -> None:
        robot.arm.state = unreadable  # type: ignore[method-assign]
        robot.arm.stop = lambda: calls.append("stop")  # type: ignore[method-assign]
        raise KeyError("the first")

    began_s = robot.clock.now()
    with pytest.raises(KeyError, match="the first"), touring(devices, BOARD, config(), 1, lambda: None):
        failing()
    assert calls == ["stop"]
    assert robot.clock.now() - began_s >= config().run.hold_s
    assert "could not be seen at rest" in caplog.text


def test_a_tour_that_ends_well_ends_with_an_arm_seen_at_rest(devices: CalibrationDevices) -> None:
    with (
        pytest.raises(HardwareError, match="could not be seen at rest"),
        touring(devices, BOARD, config(), 1, lambda: None),
    ):
        devices.robot.arm.state = unreadable  # type: ignore[method-assign]


def test_a_camera_that_pauses_costs_one_look_and_no_tour(devices: CalibrationDevices) -> None:
    camera: Any = devices.camera

    def latest() -> Any:
        raise StaleFrame(0.6, 0.3, "the camera repeats frame 7")

    with touring(devices, BOARD, config(), 1, lambda: None) as tour:
        camera.latest = latest
        with pytest.raises(Unclear, match=r"no new picture came.*repeats frame 7"):
            tour.look()


def test_a_look_that_shows_no_board_does_not_count(devices: CalibrationDevices) -> None:
    with (
        touring(devices, BOARD, config(), 1, lambda: None) as tour,
        pytest.raises(Unclear, match="corners are seen"),
    ):
        tour.look()


def test_a_look_from_an_arm_that_moves_does_not_count(devices: CalibrationDevices) -> None:
    robot, drift = devices.robot, iter(np.linspace(0.0, 0.1, 400))

    def drifting() -> Any:
        state = still()
        return replace(state, joints=state.joints + next(drift))

    still = robot.arm.state
    with touring(devices, BOARD, config(), 3, lambda: None) as tour:
        robot.arm.state = drifting  # type: ignore[method-assign]
        with pytest.raises(Unclear, match="a joint moved"):
            tour.look()


def test_each_picture_of_a_real_camera_is_a_new_one() -> None:
    sequences = iter([1, 1, 1, 2, 2, 3])
    ages: list[float] = []

    def latest(max_age_s: float) -> Any:
        ages.append(max_age_s)
        number = next(sequences)
        return SimpleNamespace(sequence=number, rgb=np.full((1, 1, 3), number))

    slept: list[float] = []
    camera: Any = SimpleNamespace(latest=latest)
    clock: Any = SimpleNamespace(sleep=slept.append)
    fresh = FreshColour(camera, clock)
    assert [int(fresh.latest()[0, 0, 0]) for _ in range(3)] == [1, 2, 3]
    assert len(slept) == 3
    assert set(ages) == {calibration_devices.MAX_AGE_S}
