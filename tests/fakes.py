"""Scripted devices: they do what they are told, fail when told to, and count commands.

A `script` maps the index of a call to what this call gives; an exception in it is raised. Calls without an
entry get the fake's default. `tests.scripted` has the models, `tests.bench` puts both together.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from hardware.errors import HandoverError, StaleData
from hardware.types import (
    ArmState,
    FloatArray,
    GripperState,
    MotionState,
    MotionStatus,
    RGBDFrame,
    Trajectory,
)

REST_DEG = (0.0, -44.4, 180.0, -129.2, 0.0, -65.2, 90.0)


def scripted(script: dict[int, Any], index: int, default: Any) -> Any:
    """What the call with this index gives; raises what is scripted as an exception."""
    value = script.get(index, default)
    if isinstance(value, BaseException):
        raise value
    return value


# Devices ----------------------------------------------------------------------------------------------


class FakeClock:
    """Time passes only in `sleep`; a leaf that sleeps would show in `sleeps`."""

    def __init__(self, now_s: float = 100.0) -> None:
        self.now_s = now_s
        self.sleeps = 0

    def now(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.sleeps += 1
        self.now_s += seconds


@dataclass(frozen=True)
class Command:
    """One command a device received."""

    device: Literal["arm", "gripper", "stop", "emergency stop"]
    at_s: float
    value: Any = None


FOREVER = float("inf")


class FakeMotion:
    """Runs for `duration_s` on the clock, then ends as told; counts cancels."""

    def __init__(
        self,
        clock: FakeClock,
        duration_s: float = 0.2,
        failure: str | None = None,
        on_success: Callable[[], None] = lambda: None,
    ) -> None:
        self._clock = clock
        self._end_s = clock.now() + duration_s
        self._failure = failure
        self._on_success = on_success
        self._status = MotionStatus(MotionState.RUNNING)
        self.polls = 0
        self.cancels = 0

    def poll(self) -> MotionStatus:
        self.polls += 1
        self.settle()
        return self._status

    def settle(self) -> None:
        """End the motion when its time is up."""
        if self._status.running and self._clock.now() >= self._end_s - 1e-9:
            if self._failure is None:
                self._status = MotionStatus(MotionState.SUCCEEDED, "arrived")
                self._on_success()
            else:
                self._status = MotionStatus(MotionState.FAILED, self._failure)

    def cancel(self) -> None:
        self.cancels += 1
        if self._status.running:
            self._status = MotionStatus(MotionState.FAILED, "cancelled")

    @property
    def running(self) -> bool:
        """Whether it would still move the device."""
        return self._status.running


Scripted = str | float | BaseException
"""How a commanded motion goes: a reason to fail with, a duration in seconds, or an exception to raise."""


class _Actuator:
    """What arm and gripper share: a script, the motions handed out, a log of commands."""

    def __init__(self, clock: FakeClock, log: list[Command], motion_s: float) -> None:
        self.clock = clock
        self.log = log
        self.motion_s = motion_s
        self.script: dict[int, Scripted] = {}
        self.motions: list[FakeMotion] = []
        self.silent = False
        """True: readings keep their old stamp."""
        self.unreadable: HandoverError | None = None
        """Raised instead of a reading."""
        self._stamp_s = clock.now()

    def stamp_s(self) -> float:
        if self.unreadable is not None:
            raise self.unreadable
        if not self.silent:
            self._stamp_s = self.clock.now()
        return self._stamp_s

    def _settle(self) -> None:
        """A motion whose time is up has moved the device, whether or not anybody asked."""
        for motion in self.motions[-1:]:
            motion.settle()

    def _begin(self, on_success: Callable[[], None]) -> FakeMotion:
        what = scripted(self.script, len(self.motions), self.motion_s)
        motion = (
            FakeMotion(self.clock, self.motion_s, what)
            if isinstance(what, str)
            else FakeMotion(self.clock, what, None, on_success)
        )
        self.motions.append(motion)
        return motion


class FakeArm(_Actuator):
    """An arm that is wherever its last finished trajectory ended."""

    def __init__(self, clock: FakeClock, log: list[Command], motion_s: float = 0.2) -> None:
        super().__init__(clock, log, motion_s)
        self.joints: FloatArray = np.radians(REST_DEG)
        self.velocities: FloatArray = np.zeros(7)
        self.force_n: FloatArray = np.zeros(3)
        self.fault: str | None = None

    def state(self) -> ArmState:
        self._settle()
        return ArmState(
            joints=self.joints,
            velocities=self.velocities,
            torques=np.zeros(7),
            wrench=np.concatenate([self.force_n, np.zeros(3)]),
            fault=self.fault,
            stamp_s=self.stamp_s(),
        )

    def follow(self, trajectory: Trajectory) -> FakeMotion:
        def arrive() -> None:
            self.joints = np.array(trajectory.end)

        motion = self._begin(arrive)
        self.log.append(Command("arm", self.clock.now(), trajectory))
        return motion

    def stop(self) -> None:
        self.log.append(Command("stop", self.clock.now()))

    def emergency_stop(self) -> None:
        self.log.append(Command("emergency stop", self.clock.now()))


class FakeGripper(_Actuator):
    """A gripper that catches an object of `object_width_m` when it closes, except where `misses` say so."""

    def __init__(self, clock: FakeClock, log: list[Command], motion_s: float = 0.1) -> None:
        super().__init__(clock, log, motion_s)
        self.width_m = 0.085
        self.object_width_m = 0.04
        self.holding = False
        self.misses: set[int] = set()
        """Indices of closing commands that catch nothing."""
        self._closings = 0

    def state(self) -> GripperState:
        self._settle()
        return GripperState(self.width_m, 60.0 if self.holding else 0.0, self.holding, self.stamp_s())

    def move(self, width_m: float, force_n: float) -> FakeMotion:
        closing = width_m < self.width_m
        missed = self._closings in self.misses
        self._closings += closing

        def arrive() -> None:
            self.holding = closing and not missed and width_m < self.object_width_m
            self.width_m = self.object_width_m if self.holding else width_m

        motion = self._begin(arrive)
        self.log.append(Command("gripper", self.clock.now(), (width_m, force_n)))
        return motion

    def drop(self) -> None:
        """The object slips out."""
        self.holding = False

    def take(self) -> None:
        """Start with an object in the hand."""
        self.holding, self.width_m = True, self.object_width_m


class FakeCamera:
    """Hands out `picture` as if just taken; a StaleData in the script is raised."""

    def __init__(self, clock: FakeClock, picture: RGBDFrame) -> None:
        self._clock = clock
        self.picture = picture
        self.script: dict[int, BaseException] = {}
        self.calls = 0
        self.age_s = 0.0
        """How old the newest frame is."""

    def latest(self, max_age_s: float) -> RGBDFrame:
        self.calls += 1
        scripted(self.script, self.calls - 1, None)
        if self.age_s > max_age_s:
            raise StaleData("camera", self.age_s, max_age_s)
        return replace(self.picture, stamp_s=self._clock.now() - self.age_s, sequence=self.calls)


class RecordingAnnouncer:
    """Keeps what was said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)


class Promise(Future[Any]):
    """A future nobody may wait for: asking for its result before it is done would block a tick."""

    def __init__(self) -> None:
        super().__init__()
        self.cancels = 0

    def result(self, timeout: float | None = None) -> Any:
        assert self.done(), "somebody waits for a job that is not done"
        return super().result(timeout)

    def cancel(self) -> bool:
        self.cancels += 1
        return super().cancel()


class HeldJobs:
    """An executor whose jobs wait until the test lets them run; `promises` keeps all it handed out."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Callable[[], Any], Promise, str]] = []
        self.promises: list[Promise] = []

    def submit(self, job: Callable[[], Any], name: str) -> Future[Any]:
        self.promises.append(Promise())
        self.waiting.append((job, self.promises[-1], name))
        return self.promises[-1]

    def begin_next(self) -> None:
        """The worker takes up the oldest job: from now on it cannot be cancelled."""
        self.waiting[0][1].set_running_or_notify_cancel()

    def run_next(self) -> None:
        """Run the oldest job to its end, unless it was cancelled before it began."""
        self._run(*self.waiting.pop(0)[:2])

    @staticmethod
    def _run(job: Callable[[], Any], future: Promise) -> None:
        if future.running() or future.set_running_or_notify_cancel():
            try:
                future.set_result(job())
            except Exception as error:
                future.set_exception(error)


class InlineJobs(HeldJobs):
    """An executor that runs each job at once, but those `held_back` by name; `names` keeps their order."""

    def __init__(self, *held_back: str) -> None:
        super().__init__()
        self.held_back = set(held_back)
        self.names: list[str] = []

    def submit(self, job: Callable[[], Any], name: str) -> Future[Any]:
        self.names.append(name)
        future = super().submit(job, name)
        if name not in self.held_back:
            self._run(*self.waiting.pop()[:2])
        return future
