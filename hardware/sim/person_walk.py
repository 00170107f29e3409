"""How the simulated person walks: smoothly from place to place, turning on the way."""

from __future__ import annotations

import numpy as np

from hardware.geometry import unit
from hardware.sim.person_body import Body
from hardware.sim.reach import Path
from hardware.types import FloatArray

WALK_M_S = 0.6
"""Mean speed; the middle of the way is about twice as fast."""
WALK_OFF_M = 1.4


class Walker:
    """Moves a `Body` over the floor."""

    def __init__(self, body: Body, yaw_rad: float) -> None:
        self._body = body
        self._yaw = self._yaw_before = self._yaw_after = yaw_rad
        self._path: Path | None = None
        self._goal = body.position

    @property
    def walking(self) -> bool:
        """Whether the person is on the way somewhere."""
        return self._path is not None

    def to(self, place: FloatArray, now_s: float, turn_rad: float = 0.0) -> None:
        """Walk to `place` (2,) from now on, turning by `turn_rad` meanwhile."""
        start = self._body.position
        duration = max(float(np.linalg.norm(place - start)) / WALK_M_S, 0.5)
        self._path, self._goal = Path(start, np.zeros(2), now_s, duration), place
        self._yaw_before, self._yaw_after = self._yaw, self._yaw + turn_rad

    def off(self, now_s: float) -> None:
        """Turn round and walk out of the robot's reach."""
        here = self._body.position
        self.to(here + WALK_OFF_M * unit(here), now_s, np.pi)

    def update(self, now_s: float) -> None:
        """Put the body where it is by now."""
        path = self._path
        if path is None:
            return
        place, velocity, _ = path.at(now_s, self._goal)
        self._yaw = self._yaw_before + path.share(now_s) * (self._yaw_after - self._yaw_before)
        walked, speed = np.linalg.norm(place - path.start), np.linalg.norm(velocity)
        self._body.stand(place, self._yaw, float(walked), float(speed))
        if path.done(now_s):
            self._path = None
