"""Frames, detections, keypoints, questions and replies as parcels, and back.

A frame carries only what the other side looks at: colour for detection and segmentation, depth too for
keypoints; what a simulator knows of it (`truth`) never travels. Decoding raises Malformed.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from hardware.types import CameraIntrinsics, RGBDFrame
from perception.keypoints import Keypoints2D
from perception.remote.errors import Malformed
from perception.remote.wire import Parcel, packed_mask, unpacked_mask
from perception.types import Box, Detection, Message, Picture, Reply

Colour = Literal["raw", "png", "none"]
T = TypeVar("T")

LONGEST_SIDE_PX = 4096


def frame_parcel(frame: RGBDFrame, *, colour: Colour, depth: bool) -> Parcel:
    """A frame with the parts asked for."""
    arrays: dict[str, NDArray[Any]] = {"base_from_camera": frame.base_from_camera}
    if colour == "raw":
        arrays["rgb"] = frame.rgb
    elif colour == "png":
        arrays["png"] = np.frombuffer(_png(frame.rgb), dtype=np.uint8)
    if depth:
        arrays["depth_m"] = frame.depth_m
    plain = {
        "intrinsics": asdict(frame.intrinsics),
        "stamp_s": frame.stamp_s,
        "sequence": frame.sequence,
        "source": frame.source,
    }
    return Parcel({"frame": plain}, arrays)


def frame_of(parcel: Parcel) -> RGBDFrame:
    """The frame in a parcel; parts that were not sent are zero."""

    def build() -> RGBDFrame:
        plain = parcel.plain["frame"]
        numbers = {field.name: plain["intrinsics"][field.name] for field in fields(CameraIntrinsics)}
        intrinsics = CameraIntrinsics(**numbers)
        size = (intrinsics.height, intrinsics.width)
        return RGBDFrame(
            rgb=_rgb(parcel, size),
            depth_m=parcel.array("depth_m", "f") if "depth_m" in parcel.arrays else _dark(size, np.float32),
            intrinsics=intrinsics,
            base_from_camera=parcel.array("base_from_camera", "f"),
            stamp_s=float(plain["stamp_s"]),
            sequence=int(plain["sequence"]),
            source=str(plain["source"]),
        )

    return sound("frame", build)


def _rgb(parcel: Parcel, size: tuple[int, int]) -> NDArray[np.uint8]:
    if "rgb" in parcel.arrays:
        return parcel.array("rgb", "u")
    if "png" not in parcel.arrays:
        return _dark((*size, 3), np.uint8)
    from PIL import Image

    with Image.open(io.BytesIO(parcel.array("png", "u").tobytes()), formats=["PNG"]) as image:
        if (image.height, image.width) != size:  # before it is decoded: a small file may hold a huge picture
            raise Malformed(f"a picture of {image.width} x {image.height} pixels, {size[1]} x {size[0]} said")
        return np.array(image.convert("RGB"))


def _dark(shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
    """Zeros that take no memory before they are copied. Raises Malformed for a size no picture has."""
    if not all(isinstance(side, int) and 0 < side <= LONGEST_SIDE_PX for side in shape):
        raise Malformed(f"no picture has the size {shape}")
    return np.broadcast_to(np.zeros((), dtype=dtype), shape)


def _png(rgb: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    body = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(rgb)).save(body, format="PNG", compress_level=1)
    return body.getvalue()


def detection_plain(detection: Detection) -> dict[str, Any]:
    """A detection without its mask."""
    values = {field.name: getattr(detection, field.name) for field in fields(Detection)}
    return {**values, "mask": None}


def detection_of(plain: Any, mask: NDArray[np.bool_] | None = None) -> Detection:
    """The detection in `detection_plain`'s values."""

    def build() -> Detection:
        return Detection(
            label=str(plain["label"]),
            score=float(plain["score"]),
            box=box_of(plain["box"]),
            mask=mask,
            source=str(plain["source"]),
            runner_up=str(plain["runner_up"]),
        )

    return sound("detection", build)


def box_of(values: Any) -> Box:
    x0, y0, x1, y1 = (float(value) for value in values)
    return x0, y0, x1, y1


def segmented_parcel(detection: Detection) -> Parcel:
    """A detection with its mask."""
    assert detection.mask is not None  # a segmenter's answer
    plain = {"detection": detection_plain(detection), "shape": list(detection.mask.shape)}
    return Parcel(plain, {"mask": packed_mask(detection.mask)})


def segmented_of(parcel: Parcel) -> Detection:
    def build() -> Detection:
        height, width = (int(side) for side in parcel.plain["shape"])
        mask = unpacked_mask(parcel.array("mask", "u"), (height, width))
        return detection_of(parcel.plain["detection"], mask)

    return sound("segmented detection", build)


def keypoints_parcel(found: Keypoints2D | None) -> Parcel:
    """Keypoints, or that there is nobody."""
    if found is None:
        return Parcel({"keypoints": None})
    return Parcel({"keypoints": {"stamp_s": found.stamp_s, "source": found.source}}, {"points": found.points})


def keypoints_of(parcel: Parcel) -> Keypoints2D | None:
    def build() -> Keypoints2D | None:
        plain = parcel.plain["keypoints"]
        if plain is None:
            return None
        return Keypoints2D(parcel.array("points", "f"), float(plain["stamp_s"]), str(plain["source"]))

    return sound("keypoints", build)


def question_parcel(messages: Sequence[Message]) -> Parcel:
    """A conversation; its pictures go as the PNGs they are."""
    arrays: dict[str, NDArray[Any]] = {}
    turns = []
    for message in messages:
        pictures = []
        for picture in message.pictures:
            name = f"picture{len(arrays)}"
            arrays[name] = np.frombuffer(picture.png, dtype=np.uint8)
            about = {field.name: getattr(picture, field.name) for field in fields(Picture)}
            pictures.append({**about, "png": name})
        turns.append({"role": message.role, "text": message.text, "pictures": pictures})
    return Parcel({"messages": turns}, arrays)


def question_of(parcel: Parcel) -> tuple[Message, ...]:
    def picture(values: Mapping[str, Any]) -> Picture:
        return Picture(
            png=parcel.array(str(values["png"]), "u").tobytes(),
            source_box=box_of(values["source_box"]),
            grid_n=int(values["grid_n"]),
            stamp_s=float(values["stamp_s"]),
            backward=bool(values["backward"]),
        )

    def build() -> tuple[Message, ...]:
        turns = parcel.plain["messages"]
        if not turns or not all(turn["role"] in ("system", "user", "assistant") for turn in turns):
            raise Malformed("turns of system, user and assistant are needed")
        return tuple(
            Message(turn["role"], str(turn["text"]), tuple(map(picture, turn["pictures"]))) for turn in turns
        )

    return sound("question", build)


def reply_parcel(reply: Reply) -> Parcel:
    return Parcel({"reply": asdict(reply)})


def reply_of(parcel: Parcel) -> Reply:
    def build() -> Reply:
        plain = parcel.plain["reply"]
        known = {field.name: plain[field.name] for field in fields(Reply)}
        return Reply(**{**known, "text": str(plain["text"]), "source": str(plain["source"])})

    return sound("reply", build)


def sound(what: str, build: Callable[[], T]) -> T:
    """What `build` makes of foreign values; whatever they provoke is their fault. Raises Malformed."""
    try:
        return build()
    except Malformed:
        raise
    except Exception as error:  # OSError and more come from pictures
        raise Malformed(f"no {what} ({type(error).__name__}: {error})") from error
