"""Which of the arm's action events belong to the motion at hand: pure, an event at a time.

The call that begins an action answers nothing: the identifier of its handle is learned from the first event
that says it has begun. Guarantees:
1. An end or an abort under another identifier, an earlier action's, does not end the motion.
2. An end or an abort before any beginning does not either.
3. Where the firmware gives no identifiers (0), only the beginning tells events apart; the arm waits for the
   earlier action's end before it begins the next one (`hardware.kinova.arm`).
"""

from __future__ import annotations

BEGINNINGS = ("ACTION_START", "ACTION_PREPROCESS_START")
END = "ACTION_END"


class ActionEvents:
    """The events of one connection, in the order in which they come in."""

    def __init__(self) -> None:
        self._identifier: int | None = None
        self._unended: set[int] = set()
        """Identifiers of earlier actions whose end has not come in."""
        self.ended = END
        """How the action at hand ended: ACTION_END, an abort with its details, or empty while it goes on."""

    def expect(self) -> None:
        """An action is about to be sent: what comes from now on may be its own."""
        self._leave()
        self._identifier, self.ended = None, ""

    def nothing_to_come(self) -> None:
        """The action at hand was never sent, or is known to be over."""
        self._leave()
        self.ended = self.ended or END

    def take(self, event: str, identifier: int, details: str) -> bool:
        """Note one event; whether it is of the action at hand."""
        if event in BEGINNINGS:
            return self._begun(event, identifier)
        if event != END and not event.endswith("_ABORT"):
            return identifier == self._identifier
        if identifier in self._unended:
            self._unended.discard(identifier)
            return False
        if self._identifier is None or identifier != self._identifier:
            return False
        self.ended = self.ended or (END if event == END else f"{event}, {details}")
        return True

    def _begun(self, event: str, identifier: int) -> bool:
        if identifier in self._unended:
            return False
        if self._identifier not in (None, identifier):
            # What began first was an earlier action, told late.
            self._leave()
            self.ended = ""
        self._identifier = identifier
        return True

    def _leave(self) -> None:
        if self._identifier and not self.ended:
            self._unended.add(self._identifier)
