"""The data dictionary: every key has one type, everywhere; and the word a run ends with."""

from __future__ import annotations

import re

import pytest
from py_trees.common import Status

from behaviours import keys
from behaviours.base import Leaf
from behaviours.keys import Failure, Outcome
from behaviours.outcome import outcome
from perception.options import GridOptions
from tests.behaviours.table import CASES
from trees.handover import create_root
from trees.options import MissionOptions

NAMES = {
    value for name, value in vars(keys).items() if name.isupper() and isinstance(value, str) and "/" in value
}
WHOLE = create_root(MissionOptions(grid=GridOptions(ask_twice=True)), ahead=True)
LEAVES = [node for node in WHOLE.iterate() if isinstance(node, Leaf)]


def test_every_key_has_a_type_and_a_line_in_the_dictionary() -> None:
    assert set(keys.TYPES) == NAMES
    lines = re.findall(r"^\| (.+?) \|", keys.__doc__ or "", re.MULTILINE)
    drawn = {name for line in lines for name in line.split(", ") if "/" in name}
    assert drawn == NAMES


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind.__name__)
def test_leaves_declare_the_dictionarys_types(case: object) -> None:
    kind = case.kind  # type: ignore[attr-defined]
    declared = {**kind.READS, **kind.WRITES, **kind.UPDATES}
    assert declared == {key: keys.TYPES[key] for key in declared}
    assert not set(kind.WRITES) & (set(kind.READS) | set(kind.UPDATES))


def test_every_key_is_written_by_somebody_and_read_by_somebody() -> None:
    written = {key for leaf in LEAVES for key in {**leaf.WRITES, **leaf.UPDATES}}
    read = {key for leaf in LEAVES for key in {**leaf.READS, **leaf.UPDATES}}
    # The runner writes the request and reads the failure; phases and failures are written by the bases, what
    # was sent by the arm.
    assert written | {keys.REQUEST, keys.FAILURE, keys.WAY} == NAMES
    assert read | {keys.FAILURE} == NAMES


@pytest.mark.parametrize(
    ("status", "failure", "word"),
    [
        (Status.SUCCESS, None, Outcome.HANDED_OVER),
        (Status.SUCCESS, Failure(Outcome.NOT_FOUND, "Detect Object", "mended"), Outcome.HANDED_OVER),
        (Status.FAILURE, Failure(Outcome.DROPPED, "Still Holding?", "empty"), Outcome.DROPPED),
        (Status.FAILURE, Failure(Outcome.HANDED_OVER, "Retreat", "38 mm short"), Outcome.HANDED_OVER),
        (Status.FAILURE, None, Outcome.ERROR),
        (Status.RUNNING, None, Outcome.INTERRUPTED),
        (Status.INVALID, Failure(Outcome.UNSAFE, "Safe?", "fault"), Outcome.INTERRUPTED),
    ],
)
def test_the_word_of_a_run(status: Status, failure: Failure | None, word: Outcome) -> None:
    assert outcome(status, failure) is word
