"""A server on 127.0.0.1 that talks like OpenAI's and misbehaves on request.

    with OpenAiStandIn() as server:
        server.script[:] = [Status(500), Words("human: 1, 2, 3; robot: 4, 5, 6")]

Each request takes the next act of the script; without one it answers well: of the cells that the question
lists, the first for the person and the last for the robot. As a script it does that until stopped:

    python -m tests.openai_server [PORT]
"""

from __future__ import annotations

import base64
import io
import json
import re
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

JSON, HTML = "application/json", "text/html; charset=utf-8"


@dataclass(frozen=True)
class Request:
    """One request as it came."""

    body: Mapping[str, Any]
    headers: Mapping[str, str]
    length: int

    @property
    def text(self) -> str:
        """All words of all messages."""
        return "\n".join(
            part if isinstance(part, str) else part.get("text", "")
            for message in self.body["messages"]
            for part in ([message["content"]] if isinstance(message["content"], str) else message["content"])
        )

    @property
    def pictures(self) -> list[Any]:
        """The pictures, opened."""
        from PIL import Image

        urls = [
            part["image_url"]["url"]
            for message in self.body["messages"]
            if not isinstance(message["content"], str)
            for part in message["content"]
            if part["type"] == "image_url"
        ]
        return [Image.open(io.BytesIO(base64.b64decode(url.partition("base64,")[2]))) for url in urls]


@dataclass(frozen=True)
class Sent:
    """What goes back."""

    content: bytes
    kind: str = JSON
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Act:
    """How the server treats one request."""

    def answer(self, request: Request) -> Sent | None:
        """What it sends back; None: it hangs up without a word."""
        raise NotImplementedError


@dataclass(frozen=True)
class Words(Act):
    """A chat completion with this text."""

    text: str | None
    finish_reason: str = "stop"
    refusal: str | None = None
    usage: Mapping[str, int] | None = field(
        default_factory=lambda: {"prompt_tokens": 900, "completion_tokens": 30, "total_tokens": 930}
    )

    def answer(self, request: Request) -> Sent:
        message = {"role": "assistant", "content": self.text, "refusal": self.refusal}
        choice = {"index": 0, "finish_reason": self.finish_reason, "message": message, "logprobs": None}
        return Sent(
            json.dumps(
                {
                    "id": "chatcmpl-1",
                    "object": "chat.completion",
                    "created": 1_700_000_000,
                    "model": request.body.get("model", "none"),
                    "choices": [choice],
                    "usage": self.usage,
                }
            ).encode()
        )


@dataclass(frozen=True)
class Well(Act):
    """A usable answer, from the cells that the question lists."""

    def answer(self, request: Request) -> Sent:
        return Words(chosen(request.text)).answer(request)


@dataclass(frozen=True)
class Status(Act):
    """An error as OpenAI words it."""

    status: int
    message: str = "something is wrong"
    code: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def answer(self, request: Request) -> Sent:
        error = {"message": self.message, "type": self.code, "param": None, "code": self.code}
        return Sent(json.dumps({"error": error}).encode(), JSON, self.status, self.headers)


@dataclass(frozen=True)
class Raw(Act):
    """These very bytes."""

    content: bytes
    kind: str = JSON
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    def answer(self, request: Request) -> Sent:
        return Sent(self.content, self.kind, self.status, self.headers)


@dataclass(frozen=True)
class Refuses(Act):
    """A 400 while the request has this parameter, else a usable answer; stays for all further requests."""

    parameter: str
    message: str

    def answer(self, request: Request) -> Sent:
        if self.parameter in request.body:
            return Status(400, self.message).answer(request)
        return Well().answer(request)


@dataclass(frozen=True)
class HangUp(Act):
    """The connection is closed without a word."""

    def answer(self, request: Request) -> None:
        return None


@dataclass(frozen=True)
class Silence(Act):
    """Nothing, until `leave` is set."""

    leave: threading.Event = field(default_factory=threading.Event)
    here: threading.Event = field(default_factory=threading.Event)
    """Set once the request has arrived."""

    def answer(self, request: Request) -> None:
        self.here.set()
        self.leave.wait(60.0)


def chosen(question: str) -> str:
    """A usable answer to a question about a numbered grid."""
    listed = re.search(r"Cells that show some of it: ([0-9, ]+)", question)
    count = re.search(r"Choose ([0-9]+) neighbouring", question)
    if listed is None or count is None:
        return "Hello."
    cells, wanted = [int(cell) for cell in listed[1].split(",")], int(count[1])
    if "numbered 1" in question and "backward" in question:
        cells.reverse()
    return json.dumps({"human": cells[:wanted], "robot": cells[-wanted:]})


class OpenAiStandIn:
    """The server, from `with` to its end; `requests` keeps what came."""

    def __init__(self, port: int = 0) -> None:
        self.script: list[Act] = []
        self.requests: list[Request] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> OpenAiStandIn:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait(self) -> None:
        """Until the process is stopped."""
        self._thread.join()

    def take(self, request: Request) -> Act:
        """The act for this request."""
        with self._lock:
            self.requests.append(request)
            if not self.script:
                return Well()
            return self.script[0] if isinstance(self.script[0], Refuses) else self.script.pop(0)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                body = json.loads(self.rfile.read(length))
                request = Request(body, {k.lower(): v for k, v in self.headers.items()}, length)
                known = self.path == "/v1/chat/completions"
                sent = (stand_in.take(request) if known else Status(404, "Not Found")).answer(request)
                if sent is None:
                    self.close_connection = True
                    return
                self.send_response(sent.status)
                for name, value in {"content-type": sent.kind, **sent.headers}.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(sent.content)))
                self.end_headers()
                self.wfile.write(sent.content)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler


if __name__ == "__main__":
    with OpenAiStandIn(int(sys.argv[1]) if len(sys.argv) > 1 else 0) as running:
        print(running.url, flush=True)
        running.wait()
