"""What the safety layer did is in run.json: stops by code, motions slowed and refused."""

from __future__ import annotations

import json
from pathlib import Path

from py_trees.common import Status

from app.record.short import short
from app.record.writer import Recorder
from behaviours import keys
from planning.safety_tally import SafetyTally
from planning.safety_verdict import StopCode, stopping
from tests.app.desk import Desk
from tests.leaves import put


def record_of(folder: Path, tally: SafetyTally | None) -> dict[str, object]:
    def doing(tick: int) -> Status:
        if tally is not None:
            put(keys.SAFETY, tally)
        return Status.SUCCESS

    Desk(doing).run([Recorder(folder, {})])
    safety: dict[str, object] = json.loads((folder / "run.json").read_text(encoding="utf-8"))["safety"]
    return safety


def test_stops_and_clamps_are_recorded(tmp_path: Path) -> None:
    tally = SafetyTally().judged(stopping(StopCode.CONTACT, "41 N"), 0.0, 3.0)
    tally = tally.slowed(2.5).slowed(1.5).refusing()
    assert record_of(tmp_path / "run", tally) == {
        "stops": {"contact": 1},
        "clamps": 2,
        "slowest_factor": 2.5,
        "refused": 1,
        "latched": "41 N",
    }
    assert short(tally) == "stopped by contact, 1 stops, 2 motions slowed"


def test_a_run_in_which_nothing_happened_says_so(tmp_path: Path) -> None:
    assert record_of(tmp_path / "run", None) == {
        "stops": {},
        "clamps": 0,
        "slowest_factor": 1.0,
        "refused": 0,
        "latched": "",
    }
