"""How the real robot speaks: into the log, and aloud where a speech program is named."""

from __future__ import annotations

import logging
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from queue import Full, Queue
from threading import Thread
from typing import Any, ClassVar

from hardware.errors import HardwareError

BACKLOG = 3
"""So many sentences wait to be spoken; what comes beyond is late already and only logged."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class AnnounceOptions:
    """How the real robot speaks to the person; the simulated one is silent."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    command: tuple[str, ...] = ()
    """A speech program and its arguments, such as [spd-say, --wait]; the sentence is put behind them."""
    sentence_s: float = 10.0
    """A program that speaks longer is ended."""


class NoSpeechProgram(HardwareError):
    """The program that should speak is not installed."""

    def __init__(self, program: str) -> None:
        super().__init__(
            f"announce.command: there is no program {program!r}; install it, or clear the option"
        )


class SpokenAnnouncer:
    """Logs each sentence and has `command` speak it, one after the other, in a thread.

    Raises NoSpeechProgram where that is not installed. A sentence that cannot be spoken is a warning: the
    handover goes on.
    """

    def __init__(self, command: Sequence[str], sentence_s: float) -> None:
        self._command, self._sentence_s = tuple(command), sentence_s
        self._waiting: Queue[str] = Queue(BACKLOG)
        self._speaker: Thread | None = None
        if command and shutil.which(command[0]) is None:
            raise NoSpeechProgram(command[0])

    def say(self, text: str) -> None:
        """Say one sentence; returns at once."""
        logger.info("the robot says: %s", text)
        if not self._command:
            return
        try:
            self._waiting.put_nowait(text)
        except Full:
            logger.warning("too much to say at once, not spoken: %s", text)
        if self._speaker is None:
            self._speaker = Thread(target=self._speak, name="speaker", daemon=True)
            self._speaker.start()

    def _speak(self) -> None:
        """In a thread, for as long as the program runs."""
        while True:
            text = self._waiting.get()
            try:
                # No shell: the sentence is one argument, whatever is in it.
                subprocess.run(
                    (*self._command, text),
                    check=True,
                    timeout=self._sentence_s,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            except (OSError, subprocess.SubprocessError) as error:
                logger.warning("a sentence could not be spoken: %s", error)
