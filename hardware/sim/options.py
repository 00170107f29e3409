"""What may vary in a simulated scene and how well its devices see and feel (light: no numpy, no MuJoCo)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

Script = Literal["takes", "late", "ignores", "leaves", "steps_closer", "pulls_early", "touches", "pushes"]
Posture = Literal["standing", "seated"]


@dataclass(frozen=True)
class PersonOptions:
    """The simulated person. Values of None are drawn from the run's seed."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    present: bool = True
    script: Script = "takes"
    stature_m: float | None = None
    posture: Posture | None = None
    distance_m: float | None = None
    """From the robot's base axis to the torso's axis; drawn from 1.05 to 1.25 m."""
    bearing_deg: float | None = None
    """Where the person is, seen from the base: 0 = straight ahead, positive to the robot's left."""
    hand: Literal["left", "right"] = "right"


@dataclass(frozen=True)
class SimOptions:
    """The simulated world and its devices."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    person: PersonOptions = PersonOptions()
    clutter: int = 0
    """How many other objects lie on the table (0 to 4)."""
    instance: int | None = None
    """Which of the category's instances to use; None draws one."""
    timestep_s: float = 0.002
    renderer: Literal["ray", "gl", "auto"] = "ray"
    depth_noise: float = 1.0
    """Scale of the D435i's depth noise and holes; 0 switches both off."""
    force_noise_n: float = 0.3
    """Standard deviation of the wrist force reading."""
