"""The order of trials: balanced places, balanced neighbours, nobody sees the same order."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from app.study.order import balanced, trial_order, williams_rows


@pytest.mark.parametrize("count", range(1, 9))
def test_every_condition_stands_everywhere_and_follows_every_other_equally_often(count: int) -> None:
    rows = williams_rows(count)
    assert len(rows) == (count if count % 2 == 0 or count == 1 else 2 * count)
    assert all(sorted(row) == list(range(count)) for row in rows)
    for place in range(count):
        assert set(Counter(row[place] for row in rows).values()) == {len(rows) // count}
    followed = Counter(pair for row in rows for pair in pairwise(row))
    assert len(followed) == count * (count - 1)
    assert len(set(followed.values())) <= 1


def test_no_conditions_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one condition"):
        williams_rows(0)


def test_each_participant_gets_every_object_by_every_condition_object_by_object() -> None:
    order = trial_order(4, objects=5, conditions=3)
    assert sorted(order) == [(thing, condition) for thing in range(5) for condition in range(3)]
    blocks = [order[start : start + 3] for start in range(0, 15, 3)]
    assert all(len({thing for thing, _ in block}) == 1 for block in blocks)


def test_over_six_participants_every_object_sees_every_row_of_three_conditions() -> None:
    assert balanced(6, 3)
    assert not balanced(10, 3)
    rows = set(williams_rows(3))
    for thing in range(4):
        seen = [
            tuple(condition for other, condition in trial_order(person, 4, 3) if other == thing)
            for person in range(6)
        ]
        assert set(seen) == rows
