"""One connection to the arm: up and down in the right order, calls whose every failure is a HardwareError.

Guarantees:
1. Every call has a deadline; a call that moves something is never repeated.
2. Down means: notifications off, Stop, session closed, sockets closed; a step that fails is logged and does
   not keep the next from running. Faults are never cleared here.
3. The client's known defects are worked round (`hardware.kinova.cures`).
"""

from __future__ import annotations

import concurrent.futures
import logging
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import Any

from hardware.errors import HardwareError
from hardware.kinova import cures
from hardware.kinova.errors import KortexLinkLost, KortexRefused, KortexTimeout, KortexUnreachable
from hardware.kinova.options import KinovaOptions
from hardware.kinova.package import KortexPackage

USER, PASSWORD = "KINOVA_USER", "KINOVA_PASSWORD"
DEFAULT = "admin"
LOGIN_S = 10.0
"""The client's own deadline of a login, which takes no other."""
SESSION_MS, SILENCE_MS = 60000, 2000
"""How long the robot keeps a session, and how long it lets a silent connection move it."""

logger = logging.getLogger(__name__)


class KortexSession(AbstractContextManager["KortexSession"]):
    """A session over TCP for commands and one over UDP for readings."""

    def __init__(self, package: KortexPackage, options: KinovaOptions) -> None:
        self.package, self._options = package, options
        self._undo: list[tuple[str, Callable[[], Any]]] = []
        self.base: Any = None
        self.control: Any = None
        self.device: Any = None
        self.cyclic: Any = None

    def __enter__(self) -> KortexSession:
        """Connect and log in. Raises KortexUnreachable, KortexRefused, KortexTimeout."""
        options, package = self._options, self.package
        self._probe(options.address, options.tcp_port)
        try:
            router = self._open(package.transports.tcp, options.tcp_port)
            clients = [
                getattr(package.clients, name)(router) for name in ("Base", "ControlConfig", "DeviceConfig")
            ]
            self.base, self.control, self.device = clients
            cures.surviving_notifications(self.base)
            self._undo.append(("stop the arm", lambda: self.base.Stop(0, package.deadline(1.0))))
            self.cyclic = package.clients.BaseCyclic(self._open(package.transports.udp, options.udp_port))
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._undo:
            name, undo = self._undo.pop()
            try:
                undo()
            except Exception as failure:  # the next step counts more than why this one failed
                logger.warning("could not %s: %s", name, failure)

    def call(self, function: Callable[..., Any], *request: Any, deadline_s: float | None = None) -> Any:
        """`function(*request)` within a deadline. Raises KortexRefused, KortexTimeout, KortexLinkLost."""
        seconds = self._options.call_s if deadline_s is None else deadline_s
        with self._in_words(getattr(function, "__name__", "a call").strip("<>"), seconds):
            return function(*request, 0, self.package.deadline(seconds))

    def subscribe(self, function: Callable[..., Any], listener: Callable[[Any], None]) -> None:
        """Have `listener` told of a topic from now on; while the arm is idle, and once per connection."""
        options = self.package.messages.Base.NotificationOptions()
        options.type = self.package.messages.Base.NOTIFICATION_TYPE_EVENT
        with self._in_words("a subscription", self._options.call_s):
            handle = function(
                cures.surviving(listener), options, 0, self.package.deadline(self._options.call_s)
            )
        self._undo.append(("end a subscription", lambda: self.call(self.base.Unsubscribe, handle)))

    def at_the_end(self, name: str, undo: Callable[[], Any]) -> None:
        """Have `undo` run before the session closes."""
        self._undo.append((name, undo))

    def _probe(self, address: str, port: int) -> None:
        """The client's own connect waits without end for an address where nobody is."""
        try:
            with socket.create_connection((address, port), timeout=self._options.connect_s):
                pass
        except OSError as error:
            raise KortexUnreachable(address, port, str(error)) from error

    def _open(self, transport_class: Any, port: int) -> Any:
        package, transport = self.package, transport_class()
        cures.locked_sending(transport)
        router = package.router(transport, cures.unexpected_frame)
        cures.own_listeners(router)
        try:
            transport.connect(self._options.address, port)
        except OSError as error:
            raise KortexUnreachable(self._options.address, port, str(error)) from error
        self._undo.append(("disconnect", transport.disconnect))
        self._undo.append(("deactivate the router", lambda: router.SetActivationStatus(False)))
        info = package.messages.Session.CreateSessionInfo()
        info.username, info.password = credentials()
        info.session_inactivity_timeout, info.connection_inactivity_timeout = SESSION_MS, SILENCE_MS
        manager = package.session_manager(router)
        with self._in_words("the login", LOGIN_S):
            manager.CreateSession(info)
        self._undo.append(("close the session", lambda: manager.CloseSession(package.deadline(1.0))))
        return router

    @contextmanager
    def _in_words(self, name: str, seconds: float) -> Iterator[None]:
        """Every failure of the client as a HardwareError: KortexRefused, KortexTimeout, KortexLinkLost."""
        try:
            yield
        except self.package.server_exception as error:
            raise self._refused(name, error) from error
        except self.package.client_exception as error:
            raise KortexLinkLost(name, str(error)) from error
        except (concurrent.futures.TimeoutError, TimeoutError) as error:
            raise KortexTimeout(name, seconds) from error
        except OSError as error:
            raise KortexLinkLost(name, str(error)) from error

    def _refused(self, call: str, error: Any) -> HardwareError:
        root = self.package.errors
        code, sub_code = error.get_error_code(), error.get_error_sub_code()
        names = []
        for enum, number in ((root.ErrorCodes, code), (root.SubErrorCodes, sub_code)):
            try:
                names.append(enum.Name(number))
            except ValueError:  # newer than the facts at hand
                names.append(str(number))
        return KortexRefused(call, names[0], names[1], str(error).splitlines()[0] if str(error) else "")


def credentials() -> tuple[str, str]:
    """User and password from the environment; the factory's own are warned of."""
    user, password = os.environ.get(USER, DEFAULT), os.environ.get(PASSWORD, DEFAULT)
    if password == DEFAULT:
        logger.warning("logging in with the robot's default password; set %s and %s", USER, PASSWORD)
    return user, password
