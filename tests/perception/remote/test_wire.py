"""Foreign bytes: whatever they are, they are read without harm or refused in one way."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.errors import HandoverError, StaleData
from hardware.types import RGBDFrame
from perception.errors import NotFound
from perception.remote import coding
from perception.remote.errors import Malformed
from perception.remote.wire import (
    Parcel,
    error_again,
    error_values,
    pack,
    packed_mask,
    unpack,
    unpacked_mask,
)
from planning.remote_grasps import view_of

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
DECODERS = (
    coding.frame_of,
    coding.keypoints_of,
    coding.segmented_of,
    coding.question_of,
    coding.reply_of,
    view_of,
)


def npz(**members: Any) -> bytes:
    body = io.BytesIO()
    np.savez(body, **members)
    return body.getvalue()


@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_plain_values_come_back(plain: dict[str, Any]) -> None:
    assert unpack(pack(Parcel(plain))).plain == json.loads(json.dumps(plain))


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float32", "float64", "bool"])
def test_arrays_come_back_as_they_were(dtype: str) -> None:
    array = np.arange(24).reshape(2, 3, 4).astype(dtype)
    again = unpack(pack(Parcel({}, {"a": array, "empty": array[:0]}))).arrays
    assert again["a"].dtype == array.dtype
    np.testing.assert_array_equal(again["a"], array)
    assert again["empty"].shape == (0, 3, 4)


@given(st.binary(max_size=400))
def test_any_bytes_are_refused_in_one_way(body: bytes) -> None:
    with pytest.raises(Malformed):
        unpack(body)


@given(st.integers(0, 2000), st.integers(1, 255))
def test_a_flipped_byte_is_read_or_refused(at: int, flip: int) -> None:
    body = bytearray(pack(Parcel({"a": 1}, {"b": np.arange(100)})))
    body[at % len(body)] ^= flip
    try:
        parcel = unpack(bytes(body))
    except Malformed:
        return
    assert isinstance(parcel.plain, dict)


def test_nothing_pickled_is_unpickled() -> None:
    body = npz(**{"plain.json": np.frombuffer(b"{}", np.uint8), "a": np.array([{"x": 1}], dtype=object)})
    with pytest.raises(Malformed, match="Object arrays cannot be loaded"):
        unpack(body)


def test_nothing_compressed_is_blown_up() -> None:
    body = io.BytesIO()
    np.savez_compressed(body, **{"plain.json": np.frombuffer(b"{}", np.uint8), "a": np.zeros(10_000_000)})
    with pytest.raises(Malformed, match="compressed"):
        unpack(body.getvalue())


@pytest.mark.parametrize("text", [b"[1]", b"{", b"\xff"])
def test_plain_values_have_to_be_an_object(text: bytes) -> None:
    with pytest.raises(Malformed):
        unpack(npz(**{"plain.json": np.frombuffer(text, np.uint8)}))


def test_an_archive_of_other_files_is_refused() -> None:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("plain.json.npy", "not an array")
    with pytest.raises(Malformed):
        unpack(body.getvalue())


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 1000))
def test_masks_come_back(height: int, width: int, seed: int) -> None:
    mask = np.random.default_rng(seed).random((height, width)) < 0.5
    bits = packed_mask(mask)
    np.testing.assert_array_equal(unpacked_mask(bits, (height, width)), mask)
    with pytest.raises(Malformed):
        unpacked_mask(bits, (height + 8, width))


@given(st.dictionaries(st.sampled_from(["frame", "keypoints", "messages", "reply", "shape"]), VALUES))
def test_nonsense_in_place_of_values_is_malformed(plain: dict[str, Any]) -> None:
    for decode in DECODERS:
        try:
            decode(Parcel(plain))
        except Malformed:
            continue
        assert decode is coding.keypoints_of
        assert plain["keypoints"] is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rgb": np.zeros((48, 64, 4), np.uint8)}, "an array of shape"),
        ({"rgb": np.zeros((48, 64, 3))}, "the array rgb holds float64"),
        ({"depth_m": np.zeros((47, 64), np.float32)}, "an array of shape"),
        ({"base_from_camera": np.zeros((3, 4))}, "an array of shape"),
        ({"rgb": None, "png": np.zeros(20, np.uint8)}, "UnidentifiedImageError"),
    ],
)
def test_arrays_that_do_not_fit_are_malformed(frame: RGBDFrame, change: dict[str, Any], said: str) -> None:
    parcel = coding.frame_parcel(frame, colour="raw", depth=True)
    arrays = {name: array for name, array in {**parcel.arrays, **change}.items() if array is not None}
    with pytest.raises(Malformed, match=said):
        coding.frame_of(Parcel(parcel.plain, arrays))


def test_a_small_file_with_a_huge_picture_is_not_decoded(frame: RGBDFrame) -> None:
    from PIL import Image

    png = io.BytesIO()
    Image.new("RGB", (3000, 3000)).save(png, format="PNG")
    parcel = coding.frame_parcel(frame, colour="none", depth=False)
    arrays = {**parcel.arrays, "png": np.frombuffer(png.getvalue(), np.uint8)}
    with pytest.raises(Malformed, match=r"3000 x 3000 pixels, 64 x 48 said"):
        coding.frame_of(Parcel(parcel.plain, arrays))


def test_an_absurd_size_is_not_allocated(frame: RGBDFrame) -> None:
    parcel = coding.frame_parcel(frame, colour="none", depth=False)
    plain = {"frame": {**parcel.plain["frame"]}}
    plain["frame"]["intrinsics"] = {**plain["frame"]["intrinsics"], "width": 10**9, "height": 10**9}
    with pytest.raises(Malformed, match="no picture has the size"):
        coding.frame_of(Parcel(plain, parcel.arrays))


def test_the_truth_of_a_simulation_does_not_travel(frame: RGBDFrame) -> None:
    from dataclasses import replace

    told = replace(frame, truth=object())  # type: ignore[arg-type]
    assert coding.frame_of(coding.frame_parcel(told, colour="png", depth=True)).truth is None


@pytest.mark.parametrize("error", [NotFound("mug", 0.1, 0.2), StaleData("camera", 1.5, 0.5)])
def test_failures_come_back_as_they_were(error: HandoverError) -> None:
    again = error_again(json.loads(json.dumps(error_values(error))))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"kinds": "x", "message": "m", "facts": {}},
        {"kinds": [], "message": 1, "facts": {}},
        {"kinds": [], "message": "m", "facts": []},
    ],
)
def test_failures_have_a_form(values: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        error_again(values)


def test_a_failure_cannot_replace_methods() -> None:
    error = error_again(
        {"kinds": ["builtins.SystemExit"], "message": "m", "facts": {"with_traceback": 1, "fine": 2}}
    )
    assert type(error) is HandoverError
    assert callable(error.with_traceback)
    assert vars(error) == {"fine": 2}
