"""Replies kept by content: the same question to the same model is answered from disk, also offline.

Guarantees:
1. Only a usable reply is kept: one that parses and names cells that were listed as showing the object. A
   failure, a refusal or a reply that had to be repaired is asked again next time.
2. The reply that ended a repair is kept as the answer to the question itself.
3. A file appears whole or not at all; one that cannot be read counts as absent.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from perception.prompt import PROMPT_VERSION
from perception.protocols import Interruptible, VisionLanguageModel
from perception.types import Message, Reply
from perception.vlm.errors import NoCache, NotCached
from perception.vlm.options import VlmOptions
from perception.vlm.question import answers, opening, question_key

logger = logging.getLogger(__name__)


class CachedVlm:
    """A VisionLanguageModel that remembers; `model` None: offline, it only remembers."""

    def __init__(
        self, model: VisionLanguageModel | None, folder: Path, asked: Mapping[str, Any], name: str
    ) -> None:
        """asked: what decides a reply beside the question (model, parameters); name: of who answered."""
        self.name = name if model is not None else f"{name} (offline)"
        self._model, self._folder, self._asked = model, folder, dict(asked)
        self._source = name

    def ask(self, messages: Sequence[Message]) -> Reply:
        """The kept reply to this question, else the model's. Raises NotCached offline, or VlmError.

        A repair is never answered from here: what is kept needed none.
        """
        path = self._folder / f"{question_key(messages, self._asked)}.json"
        if len(opening(messages)) == len(messages) and (kept := self._read(path, messages)) is not None:
            return kept
        if self._model is None:
            raise NotCached(self._source, self._folder)
        reply = self._model.ask(messages)
        if answers(reply.text, messages):
            self._keep(path, reply)
        return reply

    def interrupt(self) -> None:
        """Passed on to a model that can be interrupted."""
        if isinstance(self._model, Interruptible):
            self._model.interrupt()

    def _read(self, path: Path, messages: Sequence[Message]) -> Reply | None:
        try:
            text = json.loads(path.read_text(encoding="utf-8"))["reply"]
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            logger.warning("%s cannot be read as a kept reply (%s); the model is asked", path, error)
            return None
        if not (isinstance(text, str) and answers(text, messages)):
            return None  # the parser or its rules have changed since
        return Reply(text, f"{self._source} (cached)", 0, 0, 0, 0.0, cached=True)

    def _keep(self, path: Path, reply: Reply) -> None:
        content = {
            "reply": reply.text,
            "asked": self._asked,
            "prompt_version": PROMPT_VERSION,
            "source": reply.source,
            "tokens_in": reply.tokens_in,
            "tokens_out": reply.tokens_out,
        }
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_whole(path, json.dumps(content, ensure_ascii=False, indent=2) + "\n")
        except OSError as error:
            logger.warning("the reply of %s was not kept: %s", self._source, error)


def remembering(
    build: Callable[[], VisionLanguageModel], asked: Mapping[str, Any], options: VlmOptions
) -> VisionLanguageModel:
    """The model that `build` makes, behind its cache as configured; offline it is not even built."""
    folder = Path(options.cache_dir).expanduser() if options.cache_dir else None
    name = str(asked["model"])
    if options.offline:
        if folder is None:
            raise NoCache
        return CachedVlm(None, folder, asked, name)
    model = build()
    return model if folder is None else CachedVlm(model, folder, asked, model.name)


def write_whole(path: Path, text: str) -> None:
    """Write a file that others see complete or not at all. Raises OSError."""
    number, name = tempfile.mkstemp(dir=path.parent, prefix=path.stem[:16], suffix=".part")
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
