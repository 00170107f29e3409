"""The driver's reflex is armed exactly while the robot offers the object with the force tared."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from py_trees.common import Status

from behaviours.release import WaitForTake
from hardware.errors import StaleData
from hardware.types import FloatArray
from planning.release import ReleaseSample
from tests.behaviours.table_give import ignores, takes
from tests.behaviours.test_release import waiting
from tests.bench import Bench
from tests.leaves import run, tick


class RecordingReflex:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.tare: FloatArray = np.zeros(3)

    def arm(self, tare: FloatArray, toward_robot: FloatArray) -> None:
        self.told.append("arm")
        self.tare = tare

    def disarm(self) -> None:
        self.told.append("disarm")


def offering() -> tuple[Bench, WaitForTake, RecordingReflex]:
    bench, reflex = Bench(), RecordingReflex()
    bench.services = replace(bench.services, robot=replace(bench.services.robot, reflex=reflex))
    return bench, waiting(bench), reflex


def test_it_is_armed_once_after_the_tare_with_what_was_tared() -> None:
    bench, leaf, reflex = offering()
    ignores(bench)
    tick(leaf, bench, times=10)
    assert reflex.told == []
    tick(leaf, bench, times=100)
    assert reflex.told == ["arm"]
    np.testing.assert_allclose(reflex.tare, bench.arm.force_n)


def test_it_is_disarmed_when_the_person_has_it_when_nobody_takes_it_and_when_interrupted() -> None:
    for world in (takes, ignores):
        bench, leaf, reflex = offering()
        world(bench)
        run(leaf, bench, seconds=30.0)
        assert reflex.told == ["arm", "disarm"]
    bench, leaf, reflex = offering()
    ignores(bench)
    tick(leaf, bench, times=100)
    leaf.stop(Status.INVALID)
    assert reflex.told == ["arm", "disarm"]


def test_it_is_disarmed_when_the_leaf_fails_on_what_it_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    bench, leaf, reflex = offering()
    ignores(bench)
    tick(leaf, bench, times=100)

    def fail() -> ReleaseSample:
        raise StaleData("arm", 1.0, 0.1)

    monkeypatch.setattr(leaf, "_sample", fail)
    tick(leaf, bench)
    assert leaf.status is Status.FAILURE
    assert reflex.told == ["arm", "disarm"]
