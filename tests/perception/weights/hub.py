"""A hub and a file server on loopback that misbehave on request."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from perception.weights.catalogue import Address, Entry, HubRepository

FIRST, SECOND = "a" * 40, "b" * 40
"""Two commits."""


@dataclass
class Hub:
    """What the server holds: repositories as {commit: {file: content}}, the newest commit last."""

    repositories: dict[str, dict[str, dict[str, bytes]]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    url: str = ""
    cut_after: int | None = None
    """The next answer with a file ends after so many bytes, with the connection closed."""
    ranges: bool = True
    """Whether the server knows how to go on in the middle."""
    refuse: int | None = None
    """This HTTP status for everything."""
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    """Path and Range of every request."""

    def offer(self, repo: str, commit: str, **contents: bytes) -> None:
        """Add a commit; `config_json` stands for config.json."""
        named = {".".join(name.rsplit("_", 1)): content for name, content in contents.items()}
        self.repositories.setdefault(repo, {})[commit] = named

    def file_requests(self) -> list[tuple[str, str | None]]:
        return [(path, span) for path, span in self.requests if not path.startswith("/api/")]

    def address(self, name: str, content: bytes, *, sha256: str | None = None) -> Address:
        """Put a file on the server; sha256: what to claim instead of the truth."""
        self.files[name] = content
        digest = sha256 or hashlib.sha256(content).hexdigest()
        return Address(f"{self.url}/files/{name}", digest, len(content))


def entry(source: Address | HubRepository, name: str = "sam_vit_b", terms: str = "") -> Entry:
    return Entry(name, "a test", source, "a licence", "its page", terms)


@contextmanager
def serving() -> Iterator[Hub]:
    """A hub on a free port of loopback."""
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *arguments: Any) -> None: ...

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            hub.requests.append((path, self.headers.get("Range")))
            if hub.refuse is not None:
                return self.answer(hub.refuse, b"{}")
            if path.startswith("/api/models/"):
                return self.model(path.removeprefix("/api/models/"))
            content = self.content(path)
            if content is None:
                return self.answer(404, b"{}")
            return self.file(content)

        def model(self, rest: str) -> None:
            repo, _, revision = rest.partition("/revision/")
            commits = hub.repositories.get(repo)
            if commits is None:
                return self.answer(404, b"{}", **{"X-Error-Code": "RepoNotFound"})
            commit = revision if revision not in ("", "main") else list(commits)[-1]
            if commit not in commits:
                return self.answer(404, b"{}", **{"X-Error-Code": "RevisionNotFound"})
            siblings = [described(name, content) for name, content in commits[commit].items()]
            said = {"id": repo, "sha": commit, "siblings": siblings, "cardData": {"license": "mit"}}
            return self.answer(200, json.dumps(said).encode())

        def content(self, path: str) -> bytes | None:
            if path.startswith("/files/"):
                return hub.files.get(path.removeprefix("/files/"))
            repo, _, rest = path.removeprefix("/").partition("/resolve/")
            commit, _, name = rest.partition("/")
            return hub.repositories.get(repo, {}).get(commit, {}).get(name)

        def file(self, content: bytes) -> None:
            start, status = 0, 200
            if hub.ranges and (span := self.headers.get("Range")):
                start, status = int(span.removeprefix("bytes=").rstrip("-")), 206
                if start >= len(content):
                    return self.answer(416, b"")
            body = content[start:]
            if hub.cut_after is None:
                return self.answer(status, body)
            sent, hub.cut_after = body[: hub.cut_after], None
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(sent)
            self.close_connection = True

        def answer(self, status: int, body: bytes, **headers: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            for key, value in headers.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def described(name: str, content: bytes) -> dict[str, Any]:
    """A file as the hub's interface describes it: of tensors it knows the SHA-256."""
    about: dict[str, Any] = {"rfilename": name, "size": len(content), "blobId": "c" * 40}
    if name.endswith((".safetensors", ".bin", ".pt")):
        digest = hashlib.sha256(content).hexdigest()
        about["lfs"] = {"sha256": digest, "size": len(content), "pointerSize": 134}
    return about
