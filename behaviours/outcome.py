"""One named word for how a run ended."""

from __future__ import annotations

from py_trees.common import Status

from behaviours.keys import Failure, Outcome


def outcome(root_status: Status, failure: Failure | None, done: Outcome = Outcome.HANDED_OVER) -> Outcome:
    """The run's word from the root's last status and what stands under `keys.FAILURE`.

    done: what a success of this tree means. A root that neither succeeded nor failed was interrupted; a
    failure nobody named is an error. An arm that cannot back off from a person who has the object fails too,
    but the object stays handed over.
    """
    if root_status == Status.SUCCESS:
        return done
    if root_status != Status.FAILURE:
        return Outcome.INTERRUPTED
    return Outcome.ERROR if failure is None else failure.outcome
