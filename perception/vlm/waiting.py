"""Waiting for something that cannot be hurried, with a way out.

Guarantees:
1. `run` returns within its time, whatever the work does; work that goes on is left to a thread that keeps no
   process alive.
2. `interrupt` ends a `run` at once, from any thread; without one it does nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, InvalidStateError
from contextlib import suppress
from typing import TypeVar

from perception.vlm.errors import Interrupted, TooSlow

T = TypeVar("T")


class Waiting:
    """One piece of work at a time, in a thread of its own. Only for work that is plain Python and talks to
    the outside: what is left behind ends whenever it does.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._current: Future[object] | None = None

    def run(self, work: Callable[[], T], seconds: float) -> T:
        """What `work` returns or raises. Raises TooSlow after `seconds`, Interrupted after `interrupt`."""
        future: Future[T] = Future()
        with self._lock:
            self._current = future  # type: ignore[assignment]  # only ever cancelled
        threading.Thread(target=_carry_out, args=(work, future), name=self._name, daemon=True).start()
        try:
            return future.result(seconds)
        except CancelledError:
            raise Interrupted(self._name) from None
        except TimeoutError:
            raise TooSlow(self._name, seconds) from None
        finally:
            with self._lock:
                self._current = None

    def interrupt(self) -> None:
        """Give up the work that runs; what it still brings is dropped."""
        with self._lock:
            if self._current is not None:
                self._current.cancel()


def _carry_out(work: Callable[[], T], future: Future[T]) -> None:
    """Do the work and hand over what came of it, unless nobody waits for it any more."""
    with suppress(InvalidStateError):
        try:
            result = work()
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(result)
