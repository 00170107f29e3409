"""What every test gets: no network, and a clean blackboard, which py_trees shares across the process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from py_trees.blackboard import Blackboard

from tests.network import deny_network

# The same examples in every run, so that a failure is of the change and not of the day;
# `pytest --hypothesis-profile default` looks for new ones. How long an example takes is no failure.
settings.register_profile(
    "repeatable", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("repeatable")


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Nothing but loopback can be reached, from the first test to the last."""
    with pytest.MonkeyPatch.context() as patch:
        deny_network(patch)
        yield


@pytest.fixture(autouse=True)
def clean_blackboard() -> Iterator[None]:
    """No keys, clients or recorded activity of an earlier test."""
    Blackboard.clear()
    Blackboard.disable_activity_stream()
    yield
    Blackboard.clear()
    Blackboard.disable_activity_stream()
