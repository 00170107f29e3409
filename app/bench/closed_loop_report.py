"""What many closed-loop trials say together: shares with intervals, forces, distances, times, causes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from app.bench.metrics import share_text
from app.bench.results_file import trial_name
from app.bench.sheet import Sheet
from hardware.sim.person_scripts import CONDUCTS

Row = Mapping[str, Any]
FORCE_LIMIT_N = 60.0
"""A contact above this is counted; the least published limit, that of the face, is 65 N."""
_WHY_CHARACTERS = 110
_MEANING = (
    "success = carried away by the part meant for people (95 % interval), "
    "safe = with the person or on the table in the end"
)


def sheets(rows: Sequence[Row]) -> list[Sheet]:
    """All tables: by condition, by object, figures, every failure, the course of the runs."""
    return [
        _shares("by condition", rows, condition),
        _shares("by object", rows, lambda row: row["label"]),
        _figures(rows),
        _failures(rows),
        _counts("how runs ended: the robot's word, and that of physics", rows, lambda row: [_word(row)]),
        _counts("leaves that failed on the way, in runs", rows, lambda row: row.get("failures", ())),
        _counts("fallbacks used, in runs", rows, lambda row: row.get("fallbacks", ())),
        _times("time by phase, simulated s", rows, lambda row: row.get("phases_s", {})),
        _times("computing by stage, s", rows, lambda row: row.get("wall", {}).get("stages_s", {})),
    ]


def condition(row: Row) -> str:
    """What a trial was made under, in words."""
    return f"{row['script']}, {row['clutter']} things, noise {row['noise']:g}"


def takes(row: Row) -> bool:
    """Whether the person of this trial would take the object: only then can it succeed."""
    return bool(CONDUCTS[row["script"]].attempts)


def unsuccessful(rows: Sequence[Row]) -> list[Row]:
    """The trials without success, the worst first: what fell or was hurt, then what was not carried away."""
    return sorted((row for row in rows if takes(row) and not row["success"]), key=_badness, reverse=True)


def _badness(row: Row) -> tuple[bool, float, bool]:
    score = row.get("score", {})
    force_n = max(score.get("contact_n", {}).values(), default=0.0)
    return score.get("drops", 0) > 0, force_n, row["ended"] != "handed_over"


def _word(row: Row) -> str:
    return f"{row['outcome']}, {row['ended']}" if row["ended"] else row["outcome"]


def _shares(title: str, rows: Sequence[Row], key: Callable[[Row], str]) -> Sheet:
    table = []
    for name in [*dict.fromkeys(map(key, rows)), "all"]:
        own = [row for row in rows if name in ("all", key(row))]
        willing = [row for row in own if takes(row)]
        done = sum(row["success"] for row in willing)
        safe = sum(row["ended"] in ("on_table", "handed_over") for row in own)
        figures = (_total(own, "drops"), _total(own, "false_releases"))
        share = share_text(done, len(willing)) if willing else "-"
        table.append((name, str(len(own)), share, f"{safe}", *map(str, figures)))
    columns = (
        "",
        "trials",
        "success, %",
        "safe",
        "drops",
        "false releases",
    )
    return Sheet(f"{title}: {_MEANING}", columns, tuple(table))


def _figures(rows: Sequence[Row]) -> Sheet:
    forces = [max(row["score"]["contact_n"].values(), default=0.0) for row in rows if "score" in row]
    over = sum(force > FORCE_LIMIT_N for force in forces)
    taken = [row for row in _scored(rows) if row["score"]["fingers_in_the_way"] is not None]
    in_the_way = sum(row["score"]["fingers_in_the_way"] for row in taken)
    nearest = min(_scored(rows), key=lambda row: row["score"]["body_m"], default=None)
    speed = None if nearest is None else nearest["score"]["body_speed_m_s"]
    walls = [row["wall"] for row in rows if "wall" in row]
    speeds = [row["sim_s"] / row["wall"]["total_s"] for row in rows if "wall" in row]
    lines = (
        ("force of robot or held object on the person, N", _spread(forces)),
        (f"trials with more than {FORCE_LIMIT_N:g} N", str(over)),
        ("pull of the hand on the object, N", _spread(_of(rows, "pull_n"))),
        ("from the pull to the object's being free, s", _spread(_of(rows, "pull_to_free_s"))),
        ("least distance to the head, m", _spread(_of(rows, "head_m"), least=True)),
        (
            "least distance to the body but the receiving forearm and hand, m",
            _spread(_of(rows, "body_m"), least=True),
        ),
        ("speed of the fingers at the nearest of all, m/s", "-" if speed is None else f"{speed:.3f}"),
        ("speed of the fingers where each trial was nearest, m/s", _spread(_of(rows, "body_speed_m_s"))),
        (
            "effort of the person's arm (Eq. 5)",
            _spread(row["effort"] for row in rows if row.get("effort") is not None),
        ),
        (
            "the same at the point the robot aims at",
            _spread(row["aimed_effort"] for row in rows if row.get("aimed_effort") is not None),
        ),
        ("fingers in the way of the person's hand", f"{in_the_way} of {len(taken)}"),
        ("simulated seconds per second of one process", _spread(speeds, least=True)),
        (
            "first motion after, s",
            _spread(wall["first_motion_s"] for wall in walls if wall["first_motion_s"] is not None),
        ),
        ("from picture to planned grasp, s", _spread(wall["planning_s"] for wall in walls)),
        ("99 % of a trial's ticks below, ms", _spread(1e3 * wall["tick_p99_s"] for wall in walls)),
    )
    return Sheet("figures", ("", "median, worst, n"), lines)


def _counts(title: str, rows: Sequence[Row], words: Callable[[Row], Iterable[str]]) -> Sheet:
    found = Counter(word for row in rows for word in set(words(row)))
    return Sheet(title, ("", "trials"), tuple((word, str(n)) for word, n in found.most_common()))


def _times(title: str, rows: Sequence[Row], times: Callable[[Row], Mapping[str, float]]) -> Sheet:
    by_name: dict[str, list[float]] = {}
    for row in rows:
        for name, took_s in times(row).items():
            by_name.setdefault(name, []).append(took_s)
    order = sorted(by_name, key=lambda name: -float(np.sum(by_name[name])))
    lines = tuple((name, _spread(by_name[name])) for name in order)
    return Sheet(title, ("", "median, longest, trials"), lines)


def _failures(rows: Sequence[Row]) -> Sheet:
    lines = []
    for row in unsuccessful(rows):
        score = row.get("score", {})
        part = "" if score.get("by_human_part") is not False else f"by its {score['held_part']}; "
        why = ": ".join(filter(None, (row["leaf"], row["reason"]))) or row["failure"]
        lines.append((trial_name(row), _word(row), (part + why)[:_WHY_CHARACTERS]))
    return Sheet(
        "trials without success: `handover bench rerun` plays one again",
        ("trial", "ended", "why"),
        tuple(lines),
    )


def _scored(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if "score" in row]


def _of(rows: Sequence[Row], name: str) -> list[float]:
    return [row["score"][name] for row in _scored(rows) if row["score"][name] is not None]


def _total(rows: Sequence[Row], name: str) -> int:
    return sum(row["score"][name] for row in _scored(rows))


def _spread(values: Iterable[float], *, least: bool = False) -> str:
    """Median and worst with their number; least: the smallest is the worst."""
    found = np.array(list(values))
    if len(found) == 0:
        return "-"
    worst = found.min() if least else found.max()
    return f"{np.median(found):.3g}, {worst:.3g}, n {len(found)}"
