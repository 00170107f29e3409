"""The release reflex: lets go for a person who pulls while the program is frozen or gone. Pure.

Guarantees:
1. It acts only on terms the program set beforehand, at the offering pose, with the force tared there.
2. One cue is enough only because it is a strong one: twice the pull of a normal release, for longer, with the
   arm at rest, and never a push toward the robot.
3. It acts once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hardware.types import FloatArray, readonly

PUSH_SHARE = 0.7
"""A change of force that points this much toward the robot is a push."""


@dataclass(frozen=True)
class ReflexTerms:
    """What the program knew while it lived.

    tare (3,): force in N on the tool at rest, nobody touching, base frame; toward_robot (3,): horizontal unit
    vector from the object to the base.
    """

    tare: FloatArray
    toward_robot: FloatArray
    pull_n: float
    lasting_s: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "tare", readonly(self.tare, (3,)))
        object.__setattr__(self, "toward_robot", readonly(self.toward_robot, (3,)))


@dataclass(frozen=True)
class ReflexState:
    """The terms, since when somebody pulls, and whether it has acted."""

    terms: ReflexTerms
    pulled_since_s: float | None = None
    fired: bool = False


def step(state: ReflexState, force: FloatArray, at_rest: bool, now_s: float) -> ReflexState:
    """The state after one reading of the force (3,); `fired` turns True in the step that should let go."""
    change = force - state.terms.tare
    size_n = float(np.linalg.norm(change))
    pulled = (
        at_rest
        and size_n > state.terms.pull_n
        and float(change @ state.terms.toward_robot) <= PUSH_SHARE * size_n
    )
    since_s = None if not pulled else now_s if state.pulled_since_s is None else state.pulled_since_s
    lasted = since_s is not None and now_s - since_s >= state.terms.lasting_s - 1e-9
    return replace(state, pulled_since_s=since_s, fired=state.fired or lasted)
