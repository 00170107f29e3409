"""Keeps the dialogue with the vision-language model in the run's folder, word for word, byte for byte."""

from __future__ import annotations

from pathlib import Path

from perception.types import Message, Reply


class Conversation:
    """One numbered turn per prompt: 01-prompt.txt with its pictures, 01-reply.txt, 01-fault.txt."""

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
        self._write(
            "reply", f"{reply.text}\n\n({reply.source}; tokens in {reply.tokens_in}, out {reply.tokens_out})"
        )

    def refused(self, fault: str) -> None:
        self._write("fault", fault)

    def _write(self, kind: str, text: str) -> None:
        self._folder.mkdir(exist_ok=True)
        (self._folder / f"{self._turn:02d}-{kind}.txt").write_text(text + "\n", encoding="utf-8")
