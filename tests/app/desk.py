"""A run at a scripted robot: one leaf does what a test says, and everything that happens is written down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from types import TracebackType
from typing import Any

import numpy as np
from py_trees.behaviour import Behaviour
from py_trees.common import Status

from app.assembly import Assembly
from app.factory import mission_options
from app.options import Config, RunOptions
from app.runner import run_handover
from app.ticks import Node, Observer, Result, Tick
from hardware.types import ArmState
from perception.types import HandoverRequest
from tests.bench import Bench
from tests.fakes import FakeArm, FakeClock

Doing = Callable[[int], Status]
"""What the leaf does at its nth tick, counted from 0."""


class Desk:
    """`happened` keeps the order of events; `faults` names steps of the end that raise."""

    def __init__(self, doing: Doing, faults: Sequence[str] = ()) -> None:
        self.doing, self.faults = doing, set(faults)
        self.happened: list[str] = []
        self.bench = Bench()
        self.bench.clock = _Clock(self)
        self.bench.arm = _Arm(self)
        self.moves_for = 0
        """How many sleeps the arm goes on moving after its stop."""
        self.during_sleep: Callable[[int], None] = lambda number: None
        self.leaf = _Leaf(self)

    def run(self, observers: Sequence[Observer] = (), options: RunOptions | None = None) -> Result:
        """The whole run."""
        robot = replace(
            self.bench.services.robot,
            arm=self.bench.arm,
            clock=self.bench.clock,
            connections=(_Connection(self),),
        )
        services = replace(self.bench.services, robot=robot)
        assembly = Assembly(services, mission_options(Config()), {})
        return run_handover(
            assembly, lambda: self.leaf, HandoverRequest("mug"), options or RunOptions(), observers
        )

    def step(self, name: str) -> None:
        """Note a step of the end; raise where the test wants it to fail."""
        self.happened.append(name)
        if name in self.faults:
            raise RuntimeError(f"{name}: broken")


class _Clock(FakeClock):
    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self._desk.during_sleep(self.sleeps)


class _Arm(FakeArm):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.bench.clock, desk.bench.log)
        self._desk = desk
        self.stopped_at: int | None = None

    def state(self) -> ArmState:
        desk = self._desk
        if self.stopped_at is not None:
            desk.step("looked")
            still = desk.bench.clock.sleeps - self.stopped_at >= desk.moves_for
            self.velocities = np.zeros(7) if still else np.full(7, 0.4)
        return super().state()

    def stop(self) -> None:
        super().stop()
        self.stopped_at = self._desk.bench.clock.sleeps
        self._desk.step("arm stopped")

    def emergency_stop(self) -> None:
        super().emergency_stop()
        self._desk.step("emergency stop")


class _Connection(AbstractContextManager["_Connection"]):
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def __enter__(self) -> _Connection:
        self._desk.step("connected")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._desk.step("closed")


class _Leaf(Behaviour):
    def __init__(self, desk: Desk) -> None:
        super().__init__("Carry")
        self._desk = desk
        self._ticks = 0

    def update(self) -> Status:
        self._ticks += 1
        return self._desk.doing(self._ticks - 1)

    def terminate(self, new_status: Status) -> None:
        if new_status == Status.INVALID:
            self._desk.step("leaf let go")

    def shutdown(self) -> None:
        self._desk.step("tree shut down")


class Diary:
    """An observer that writes down what it is told; raises at the events in `breaks_at`."""

    def __init__(self, *breaks_at: str) -> None:
        self.breaks_at = breaks_at
        self.told: list[str] = []
        self.ticks: list[Tick] = []
        self.result: Result | None = None

    def begin(self, nodes: tuple[Node, ...], request: HandoverRequest) -> None:
        self._note("begin")

    def tick(self, tick: Tick) -> None:
        self.ticks.append(tick)
        self._note("tick")

    def end(self, result: Result) -> None:
        self.result = result
        self._note("end")

    def _note(self, event: str) -> Any:
        self.told.append(event)
        if event in self.breaks_at:
            raise OSError("no space left on device")
