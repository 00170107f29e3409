"""What every test gets: a clean blackboard, which py_trees shares across the whole process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from py_trees.blackboard import Blackboard


@pytest.fixture(autouse=True)
def clean_blackboard() -> Iterator[None]:
    """No keys, clients or recorded activity of an earlier test."""
    Blackboard.clear()
    Blackboard.disable_activity_stream()
    yield
    Blackboard.clear()
    Blackboard.disable_activity_stream()
