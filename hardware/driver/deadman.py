"""Decides whether the program that commands the arm still lives: pure, on times that are passed in."""

from __future__ import annotations


class DeadMan:
    """Armed by the first beat; from then on silence means a frozen program, an end one that is gone."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._beat_s: float | None = None
        self._gone = ""

    def beat(self, now_s: float) -> None:
        """The program said that it lives."""
        self._beat_s = now_s

    def gone(self, reason: str) -> None:
        """The program is gone for good; the first reason stays."""
        self._gone = self._gone or reason

    @property
    def is_gone(self) -> bool:
        return bool(self._gone)

    def lost(self, now_s: float) -> str:
        """Why nobody commands the arm any more, or an empty string."""
        if self._gone:
            return self._gone
        if self._beat_s is None or now_s - self._beat_s <= self._limit_s:
            return ""
        silent_s = now_s - self._beat_s
        return f"the program has been silent for {silent_s:.2f} s, {self._limit_s:.2f} s are allowed"
