"""A Gen3's controller on the loopback interface: sessions, calls, notifications, feedback, faults on request.

For tests, and for rehearsals of the driver without an arm; it speaks the real protocol over TCP and UDP to
any client. What moves is any `Arm` and `Gripper`: ideal ones, or the simulated robot.
"""

from __future__ import annotations

import logging
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from threading import Event, RLock, Thread
from types import TracebackType
from typing import Any

from hardware.clock import SystemClock
from hardware.kinova.frames import (
    NOTIFICATION,
    REQUEST,
    RESPONSE,
    FramingLost,
    KortexFrame,
    Reassembly,
    framed,
)
from hardware.kinova.loopback import mischief as faults
from hardware.kinova.loopback.actions import Refusal
from hardware.kinova.loopback.answers import Gen3Answers
from hardware.kinova.loopback.mischief import Mischief
from hardware.kinova.messages import Method, wire
from hardware.protocols import Arm, Clock, Gripper

HOST = "127.0.0.1"
STEP_S = 0.005
STRAY_HANDLE = 999
TOPICS = {
    "OnNotificationActionTopic": "Action",
    "OnNotificationArmStateTopic": "ArmState",
    "OnNotificationRobotEventTopic": "RobotEvent",
    "OnNotificationServoingModeTopic": "ServoingMode",
    "OnNotificationProtectionZoneTopic": "ProtectionZone",
}
SESSION_CALLS = ("CreateSession", "CloseSession", "KeepAlive")

logger = logging.getLogger(__name__)


@dataclass
class _Peer:
    """One connection: how to write to it, its session, what it subscribed to."""

    stream: socket.socket | None = None
    address: Any = None
    session_id: int = 0
    silence_s: float | None = None
    heard_s: float = 0.0
    subscriptions: dict[str, int] = field(default_factory=dict)
    sending: RLock = field(default_factory=RLock)


class LoopbackController:
    """The controller; a context manager, which listens while entered, on free ports unless they are given."""

    def __init__(
        self,
        arm: Arm,
        gripper: Gripper,
        clock: Clock | None = None,
        credentials: tuple[str, str] = ("admin", "admin"),
        ports: tuple[int, int] = (0, 0),
    ) -> None:
        self.mischief = Mischief()
        self.calls: list[str] = []
        """The names of all calls that came in, keep-alives left out."""
        self._clock = clock or SystemClock()
        self._credentials = credentials
        self._lock = RLock()
        self._peers: list[_Peer] = []
        self._ids, self._handles = count(1), count(1)
        self._ended = Event()
        self._threads: list[Thread] = []
        self.robot = Gen3Answers(arm, gripper, self._clock, self.mischief, self._notify)
        self._listener: socket.socket
        self._datagrams: socket.socket
        self.tcp_port, self.udp_port = ports

    def __enter__(self) -> LoopbackController:
        self._listener = socket.create_server((HOST, self.tcp_port))
        self._datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._datagrams.bind((HOST, self.udp_port))
        self.tcp_port, self.udp_port = (made.getsockname()[1] for made in (self._listener, self._datagrams))
        for work in (self._accept, self._serve_datagrams, self._run):
            self._spawn(work)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        for made in (self._listener, self._datagrams, *(peer.stream for peer in self._peers)):
            if made is not None:
                with suppress(OSError):
                    made.shutdown(socket.SHUT_RDWR)
                made.close()
        for thread in self._threads:
            thread.join(2.0)

    def drop_connections(self) -> None:
        """Close every connection, as a pulled cable does in the end."""
        with self._lock:
            for peer in self._peers:
                self._close(peer)

    def _spawn(self, work: Any, *arguments: Any) -> None:
        thread = Thread(target=work, args=arguments, name=f"controller {work.__name__}", daemon=True)
        self._threads.append(thread)
        thread.start()

    # What comes in ----------------------------------------------------------------------------------------

    def _accept(self) -> None:
        with suppress(OSError):
            while not self._ended.is_set():
                stream, _ = self._listener.accept()
                peer = _Peer(stream=stream, heard_s=self._clock.now())
                with self._lock:
                    self._peers.append(peer)
                self._spawn(self._serve_stream, peer)

    def _serve_stream(self, peer: _Peer) -> None:
        assert peer.stream is not None  # it is a connection
        reassembly = Reassembly()
        with suppress(OSError, FramingLost):
            while data := peer.stream.recv(65536):
                for frame in reassembly.feed(data):
                    self._handle(peer, KortexFrame.decode(frame))
        self._leave(peer)

    def _serve_datagrams(self) -> None:
        peers: dict[Any, _Peer] = {}
        while not self._ended.is_set():
            try:
                data, address = self._datagrams.recvfrom(65507)
                frame = KortexFrame.decode(data)
            except FramingLost:
                continue
            except OSError:
                return
            if self.mischief.lost_datagrams > 0:
                self.mischief.lost_datagrams -= 1
                continue
            peer = peers.setdefault(address, _Peer(address=address))
            self._handle(peer, frame)

    def _handle(self, peer: _Peer, frame: KortexFrame) -> None:
        method = wire().method(frame.uid)
        peer.heard_s = self._clock.now()
        if frame.kind != REQUEST:
            return
        name = "?" if method is None else method.name
        if name != "KeepAlive":
            self.calls.append(name)
        fault = self.mischief.next_answer(name)
        if isinstance(fault, faults.Drop):
            return
        if isinstance(fault, faults.Close):
            self._close(peer)
            return
        if isinstance(fault, faults.Late):
            self._spawn(self._answer_late, peer, frame, method, fault.seconds)
            return
        refusal = fault.sub_code if isinstance(fault, faults.Refuse) else ""
        self._answer(peer, frame, method, refusal, split=isinstance(fault, faults.Split))

    def _answer_late(self, peer: _Peer, frame: KortexFrame, method: Method | None, seconds: float) -> None:
        self._ended.wait(seconds)
        self._answer(peer, frame, method, "", split=False)

    def _answer(
        self, peer: _Peer, frame: KortexFrame, method: Method | None, refusal: str, *, split: bool
    ) -> None:
        payload = b""
        try:
            if refusal:
                raise Refusal(refusal)
            with self._lock:
                answer = self._carry_out(peer, frame, method)
            payload = b"" if answer is None else answer.SerializeToString()
            sub_error = 0
        except Refusal as no:
            root = wire().modules[""]
            sub_error = root.SubErrorCodes.Value(no.sub_code)
            payload = root.Error(error_code=3, error_sub_code=sub_error).SerializeToString()
        reply = KortexFrame(
            RESPONSE,
            frame.uid,
            frame.frame_id,
            peer.session_id,
            frame.device_id,
            error=3 if sub_error else 0,
            sub_error=sub_error,
            payload=payload,
        )
        self._send(peer, reply, split=split)

    def _carry_out(self, peer: _Peer, frame: KortexFrame, method: Method | None) -> Any:
        if method is None:
            raise Refusal("UNSUPPORTED_METHOD")
        request = None
        if method.request is not None:
            request = method.request()
            request.ParseFromString(frame.payload)
        if method.name in SESSION_CALLS:
            return self._session_call(peer, method.name, request)
        if peer.session_id == 0 or frame.session_id != peer.session_id:
            raise Refusal("INVALID_SESSION")
        if method.name in TOPICS:
            peer.subscriptions[TOPICS[method.name]] = handle = next(self._handles)
            return method.answer(identifier=handle)
        if method.name == "Unsubscribe":
            assert request is not None  # the method takes one
            topics = [t for t, handle in peer.subscriptions.items() if handle == request.identifier]
            for topic in topics:
                del peer.subscriptions[topic]
            return None
        return self.robot.call(method.name, request)

    def _session_call(self, peer: _Peer, name: str, request: Any) -> None:
        if name == "CreateSession":
            if (request.username, request.password) != self._credentials:
                raise Refusal("INVALID_PASSWORD")
            peer.session_id = next(self._ids) & 0xFFFF
            peer.silence_s = request.connection_inactivity_timeout / 1000.0 or None
        elif name == "CloseSession":
            peer.session_id = 0

    # What goes out ----------------------------------------------------------------------------------------

    def _notify(self, topic: str, message: Any) -> None:
        payload, service = message.SerializeToString(), 2
        for peer in tuple(self._peers):
            handle = peer.subscriptions.get(topic)
            if handle is None:
                continue
            while self.mischief.stray_notifications > 0:
                self.mischief.stray_notifications -= 1
                self._send(peer, KortexFrame(NOTIFICATION, service << 16, STRAY_HANDLE, payload=payload))
            self._send(
                peer, KortexFrame(NOTIFICATION, service << 16, handle, peer.session_id, payload=payload)
            )

    def _send(self, peer: _Peer, frame: KortexFrame, *, split: bool = False) -> None:
        data = frame.encode()
        with suppress(OSError), peer.sending:
            if peer.stream is None:
                self._datagrams.sendto(data, peer.address)
            elif split:
                whole = framed(data)
                peer.stream.sendall(whole[:5])
                self._ended.wait(0.05)
                peer.stream.sendall(whole[5:])
            else:
                peer.stream.sendall(framed(data))

    # What goes on -----------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._ended.wait(STEP_S):
            with self._lock:
                self.robot.step()
                for peer in tuple(self._peers):
                    silent = peer.silence_s is not None and self._clock.now() - peer.heard_s > peer.silence_s
                    if silent and peer.session_id:
                        logger.info("a session was silent for too long")
                        self._leave(peer)

    def _leave(self, peer: _Peer) -> None:
        with self._lock:
            if peer in self._peers:
                self._peers.remove(peer)
                if peer.session_id:
                    self.robot.connection_lost()
            peer.session_id = 0

    def _close(self, peer: _Peer) -> None:
        if peer.stream is not None:
            with suppress(OSError):
                peer.stream.shutdown(socket.SHUT_RDWR)
