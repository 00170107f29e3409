"""Works round what Kinova's 2.6 client gets wrong, on each instance; harmless on a client that is right.

1. Its framing shares one buffer without a lock: two threads that send at once corrupt a frame.
2. Its routers share one class-wide table of listeners: two of them steal each other's notifications.
3. An exception in a listener, or a notification nobody has registered for yet, ends reception for good while
   every later call times out.
4. Its own example passes an error callback that cannot be called: an unexpected frame ends reception too.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import RLock
from typing import Any

logger = logging.getLogger(__name__)


def locked_sending(transport: Any) -> None:
    """One thread at a time sends (1)."""
    send, lock = transport.send, RLock()

    def locked(*arguments: Any) -> Any:
        with lock:
            return send(*arguments)

    transport.send = locked


def own_listeners(router: Any) -> None:
    """This router's notifications go to its own clients only (2); before any client is made."""
    router.notificationService = {}


def unexpected_frame(problem: Any) -> None:
    """An error callback that can be called (4)."""
    logger.warning("an unexpected frame from the arm: %s", problem)


def surviving_notifications(client: Any) -> None:
    """What goes wrong with one notification is logged, and reception goes on (3)."""
    handler = getattr(client, "notificationHandler", None)
    if handler is None:
        return
    handler.call = surviving(handler.call)


def surviving(listen: Callable[..., Any]) -> Callable[..., None]:
    """`listen`, but whatever it raises is logged."""

    def call(*arguments: Any) -> None:
        try:
            listen(*arguments)
        except Exception as error:  # the receiving thread must live on
            logger.warning("a notification could not be delivered: %s", error)

    return call
