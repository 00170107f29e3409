"""Keeps the dialogue with the vision-language model in the run's folder, word for word, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from perception.types import Message, Reply


class Conversation:
    """One numbered turn per prompt: 01-prompt.txt with its pictures, 01-reply.txt or 01-error.txt,
    01-fault.txt.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._turn = 0

    def asked(self, messages: tuple[Message, ...]) -> None:
        self._turn += 1
        self._folder.mkdir(exist_ok=True)
        number = 0
        lines = []
        for message in messages:
            lines.append(f"[{message.role}]\n{message.text}")
            for picture in message.pictures:
                number += 1
                name = f"{self._turn:02d}-picture-{number}.png"
                (self._folder / name).write_bytes(picture.png)
                lines.append(f"({name})")
        self._write("prompt", "\n\n".join(lines))

    def answered(self, reply: Reply) -> None:
        self._write("reply", f"{reply.text}\n\n({'; '.join((reply.source, *_facts(reply)))})")

    def refused(self, fault: str) -> None:
        self._write("fault", fault)

    def unanswered(self, reason: str, bytes_sent: int | None) -> None:
        """There was no reply; what left the machine all the same is told."""
        sent = "" if bytes_sent is None else f"\n\n({bytes_sent} bytes sent)"
        self._write("error", reason + sent)

    def _write(self, kind: str, text: str) -> None:
        self._folder.mkdir(exist_ok=True)
        (self._folder / f"{self._turn:02d}-{kind}.txt").write_text(text + "\n", encoding="utf-8")


def _facts(reply: Reply) -> Iterator[str]:
    """What is known of the answer's making."""
    if reply.cached:
        yield "answered earlier, nothing was sent"
    if reply.tokens_in is not None:
        yield f"tokens in {reply.tokens_in}"
    if reply.tokens_out is not None:
        yield f"tokens out {reply.tokens_out}"
    if reply.bytes_sent is not None:
        yield f"{reply.bytes_sent} bytes sent"
    if reply.cost is not None:
        yield f"cost {reply.cost:.6f}"
