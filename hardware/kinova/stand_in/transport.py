"""The stand-in client's sockets: a stream or datagrams, and the thread that takes in what arrives."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from threading import Lock, Thread

from hardware.kinova.frames import FramingLost, Reassembly, framed

DATAGRAM_BYTES = 65507


class Transport:
    """A connected socket and the thread that takes in what arrives."""

    KIND: socket.SocketKind

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._sending = Lock()
        self.receiver: Callable[[bytes], None] = lambda data: None

    def connect(self, ip: str, port: int) -> None:
        """Connect and begin to receive; raises OSError."""
        self._socket = socket.socket(socket.AF_INET, self.KIND)
        self._socket.connect((ip, port))
        Thread(target=self._receive, args=(self._socket,), name="kortex receiver", daemon=True).start()

    def disconnect(self) -> None:
        """Close; raises OSError when the peer is gone already."""
        made, self._socket = self._socket, None
        if made is not None:
            with made:
                made.shutdown(socket.SHUT_RDWR)

    def send(self, data: bytes) -> None:
        """Send one encoded frame; raises OSError."""
        if self._socket is None:
            raise BrokenPipeError("the transport is not connected")
        with self._sending:
            self._socket.sendall(self._packed(data))

    def _packed(self, data: bytes) -> bytes:
        raise TypeError(f"{type(self).__name__} does not say how it packs")

    def _frames(self, data: bytes) -> list[bytes]:
        raise TypeError(f"{type(self).__name__} does not say how it cuts")

    def _receive(self, made: socket.socket) -> None:
        with suppress(OSError, FramingLost):
            while data := made.recv(DATAGRAM_BYTES):
                for frame in self._frames(data):
                    self.receiver(frame)


class TCPTransport(Transport):
    """A stream: sessions, commands, notifications."""

    KIND = socket.SOCK_STREAM

    def __init__(self) -> None:
        super().__init__()
        self._reassembly = Reassembly()

    def _packed(self, data: bytes) -> bytes:
        return framed(data)

    def _frames(self, data: bytes) -> list[bytes]:
        return self._reassembly.feed(data)


class UDPTransport(Transport):
    """Datagrams: cyclic feedback."""

    KIND = socket.SOCK_DGRAM

    def _packed(self, data: bytes) -> bytes:
        return data

    def _frames(self, data: bytes) -> list[bytes]:
        return [data]
