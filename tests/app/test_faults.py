"""Values with which a run would break later are refused before it starts."""

from __future__ import annotations

import pytest

from app.faults import BOUNDS, NEVER_EMPTY, out_of_bounds
from app.options import Config


def nested(key: str, value: object) -> dict[str, object]:
    """{"a": {"b": value}} for the key a.b."""
    for part in reversed(key.split(".")):
        value = {part: value}
    assert isinstance(value, dict)
    return value


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("planning.presentation.roll_step_deg", 0.0),
        ("planning.antipodal.voxel_m", 0.0),
        ("planning.antipodal.max_points", 0),
        ("planning.selection.alpha", 2.0),
        ("planning.selection.queue_length", 0),
        ("perception.detector.voxel_m", 0.0),
        ("perception.tracker.rate_hz", 0.0),
        ("perception.tracker.min_cutoff_hz", 0.0),
        ("tree.grasp_samples", 0),
    ],
)
def test_what_would_break_in_mid_run_is_refused(key: str, value: float) -> None:
    [(location, message)] = out_of_bounds(nested(key, value))
    assert ".".join(map(str, location)) == key
    assert "out of bounds" in message


@pytest.mark.parametrize("key", NEVER_EMPTY)
def test_a_list_of_things_to_try_has_an_item(key: str) -> None:
    [(_, message)] = out_of_bounds(nested(key, []))
    assert "at least one item" in message


@pytest.mark.parametrize("key", [*BOUNDS, *NEVER_EMPTY])
def test_every_bound_is_of_an_option_and_holds_its_default(key: str) -> None:
    value: object = Config()
    for part in key.split("."):
        value = getattr(value, part)  # fails for a bound that outlived its option
    assert value != ()
    if value is not None:
        assert list(out_of_bounds(nested(key, value))) == []
