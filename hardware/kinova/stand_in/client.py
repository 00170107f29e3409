"""Stand-ins with kortex_api's names that speak the real protocol: for tests and rehearsals only.

What the vendor's 2.6 client gets wrong (see `hardware.kinova.cures`) is right here; its deadlines, exceptions
and threads are alike: answers and notifications arrive on the transport's thread, a session keeps itself
alive.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from threading import Event, Lock, Thread
from types import SimpleNamespace
from typing import Any

from hardware.kinova.frames import (
    NOTIFICATION,
    REQUEST,
    RESPONSE,
    KortexFrame,
)
from hardware.kinova.messages import Method, wire
from hardware.kinova.stand_in.transport import Transport

KEEP_ALIVE_S = 0.15

logger = logging.getLogger(__name__)


class KException(Exception):  # the vendor's name
    """Root of the client's errors."""


class KClientException(KException):
    """The client could not ask; `error` holds code and sub-code."""

    def __init__(self, text: str, code: int = 2, sub_code: int = 0) -> None:
        super().__init__(text)
        self.error = SimpleNamespace(error_code=code, error_sub_code=sub_code)


class KServerException(KException):
    """The robot answered with an error."""

    def __init__(self, text: str, code: int, sub_code: int) -> None:
        super().__init__(text)
        self._code, self._sub_code = code, sub_code

    def get_error_code(self) -> int:
        return self._code

    def get_error_sub_code(self) -> int:
        return self._sub_code


@dataclass
class RouterClientSendOptions:
    """How long a call may take, in milliseconds."""

    andForget: bool = False  # noqa: N815  # the vendor's name
    delay_ms: int = 0
    timeout_ms: int = 10000


class RouterClient:
    """Sends requests, matches answers by frame id, hands notifications to who registered for the service."""

    def __init__(self, transport: Transport, errorCallback: Callable[[Any], None]) -> None:
        self.transport = transport
        self.notificationService: dict[int, Callable[[KortexFrame], None]] = {}
        self._error = errorCallback
        self._ids = count(1)
        self._session_id = 0
        self._open: dict[int, Future[KortexFrame]] = {}
        self._lock = Lock()
        self._active = True
        transport.receiver = self._take

    def SetActivationStatus(self, isActive: bool) -> None:  # noqa: N802
        """Let calls through, or not."""
        self._active = isActive

    def call(self, method: Method, request: Any, device_id: int, options: RouterClientSendOptions) -> Any:
        """One remote call. Raises KServerException, KClientException, OSError or a Future's TimeoutError."""
        if not self._active:
            raise KClientException("the router is not active")
        if method.request is not None and not isinstance(request, method.request):
            raise KClientException(f"{method.name} takes {method.request.DESCRIPTOR.full_name}")
        payload = b"" if request is None else request.SerializeToString()
        future: Future[KortexFrame] = Future()
        with self._lock:
            frame_id = next(self._ids) & 0xFFFF
            self._open[frame_id] = future
        try:
            frame = KortexFrame(REQUEST, method.uid, frame_id, self._session_id, device_id, payload=payload)
            self.transport.send(frame.encode())
            answer = future.result(options.timeout_ms / 1000.0)
        finally:
            with self._lock:
                self._open.pop(frame_id, None)
        if answer.error:
            raise _server_exception(answer)
        if method.answer is None:
            return None
        message = method.answer()
        message.ParseFromString(answer.payload)
        return message

    def _take(self, data: bytes) -> None:
        frame = KortexFrame.decode(data)
        self._session_id = self._session_id or frame.session_id
        if frame.kind == NOTIFICATION:
            listener = self.notificationService.get(frame.service_id)
            if listener is not None:
                listener(frame)
        elif frame.kind == RESPONSE:
            with self._lock:
                future = self._open.get(frame.frame_id)
            if future is not None and not future.done():
                future.set_result(frame)
        else:
            self._error(frame)


def _server_exception(answer: KortexFrame) -> KServerException:
    root = wire().modules[""]
    error = root.Error()
    error.ParseFromString(answer.payload)
    text = error.error_sub_string or root.SubErrorCodes.Name(answer.sub_error)
    return KServerException(text, answer.error, answer.sub_error)


class SessionManager:
    """Opens a session and keeps it alive from a thread of its own."""

    def __init__(self, router: RouterClient) -> None:
        self._router, self._methods, self._ended = router, wire().methods["Session"], Event()

    def CreateSession(self, sessionInfo: Any) -> None:  # noqa: N802
        """Log in. Raises KServerException for wrong credentials."""
        self._router.call(self._methods["CreateSession"], sessionInfo, 0, RouterClientSendOptions())
        Thread(target=self._keep_alive, name="kortex session", daemon=True).start()

    def CloseSession(self, options: RouterClientSendOptions | None = None) -> None:  # noqa: N802
        """Log out."""
        self._ended.set()
        self._router.call(self._methods["CloseSession"], None, 0, options or RouterClientSendOptions())

    def _keep_alive(self) -> None:
        with suppress(KException, OSError, TimeoutError):
            while not self._ended.wait(KEEP_ALIVE_S):
                self._router.call(self._methods["KeepAlive"], None, 0, RouterClientSendOptions())


class _Client:
    """The calls of one service under their own names."""

    SERVICE: str

    def __init__(self, router: RouterClient) -> None:
        self.router = router
        self._callbacks: dict[int, tuple[Callable[[Any], None], Any]] = {}
        router.notificationService[_service_id(self.SERVICE)] = self._notified

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = wire().methods[self.SERVICE].get(name)
        if method is None:
            raise AttributeError(f"{self.SERVICE}Client has no call {name}")
        found = self._topic_call(method) if name.startswith("OnNotification") else self._call(method)
        found.__name__ = name
        return found

    def _call(self, method: Method) -> Callable[..., Any]:
        def empty(deviceId: int = 0, options: Any = None) -> Any:  # the vendor's name
            return self.router.call(method, None, deviceId, options or RouterClientSendOptions())

        def full(request: Any, deviceId: int = 0, options: Any = None) -> Any:
            return self.router.call(method, request, deviceId, options or RouterClientSendOptions())

        return empty if method.request is None else full

    def _topic_call(self, method: Method) -> Callable[..., Any]:
        def topic(
            callback: Callable[[Any], None],
            notificationoptions: Any,
            deviceId: int = 0,
            options: Any = None,
        ) -> Any:
            return self._subscribe(method, callback, notificationoptions, deviceId, options)

        return topic

    def _subscribe(
        self, method: Method, callback: Callable[[Any], None], options: Any, device: int, sending: Any
    ) -> Any:
        topic = getattr(wire().modules[self.SERVICE], _TOPICS[method.name])
        handle = self.router.call(method, options, device, sending or RouterClientSendOptions())
        self._callbacks[handle.identifier] = (callback, topic)
        return handle

    def _notified(self, frame: KortexFrame) -> None:
        callback, topic = self._callbacks.get(frame.frame_id, (None, None))
        if callback is None or topic is None:
            return
        message = topic()
        message.ParseFromString(frame.payload)
        try:
            callback(message)
        except Exception:  # a listener's bug must not end reception
            logger.exception("a notification's listener failed")


_TOPICS = {
    "OnNotificationActionTopic": "ActionNotification",
    "OnNotificationArmStateTopic": "ArmStateNotification",
    "OnNotificationRobotEventTopic": "RobotEventNotification",
    "OnNotificationServoingModeTopic": "ServoingModeNotification",
    "OnNotificationProtectionZoneTopic": "ProtectionZoneNotification",
}


def _service_id(service: str) -> int:
    return next(iter(wire().methods[service].values())).uid >> 16


class BaseClient(_Client):
    """Motions, states, notifications."""

    SERVICE = "Base"


class BaseCyclicClient(_Client):
    """Feedback."""

    SERVICE = "BaseCyclic"


class ControlConfigClient(_Client):
    """Limits, tool, payload."""

    SERVICE = "ControlConfig"


class DeviceManagerClient(_Client):
    """Which devices there are."""

    SERVICE = "DeviceManager"


class DeviceConfigClient(_Client):
    """Firmware and serial numbers."""

    SERVICE = "DeviceConfig"
