"""Someone out of reach is served where they will stand once they have come; all others where they are."""

from __future__ import annotations

import numpy as np
import pytest

from perception.types import Keypoint
from planning.coming_closer import come_closer, distance_m, out_of_reach
from planning.options import PresentationOptions
from tests.bar import person

OPTIONS = PresentationOptions()


@pytest.mark.parametrize(("away_m", "far"), [(1.15, False), (1.39, False), (1.41, True), (1.8, True)])
def test_who_stands_too_far_off(away_m: float, far: bool) -> None:
    assert out_of_reach(person(0.0, away_m, bearing_deg=40.0), OPTIONS) is far


def test_they_come_straight_to_where_people_are_served() -> None:
    there = person(0.0, 1.7, bearing_deg=50.0)
    here = come_closer(there, OPTIONS, 1.2)
    moved = here.joints - there.joints
    moved = moved[np.isfinite(moved[:, 0])]
    assert distance_m(here) == pytest.approx(1.2)
    assert np.allclose(moved, moved[0])
    assert moved[0, 2] == 0.0
    assert np.degrees(np.arctan2(*-moved[0, 1::-1])) == pytest.approx(50.0)
    assert np.allclose(here.raw, here.joints, equal_nan=True)


def test_someone_in_reach_stays_where_they_are() -> None:
    near = person(0.0, 1.3)
    assert come_closer(near, OPTIONS, 1.2) is near


def test_without_a_shoulder_nobody_is_out_of_reach() -> None:
    there = person(0.0, 1.7)
    joints = np.array(there.joints)
    joints[[Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER]] = np.nan
    hidden = type(there)(**{**vars(there), "joints": joints})
    assert np.isnan(distance_m(hidden))
    assert not out_of_reach(hidden, OPTIONS)
