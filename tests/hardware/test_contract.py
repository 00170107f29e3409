"""The hardware protocols' guarantees, checked on every implementation that runs without a robot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from hardware.errors import StaleData
from hardware.executor import InlineExecutor, ThreadExecutor
from hardware.protocols import Announcer, Arm, Camera, Clock, Gripper, JobExecutor, Motion
from hardware.types import CameraIntrinsics, MotionState, RGBDFrame
from tests.fakes import FakeArm, FakeCamera, FakeClock, FakeGripper, RecordingAnnouncer
from tests.hardware.realsense.software import Rig, ShootingClock
from tests.hardware.simulated import BOX, build, finish, move_to, scene_with


@dataclass(frozen=True)
class Devices:
    """One set of devices on one clock."""

    arm: Arm
    gripper: Gripper
    camera: Camera
    clock: Clock
    announcer: Announcer


def simulated(folder: Path) -> Devices:
    robot = build(scene_with(folder, BOX, (0.45, 0.2))).robot
    return Devices(robot.arm, robot.gripper, robot.camera, robot.clock, robot.announcer)


def scripted(folder: Path) -> Devices:
    clock = FakeClock()
    intrinsics = CameraIntrinsics(4, 3, 4.0, 4.0, 1.5, 1.0)
    picture = RGBDFrame(
        np.zeros((3, 4, 3), np.uint8), np.ones((3, 4), np.float32), intrinsics, np.eye(4), 0.0, 0
    )
    arm, gripper = FakeArm(clock, []), FakeGripper(clock, [])
    camera = FakeCamera(clock, picture)
    return Devices(arm, gripper, camera, clock, RecordingAnnouncer())


@pytest.fixture(params=[simulated, scripted], ids=lambda factory: factory.__name__)
def devices(request: pytest.FixtureRequest, tmp_path: Path) -> Devices:
    factory: Callable[[Path], Devices] = request.param
    return factory(tmp_path)


@pytest.fixture(params=[InlineExecutor, ThreadExecutor])
def executor(request: pytest.FixtureRequest) -> Iterator[JobExecutor]:
    made = request.param()
    yield made
    if isinstance(made, ThreadExecutor):
        made.shutdown()


def short_move(devices: Devices, travel_rad: float = 0.1) -> Motion:
    joints = devices.arm.state().joints
    return devices.arm.follow(move_to(joints, joints + travel_rad, 0.6))


def test_devices_satisfy_their_protocols(devices: Devices) -> None:
    assert isinstance(devices.arm, Arm)
    assert isinstance(devices.gripper, Gripper)
    assert isinstance(devices.camera, Camera)
    assert isinstance(devices.clock, Clock)
    assert isinstance(devices.announcer, Announcer)


def test_time_passes_only_in_sleep_and_never_goes_back(devices: Devices) -> None:
    before = devices.clock.now()
    assert devices.clock.now() == before
    devices.clock.sleep(0.1)
    assert devices.clock.now() == pytest.approx(before + 0.1, abs=1e-3)
    devices.clock.sleep(0.0)
    assert devices.clock.now() == pytest.approx(before + 0.1, abs=1e-3)


def test_a_trajectory_ends_where_it_says(devices: Devices) -> None:
    goal = devices.arm.state().joints + 0.1
    status = finish(devices.clock, short_move(devices))
    assert status.succeeded, status.reason
    np.testing.assert_allclose(devices.arm.state().joints, goal, atol=0.01)


def test_a_motion_runs_before_it_ends_and_keeps_its_answer(devices: Devices) -> None:
    motion = short_move(devices)
    assert motion.poll().state is MotionState.RUNNING
    answer = finish(devices.clock, motion)
    devices.clock.sleep(0.1)
    motion.cancel()
    assert motion.poll() == answer


@pytest.mark.parametrize("ticks", [0, 10])
def test_cancel_ends_an_arm_motion_once_and_for_all(devices: Devices, ticks: int) -> None:
    motion = short_move(devices)
    for _ in range(ticks):
        devices.clock.sleep(0.02)
    motion.cancel()
    motion.cancel()
    devices.clock.sleep(1.0)
    assert motion.poll().state is MotionState.FAILED
    assert motion.poll().reason
    assert np.max(np.abs(devices.arm.state().velocities)) < 0.01


def test_stop_may_come_at_any_moment_any_number_of_times(devices: Devices) -> None:
    devices.arm.stop()
    short_move(devices)
    devices.clock.sleep(0.2)
    devices.arm.stop()
    devices.arm.stop()
    devices.clock.sleep(0.5)
    assert np.max(np.abs(devices.arm.state().velocities)) < 0.01
    assert devices.arm.state().fault is None


def test_readings_are_cached_and_stamped_by_the_clock(devices: Devices) -> None:
    first, again = devices.arm.state(), devices.arm.state()
    assert first.stamp_s == again.stamp_s == pytest.approx(devices.clock.now(), abs=0.01)
    np.testing.assert_array_equal(first.wrench, again.wrench)
    devices.clock.sleep(0.1)
    assert devices.arm.state().stamp_s > first.stamp_s
    assert devices.gripper.state().stamp_s == pytest.approx(devices.clock.now(), abs=0.01)


def test_the_gripper_goes_where_it_is_told(devices: Devices) -> None:
    for width_m in (0.06, 0.08):
        assert finish(devices.clock, devices.gripper.move(width_m, 40.0)).succeeded
        assert devices.gripper.state().width_m == pytest.approx(width_m, abs=0.002)
        assert not devices.gripper.state().holding


def test_cancelling_the_gripper_keeps_a_width(devices: Devices) -> None:
    motion = devices.gripper.move(0.05, 40.0)
    devices.clock.sleep(0.04)
    motion.cancel()
    motion.cancel()
    width_m = devices.gripper.state().width_m
    devices.clock.sleep(0.5)
    assert motion.poll().state is MotionState.FAILED
    assert devices.gripper.state().width_m == pytest.approx(width_m, abs=0.004)


Views = tuple[Camera, Clock]


@contextmanager
def simulated_view(folder: Path) -> Iterator[Views]:
    devices = simulated(folder)
    yield devices.camera, devices.clock


@contextmanager
def scripted_view(folder: Path) -> Iterator[Views]:
    devices = scripted(folder)
    yield devices.camera, devices.clock


@contextmanager
def realsense_view(folder: Path) -> Iterator[Views]:
    """The RealSense camera over librealsense's software device, which gives a picture each period."""
    rig = Rig()
    rig.enter()
    yield rig.camera, ShootingClock(rig)
    rig.camera.__exit__(None, None, None)


@pytest.fixture(params=[simulated_view, scripted_view, realsense_view], ids=lambda view: view.__name__)
def view(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Views]:
    """A camera and its clock."""
    with request.param(tmp_path) as camera_and_clock:
        yield camera_and_clock


def test_cameras_satisfy_their_protocol(view: Views) -> None:
    assert isinstance(view[0], Camera)


def test_a_frame_is_no_older_than_asked(view: Views) -> None:
    camera, clock = view
    clock.sleep(0.2)
    frame = camera.latest(0.1)
    assert 0.0 <= clock.now() - frame.stamp_s <= 0.1
    assert frame.rgb.shape[:2] == frame.depth_m.shape
    clock.sleep(0.2)
    assert camera.latest(0.1).sequence > frame.sequence


def test_a_frame_is_read_only_and_has_a_place(view: Views) -> None:
    camera, clock = view
    clock.sleep(0.2)
    frame = camera.latest(0.1)
    for array in (frame.rgb, frame.depth_m, frame.base_from_camera):
        assert not array.flags.writeable
    turn = frame.base_from_camera[:3, :3]
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-9)


def test_a_frame_that_cannot_be_young_enough_is_refused(view: Views) -> None:
    with pytest.raises(StaleData, match="camera"):
        view[0].latest(-0.1)


def test_a_job_brings_its_result_or_its_error(executor: JobExecutor) -> None:
    assert executor.submit(lambda: 6 * 7, "answer").result(timeout=5.0) == 42
    future = executor.submit(lambda: 1 / 0, "broken")
    assert isinstance(future.exception(timeout=5.0), ZeroDivisionError)
