"""Writes what happens into the run's folder: the only source of truth for every view and report.

    run.json       configuration, versions, seed, back ends; at the end outcome, counts, timings, score
    events.jsonl   first line: schema, tree, request; one flushed line per changed tick; last line: the end
    error.txt      only after an error: the traceback
    vlm/           every prompt as text and pictures, every reply, word for word
    *.png          pictures, drawn by the album

A run that is killed leaves every line up to its last tick.
"""

from __future__ import annotations

import json
import platform
import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any, TextIO

from app.jobs import Lane
from app.record.conversation import Conversation
from app.record.short import short
from app.ticks import Node, Result, Tick
from behaviours import keys
from perception.types import HandoverRequest

SCHEMA = 1
PACKAGES = ("handover", "mujoco", "numpy", "py_trees", "roboplan", "scipy")
TELEMETRY = frozenset({keys.ROBOT, keys.HUMAN})
"""Keys that are written at every tick: recorded at the telemetry rate only."""

OnKeyWritten = Callable[[str, Any, Mapping[str, Any]], None]


class Recorder:
    """An observer that writes one run into one folder."""

    def __init__(
        self,
        folder: Path,
        about: Mapping[str, Any],
        telemetry_hz: float = 5.0,
        on_key_written: OnKeyWritten = lambda key, value, board: None,
    ) -> None:
        """`about` goes into run.json as it is: configuration, seed, back ends' names."""
        self.folder = folder
        self._about = {**about, "versions": versions()}
        self._telemetry_period_s = 1.0 / telemetry_hz
        self._telemetry_s = -1e9
        self._on_key_written = on_key_written
        self._board: dict[str, Any] = {}
        self._texts: dict[str, str | None] = {}
        self._conversation = Conversation(folder / "vlm")
        folder.mkdir(parents=True, exist_ok=True)
        self._events: TextIO = (folder / "events.jsonl").open("w", encoding="utf-8")
        self._write_json("run.json", self._about)

    def begin(self, nodes: tuple[Node, ...], request: HandoverRequest) -> None:
        self._line({"schema": SCHEMA, "tree": [asdict(node) for node in nodes], "request": request.label})

    def tick(self, tick: Tick) -> None:
        for key, value in tick.board.items():
            self._keep(key, value)
        board = self._changed_texts(tick)
        stages = [job for job in tick.jobs if job.lane is not Lane.TRACKER]
        if tick.nodes or board or tick.said or stages:
            self._line(
                {
                    "tick": tick.number,
                    "t": round(tick.t_s, 4),
                    "wall": round(tick.wall_s, 4),
                    "run_state": "running",
                    "tip": tick.tip,
                    "tick_ms": round(1e3 * tick.tick_s, 3),
                    "job_ms": round(1e3 * tick.job_s, 3),
                    "nodes": {number: [state.status, state.feedback] for number, state in tick.nodes.items()},
                    "bb": board,
                    "said": tick.said,
                    "jobs": [[job.name, job.lane, *_rounded(job.began_s, job.ended_s)] for job in stages],
                }
            )

    def end(self, result: Result) -> None:
        self._line(
            {
                "run_state": "fault" if result.error is not None else "done",
                "t": round(result.duration_s, 4),
                "wall": round(result.wall_s, 4),
                "outcome": result.outcome.value,
                "leaf": result.leaf,
                "reason": result.reason,
            }
        )
        self._events.close()
        if result.error is not None:
            trace = "".join(traceback.format_exception(result.error))
            (self.folder / "error.txt").write_text(trace, encoding="utf-8")
        self._write_json("run.json", {**self._about, **_summary(result)})

    def _keep(self, key: str, value: Any) -> None:
        """Follow the blackboard; pass new values on to the conversation and the pictures."""
        if value is None:
            self._board.pop(key, None)
            return
        self._board[key] = value
        if key == keys.VLM_PROMPT:
            self._conversation.asked(value)
        elif key == keys.VLM_REPLY:
            self._conversation.answered(value)
        elif key == keys.VLM_UNANSWERED:
            self._conversation.asked(value.question)
            self._conversation.unanswered(value.reason, value.bytes_sent)
        elif key == keys.VLM_SECOND:
            self._conversation.asked(value.question)
            self._conversation.answered(value.reply)
        elif key == keys.VLM_ERROR:
            self._conversation.refused(value)
        self._on_key_written(key, value, self._board)

    def _changed_texts(self, tick: Tick) -> dict[str, str | None]:
        """Short texts that differ from the last recorded ones; None for a key that was unset."""
        due = tick.t_s - self._telemetry_s >= self._telemetry_period_s
        changed: dict[str, str | None] = {}
        watched = set(tick.board) - TELEMETRY
        if due:
            self._telemetry_s = tick.t_s
            watched |= TELEMETRY & self._board.keys()
        for key in sorted(watched):
            text = short(self._board[key]) if key in self._board else None
            if self._texts.get(key) != text:
                changed[key] = self._texts[key] = text
        return changed

    def _line(self, event: Mapping[str, Any]) -> None:
        self._events.write(json.dumps(event, ensure_ascii=False, default=_plain) + "\n")
        self._events.flush()

    def _write_json(self, name: str, content: Mapping[str, Any]) -> None:
        text = json.dumps(content, ensure_ascii=False, indent=2, default=_plain)
        (self.folder / name).write_text(text + "\n", encoding="utf-8")


def versions() -> dict[str, str]:
    """Python's and the deciding packages' versions."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def _summary(result: Result) -> dict[str, Any]:
    return {
        "outcome": result.outcome.value,
        "leaf": result.leaf,
        "reason": result.reason,
        "counts": {"ticks": result.ticks, "slow_ticks": result.slow_ticks, "failures": result.failures},
        "timings": {
            "duration_s": round(result.duration_s, 3),
            "wall_s": round(result.wall_s, 3),
            "first_motion_s": result.first_motion_s,
            "first_motion_wall_s": result.first_motion_wall_s,
            "tick_p50_ms": round(1e3 * result.tick_p50_s, 3),
            "tick_p99_ms": round(1e3 * result.tick_p99_s, 3),
            "slowest_tick_ms": round(1e3 * result.slowest_tick_s, 3),
            "slowest_leaf": result.slowest_leaf,
            "jobs": result.jobs,
        },
        "score": result.score,
        "safety": dict(result.safety),
    }


def _rounded(*seconds: float) -> tuple[float, ...]:
    return tuple(round(value, 4) for value in seconds)


def _plain(value: Any) -> Any:
    """What JSON does not know: enums by value, numpy scalars and arrays as Python numbers."""
    if hasattr(value, "tolist"):
        return value.tolist()
    return getattr(value, "value", str(value))
