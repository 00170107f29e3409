"""Which views agree with each other: least median over random samples, then the spread about it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from hardware.calibration.errors import NoAgreement, ParallelMotions, TooFewViews
from hardware.calibration.refine import mean_pose
from hardware.calibration.solve import closed_form
from hardware.calibration.views import View
from hardware.geometry import transform
from hardware.types import BoolArray, FloatArray

SAMPLE = 6
"""Views per sample: with a fifth of them bad a quarter of the samples is clean."""
SAMPLES = 100
ROUNDS = 3
"""The sample's solution, then that of the views which agree with it."""
METHOD = "PARK"
SPREADS = 3.5
"""Views farther off than this many standard deviations, estimated from the median, are dropped."""
FLOOR_M, FLOOR_DEG = 0.003, 0.4
"""But none that is this good: with little noise the spread says nothing."""
CAP_M, CAP_DEG = 0.03, 3.0
"""And none that is worse than this, however wide the spread: then nothing fits, and that is the finding."""
MIN_SHARE = 0.7
"""Where fewer agree, something is loose or measured wrong, and picking the best would hide it."""


def agreeing(views: Sequence[View], middle: FloatArray, rng: np.random.Generator) -> BoolArray:
    """Which of the views (N,) agree on where the board is; `middle` (3,) is its middle, board frame.

    Raises TooFewViews, ParallelMotions, NoAgreement.
    """
    needed = math.ceil(MIN_SHARE * len(views))
    found: FloatArray | None = _best_sample(views, middle, rng)
    for _ in range(ROUNDS):
        if found is None:
            break
        kept = _within_spread(views, found, middle)
        if kept.sum() < needed:
            raise NoAgreement(int(kept.sum()), len(views), needed)
        found = closed_form([view for view, keep in zip(views, kept, strict=True) if keep], [METHOD])[METHOD]
    return kept


def board_errors(
    views: Sequence[View],
    flange_from_camera: FloatArray,
    base_from_board: FloatArray,
    middle: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """How far off each view (N,) has the board: metres at its middle, degrees."""
    boards = np.array([view.base_from_board(flange_from_camera) for view in views])
    places = np.array([transform(board, middle) for board in boards])
    off_m = np.linalg.norm(places - transform(base_from_board, middle), axis=1)
    turns = base_from_board[:3, :3].T @ boards[:, :3, :3]
    cosine = np.clip((np.trace(turns, axis1=1, axis2=2) - 1.0) / 2.0, -1.0, 1.0)
    return off_m, np.degrees(np.arccos(cosine))


def _best_sample(views: Sequence[View], middle: FloatArray, rng: np.random.Generator) -> FloatArray:
    """The solution of the sample whose median error over all views is the least."""
    size = min(SAMPLE, len(views))
    best: FloatArray | None = closed_form(views, [METHOD])[METHOD]
    least_m = np.inf if best is None else _median_error(views, best, middle)
    for _ in range(SAMPLES):
        sample = [views[i] for i in rng.choice(len(views), size, replace=False)]
        try:
            found = closed_form(sample, [METHOD])[METHOD]
        except (ParallelMotions, TooFewViews):
            continue
        if found is not None and (error_m := _median_error(views, found, middle)) < least_m:
            best, least_m = found, error_m
    if best is None:
        raise NoAgreement(0, len(views), math.ceil(MIN_SHARE * len(views)))
    return best


def _median_error(views: Sequence[View], flange_from_camera: FloatArray, middle: FloatArray) -> float:
    off_m, _ = _errors(views, flange_from_camera, middle)
    return float(np.median(off_m))


def _errors(
    views: Sequence[View], flange_from_camera: FloatArray, middle: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """`board_errors` against where the half of the views that agree best have the board."""
    boards = [view.base_from_board(flange_from_camera) for view in views]
    places = np.array([transform(board, middle) for board in boards])
    near = np.argsort(np.linalg.norm(places - np.median(places, axis=0), axis=1))[: (len(views) + 1) // 2]
    board = mean_pose([boards[i] for i in near], middle)
    return board_errors(views, flange_from_camera, board, middle)


def _within_spread(views: Sequence[View], flange_from_camera: FloatArray, middle: FloatArray) -> BoolArray:
    kept = np.ones(len(views), dtype=np.bool_)
    limits = ((FLOOR_M, CAP_M), (FLOOR_DEG, CAP_DEG))
    for errors, (floor, cap) in zip(_errors(views, flange_from_camera, middle), limits, strict=True):
        # The length of a 3-vector of normal errors has its median at 1.54 standard deviations.
        kept &= errors < np.clip(SPREADS * float(np.median(errors)) / 1.54, floor, cap)
    return kept
