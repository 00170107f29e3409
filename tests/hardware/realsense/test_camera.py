"""The camera's thread: stamps, poses, stale and repeated frames, silence, and the ways back from it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pyrealsense2 as rs
import pytest

from hardware.calibration.mounts import Mount, WristMount
from hardware.errors import BadFile, HardwareError, NotConnected, StaleData
from hardware.gen3.kinematics import flange_pose
from hardware.geometry import pose
from hardware.history import JointHistory
from hardware.realsense.camera import RealSenseCamera, mismatch
from hardware.realsense.errors import CameraBusy, CameraLost, NoCamera, NoPicture
from hardware.realsense.options import RealSenseOptions
from hardware.types import ArmState, CameraIntrinsics
from tests.hardware.realsense.software import QUICK, RATE_HZ, SERIAL, Rig, pattern, plane, until

MakeRig = Callable[..., Rig]
PERIOD_S = 1.0 / RATE_HZ


@pytest.fixture
def make_rig() -> Iterator[MakeRig]:
    """Builds rigs and leaves their cameras."""
    rigs: list[Rig] = []

    def make(options: RealSenseOptions = QUICK, mount: Mount | None = None) -> Rig:
        rigs.append(Rig(options, mount))
        return rigs[-1]

    yield make
    for made in rigs:
        made.camera.__exit__(None, None, None)


@pytest.fixture
def rig(make_rig: MakeRig) -> Rig:
    """A connected one."""
    made = make_rig()
    made.enter()
    return made


def passed(rig: Rig, seconds: float = PERIOD_S) -> None:
    rig.clock.now_s += seconds


# Frames ----------------------------------------------------------------------------------------------------


def test_the_newest_frame_is_handed_out(rig: Rig) -> None:
    first = rig.camera.latest(1.0)
    for distance_m in (0.6, 0.7, 0.8):
        passed(rig)
        rig.show(rig.shot(plane(distance_m)))
    frame = rig.camera.latest(0.01)
    assert np.max(frame.depth_m) == pytest.approx(0.8, abs=1e-6)
    np.testing.assert_array_equal(frame.rgb, pattern(rig.number))
    assert frame.sequence == first.sequence + 3
    assert rig.camera.latest(0.01) is frame
    assert SERIAL in frame.source
    assert frame.intrinsics == rig.camera.facts.colour


def test_a_frame_bears_the_moment_it_was_taken_on_the_programs_clock(rig: Rig) -> None:
    passed(rig, 0.2)
    rig.show(rig.shot(age_s=0.04))
    assert rig.camera.latest(1.0).stamp_s == pytest.approx(rig.clock.now() - 0.04, abs=1e-4)
    passed(rig, 0.2)
    rig.show(rig.shot(age_s=-0.01))  # the fit of the camera's clock is a little ahead
    assert rig.camera.latest(0.0).stamp_s == rig.clock.now()


def test_an_old_frame_is_refused_with_its_age(rig: Rig) -> None:
    passed(rig)
    rig.show(rig.shot())
    passed(rig, 0.3)
    rig.camera.latest(0.31)
    with pytest.raises(StaleData, match=r"camera is 0\.300 s old, 0\.250 s are allowed"):
        rig.camera.latest(0.25)


@pytest.mark.parametrize("wall_ahead_s", [3600.0, -3600.0])
def test_a_frame_whose_moment_cannot_be_is_dropped(rig: Rig, wall_ahead_s: float) -> None:
    passed(rig)
    rig.show(rig.shot())
    before, rig.wall_ahead_s = rig.camera.latest(1.0), wall_ahead_s
    passed(rig, 0.2)
    rig.show(rig.shot())
    assert rig.camera.counts.dropped == 1
    assert rig.camera.latest(1.0) is before
    with pytest.raises(StaleData, match=r"clock set"):
        rig.camera.latest(0.1)
    rig.wall_ahead_s = 0.0
    passed(rig)
    rig.show(rig.shot())
    assert rig.camera.latest(0.0).sequence == before.sequence + 1


def test_frames_on_the_cameras_own_clock_count_as_taken_when_they_come(rig: Rig) -> None:
    passed(rig)
    rig.show(rig.shot(age_s=500.0, domain=rs.timestamp_domain.hardware_clock))
    assert rig.camera.latest(0.0).stamp_s == rig.clock.now()
    assert rig.camera.counts.unstamped == 1


def test_the_first_frames_settle_the_exposure(make_rig: MakeRig) -> None:
    rig = make_rig(replace(QUICK, warm_up_frames=6))
    rig.enter()
    assert rig.camera.counts.warm_up == 6
    assert rig.camera.latest(10.0).sequence == 1
    np.testing.assert_array_equal(rig.camera.latest(10.0).rgb, pattern(7))


def test_half_a_pair_is_no_frame(rig: Rig) -> None:
    passed(rig)
    rig.show(rig.shot())
    frame, rig.source.without_colour = rig.camera.latest(1.0), True
    for _ in range(12):
        passed(rig)
        rig.source.shots.put(rig.shot())
    until(lambda: rig.camera.counts.unpaired >= 2)
    assert rig.camera.latest(1.0) is frame
    with pytest.raises(StaleData, match="only depth comes"):
        rig.camera.latest(0.05)


class Half:
    """What `mismatch` reads of one of the library's frames."""

    def __init__(self, timestamp_ms: float, domain: Any = rs.timestamp_domain.global_time) -> None:
        self._timestamp_ms, self._domain = timestamp_ms, domain

    def get_timestamp(self) -> float:
        return self._timestamp_ms

    def get_frame_timestamp_domain(self) -> Any:
        return self._domain

    def get_profile(self) -> Half:
        return self

    def fps(self) -> int:
        return RATE_HZ


@pytest.mark.parametrize(
    ("depth", "colour", "fault"),
    [
        (Half(1000.0), Half(1016.0), ""),
        (Half(1016.0), Half(1000.0), ""),
        (Half(1033.3), Half(1000.0), "depth and colour come 33 ms apart"),
        (Half(1000.0), Half(1033.3), "depth and colour come 33 ms apart"),
        (Half(1000.0), Half(5000.0, rs.timestamp_domain.hardware_clock), ""),  # cannot be told
        (Half(1000.0), None, "only depth comes"),
        (None, Half(1000.0), "only colour comes"),
        (None, None, "neither stream comes"),
    ],
)
def test_a_picture_is_of_one_moment(depth: Half | None, colour: Half | None, fault: str) -> None:
    assert mismatch(depth, colour) == fault


# Places ----------------------------------------------------------------------------------------------------

HOME = np.radians([0.0, -44.4, 180.0, -129.2, 0.0, -65.2, 90.0])
FLANGE_FROM_CAMERA = pose(None, (0.0, 0.06, 0.03))


def arm_at(stamp_s: float, turned_rad: float) -> ArmState:
    joints = HOME + np.array([turned_rad, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    return ArmState(joints, np.zeros(7), np.zeros(7), np.zeros(6), None, stamp_s)


@pytest.fixture
def history() -> JointHistory:
    """An arm that turns by 0.5 rad/s from 100 s on, read for two seconds."""
    made = JointHistory()
    for index in range(201):
        made.add(arm_at(100.0 + 0.01 * index, 0.005 * index))
    return made


def test_a_frame_bears_where_the_camera_was_at_its_moment(make_rig: MakeRig, history: JointHistory) -> None:
    rig = make_rig(mount=WristMount(history, FLANGE_FROM_CAMERA))
    rig.enter()
    rig.clock.now_s = 101.0
    rig.show(rig.shot(age_s=0.2))
    expected = flange_pose(HOME + np.array([0.4, *np.zeros(6)])) @ FLANGE_FROM_CAMERA
    np.testing.assert_allclose(rig.camera.latest(1.0).base_from_camera, expected, atol=1e-4)


def test_a_frame_from_an_unknown_place_is_dropped(make_rig: MakeRig, history: JointHistory) -> None:
    rig = make_rig(mount=WristMount(history, FLANGE_FROM_CAMERA))
    rig.enter()
    rig.clock.now_s = 102.0
    rig.show(rig.shot())
    rig.clock.now_s = 103.0  # the arm has not been read for a second
    rig.show(rig.shot())
    assert rig.camera.counts.dropped == 1
    with pytest.raises(StaleData, match="where the arm was at 103"):
        rig.camera.latest(0.5)


def test_without_any_place_there_is_no_connection(make_rig: MakeRig) -> None:
    rig = make_rig(replace(QUICK, start_s=0.3), WristMount(JointHistory(), FLANGE_FROM_CAMERA))
    with pytest.raises(NoPicture, match=r"no picture within 0\.3 s .*where the arm was"):
        rig.enter()
    assert rig.source.calls == ["open", "close"]


def test_another_cameras_calibration_is_refused_at_the_start(make_rig: MakeRig) -> None:
    def refuse(serial: str, lens: CameraIntrinsics) -> None:
        raise BadFile("hand_eye.yaml", f"not made with {serial} at {lens.width} pixels", "calibrate")

    rig = make_rig(mount=WristMount(JointHistory(), FLANGE_FROM_CAMERA, refuse))
    with pytest.raises(BadFile, match=f"not made with {SERIAL} at 96 pixels"):
        rig.enter()
    assert rig.source.calls == ["open", "close"]


# Silence ---------------------------------------------------------------------------------------------------


def silence(rig: Rig) -> None:
    """Let the camera's thread see that nothing new came for too long, and what it does then."""
    passed(rig, rig.options.silent_s + 0.1)
    until(lambda: rig.camera.counts.reconnects == 1 or bool(rig.camera._lost))


def begin_again(rig: Rig) -> None:
    """The frames a reopened camera needs before one is handed out: those of `Rig.enter`."""
    for _ in range(rig.options.warm_up_frames + 1):
        rig.source.shots.put(rig.shot())
        passed(rig)
    until(rig.source.shots.empty)


def test_a_silent_camera_is_reset_and_connected_again(rig: Rig) -> None:
    before = rig.camera.latest(1.0)
    silence(rig)
    assert rig.source.calls == ["open", "close", "reset", "open"]
    with pytest.raises(StaleData, match=r"no new picture for 1\.\d s; connecting again, 1 of 3"):
        rig.camera.latest(0.5)
    rig.number = 0  # a reset camera counts from the beginning
    begin_again(rig)
    until(lambda: rig.camera.counts.taken > before.sequence)
    assert rig.camera.latest(0.5).sequence == before.sequence + 1


def test_a_camera_just_opened_is_given_longer_for_its_first_picture(make_rig: MakeRig) -> None:
    rig = make_rig()
    entering = threading.Thread(target=rig.camera.__enter__)
    entering.start()
    until(lambda: rig.source.waits > 0)
    waits = rig.source.waits
    passed(rig, rig.options.silent_s + 0.5)  # its streams have not begun
    until(lambda: rig.source.waits > waits + 2)
    assert rig.source.calls == ["open"]
    passed(rig, rig.options.first_s)
    until(lambda: rig.camera.counts.reconnects == 1)
    begin_again(rig)
    entering.join()
    assert rig.camera.latest(1.0).sequence == 1


@pytest.mark.parametrize("stuck", ["both", "depth", "colour"])
def test_a_camera_that_repeats_itself_is_silent(rig: Rig, stuck: str) -> None:
    passed(rig)
    rig.show(rig.shot())
    held, frame = rig.number, rig.camera.latest(1.0)
    for _ in range(3):
        passed(rig)
        shot = rig.shot()
        if stuck in ("both", "depth"):
            shot = replace(shot, depth_number=held)
        if stuck in ("both", "colour"):
            shot = replace(shot, colour_number=held)
        rig.show(shot)
    assert rig.camera.counts.repeated == 3
    assert rig.camera.latest(1.0) is frame
    with pytest.raises(StaleData, match="repeats"):
        rig.camera.latest(0.05)
    silence(rig)
    assert rig.source.calls[-3:] == ["close", "reset", "open"]


def test_a_camera_that_comes_back_late_is_waited_for(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.enter()
    rig.source.faults += [NoCamera(None, []), None]
    silence(rig)
    assert rig.source.calls == ["open", "close", "reset", "open", "open"]


def test_a_camera_that_stays_away_is_lost(make_rig: MakeRig) -> None:
    rig = make_rig(replace(QUICK, reconnect_tries=2, reconnect_s=0.0))
    rig.enter()
    rig.source.faults += [NoCamera(SERIAL, []), CameraBusy(SERIAL, "resource busy")]
    silence(rig)
    assert rig.source.calls == ["open", *["close", "reset", "open"] * 2]
    with pytest.raises(CameraLost, match=r"in use by another program.*given up after 2 tries"):
        rig.camera.latest(1000.0)


def test_what_the_library_says_is_told(rig: Rig) -> None:
    rig.source.shots.put(RuntimeError("xioctl(VIDIOC_DQBUF) failed"))
    until(lambda: "VIDIOC_DQBUF" in rig.camera._trouble)
    passed(rig, 0.5)
    with pytest.raises(StaleData, match="VIDIOC_DQBUF"):
        rig.camera.latest(0.1)
    rig.show(rig.shot())
    rig.camera.latest(0.0)


def test_a_bug_is_a_lost_camera_and_not_an_old_picture(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.source.shots.put(KeyError("a bug"))
    until(lambda: bool(rig.camera._lost))
    with pytest.raises(CameraLost, match="a bug"):
        rig.camera.latest(1000.0)
    assert "the camera's thread failed" in caplog.text


# Connecting and leaving ------------------------------------------------------------------------------------


def test_before_it_is_entered_it_is_not_connected(make_rig: MakeRig) -> None:
    rig = make_rig()
    for use in (lambda: rig.camera.latest(1.0), lambda: rig.camera.facts):
        with pytest.raises(NotConnected, match="camera"):
            use()


def test_what_keeps_it_from_opening_is_raised_at_once(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.source.faults.append(NoCamera("17", ["18"]))
    with pytest.raises(NoCamera, match=r"no RealSense camera 17 is connected \(found: 18\)"):
        rig.enter()


def test_no_picture_at_all_is_a_fault(make_rig: MakeRig) -> None:
    rig = make_rig(replace(QUICK, start_s=0.1))
    with pytest.raises(NoPicture, match="no picture within"), rig.camera:
        pass


def test_leaving_ends_the_thread_and_closes_the_source(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.enter()
    assert any(thread.name == "camera" for thread in threading.enumerate())
    rig.camera.__exit__(None, None, None)
    assert rig.source.calls == ["open", "close"]
    assert not any(thread.name == "camera" for thread in threading.enumerate())


def test_frames_come_while_others_ask(rig: Rig) -> None:
    """Two threads read while frames come: sequences never fall, frames are whole."""
    seen: list[list[int]] = [[], []]
    faults: list[Any] = []
    over = threading.Event()

    def read(into: list[int]) -> None:
        while not over.is_set():
            try:
                frame = rig.camera.latest(10.0)
            except HardwareError as error:
                faults.append(error)
                return
            if not np.array_equal(frame.rgb, pattern(frame.sequence + 2)):  # after the warm-up
                faults.append(frame.sequence)
            into.append(frame.sequence)

    readers = [threading.Thread(target=read, args=(into,)) for into in seen]
    for reader in readers:
        reader.start()
    for _ in range(30):
        passed(rig)
        rig.show(rig.shot())
    over.set()
    for reader in readers:
        reader.join()
    assert not faults
    for sequences in seen:
        assert all(later >= earlier for earlier, later in pairwise(sequences))
    assert isinstance(rig.camera, RealSenseCamera)
