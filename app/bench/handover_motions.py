"""Recorded handovers between people, read from a folder with motions.npz and index.json.

index.json: `joints`, the names of the joints, and `motions`, each with `id`, `transfer_frame`,
`receiver_hand`, `upper_arm_m`, `forearm_m` and `handover_point_m` (3,) in the frame of the joints, z up.
motions.npz: for each motion `<id>_receiver` and `<id>_giver` [frames, joints, 3] in metres.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from hardware.errors import BadFile
from hardware.geometry import unit
from hardware.types import FloatArray
from planning.ergonomics import ArmModel, toward_robot
from planning.errors import NoHandoverPose

Heading = Literal["body", "giver"]

INDEX, MOTIONS = "index.json", "motions.npz"
CONTENTS = f"a folder of recorded handovers holds {INDEX} and {MOTIONS}"
_UP = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True)
class Passing:
    """The moment one object went from hand to hand, in the recording's frame (z up), metres.

    shoulder (3,) of the arm that receives; point (3,): where the hands met; giver (3,): the giver's pelvis;
    facing (3,): level, where the receiver's chest points; outward is to the side of `hand`.
    """

    name: str
    hand: Literal["left", "right"]
    shoulder: FloatArray
    point: FloatArray
    giver: FloatArray
    facing: FloatArray
    arm: ArmModel

    @property
    def spacing_m(self) -> float:
        """From the receiver's shoulder to the giver, level."""
        return float(np.linalg.norm((self.giver - self.shoulder)[:2]))

    def ahead(self, heading: Heading) -> FloatArray:
        """The level unit vector (3,) that counts as forward: the chest's, or the one toward the giver."""
        return self.facing if heading == "body" else toward_robot(self.shoulder, self.giver)

    def in_axes(self, way: FloatArray, heading: Heading) -> FloatArray:
        """A way (3,) as forward, outward and up."""
        ahead = self.ahead(heading)
        right = np.cross(ahead, _UP)
        return np.array([way @ ahead, way @ (right if self.hand == "right" else -right), way[2]])


def read_passings(folder: Path) -> tuple[Passing, ...]:
    """All motions of a folder, by name. Raises BadFile naming the motion and what is wrong with it."""
    index_path, motions_path = folder / INDEX, folder / MOTIONS
    for path in (index_path, motions_path):
        if not path.is_file():
            raise BadFile(path, "the file is missing", CONTENTS)
    try:
        index = json.loads(index_path.read_text(encoding="utf-8"))
        joints, motions = [str(name) for name in index["joints"]], list(index["motions"])
    except (ValueError, KeyError, TypeError) as error:
        raise BadFile(index_path, f"it cannot be read ({error!r})", "it needs joints and motions") from error
    try:
        with np.load(motions_path) as arrays:
            passings = [_passing(index_path, motion, joints, arrays) for motion in motions]
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        remedy = "save plain arrays with numpy.savez"
        raise BadFile(motions_path, f"it cannot be read ({error})", remedy) from error
    if len({passing.name for passing in passings}) < max(len(passings), 4):
        words = f"it lists {len(passings)} motions"
        raise BadFile(index_path, words, "at least 4 with different ids are needed, half of them to fit on")
    return tuple(sorted(passings, key=lambda passing: passing.name))


def _passing(
    path: Path, motion: Mapping[str, Any], joints: list[str], arrays: Mapping[str, FloatArray]
) -> Passing:
    name = str(motion.get("id", "?")) if isinstance(motion, dict) else "?"
    try:
        hand, frame = motion["receiver_hand"], int(motion["transfer_frame"])
        if hand not in ("left", "right"):
            raise BadFile(path, f"motion {name}: receiver_hand is {hand!r}", "it must be left or right")
        people = (arrays[f"{name}_{who}"] for who in ("receiver", "giver"))
        receiver, giver = (dict(zip(joints, _frame(body, frame), strict=True)) for body in people)
        across = (receiver["right_shoulder"] - receiver["left_shoulder"]) * (1.0, 1.0, 0.0)
        passing = Passing(
            name=name,
            hand=hand,
            shoulder=receiver[f"{hand}_shoulder"],
            point=np.asarray(motion["handover_point_m"], dtype=np.float64).reshape(3),
            giver=giver["pelvis"],
            facing=unit(np.cross(_UP, across)),
            arm=ArmModel(float(motion["upper_arm_m"]), float(motion["forearm_m"])),
        )
        values = (passing.shoulder, passing.point, passing.giver, passing.ahead("giver"), passing.facing)
        if not np.all(np.isfinite(values)):
            raise BadFile(path, f"motion {name}: a joint is not finite", "leave that motion out")
    except (KeyError, IndexError, TypeError, ValueError, NoHandoverPose) as error:
        raise BadFile(path, f"motion {name}: {error!r}", CONTENTS) from error
    return passing


def _frame(body: FloatArray, frame: int) -> FloatArray:
    if frame < 0:
        raise IndexError(f"transfer_frame {frame} is before the first")
    return np.asarray(body[frame], dtype=np.float64)
