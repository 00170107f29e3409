"""Writes what was found on a recorded picture: pictures, the ranking as a table, plan.json; and says it."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from app.plan.steps import Findings
from app.record.pictures import grasps_picture, regions_picture
from hardware.geometry import inverse
from hardware.types import BoolArray, FloatArray
from planning.types import Grasp, Rejection

if TYPE_CHECKING:
    from rich.console import Console

GRID, MASK, REGIONS, GRASPS = "grid.png", "mask.png", "regions.png", "grasps.png"
RANKING, PLAN = "ranking.csv", "plan.json"


def write_findings(out: Path, findings: Findings, label: str, back_ends: Mapping[str, str]) -> None:
    """All files into the folder `out`, which is made; files of an earlier plan there are replaced."""
    out.mkdir(parents=True, exist_ok=True)
    for name in (GRID, MASK, REGIONS, GRASPS, RANKING, PLAN):
        (out / name).unlink(missing_ok=True)
    frame = findings.frame
    if findings.detection is not None and findings.detection.mask is not None:
        Image.fromarray(findings.detection.mask).save(out / MASK)
    if findings.grid is not None:
        (out / GRID).write_bytes(findings.grid.picture.png)
    if findings.regions is not None:
        regions_picture(frame, findings.regions).save(out / REGIONS)
    if findings.candidates:
        ranked = [candidate.grasp for candidate in findings.candidates if candidate.status != "dropped"]
        dropped = [
            Rejection(candidate.grasp.contact, candidate.reason)
            for candidate in findings.candidates
            if candidate.status == "dropped"
        ]
        chosen = findings.plan.grasp if findings.plan else None
        grasps_picture(frame, ranked, dropped, chosen).save(out / GRASPS)
        _write_ranking(out / RANKING, findings)
    (out / PLAN).write_text(json.dumps(_plan(findings, label, back_ends), indent=1) + "\n", encoding="utf-8")


def _write_ranking(path: Path, findings: Findings) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(
            ["rank", "region", "score", "lean_deg", "width_mm", "x_m", "y_m", "z_m", "status", "reason"]
        )
        for rank, candidate in enumerate(findings.candidates, 1):
            grasp = candidate.grasp
            numbers = (grasp.score, np.degrees(grasp.lean_rad), 1e3 * grasp.width_m, *grasp.contact)
            written = [f"{number:.3f}" for number in numbers]
            table.writerow([rank, candidate.region, *written, candidate.status, candidate.reason])


def _plan(findings: Findings, label: str, back_ends: Mapping[str, str]) -> dict[str, Any]:
    plan = findings.plan
    joints = np.concatenate([plan.approach.positions, plan.lift.positions[1:]]) if plan else np.empty((0, 7))
    return {
        "object": label,
        "found": plan is not None,
        "failure": "" if plan else findings.failure,
        "back_ends": dict(back_ends),
        "notes": findings.notes,
        "camera_from_grasp": _camera_from(findings, plan.grasp) if plan else None,
        "width_m": plan.grasp.width_m if plan else None,
        "regions": _regions(findings),
        "candidates": [
            {
                "camera_from_grasp": _camera_from(findings, candidate.grasp),
                "width_m": round(candidate.grasp.width_m, 5),
                "score": round(candidate.grasp.score, 5),
                "region": candidate.region,
                "status": candidate.status,
                "reason": candidate.reason,
            }
            for candidate in findings.candidates
        ],
        "table": {"normal": _rounded(findings.table.normal), "offset_m": round(findings.table.offset_m, 5)},
        "base_from_camera": _rounded(findings.frame.base_from_camera),
        "joint_path": _rounded(joints),
        "approach_samples": len(plan.approach.positions) if plan else 0,
    }


def _regions(findings: Findings) -> dict[str, Any] | None:
    regions = findings.regions
    if regions is None:
        return None
    cells = regions.cells
    parts: dict[str, Any] = {"source": regions.source}
    for role, mask in (("human", regions.human_mask), ("robot", regions.robot_mask)):
        parts[role] = {
            "pixels": int(np.count_nonzero(mask)),
            "middle_px": _middle(mask),
            "cells": list(getattr(cells, role)) if cells else None,
        }
    return parts


def _middle(mask: BoolArray) -> list[float] | None:
    rows, columns = np.nonzero(mask)
    if len(rows) == 0:
        return None
    return [round(float(columns.mean()), 1), round(float(rows.mean()), 1)]


def _camera_from(findings: Findings, grasp: Grasp) -> list[Any]:
    return _rounded(inverse(findings.frame.base_from_camera) @ grasp.base_from_tcp)


def _rounded(values: FloatArray) -> list[Any]:
    rounded: list[Any] = np.round(np.asarray(values, dtype=np.float64), 6).tolist()
    return rounded


def print_findings(
    console: Console, findings: Findings, out: Path, label: str, back_ends: Mapping[str, str]
) -> None:
    """What was found, in a few lines."""
    plan = findings.plan
    if plan is None:
        console.print(f"[bold red]no plan for the {label}[/]: {findings.failure}", highlight=False)
    else:
        x, y, z = inverse(findings.frame.base_from_camera)[:3] @ np.append(plan.grasp.contact, 1.0)
        console.print(
            f"[bold green]plan for the {label}[/]: grasp at ({x:.3f}, {y:.3f}, {z:.3f}) m "
            f"in the camera frame, {1e3 * plan.grasp.width_m:.0f} mm wide, "
            f"lean {np.degrees(plan.grasp.lean_rad):.0f} deg; "
            f"approach {plan.approach.duration_s:.1f} s, lift {plan.lift.duration_s:.1f} s",
            highlight=False,
        )
    tried = sum(candidate.status != "not tried" for candidate in findings.candidates)
    if findings.candidates:
        console.print(f"candidates  {len(findings.candidates)}, {tried} tried", highlight=False)
    for note in findings.notes:
        console.print(f"note        {note}", highlight=False)
    console.print("back ends   " + ", ".join(f"{k}: {v}" for k, v in back_ends.items()), highlight=False)
    console.print(f"files       {out}/: {', '.join(sorted(p.name for p in out.iterdir()))}", highlight=False)
