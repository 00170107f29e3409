"""What the factory hands to the runner, and two small logs that wrap its services."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.jobs import JobLog
from behaviours.services import Services
from hardware.clock import SystemClock
from hardware.protocols import Announcer, Camera
from hardware.types import RGBDFrame
from trees.options import MissionOptions


class DrawnCamera:
    """A camera that draws its picture when asked, while time stands still: that time counts as a job's."""

    def __init__(self, camera: Camera, jobs: JobLog) -> None:
        self._camera, self._jobs, self._clock = camera, jobs, SystemClock()

    def latest(self, max_age_s: float) -> RGBDFrame:
        started_s = self._clock.now()
        try:
            return self._camera.latest(max_age_s)
        finally:
            self._jobs.record("draw the camera's picture", started_s, self._clock.now())


class Voice:
    """An announcer that remembers what was said until the record has taken it."""

    def __init__(self, aloud: Announcer | None = None) -> None:
        self._aloud = aloud
        self._said: list[str] = []

    def say(self, text: str) -> None:
        self._said.append(text)
        if self._aloud is not None:
            self._aloud.say(text)

    def take(self) -> tuple[str, ...]:
        """The sentences since the last call."""
        said, self._said = tuple(self._said), []
        return said


@dataclass(frozen=True)
class Assembly:
    """Everything of one run: back ends, the tree's options, logs; `world` only where physics is simulated."""

    services: Services
    mission: MissionOptions
    back_ends: Mapping[str, str]
    """Step -> name of the back end that does it, as it names itself."""
    live: bool = True
    """Time goes on while a tick takes its time; in a simulation that is not paced it stands still."""
    voice: Voice = field(default_factory=Voice)
    jobs: JobLog = field(default_factory=JobLog)
    score: Callable[[], Mapping[str, Any]] | None = None
    """What physics says of the run so far; None on a real robot."""
    world: Any = None
    """The simulated world, for videos."""
