"""The test run is cut off from the network, but not from this machine."""

from __future__ import annotations

import asyncio
import socket
import threading
import urllib.request

import pytest

from tests.network import NetworkDenied

AWAY = [("192.0.2.1", 80), ("203.0.113.9", 443), ("2001:db8::1", 443)]  # documentation addresses


@pytest.mark.parametrize("address", AWAY)
def test_nobody_connects_to_another_machine(address: tuple[str, int]) -> None:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family) as sock, pytest.raises(NetworkDenied):
        sock.connect(address)
    with socket.socket(family) as sock, pytest.raises(NetworkDenied):
        sock.connect_ex(address)
    with socket.socket(family, socket.SOCK_DGRAM) as sock, pytest.raises(NetworkDenied):
        sock.sendto(b"x", address)


def test_no_name_is_looked_up() -> None:
    with pytest.raises(NetworkDenied, match=r"^example"):
        urllib.request.urlopen("http://example.org/", timeout=1.0)


def test_other_threads_and_event_loops_are_held_too() -> None:
    caught: list[BaseException] = []

    def work() -> None:
        try:
            asyncio.run(asyncio.wait_for(asyncio.open_connection("192.0.2.1", 80), 1.0))
        except BaseException as error:
            caught.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert isinstance(caught[0], NetworkDenied)


def test_this_machine_can_be_reached() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname(), timeout=5.0) as client,
    ):
        client.sendall(b"x")
    near, far = socket.socketpair()
    with near, far:
        near.sendall(b"y")
        assert far.recv(1) == b"y"
