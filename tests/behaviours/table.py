"""All leaves, each with what it needs, how it ends and what can go wrong with it."""

from __future__ import annotations

from behaviours.handover import Say
from behaviours.let_go import HoldStill
from tests.behaviours import table_choose, table_give, table_look, table_move
from tests.behaviours.case import Case

CASES: tuple[Case, ...] = (
    *table_look.cases(),
    *table_choose.cases(),
    *table_move.cases(),
    *table_give.cases(),
)
NOTHING_CAN_GO_WRONG = {Say, HoldStill}
"""They only let time pass."""


def name(case: Case) -> str:
    return case.kind.__name__
