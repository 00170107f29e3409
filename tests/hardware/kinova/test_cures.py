"""Each defect of the vendor's client, shown on a small copy of its shape, and what cures it."""

from __future__ import annotations

from threading import Barrier, Thread
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from hardware.kinova import cures


class SharedBuffer:
    """Frames through one buffer, as the vendor's TCP transport does."""

    def __init__(self, meet: Barrier | None) -> None:
        self.buffer = ""
        self.sent: list[str] = []
        self._meet = meet

    def send(self, data: str) -> None:
        for letter in data:
            self.buffer += letter
            if self._meet is not None:
                self._meet.wait(2.0)
        self.sent.append(self.buffer)
        self.buffer = ""


def test_two_threads_spoil_a_shared_buffer_and_a_lock_cures_it() -> None:
    spoiled = SharedBuffer(Barrier(2))
    _both(spoiled)
    assert sorted(spoiled.sent) != ["aaa", "bbb"]
    cured = SharedBuffer(None)
    cures.locked_sending(cured)
    inside = cured.send

    def watched(data: str) -> None:
        inside(data)

    cured.send = watched  # type: ignore[method-assign]
    _both(cured)
    assert sorted(cured.sent) == ["aaa", "bbb"]


def test_the_lock_lets_one_thread_in_at_a_time() -> None:
    together: list[int] = []

    class Transport:
        inside = 0

        def send(self, data: str) -> None:
            self.inside += 1
            together.append(self.inside)
            self.inside -= 1

    transport = Transport()
    cures.locked_sending(transport)

    def send_many() -> None:
        for _ in range(200):
            transport.send("x")

    threads = [Thread(target=send_many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(together) == {1}


def _both(transport: Any) -> None:
    threads = [Thread(target=transport.send, args=(text,)) for text in ("aaa", "bbb")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5.0)


class VendorRouter:
    """Its table of listeners belongs to the class."""

    notificationService: ClassVar[dict[int, str]] = {}  # noqa: N815


def test_two_routers_steal_each_other_s_notifications_until_each_has_its_own_table() -> None:
    first, second = VendorRouter(), VendorRouter()
    first.notificationService[2] = "first"
    second.notificationService[2] = "second"
    assert first.notificationService[2] == "second"
    for router, name in ((first, "first"), (second, "second")):
        cures.own_listeners(router)
        router.notificationService[2] = name
    assert (first.notificationService[2], second.notificationService[2]) == ("first", "second")


def test_a_listener_s_exception_and_an_unknown_handle_do_not_end_reception(
    caplog: pytest.LogCaptureFixture,
) -> None:
    received: list[str] = []

    def call(note: str) -> None:
        if note == "unknown":
            raise RuntimeError("No callback list instantiated")
        received.append(note)

    client = SimpleNamespace(notificationHandler=SimpleNamespace(call=call))
    cures.surviving_notifications(client)
    for note in ("one", "unknown", "two"):
        client.notificationHandler.call(note)
    assert received == ["one", "two"]
    assert "could not be delivered" in caplog.text


def test_a_client_without_the_defect_is_left_alone() -> None:
    client = SimpleNamespace()
    cures.surviving_notifications(client)
    assert vars(client) == {}


def test_the_error_callback_can_be_called(caplog: pytest.LogCaptureFixture) -> None:
    cures.unexpected_frame("a frame nobody asked for")
    assert "nobody asked for" in caplog.text
