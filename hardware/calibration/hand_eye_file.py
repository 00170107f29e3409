"""The hand-eye calibration on disk: where the camera sits on the flange, and how that was found.

A YAML file that people can read. It holds for one camera and one stream size: `check_camera` refuses another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from hardware.calibration.options import HandEyeOptions
from hardware.errors import BadFile
from hardware.gen3.kinematics import FK_MODEL
from hardware.types import CameraIntrinsics, FloatArray, readonly

FORMAT = "handover hand-eye 1"
HEADER = "# Where the camera sits on the robot's flange. Written by `handover calibrate hand-eye`.\n"
AGAIN = "run `handover calibrate hand-eye` with back_ends.robot: kinova and name its file as hand_eye.file"
ANOTHER = "name another folder"
SAME_PX = 0.5
"""A camera reports its own intrinsics to the last digit; a recalibrated one differs by more than this."""
FARTHEST_M = 0.5
"""No wrist camera is farther from the flange: then the unit is wrong, or another frame is meant."""


@dataclass(frozen=True)
class HandEye:
    """A hand-eye calibration and its provenance.

    flange_from_camera (4, 4): the colour camera (x right, y down, z forward) in the flange's frame
    (end_effector_link), metres. error_m, error_deg: over poses that were held out. date has a time zone.
    fk_model: whose forward kinematics gave the flange's poses. details: anything else worth keeping (YAML's
    own types only). Raises ValueError for a matrix that is no rigid transform.
    """

    flange_from_camera: FloatArray
    camera_serial: str
    intrinsics: CameraIntrinsics
    date: datetime
    error_m: float
    error_deg: float
    method: str
    board: str
    fk_model: str
    details: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        matrix = readonly(self.flange_from_camera, (4, 4))
        object.__setattr__(self, "flange_from_camera", matrix)
        rotation = matrix[:3, :3]
        rigid = np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-5) and np.linalg.det(rotation) > 0.0
        if not (rigid and np.array_equal(matrix[3], [0.0, 0.0, 0.0, 1.0])):
            raise ValueError("flange_from_camera is no rigid transform (rotation, translation, 0 0 0 1)")
        if np.linalg.norm(matrix[:3, 3]) > FARTHEST_M:
            raise ValueError(f"the camera would be more than {FARTHEST_M:g} m from the flange")
        if self.date.tzinfo is None:
            raise ValueError("the date needs a time zone")
        if not (0.0 <= self.error_m < np.inf and 0.0 <= self.error_deg < np.inf):
            raise ValueError("the errors are numbers of 0 or more")


def check_writable(path: Path) -> None:
    """Raises BadFile where `save_hand_eye` could not write; leaves nothing behind."""
    beside, made = path.with_name(path.name + ".part"), []
    try:
        for folder in reversed(path.parents):
            if not folder.exists():
                folder.mkdir()
                made.append(folder)
        beside.touch()
        beside.unlink()
    except OSError as error:
        raise BadFile(path, f"it cannot be written ({error})", ANOTHER) from error
    finally:
        for folder in reversed(made):
            folder.rmdir()


def save_hand_eye(path: Path, hand_eye: HandEye) -> None:
    """Write the file whole or not at all; raises BadFile where it cannot be written."""
    camera = hand_eye.intrinsics
    values = {
        "format": FORMAT,
        "date": hand_eye.date.astimezone(UTC).isoformat(timespec="seconds"),
        "camera_serial": hand_eye.camera_serial,
        "stream": {"width": camera.width, "height": camera.height},
        "intrinsics_px": {name: float(getattr(camera, name)) for name in ("fx", "fy", "cx", "cy")},
        "flange_from_camera": [[float(value) for value in row] for row in hand_eye.flange_from_camera],
        "error_mm": 1000.0 * float(hand_eye.error_m),
        "error_deg": float(hand_eye.error_deg),
        "method": hand_eye.method,
        "board": hand_eye.board,
        "fk_model": hand_eye.fk_model,
        "details": dict(hand_eye.details),
    }
    beside = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = yaml.safe_dump(values, sort_keys=False, default_flow_style=None, allow_unicode=True)
        beside.write_text(HEADER + text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise BadFile(path, f"it cannot be written ({error})", ANOTHER) from error


def load_hand_eye(path: Path) -> HandEye:
    """The calibration in the file. Raises BadFile when it is missing, unreadable or incomplete."""
    if not path.is_file():
        raise BadFile(path, "there is no such file", AGAIN)
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise BadFile(path, f"it is no YAML that can be read ({error})", AGAIN) from error
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise BadFile(path, f"it does not say `format: {FORMAT}`", AGAIN)
    try:
        return _hand_eye(values)
    except KeyError as error:
        raise BadFile(path, f"{error.args[0]} is missing", AGAIN) from error
    except (TypeError, ValueError, AttributeError) as error:
        raise BadFile(path, f"a value is not what it should be ({error})", AGAIN) from error


def check_quality(path: Path, hand_eye: HandEye, options: HandEyeOptions, now: datetime) -> None:
    """Raises BadFile for a calibration that is too old, not exact enough, or of other kinematics; `now` has a
    time zone.
    """
    check_model(path, hand_eye)
    age_days = (now - hand_eye.date).total_seconds() / 86400.0
    if age_days < -1.0:
        raise BadFile(path, f"it was made {-age_days:.0f} days from now", "set this machine's clock")
    if age_days > options.max_age_days:
        fault = f"it is {age_days:.0f} days old, {options.max_age_days:g} are allowed (hand_eye.max_age_days)"
        raise BadFile(path, fault, AGAIN)
    if hand_eye.error_m > options.max_error_m:
        error_mm, allowed_mm = 1000.0 * hand_eye.error_m, 1000.0 * options.max_error_m
        raise BadFile(path, f"its error is {error_mm:.1f} mm, {allowed_mm:.1f} mm are allowed", AGAIN)


def check_model(path: Path, hand_eye: HandEye) -> None:
    """Raises BadFile when the flange's poses came from other forward kinematics: their faults are in the
    calibration and cancel only where the same model executes.
    """
    if hand_eye.fk_model != FK_MODEL:
        raise BadFile(path, f"it was made with {hand_eye.fk_model}, this program moves by {FK_MODEL}", AGAIN)


def check_camera(path: Path, hand_eye: HandEye, serial: str, intrinsics: CameraIntrinsics) -> None:
    """Raises BadFile when the calibration is another camera's, or was made with another stream."""
    if hand_eye.camera_serial != serial:
        fault = f"it was made with the camera {hand_eye.camera_serial}, connected is {serial}"
        raise BadFile(path, fault, AGAIN)
    theirs, ours = hand_eye.intrinsics, intrinsics
    if (theirs.width, theirs.height) != (ours.width, ours.height):
        fault = f"it was made at {theirs.width} x {theirs.height}, the stream is {ours.width} x {ours.height}"
        raise BadFile(path, fault, f"set realsense.colour_size_px back, or {AGAIN}")
    apart_px = max(abs(getattr(theirs, name) - getattr(ours, name)) for name in ("fx", "fy", "cx", "cy"))
    if apart_px > SAME_PX:
        fault = f"the camera's intrinsics have changed by {apart_px:.1f} pixels since"
        raise BadFile(path, fault, AGAIN)


def _hand_eye(values: Mapping[str, Any]) -> HandEye:
    stream, focal = values["stream"], values["intrinsics_px"]
    date = values["date"]
    return HandEye(
        flange_from_camera=np.array(values["flange_from_camera"], dtype=np.float64),
        camera_serial=str(values["camera_serial"]),
        intrinsics=CameraIntrinsics(
            int(stream["width"]),
            int(stream["height"]),
            *(float(focal[name]) for name in ("fx", "fy", "cx", "cy")),
        ),
        date=date if isinstance(date, datetime) else datetime.fromisoformat(date),
        error_m=float(values["error_mm"]) / 1000.0,
        error_deg=float(values["error_deg"]),
        method=str(values["method"]),
        board=str(values["board"]),
        fk_model=str(values["fk_model"]),
        details=dict(values["details"]),
    )
