"""The order of conditions and objects: Latin squares, balanced for what comes right before (Williams 1949).

In a Williams design every condition stands in every place equally often, and follows every other one equally
often. An even number of conditions needs as many rows as conditions, an odd one twice as many.
"""

from __future__ import annotations


def williams_rows(count: int) -> tuple[tuple[int, ...], ...]:
    """The rows of a Williams design for `count` conditions, as indices from 0; one row for one condition."""
    if count < 1:
        raise ValueError(f"a design needs at least one condition, got {count}")
    # 0, 1, n-1, 2, n-2, ...: the differences between neighbours are all different, which balances carry-over.
    first = [0] + [(place + 1) // 2 if place % 2 else count - place // 2 for place in range(1, count)]
    rows = [tuple((item + shift) % count for item in first) for shift in range(count)]
    if count % 2 and count > 1:
        rows += [row[::-1] for row in rows]
    return tuple(rows)


def trial_order(participant: int, objects: int, conditions: int) -> tuple[tuple[int, int], ...]:
    """(object, condition) of every trial of a participant, all as indices from 0: object by object, and per
    object every condition.

    The objects follow a row of their own design; the conditions' row moves on by one from object to object
    and from participant to participant, so that over participants every object sees every row in turn.
    """
    object_rows, rows = williams_rows(objects), williams_rows(conditions)
    return tuple(
        (thing, condition)
        for thing in object_rows[participant % len(object_rows)]
        for condition in rows[(participant + thing) % len(rows)]
    )


def balanced(participants: int, conditions: int) -> bool:
    """Whether every object sees every row equally often: only then is the order balanced exactly."""
    return participants % len(williams_rows(conditions)) == 0
