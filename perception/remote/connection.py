"""A connection over HTTP to the machine with the models."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from perception.remote.errors import (
    TOKEN_VARIABLE,
    ClientMissing,
    Malformed,
    NotServed,
    ServerFault,
    ServerSlow,
    ServerUnreachable,
    TokenRefused,
    TooLarge,
    VersionsDiffer,
)
from perception.remote.options import RemoteOptions
from perception.remote.wire import PROTOCOL, Parcel, error_again, pack, unpack

if TYPE_CHECKING:
    import httpx2

DETECTOR, SEGMENTER, KEYPOINTS, VLM, GRASPS = "detector", "segmenter", "keypoints", "vlm", "grasps"
"""The roles that can be served."""
CONNECT_S, INTERRUPT_S = 5.0, 5.0
PROTOCOL_HEADER, SESSION_HEADER, CALL_HEADER = "X-Handover-Protocol", "X-Handover-Session", "X-Handover-Call"
BINARY = "application/octet-stream"
OK, BAD_REQUEST, UNAUTHORIZED, NOT_FOUND, CONFLICT, TOO_MUCH, EXPECTED = 200, 400, 401, 404, 409, 413, 422
"""HTTP statuses; EXPECTED: a failure of the model's own, as JSON."""


class Connection:
    """Calls the models of one server by their role. Thread-safe. To the server it is one caller: a person is
    followed for each.
    """

    def __init__(self, options: RemoteOptions) -> None:
        """Connects at the first call. Raises ClientMissing, ServerUnreachable for what is no address."""
        try:
            import httpx2
        except ModuleNotFoundError as error:
            raise ClientMissing(error.name or "httpx2") from error

        assert options.url is not None  # who builds it has looked
        self.url, self.options = options.url.rstrip("/"), options
        self.host = _host(self.url)
        self._httpx = httpx2
        token = os.environ.get(TOKEN_VARIABLE, "")
        self._client = httpx2.Client(
            base_url=self.url,
            timeout=httpx2.Timeout(options.timeout_s, connect=CONNECT_S),
            headers={
                PROTOCOL_HEADER: str(PROTOCOL),
                SESSION_HEADER: secrets.token_hex(8),
                **({"Authorization": f"Bearer {token}"} if token else {}),
            },
            trust_env=False,  # a machine of the lab is not behind the proxy
        )
        self._health: dict[str, Any] | None = None

    def name_of(self, role: str) -> str:
        """What serves a role there, as "model at host". Raises NotServed and what `call` raises."""
        if self._health is None:
            health = self._answer("health", self._request("GET", "/health", "health"))
            if health.get("protocol") != PROTOCOL:
                raise VersionsDiffer(self.url, health.get("protocol"), PROTOCOL)
            self._health = health
        models = self._health.get("models", {})
        if role not in models:
            raise NotServed(role, self.url, models)
        return f"{models[role]} at {self.host}"

    def call(self, role: str, parcel: Parcel, call: str = "") -> tuple[Parcel, int]:
        """The answer of a model, and how many bytes were sent.

        Raises what the model raised there, or ServerUnreachable, ServerSlow, TokenRefused, NotServed,
        VersionsDiffer, TooLarge, ServerFault, Malformed.
        """
        body = pack(parcel)
        response = self._request("POST", f"/v1/{role}", role, body, {CALL_HEADER: call})
        if response.status_code == TOO_MUCH:
            raise TooLarge(self.url, len(body), self._words(response).get("limit", "unknown"))
        if response.status_code == EXPECTED:
            raise error_again(self._words(response))
        if response.status_code != OK:
            self._answer(role, response)
        return unpack(response.content), len(body)

    def interrupt(self, role: str, call: str) -> None:
        """Ask the server to end a call; whether it does is its affair."""
        try:
            headers = {CALL_HEADER: call}
            self._client.post(f"/v1/{role}/interrupt", headers=headers, timeout=INTERRUPT_S)
        except self._httpx.HTTPError:
            return

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _request(
        self, method: str, path: str, role: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> httpx2.Response:
        httpx = self._httpx
        for again in (True, False):
            try:
                return self._client.request(
                    method, path, content=body, headers={"Content-Type": BINARY, **(headers or {})}
                )
            except httpx.TimeoutException as error:
                if isinstance(error, httpx.ConnectTimeout):
                    raise ServerUnreachable(self.url, f"no connection within {CONNECT_S:g} s") from error
                raise ServerSlow(self.url, role, self.options.timeout_s) from error
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError) as error:
                if not again:  # a connection kept open may have been closed by a server started anew
                    raise ServerUnreachable(self.url, "it closed the connection") from error
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise ServerUnreachable(self.url, str(error) or type(error).__name__) from error
        raise AssertionError("the second try returns or raises")

    def _answer(self, role: str, response: httpx2.Response) -> dict[str, Any]:
        """A JSON answer; raises for every status but 200."""
        words = self._words(response)
        if response.status_code == OK and words:
            return words
        if response.status_code == UNAUTHORIZED:
            raise TokenRefused(self.url)
        if response.status_code == NOT_FOUND and "served" in words:
            raise NotServed(role, self.url, words["served"])
        if response.status_code == CONFLICT:
            raise VersionsDiffer(self.url, words.get("protocol"), PROTOCOL)
        if response.status_code == BAD_REQUEST and "message" in words:
            raise Malformed(str(words["message"]))
        raise ServerFault(self.url, response.status_code, str(words.get("message", "no words")))

    @staticmethod
    def _words(response: httpx2.Response) -> dict[str, Any]:
        try:
            words = response.json()
        except ValueError:
            return {}
        return words if isinstance(words, dict) else {}


def _host(url: str) -> str:
    """The host and port of an address. Raises ServerUnreachable for what is none."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError as error:
        raise ServerUnreachable(url, str(error)) from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ServerUnreachable(url, "http://HOST:PORT is needed")
    return f"{parts.hostname}{port}"
