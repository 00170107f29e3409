"""Kortex frames: four packed header words and a payload, bare in a UDP datagram, framed on TCP."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from hardware.kinova.messages import wire

MAGIC = b"\x07xEtRoK\x07"
_HEAD = struct.Struct(">8sI")
LARGEST = 4 * 1024 * 1024
"""A longer frame on a stream is taken for a stream that has lost its place."""

REQUEST, RESPONSE, NOTIFICATION = 1, 3, 5


class FramingLost(Exception):
    """The bytes on a stream are no Kortex frames."""


@dataclass(frozen=True)
class KortexFrame:
    """One frame, unpacked. For a notification `frame_id` is the handle of the subscription."""

    kind: int
    uid: int
    frame_id: int
    session_id: int = 0
    device_id: int = 0
    error: int = 0
    sub_error: int = 0
    payload: bytes = b""

    @property
    def service_id(self) -> int:
        return self.uid >> 16

    def encode(self) -> bytes:
        """The bytes of one datagram."""
        root = wire().modules[""]
        frame = root.Frame()
        header = frame.header
        header.frame_info = (
            1 << 28 | self.kind << 24 | self.device_id << 16 | self.error << 12 | self.sub_error
        )
        header.message_info = self.session_id << 16 | self.frame_id
        header.service_info = 1 << 28 | self.uid
        header.payload_info = len(self.payload)
        if self.payload:
            frame.payload = self.payload
        encoded: bytes = frame.SerializeToString()
        return encoded

    @staticmethod
    def decode(data: bytes) -> KortexFrame:
        """Unpack the bytes of one datagram; raises FramingLost for anything else."""
        from google.protobuf.message import DecodeError

        frame = wire().modules[""].Frame()
        try:
            frame.ParseFromString(data)
        except DecodeError as error:
            raise FramingLost(str(error)) from error
        info, message = frame.header.frame_info, frame.header.message_info
        return KortexFrame(
            kind=info >> 24 & 0xF,
            uid=frame.header.service_info & 0x0FFFFFFF,
            frame_id=message & 0xFFFF,
            session_id=message >> 16,
            device_id=info >> 16 & 0xFF,
            error=info >> 12 & 0xF,
            sub_error=info & 0xFFF,
            payload=frame.payload,
        )


def framed(data: bytes) -> bytes:
    """One encoded frame as TCP carries it."""
    return _HEAD.pack(MAGIC, len(data)) + data


class Reassembly:
    """Cuts a TCP stream into frames, however the segments fall."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The frames complete by now; raises FramingLost when the stream holds something else."""
        self._buffer += data
        frames = []
        while len(self._buffer) >= _HEAD.size:
            magic, length = _HEAD.unpack_from(self._buffer)
            if magic != MAGIC or length > LARGEST:
                raise FramingLost(f"{bytes(self._buffer[:12]).hex(' ')} begins no frame")
            end = _HEAD.size + length
            if len(self._buffer) < end:
                break
            frames.append(bytes(self._buffer[_HEAD.size : end]))
            del self._buffer[:end]
        return frames
