"""Examinations that were passed, kept in the user's state directory: what a real run looks for.

A pass holds for the parts of the configuration it was made with: another address, limit, camera or
calibration needs another one. A failed examination takes an earlier pass away.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from app.doctor.findings import Finding, passed
from app.options import Config
from app.robot_factory import LOOPBACK
from hardware.clock import epoch_s

FILE = "doctor.json"
COMMANDS = {"robot": "handover doctor robot --move", "camera": "handover doctor camera"}
"""Device -> the command whose pass a real run demands."""


def state_file() -> Path:
    """Where passes are kept: in XDG_STATE_HOME, else ~/.local/state."""
    base = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(base).expanduser() / "handover" / FILE


def now() -> datetime:
    """The date and time of now, with its time zone."""
    return datetime.fromtimestamp(epoch_s(), UTC)


def digest(device: str, config: Config) -> str:
    """Of the parts of the configuration that a pass of this device is about, the hand-eye file included."""
    parts: dict[str, Any] = {"kinova": asdict(config.kinova)}
    if device == "camera":
        file = config.hand_eye.file
        path = None if file is None else Path(file).expanduser()
        try:
            content = b"" if path is None else path.read_bytes()
        except OSError:  # what asks for a calibration says what is wrong with it
            content = b""
        parts = {
            "realsense": asdict(config.realsense),
            "hand_eye": asdict(config.hand_eye),
            "hand_eye_sha256": hashlib.sha256(content).hexdigest(),
        }
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def keep(device: str, config: Config, findings: Sequence[Finding], *, moved: bool = False) -> list[str]:
    """Keep a pass of the robot or the camera, or take an earlier one away; returns what to say of it.

    A pass of the robot without motion is none: nobody has seen it stop; an earlier one stays. So it does
    when a loopback arm or a recording was examined, which says nothing of the real ones.
    """
    if config.kinova.address == LOOPBACK if device == "robot" else config.realsense.recording is not None:
        return ["not kept for a real run: it was a rehearsal"]
    if passed(findings) and device == "robot" and not moved:
        return [f"not kept for a real run: nothing has moved yet; {COMMANDS[device]}"]
    kept = dict(_kept())
    kept.pop(device, None)
    if passed(findings):
        kept[device] = {
            "date": now().isoformat(timespec="seconds"),
            "digest": digest(device, config),
            "checked": [f"{finding.subject}: {finding.state}, {finding.detail}" for finding in findings],
        }
    path = state_file()
    beside = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(json.dumps(kept, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        return [f"{path}: the result cannot be kept ({error.strerror}); a real run will not find it"]
    return [f"kept in {path}"] if device in kept else []


def missing(config: Config, at: datetime, devices: Sequence[str] = tuple(COMMANDS)) -> Iterator[str]:
    """What is missing for a real run at that time, a sentence each with the command that mends it."""
    kept = _kept()
    for device in devices:
        command = COMMANDS[device]
        fault = _fault(kept.get(device), device, config, at)
        if fault:
            yield f"{device}: {fault}; {command}"


def _fault(entry: Any, device: str, config: Config, at: datetime) -> str:
    """Why this pass does not hold, or an empty string."""
    if not isinstance(entry, Mapping):
        return "no passed examination is known"
    try:
        age = at - datetime.fromisoformat(str(entry["date"]))
        same = entry["digest"] == digest(device, config)
    except (KeyError, TypeError, ValueError):
        return f"{state_file()} cannot be read"
    age_h, allowed_h = age / timedelta(hours=1), config.run.doctor_max_age_h
    if age_h < 0.0:
        return "it was passed later than now; set this machine's clock"
    if age_h > allowed_h:
        return f"passed {age_h:.0f} h ago, {allowed_h:g} h are allowed (run.doctor_max_age_h)"
    return "" if same else "passed with another configuration"


def _kept() -> Mapping[str, Any]:
    try:
        content = json.loads(state_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
