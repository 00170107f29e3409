"""The tree's numbers fit each other, the arm and the leaves they are given to."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from behaviours.options import TreeOptions
from hardware.gen3.facts import POSITION_LOWER, POSITION_UPPER
from planning.options import ReleaseOptions

TREE = TreeOptions()


def groups(options: Any) -> Iterator[Any]:
    """An options object and all those inside it."""
    yield options
    for field in dataclasses.fields(options):
        value = getattr(options, field.name)
        if dataclasses.is_dataclass(value):
            yield from groups(value)


def numbers(options: Any) -> Iterator[tuple[str, float]]:
    """Every plain number with its name."""
    for group in groups(options):
        for field in dataclasses.fields(group):
            value = getattr(group, field.name)
            if isinstance(value, int | float):
                yield f"{type(group).__name__}.{field.name}", value


@pytest.mark.parametrize("group", list(groups(TREE)), ids=lambda group: type(group).__name__)
def test_options_cannot_be_changed_by_accident(group: Any) -> None:
    name = dataclasses.fields(group)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(group, name, getattr(group, name))
    assert type(group).__pydantic_config__ == {"extra": "forbid"}


def test_every_number_counts_something_or_has_its_unit() -> None:
    units = ("_s", "_m", "_n", "_deg", "_rad")
    counts = {
        "Budgets.acquire", "Budgets.come_closer", "Budgets.grasps_per_region", "Budgets.handover_poses",
        "TreeOptions.grasp_samples", "TreeOptions.grown_samples",
    }  # fmt: skip
    assert {name for name, _ in numbers(TREE) if not name.endswith(units)} == counts


def test_every_duration_and_budget_lies_ahead() -> None:
    may_be_zero = {"ViewOptions.person_bearing_deg"}
    assert [name for name, value in numbers(TREE) if value <= 0.0 and name not in may_be_zero] == []


def test_the_arm_can_take_every_view_pose() -> None:
    views = TREE.views
    for degrees in (*views.table_deg, views.person_deg, views.home_deg):
        joints = np.radians(degrees)
        assert np.all(joints > POSITION_LOWER)
        assert np.all(joints < POSITION_UPPER)


def test_deadlines_are_backstops_behind_what_ends_by_itself() -> None:
    release, deadlines, views = ReleaseOptions(), TREE.deadlines, TREE.views
    assert deadlines.take_s > release.settle_s + release.tare_s + release.timeout_s
    assert deadlines.capture_s > views.settle_s
    assert deadlines.see_person_s > TREE.person.track_s + views.look_s
    assert deadlines.until_safe_s > TREE.calm_s


def test_widths_and_ages_are_in_order() -> None:
    grip, person = TREE.grip, TREE.person
    assert 0.0 < grip.loosen_m < grip.open_m <= 0.085
    assert person.track_s < person.young_s < person.plan_s
    assert TREE.grasp_samples < TREE.grown_samples


def test_only_the_object_is_left_open_in_what_the_robot_says() -> None:
    prompts = dataclasses.asdict(TREE.prompts)
    assert all("{" not in text.format(label="mug") for text in prompts.values())
    assert "mug" in prompts["take_it"].format(label="mug")
