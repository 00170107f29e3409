"""Says how good a calibration is: the error on poses held out, and how far the methods are apart."""

from __future__ import annotations

from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from app.calibrate.devices import Judge
from app.cli import program_version
from hardware.calibration.hand_eye import REFINED, TRUSTED, Calibration, Errors
from hardware.calibration.solve import apart
from hardware.types import FloatArray

TRUSTED_M, TRUSTED_DEG = 0.003, 0.3
"""Closed forms that differ by more are not to be trusted."""


def print_calibration(console: Console, result: Calibration, judge: Judge | None = None) -> None:
    """The transform, the methods beside it, held-out error and spread; in simulation also the truth."""
    table = Table(box=None, pad_edge=False)
    for column in ("method", "from the result", "held out, rms", "held out, worst"):
        table.add_column(column, justify="left" if column == "method" else "right")
    for name, answer in result.methods.items():
        if answer is None:
            table.add_row(name, "no answer", "", "")
            continue
        matrix, errors = answer
        table.add_row(name, _both(*apart(result.flange_from_camera, matrix)), _rms(errors), _worst(errors))
    console.print(table)
    dropped = int((~result.agrees).sum())
    console.print(
        f"poses            {len(result.agrees)}, of which {dropped} contradict the others and were dropped"
    )
    console.print(f"corners          {result.error_px:.2f} px from where each pose puts them")
    console.print(
        f"methods apart    {_both(*result.spread)}; {', '.join(TRUSTED)}: {_both(*result.trusted_spread)}"
    )
    metres, degrees = result.trusted_spread
    if metres > TRUSTED_M or degrees > TRUSTED_DEG:
        console.print(
            f"warning: {', '.join(TRUSTED)} differ by more than {_both(TRUSTED_M, TRUSTED_DEG)}; "
            "take more poses",
            style="yellow",
        )
    x, y, z = 1000.0 * result.flange_from_camera[:3, 3]
    console.print(f"camera           at ({x:.1f}, {y:.1f}, {z:.1f}) mm in end_effector_link")
    if judge is not None:
        console.print(f"from the truth   {_both(*judge(result.flange_from_camera))} (simulated)")
    console.print(
        f"held-out error   {_rms(result.held_out)} rms, {_worst(result.held_out)} worst", style="bold"
    )


def print_refusal(console: Console, error_m: float, limit_m: float) -> None:
    """Why nothing is written, and what to do."""
    console.print(
        f"refused: the error on poses held out is {1000.0 * error_m:.1f} mm, {1000.0 * limit_m:g} are "
        "allowed; nothing was written. Measure the squares (--square-mm), see that the board lies flat and "
        "does not move and the camera sits firmly, then calibrate again",
        style="bold red",
    )


def details(result: Calibration, pictures: int, seed: int, simulated: bool) -> dict[str, Any]:
    """What the file keeps of how the calibration was made (YAML's own types)."""
    return {
        "program": program_version(),
        "simulated": simulated,
        "seed": seed,
        "poses": len(result.agrees),
        "poses_dropped": int((~result.agrees).sum()),
        "pictures_per_pose": pictures,
        "corner_error_px": round(result.error_px, 4),
        "held_out_worst_mm": round(1000.0 * result.held_out.worst_m, 3),
        "held_out_worst_deg": round(result.held_out.worst_deg, 4),
        "base_from_board": _rows(result.base_from_board),
        "methods": {name: _method(result, name) for name in result.methods},
    }


def _method(result: Calibration, name: str) -> dict[str, Any] | str:
    answer = result.methods[name]
    if answer is None:
        return "no answer"
    matrix, errors = answer
    metres, degrees = apart(result.flange_from_camera, matrix)
    about = {
        "from_result_mm": round(1000.0 * metres, 3),
        "from_result_deg": round(degrees, 4),
        "held_out_rms_mm": round(1000.0 * errors.rms_m, 3),
        "held_out_rms_deg": round(errors.rms_deg, 4),
    }
    return about if name == REFINED else {**about, "flange_from_camera": _rows(matrix)}


def _rows(matrix: FloatArray) -> list[list[float]]:
    return [[float(value) for value in row] for row in np.round(matrix, 7)]


def _rms(errors: Errors) -> str:
    return _both(errors.rms_m, errors.rms_deg)


def _worst(errors: Errors) -> str:
    return _both(errors.worst_m, errors.worst_deg)


def _both(metres: float, degrees: float) -> str:
    return f"{1000.0 * metres:.2f} mm {degrees:.3f} deg"
