"""What the benchmarks on single pictures share: one object of one seed, and silence meanwhile."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Trial:
    """One trial to make: the object's category and instance, and the seed."""

    label: str
    instance: int
    seed: int


@contextmanager
def quiet(name: str) -> Iterator[None]:
    """No warnings of this logger meanwhile: a trial's slow ticks are in its figures."""
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
