"""A real uvicorn on loopback, in a thread, around any endpoints."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn

from perception.remote.server import Endpoint, create_server

TOKEN, LIMIT_BYTES = "the token", 4_000_000


class Announced(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


@contextmanager
def served(endpoints: Mapping[str, Endpoint], port: int = 0) -> Iterator[str]:
    """The address of a server that runs as long as the block."""
    app = create_server(endpoints, TOKEN, limit_bytes=LIMIT_BYTES, version="1.2.3")
    server = Announced(uvicorn.Config(app, log_level="critical", lifespan="off"))
    listening = socket.create_server(("127.0.0.1", port))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        assert server.listening.wait(10.0)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


@dataclass
class Model:
    """A back end of every protocol: gives or raises what is scripted, keeps what it was asked."""

    name: str = "a model"
    result: Any = None
    asked: list[Any] = field(default_factory=list)
    entered: threading.Event = field(default_factory=threading.Event)
    may_end: threading.Event = field(default_factory=threading.Event)
    interrupted: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.may_end.set()

    def detect(self, *arguments: Any) -> Any:
        self.asked.append(arguments)
        self.entered.set()
        assert self.may_end.wait(20.0)
        if isinstance(self.result, BaseException):
            raise self.result
        return self.result

    segment = estimate = ask = generate = detect

    def interrupt(self) -> None:
        self.interrupted.set()
        self.may_end.set()
