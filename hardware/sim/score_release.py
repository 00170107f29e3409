"""False releases: the gripper opens and leaves the object in the air, to nobody."""

from __future__ import annotations

OPENED_M = 0.003
"""Fingers this much further apart than when they last touched the object have opened; less is a slip."""
GONE_FOR_S = 0.1
"""As long without a touch as a bouncing contact never is."""


class ReleaseWatch:
    """`update` after every step; `count` is the number of false releases so far."""

    def __init__(self) -> None:
        self.count = 0
        self._gap_m = self._touched_s = 0.0
        self._alone = False
        """At the last touch nothing but the gripper held the object."""

    def update(self, now: float, gap_m: float, in_gripper: bool, kept: bool) -> None:
        """gap_m: between the fingers; kept: a hand, a table or anything else holds the object."""
        if in_gripper:
            self._gap_m, self._touched_s, self._alone = gap_m, now, not kept
        elif kept:
            self._alone = False
        elif self._alone and now - self._touched_s > GONE_FOR_S:
            self._alone = False
            self.count += gap_m - self._gap_m > OPENED_M
