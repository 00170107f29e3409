"""Simulated time waits for the driver that lives by it: nothing runs away from a process that is starved."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hardware.shown_clock import ShownClock, ShownTime
from hardware.sim.lockstep import CHUNK_S, LEAD_S, PATIENCE_S, LockstepClock
from tests.fakes import FakeClock

STEP_S = 0.002


class SteppedClock(FakeClock):
    """A world's clock: whole steps, the nearest number of them."""

    def sleep(self, seconds: float) -> None:
        self.now_s += STEP_S * round(seconds / STEP_S)


class StarvedDriver(FakeClock):
    """The machine's clock, on which the driver gets to read the arm once in `every_s`."""

    def __init__(self, world: SteppedClock, every_s: float) -> None:
        super().__init__(0.0)
        self._world, self._every_s, self._next_s = world, every_s, every_s
        self.seen_s = self.farthest_s = 0.0

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self.farthest_s = max(self.farthest_s, self._world.now() - self.seen_s)
        if self.now() >= self._next_s:
            self.seen_s, self._next_s = self._world.now(), self.now() + self._every_s


@pytest.fixture
def shown() -> Iterator[ShownTime]:
    with ShownTime() as made:
        yield made


def test_the_world_waits_for_a_driver_that_is_late(shown: ShownTime) -> None:
    world = SteppedClock(0.0)
    driver = StarvedDriver(world, every_s=0.4)
    LockstepClock(world, shown, lambda: driver.seen_s, driver).sleep(0.5)
    assert world.now() == pytest.approx(0.5)
    assert driver.farthest_s <= LEAD_S + CHUNK_S
    assert driver.now() > 4.0
    assert ShownClock(shown.fileno()).now() == world.now()


def test_a_driver_that_is_gone_is_not_waited_for(shown: ShownTime) -> None:
    world, machine = SteppedClock(0.0), FakeClock(0.0)
    LockstepClock(world, shown, lambda: None, machine).sleep(5.0)
    assert (world.now(), machine.now()) == (pytest.approx(5.0), 0.0)


def test_a_driver_that_hangs_is_waited_for_once(shown: ShownTime) -> None:
    world, machine, seen = SteppedClock(0.0), FakeClock(0.0), [0.0]
    clock = LockstepClock(world, shown, lambda: seen[0], machine)
    clock.sleep(2.0)
    assert world.now() == pytest.approx(2.0)
    assert machine.now() == pytest.approx(PATIENCE_S, abs=0.01)
    seen[0] = world.now()  # it is back
    clock.sleep(1.0)
    assert machine.now() == pytest.approx(2.0 * PATIENCE_S, abs=0.01)


@pytest.mark.parametrize("seconds", [0.0, -1.0, 0.0005, 0.001, 0.005, 0.0031, 0.02])
def test_it_sleeps_to_the_nearest_step_and_always_comes_back(shown: ShownTime, seconds: float) -> None:
    world = SteppedClock(0.0)
    LockstepClock(world, shown, lambda: None, FakeClock(0.0)).sleep(seconds)
    assert abs(world.now() - max(seconds, 0.0)) <= STEP_S / 2.0 + 1e-9
