"""No test talks to anything but this machine."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

import pytest


class NetworkDenied(AssertionError):
    """A test, or a library it uses, wanted to leave the machine."""

    def __init__(self, host: object) -> None:
        super().__init__(f"{host} is not this machine: tests use 127.0.0.1 only")


def deny_network(patch: pytest.MonkeyPatch) -> None:
    """Let sockets of this process reach loopback and files only, and no name be looked up."""
    connect, connect_ex, sendto = socket.socket.connect, socket.socket.connect_ex, socket.socket.sendto
    resolve = socket.getaddrinfo

    def checked_connect(self: socket.socket, address: Any) -> None:
        _check(self, address)
        connect(self, address)

    def checked_connect_ex(self: socket.socket, address: Any) -> int:
        _check(self, address)
        return connect_ex(self, address)

    def checked_sendto(self: socket.socket, data: Any, *rest: Any) -> int:
        _check(self, rest[-1])
        return sendto(self, data, *rest)

    def checked_resolve(host: Any, *rest: Any, **options: Any) -> Any:
        if not _is_here(host):
            raise NetworkDenied(host)
        return resolve(host, *rest, **options)

    patch.setattr(socket.socket, "connect", checked_connect)
    patch.setattr(socket.socket, "connect_ex", checked_connect_ex)
    patch.setattr(socket.socket, "sendto", checked_sendto)
    patch.setattr(socket, "getaddrinfo", checked_resolve)
    patch.setenv("HF_HUB_OFFLINE", "1")  # its transfers are native code, out of reach of the patches above


def _check(sock: socket.socket, address: Any) -> None:
    if sock.family in (socket.AF_INET, socket.AF_INET6) and not _is_here(address[0]):
        raise NetworkDenied(address[0])


def _is_here(host: Any) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False
