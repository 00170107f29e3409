"""From the views of one board to the camera's place on the flange, with an error measured on other views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from hardware.calibration.consensus import agreeing, board_errors
from hardware.calibration.errors import NoAgreement, TooFewViews
from hardware.calibration.refine import mean_pose, refine
from hardware.calibration.solve import apart, check_motions, closed_form
from hardware.calibration.views import View
from hardware.types import BoolArray, CameraIntrinsics, FloatArray

HELD_OUT = 5
"""Views kept out of the fit, to measure its error."""
MIN_FITTED = 5
"""Views the fit is made of, at least; with those held out the least a calibration takes."""
REFINED = "reprojection"
TRUSTED = ("PARK", "HORAUD", "DANIILIDIS")
"""The closed forms that agree on good data; TSAI drops small rotations, ANDREFF is the noisiest."""
STARTS = (*TRUSTED, "TSAI", "ANDREFF")
"""Where the refinement starts: the first of these that gave an answer."""


@dataclass(frozen=True)
class Errors:
    """How far off the board is seen: root mean square and worst, in metres at its middle and in degrees."""

    rms_m: float
    rms_deg: float
    worst_m: float
    worst_deg: float


@dataclass(frozen=True)
class Calibration:
    """flange_from_camera and base_from_board (4, 4), fitted to every view that agrees.

    held_out: errors, on views held out, of the same fit without them; methods: each method's own
    flange_from_camera without the views held out (None: it failed) with its error on these; agrees (N,)
    which of the views given were used; error_px: root mean square distance of the corners, all views used.
    """

    flange_from_camera: FloatArray
    base_from_board: FloatArray
    held_out: Errors
    methods: Mapping[str, tuple[FloatArray, Errors] | None]
    agrees: BoolArray
    error_px: float

    @property
    def spread(self) -> tuple[float, float]:
        """The largest difference between any two methods that gave an answer, in metres and degrees."""
        return self._spread([answer[0] for answer in self.methods.values() if answer is not None])

    @property
    def trusted_spread(self) -> tuple[float, float]:
        """The same among the closed forms of `TRUSTED`."""
        answers = [self.methods[name] for name in TRUSTED]
        return self._spread([answer[0] for answer in answers if answer is not None])

    @staticmethod
    def _spread(matrices: Sequence[FloatArray]) -> tuple[float, float]:
        differences = [apart(a, b) for a, b in combinations(matrices, 2)]
        return (
            max((metres for metres, _ in differences), default=0.0),
            max((degrees for _, degrees in differences), default=0.0),
        )


def calibrate(
    views: Sequence[View], intrinsics: CameraIntrinsics, middle: FloatArray, rng: np.random.Generator
) -> Calibration:
    """Drop views that contradict the others, hold some out, fit the rest, measure, then fit all that agree.

    middle (3,): the board's middle in its own frame, where errors are measured. Raises TooFewViews,
    ParallelMotions, NoAgreement.
    """
    if len(views) < HELD_OUT + MIN_FITTED:
        raise TooFewViews(len(views), HELD_OUT + MIN_FITTED)
    check_motions(views)
    agrees = agreeing(views, middle, rng)
    used = [view for view, agree in zip(views, agrees, strict=True) if agree]
    if len(used) < HELD_OUT + MIN_FITTED:
        raise NoAgreement(len(used), len(views), HELD_OUT + MIN_FITTED)
    held = set(rng.choice(len(used), HELD_OUT, replace=False).tolist())
    fitted = [view for i, view in enumerate(used) if i not in held]
    others = [used[i] for i in sorted(held)]

    methods: dict[str, tuple[FloatArray, Errors] | None] = {}
    for name, answer in closed_form(fitted).items():
        methods[name] = None
        if answer is not None:
            board = _mean_board(fitted, answer, middle)
            methods[name] = answer, _errors(others, answer, board, middle)
    start = next((methods[name] for name in STARTS if methods[name] is not None), None)
    if start is None:
        raise NoAgreement(0, len(views), HELD_OUT + MIN_FITTED)
    matrix, board = refine(fitted, intrinsics, start[0], _mean_board(fitted, start[0], middle))
    held_out = _errors(others, matrix, board, middle)
    methods[REFINED] = matrix, held_out
    final, board = refine(used, intrinsics, matrix, board)
    return Calibration(
        flange_from_camera=final,
        base_from_board=board,
        held_out=held_out,
        methods=methods,
        agrees=agrees,
        error_px=float(np.sqrt(np.mean([view.seen.error_px**2 for view in used]))),
    )


def _mean_board(views: Sequence[View], flange_from_camera: FloatArray, middle: FloatArray) -> FloatArray:
    return mean_pose([view.base_from_board(flange_from_camera) for view in views], middle)


def _errors(
    views: Sequence[View], flange_from_camera: FloatArray, base_from_board: FloatArray, middle: FloatArray
) -> Errors:
    off_m, off_deg = board_errors(views, flange_from_camera, base_from_board, middle)
    return Errors(
        rms_m=float(np.sqrt(np.mean(off_m**2))),
        rms_deg=float(np.sqrt(np.mean(off_deg**2))),
        worst_m=float(off_m.max()),
        worst_deg=float(off_deg.max()),
    )
