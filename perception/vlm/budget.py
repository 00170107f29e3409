"""How much time and how many requests one picture may cost.

Guarantees:
1. All questions about one picture together take at most `total_s`, one takes at most `call_s`.
2. All of them together take at most `calls` requests, the library's repetitions included; a request that is
   rejected for a parameter, once per parameter and run, does not count.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from hardware.protocols import Clock
from perception.types import Message
from perception.vlm.errors import BudgetSpent
from perception.vlm.question import opening, question_key

REMEMBERED = 8


@dataclass
class Account:
    """What one question has cost so far."""

    began_s: float
    requests: int = 0
    answered: bool = False


@dataclass(frozen=True)
class Allowance:
    """What the next call may cost."""

    seconds: float
    requests: int


class Budget:
    """Keeps the accounts of the last few questions; one thread at a time."""

    def __init__(self, name: str, call_s: float, total_s: float, calls: int, clock: Clock) -> None:
        self._name, self._call_s, self._total_s, self._calls = name, call_s, total_s, calls
        self._clock = clock
        self._accounts: OrderedDict[str, Account] = OrderedDict()

    def allow(self, messages: Sequence[Message]) -> Allowance:
        """What is left for the question that `messages` ask or go on with. Raises BudgetSpent.

        Asked from the beginning after it was answered, a question is a new one.
        """
        account = self._account(messages)
        left_s = account.began_s + self._total_s - self._clock.now()
        if left_s <= 0.0:
            raise BudgetSpent(self._name, f"it had {self._total_s:g} s in all")
        if account.requests >= self._calls:
            raise BudgetSpent(self._name, f"it was asked {account.requests} times")
        return Allowance(min(self._call_s, left_s), self._calls - account.requests)

    def spend(self, messages: Sequence[Message], requests: int, *, answered: bool) -> None:
        """Book what a call cost."""
        account = self._accounts[question_key(messages)]
        account.requests += requests
        account.answered = answered

    def _account(self, messages: Sequence[Message]) -> Account:
        key = question_key(messages)
        known = self._accounts.get(key)
        if known is None or (known.answered and len(opening(messages)) == len(messages)):
            known = self._accounts[key] = Account(self._clock.now())
        self._accounts.move_to_end(key)
        while len(self._accounts) > REMEMBERED:
            self._accounts.popitem(last=False)
        return known
