"""Serves models over HTTP: Starlette around back ends that know nothing of it.

Guarantees:
1. Every request needs the token, and has at most so many bytes; nothing in it is executed.
2. One call at a time per model; a call whose caller has left or given up is not begun.
3. An expected failure goes back with its class and facts, a bug as HTTP 500 without its insides.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hardware.errors import HandoverError
from perception.remote.connection import BINARY, CALL_HEADER, PROTOCOL_HEADER, SESSION_HEADER
from perception.remote.errors import Malformed, TooManyBytes
from perception.remote.wire import PROTOCOL, Parcel, error_values, pack, unpack

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

logger = logging.getLogger(__name__)

GONE = 499
"""The status of an answer that nobody reads."""


@dataclass
class Endpoint:
    """One model: answer takes a request and who sent it (a session); interrupt ends the call that runs."""

    name: str
    answer: Callable[[Parcel, str], Parcel]
    interrupt: Callable[[], None] = lambda: None
    running: str = ""
    given_up: str = ""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class _Server:
    """The routes and what they share."""

    def __init__(self, endpoints: Mapping[str, Endpoint], token: str, limit_bytes: int, version: str) -> None:
        self._endpoints, self._token = endpoints, token.encode()
        self._limit_bytes, self._version = limit_bytes, version

    async def health(self, request: Request) -> Response:
        from starlette.responses import JSONResponse

        models = {role: endpoint.name for role, endpoint in self._endpoints.items()}
        said = {"program": "handover", "version": self._version, "protocol": PROTOCOL, "models": models}
        return self._refusal(request, spoken=False) or JSONResponse(said)

    async def answer(self, request: Request) -> Response:
        from starlette.responses import JSONResponse, Response

        if (refused := self._refusal(request)) is not None:
            return refused
        role = request.path_params["role"]
        try:
            parcel = unpack(await self._body(request))
            answered = await self._carry_out(self._endpoints[role], parcel, request)
        except TooManyBytes as error:
            return JSONResponse({"message": str(error), "limit": f"{self._limit_bytes / 1e6:g} MB"}, 413)
        except Malformed as error:
            return JSONResponse({"message": str(error)}, 400)
        except HandoverError as error:
            return JSONResponse(error_values(error), 422)
        except Exception:
            logger.exception("the %s (%s) failed", role, self._endpoints[role].name)
            return JSONResponse({"message": f"an error in the {role}"}, 500)
        if answered is None:
            return Response(status_code=GONE)
        return Response(pack(answered), media_type=BINARY)

    async def interrupt(self, request: Request) -> Response:
        from starlette.responses import Response

        if (refused := self._refusal(request)) is not None:
            return refused
        call, endpoint = request.headers.get(CALL_HEADER), self._endpoints[request.path_params["role"]]
        if call:
            endpoint.given_up = call
            if call == endpoint.running:
                endpoint.interrupt()
        return Response(status_code=204)

    def _refusal(self, request: Request, *, spoken: bool = True) -> Response | None:
        """Why a request is not answered; None where it is. spoken: it must be in this protocol."""
        from starlette.responses import JSONResponse

        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), self._token):
            return JSONResponse({"message": "a valid token is needed"}, 401)
        if spoken and request.headers.get(PROTOCOL_HEADER) != str(PROTOCOL):
            return JSONResponse({"message": f"protocol {PROTOCOL} is spoken here", "protocol": PROTOCOL}, 409)
        role = request.path_params.get("role")
        if role is not None and role not in self._endpoints:
            return JSONResponse({"message": f"no {role} here", "served": sorted(self._endpoints)}, 404)
        return None

    async def _body(self, request: Request) -> bytes:
        said = request.headers.get("Content-Length", "")
        if said.isdecimal() and int(said) > self._limit_bytes:
            raise TooManyBytes(self._limit_bytes)
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > self._limit_bytes:
                raise TooManyBytes(self._limit_bytes)
        return bytes(body)

    async def _carry_out(self, endpoint: Endpoint, parcel: Parcel, request: Request) -> Parcel | None:
        from starlette.concurrency import run_in_threadpool

        call = request.headers.get(CALL_HEADER, "")
        async with endpoint.lock:
            if await request.is_disconnected() or (call and call == endpoint.given_up):
                return None
            endpoint.running = call
            try:
                session = request.headers.get(SESSION_HEADER, "")
                return await run_in_threadpool(endpoint.answer, parcel, session)
            finally:
                endpoint.running = ""


def create_server(
    endpoints: Mapping[str, Endpoint], token: str, *, limit_bytes: int, version: str
) -> Starlette:
    """The application that serves `endpoints` by their roles to those who know the token."""
    from starlette.applications import Starlette
    from starlette.routing import Route

    server = _Server(endpoints, token, limit_bytes, version)
    return Starlette(
        routes=[
            Route("/health", server.health, methods=["GET"]),
            Route("/v1/{role}", server.answer, methods=["POST"]),
            Route("/v1/{role}/interrupt", server.interrupt, methods=["POST"]),
        ]
    )
