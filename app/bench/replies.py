"""A vision-language model's replies by trial: noted while trials run, kept in a file, given again from it.

The file has one JSON line per trial: `trial` (its name), `source` (who answered) and `replies`, in the order
of the questions, each `{"question", "reply"}` or, where none could be had, `{"question", "error"}`. The
question is a digest of its words, in which the grid's cells that show the object are listed; it may be left
out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from app.bench.results_file import trial_name
from hardware.errors import BadFile
from perception.errors import VlmError
from perception.protocols import VisionLanguageModel
from perception.types import Message, Reply

REPLIES = "replies.jsonl"
RECORDED = " (recorded)"
Noted = Sequence[Mapping[str, str]]


class NotingVlm:
    """Asks another model and notes what it says."""

    def __init__(self, model: VisionLanguageModel) -> None:
        self.name = model.name
        self.noted: list[dict[str, str]] = []
        self._model = model

    def ask(self, messages: Sequence[Message]) -> Reply:
        """The model's reply. Raises its VlmError."""
        note = {"question": _digest(messages)}
        self.noted.append(note)
        try:
            reply = self._model.ask(messages)
        except VlmError as error:
            note["error"] = str(error)
            raise
        note["reply"] = reply.text
        return reply


class RecordedVlm:
    """Gives the replies noted in a trial again, one after the other."""

    def __init__(self, name: str, noted: Noted) -> None:
        self.name = name
        self._noted, self._asked = noted, 0

    def ask(self, messages: Sequence[Message]) -> Reply:
        """The next reply. Raises VlmError where there is none, it was an error, or the question another."""
        if self._asked == len(self._noted):
            raise VlmError(f"{self._asked} replies are recorded, and one more was asked for")
        note = self._noted[self._asked]
        self._asked += 1
        if note.get("question", here := _digest(messages)) != here:
            raise VlmError(f"reply {self._asked} was given to another question: other words or other cells")
        if "error" in note:
            raise VlmError(note["error"])
        return Reply(note["reply"], self.name)


def write_replies(path: Path, rows: Sequence[Mapping[str, Any]]) -> bool:
    """The replies of all rows that have some; whether any did."""
    lines = [
        json.dumps({"trial": trial_name(row), "source": row["model"], "replies": row["replies"]}) + "\n"
        for row in rows
        if row.get("replies")
    ]
    if lines:
        path.write_text("".join(lines), encoding="utf-8")
    return bool(lines)


def replies_of(row: Mapping[str, Any]) -> tuple[str, Noted] | None:
    """Who was asked in a trial, and the replies; None where nobody was."""
    return (row["model"], row["replies"]) if row.get("replies") else None


@lru_cache(maxsize=1)
def read_replies(path: Path) -> Mapping[str, tuple[str, Noted]]:
    """By the trial's name: who answered, and the replies. Raises BadFile."""
    remedy = f"name a {REPLIES} that an ablation left"
    try:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        found = {line["trial"]: (str(line["source"]), line["replies"]) for line in lines}
        for note in (note for _, noted in found.values() for note in noted):
            if not (isinstance(note.get("reply", ""), str) and {"reply", "error"} & set(note)):
                raise ValueError(f"{note} is neither a reply nor an error")
    except OSError as error:
        raise BadFile(path, f"it cannot be read ({error.strerror})", remedy) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadFile(path, f"it holds no replies by trial ({error!r})", remedy) from error
    return found


def _digest(messages: Sequence[Message]) -> str:
    return hashlib.sha256("\0".join(message.text for message in messages).encode()).hexdigest()[:16]
