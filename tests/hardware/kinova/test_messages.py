"""Messages built from the wire facts: right numbers and bytes, wrong fields refused; frames cut right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.kinova.frames import (
    MAGIC,
    NOTIFICATION,
    REQUEST,
    RESPONSE,
    FramingLost,
    KortexFrame,
    Reassembly,
    framed,
)
from hardware.kinova.messages import wire

BASE = wire().modules["Base"]


def test_a_misspelled_field_is_refused() -> None:
    action = BASE.Action()
    with pytest.raises(AttributeError):
        action.nmae = "x"
    with pytest.raises(ValueError, match="nmae"):
        BASE.Action(nmae="x")


def test_bytes_are_those_of_the_wire() -> None:
    # Field 9 of Action, a message that holds field 1, a message that holds field 1, a float.
    action = BASE.Action()
    action.reach_pose.target_pose.x = 1.0
    assert action.SerializeToString() == bytes.fromhex("4a070a050d0000803f")
    point = BASE.AngularWaypoint(angles=[1.0, 2.0], duration=0.5)
    assert point.SerializeToString() == bytes.fromhex("0a080000803f000000401d0000003f")


def test_only_one_kind_of_action_at_a_time() -> None:
    action = BASE.Action()
    action.execute_waypoint_list.duration = 1.0
    action.reach_joint_angles.joint_angles.joint_angles.add(joint_identifier=0, value=1.0)
    assert action.WhichOneof("action_parameters") == "reach_joint_angles"


def test_enums_have_their_names_and_numbers_and_common_ones_are_in_base_too() -> None:
    assert BASE.ActionEvent.Name(2) == "ACTION_ABORT"
    assert BASE.ARMSTATE_IN_FAULT == 4
    assert wire().modules[""].SubErrorCodes.Value("ROBOT_IN_FAULT") == 22
    assert wire().modules[""].SubErrorCodes.Value("CONTROL_WAYPOINT_TRAJECTORY_ABORTED") == 140


@pytest.mark.parametrize(
    ("service", "name", "uid"),
    [
        ("Session", "CreateSession", 0x10001),
        ("Base", "ExecuteAction", 0x20030),
        ("Base", "ValidateWaypointList", 0x200EB),
        ("BaseCyclic", "RefreshFeedback", 0x30003),
        ("ControlConfig", "SetJointSpeedSoftLimits", 0x10000E),
    ],
)
def test_calls_have_their_numbers(service: str, name: str, uid: int) -> None:
    assert wire().methods[service][name].uid == uid
    assert wire().method(uid) is wire().methods[service][name]


def test_no_call_moves_the_arm_without_end_in_the_driver() -> None:
    """Velocity commands are known to the controller's facts, and used by no file of the driver."""
    from pathlib import Path

    import hardware.kinova

    folder = Path(str(hardware.kinova.__file__)).parent
    for path in folder.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "SendTwistCommand" not in text, path
        assert "SendJointSpeedsCommand" not in text, path


FRAMES = st.builds(
    KortexFrame,
    kind=st.sampled_from([REQUEST, RESPONSE, NOTIFICATION]),
    uid=st.integers(0, 2**28 - 1),
    frame_id=st.integers(0, 0xFFFF),
    session_id=st.integers(0, 0xFFFF),
    device_id=st.integers(0, 0xFF),
    error=st.integers(0, 0xF),
    sub_error=st.integers(0, 0xFFF),
    payload=st.binary(max_size=200),
)


@given(FRAMES)
def test_a_frame_survives_the_wire(frame: KortexFrame) -> None:
    assert KortexFrame.decode(frame.encode()) == frame


@given(st.lists(FRAMES, min_size=1, max_size=4), st.lists(st.integers(1, 40), min_size=1, max_size=20))
def test_a_stream_is_cut_right_however_the_segments_fall(frames: list[KortexFrame], cuts: list[int]) -> None:
    stream, reassembly = b"".join(framed(frame.encode()) for frame in frames), Reassembly()
    found: list[bytes] = []
    while stream:
        size = cuts[len(found) % len(cuts)]
        found += reassembly.feed(stream[:size])
        stream = stream[size:]
    assert [KortexFrame.decode(data) for data in found] == frames


def test_a_stream_that_lost_its_place_is_told() -> None:
    with pytest.raises(FramingLost):
        Reassembly().feed(b"HTTP/1.1 200 OK\r\n")
    with pytest.raises(FramingLost):
        Reassembly().feed(MAGIC + b"\xff\xff\xff\xff")
    with pytest.raises(FramingLost):
        KortexFrame.decode(b"\xff\xff\xff")
