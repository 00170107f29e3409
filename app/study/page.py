"""Asks the participant on a web page of this machine.

Guarantees:
1. Served on 127.0.0.1 only, to requests addressed to it (no other name leads here).
2. An answer counts for the card it was shown with: a form sent twice, or from elsewhere, changes nothing.
"""

from __future__ import annotations

import html
import secrets
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from queue import Queue
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from app.errors import MissingPackage, UsageError
from app.study.ask import CONSENT, SCALE, STOP
from app.study.errors import Stopped
from app.study.plan import HIGHEST, LOWEST

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

HOST = "127.0.0.1"
_MOST_BYTES = 10_000
_PAGE = """\
<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Handover</title>{refresh}
<style>body{{font:1.3rem/1.5 sans-serif;max-width:42rem;margin:3rem auto;padding:0 1rem}}
fieldset{{border:0;padding:0;margin:1.2rem 0}}label{{margin-right:1.2rem}}
button{{font:inherit;padding:.5rem 1.5rem;margin-right:1rem}}.stop{{color:#a00}}small{{color:#555}}</style>
</head><body>{body}</body></html>"""
_REFRESH = '<meta http-equiv="refresh" content="1">'

Fields = Mapping[str, str]


class PageQuestioner:
    """Shows one card at a time and waits for its form."""

    source = "participant, on the page"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: Queue[Fields] = Queue()
        self._stopped = threading.Event()
        self._needed: Mapping[str, tuple[str, ...]] = {}
        self._body, self._card = "", ""
        self._issued: set[str] = set()
        self._show("<p>One moment, please.</p>", {})

    def consents(self) -> bool:
        body = "".join(f"<p>{html.escape(line)}</p>" for line in CONSENT.splitlines())
        buttons = "".join(f'<button name="agree" value="{word}">{word}</button>' for word in ("yes", "no"))
        return self._ask(body + buttons, {"agree": ("yes", "no")})["agree"] == "yes"

    def wait(self, text: str) -> None:
        body = f'<p>{html.escape(text)}</p><button name="ready" value="yes">I am ready</button>'
        self._ask(body, {"ready": ("yes",)})

    def tell(self, text: str) -> None:
        self._show(f"<p>{html.escape(text)}</p>", {})

    def rate(self, questions: Mapping[str, str], run: Mapping[str, Any]) -> dict[str, int]:
        marks = tuple(str(mark) for mark in range(LOWEST, HIGHEST + 1))
        rows = [f"<p><small>{html.escape(SCALE)}</small></p>"]
        for key, words in questions.items():
            choices = "".join(
                f'<label><input type="radio" name="{key}" value="{mark}" required> {mark}</label>'
                for mark in marks
            )
            rows.append(f"<fieldset><legend>{html.escape(words)}</legend>{choices}</fieldset>")
        body = "".join(rows) + "<button>Send</button>"
        fields = self._ask(body, dict.fromkeys(questions, marks))
        return {key: int(fields[key]) for key in questions}

    def stops(self) -> bool:
        return self._stopped.is_set()

    def page(self) -> str:
        """What is shown now; a card without a question looks again every second."""
        with self._lock:
            stop = f'<button class="stop" name="{STOP}" value="{STOP}" formnovalidate>Stop</button>'
            card = f'<input type="hidden" name="card" value="{self._card}">'
            body = f'<form method="post" action="/">{card}{self._body}<p>{stop}</p></form>'
            return _PAGE.format(refresh="" if self._needed else _REFRESH, body=body)

    def take(self, fields: Fields) -> None:
        """A form that was sent; ignored unless it belongs to the card shown and answers it fully. Stop counts
        from every card that was ever shown: a browser may be a second behind.
        """
        with self._lock:
            card = fields.get("card")
            if fields.get(STOP) and card in self._issued:
                self._stopped.set()
            elif card != self._card or not self._answered_by(fields):
                return
            if self._needed:  # somebody waits for it
                self._answers.put(fields)
            self._turn_to("<p>Thank you.</p>", {})

    def _answered_by(self, fields: Fields) -> bool:
        """Whether a question stands and these answer all of it."""
        return bool(self._needed) and all(fields.get(key) in valid for key, valid in self._needed.items())

    def _ask(self, body: str, needed: Mapping[str, tuple[str, ...]]) -> Fields:
        self._show(body, needed)
        if self._stopped.is_set():  # pressed while the robot was moving
            raise Stopped
        fields = self._answers.get()
        if self._stopped.is_set():
            self._show("<p>Stopped. Thank you for taking part.</p>", {})
            raise Stopped
        return fields

    def _show(self, body: str, needed: Mapping[str, tuple[str, ...]]) -> None:
        with self._lock:
            self._turn_to(body, needed)

    def _turn_to(self, body: str, needed: Mapping[str, tuple[str, ...]]) -> None:
        """The next card; the lock is held."""
        self._body, self._needed, self._card = body, needed, secrets.token_urlsafe(12)
        self._issued.add(self._card)


def create_page(questioner: PageQuestioner) -> Starlette:
    """The application that shows the questioner's cards."""
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse
    from starlette.routing import Route

    async def show(request: Request) -> Response:
        return HTMLResponse(questioner.page(), headers={"Cache-Control": "no-store"})

    async def take(request: Request) -> Response:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > _MOST_BYTES:
                return PlainTextResponse("too long", 413)
        fields = parse_qs(body.decode("utf-8", "replace"))
        questioner.take({key: values[-1] for key, values in fields.items()})
        return RedirectResponse("/", 303)

    routes = [Route("/", show, methods=["GET"]), Route("/", take, methods=["POST"])]
    hosts = Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"])
    return Starlette(routes=routes, middleware=[hosts])


@contextmanager
def serve_page(port: int, say: Callable[[str], None]) -> Iterator[PageQuestioner]:
    """The page, served while entered. Raises MissingPackage, UsageError for a port that is taken."""
    try:
        import uvicorn

        questioner = PageQuestioner()
        app = create_page(questioner)
    except ModuleNotFoundError as error:
        raise MissingPackage(error.name or "uvicorn", "--page", "pip install 'handover[study]'") from error
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
        listening.listen()
    except OSError as error:
        listening.close()
        raise UsageError(
            f"port {port} cannot be used ({error.strerror}); name another with --port"
        ) from error
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listening]}, name="study page", daemon=True
    )
    thread.start()
    say(f"the participant's page: http://{HOST}:{listening.getsockname()[1]}/")
    try:
        yield questioner
    finally:
        server.should_exit = True
        thread.join(5.0)
        listening.close()
