"""Writes what was found on a picture: grid.png, masks.png, regions.json; and says it in a few lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw

from app.ground.steps import Grounding
from app.record.pictures import BEST_COLOUR, regions_picture
from hardware.types import BoolArray

if TYPE_CHECKING:
    from rich.console import Console

GRID, MASKS, REGIONS, DIALOGUE = "grid.png", "masks.png", "regions.json", "vlm"
OUTLINE_SHARE = 300


def write_grounding(out: Path, found: Grounding) -> None:
    """All files into the folder `out`; those of an earlier picture there are replaced."""
    out.mkdir(parents=True, exist_ok=True)
    for name in (GRID, MASKS, REGIONS):
        (out / name).unlink(missing_ok=True)
    if found.grid is not None:
        (out / GRID).write_bytes(found.grid.picture.png)
    if found.detection is not None:
        masks_picture(found).save(out / MASKS)
    (out / REGIONS).write_text(json.dumps(_values(found), indent=1) + "\n", encoding="utf-8")


def masks_picture(found: Grounding) -> Image.Image:
    """The picture with the box in green; the regions in their colours, or else the object out of the dark."""
    detection = found.detection
    assert detection is not None  # the caller looked
    assert detection.mask is not None
    if found.regions is not None:
        image = regions_picture(found.frame, found.regions)
    else:
        rgb = np.where(detection.mask[..., None], found.frame.rgb, found.frame.rgb // 3)
        image = Image.fromarray(rgb)
    width = max(2, image.width // OUTLINE_SHARE)
    ImageDraw.Draw(image).rectangle(detection.box, outline=BEST_COLOUR, width=width)
    return image


def _values(found: Grounding) -> dict[str, Any]:
    detection, grid, regions = found.detection, found.grid, found.regions
    return {
        "picture": found.frame.source,
        "size_px": [found.frame.intrinsics.width, found.frame.intrinsics.height],
        "object": found.label,
        "back_ends": found.back_ends,
        "box": [round(side, 2) for side in detection.box] if detection else None,
        "score": round(detection.score, 4) if detection else None,
        "runner_up": detection.runner_up if detection else "",
        "mask_px": int(np.sum(detection.mask)) if detection and detection.mask is not None else None,
        "grid_n": grid.picture.grid_n if grid else None,
        "cells_with_object": list(grid.labels) if grid else None,
        "regions": None
        if regions is None or regions.cells is None
        else {
            "human": _region(regions.human_mask, regions.cells.human),
            "robot": _region(regions.robot_mask, regions.cells.robot),
            "source": regions.source,
        },
        "vlm": {
            "questions": len(found.replies),
            "bytes_sent": sum(reply.bytes_sent or 0 for reply in found.replies),
            "tokens_in": sum(reply.tokens_in or 0 for reply in found.replies),
            "tokens_out": sum(reply.tokens_out or 0 for reply in found.replies),
        },
        "notes": found.notes,
        "failure": found.failure,
    }


def _region(mask: BoolArray, cells: tuple[int, ...]) -> dict[str, Any]:
    rows, columns = np.nonzero(mask)
    return {
        "cells": list(cells),
        "pixels": len(rows),
        "middle_px": [round(float(columns.mean()), 1), round(float(rows.mean()), 1)],
    }


def print_grounding(console: Console, found: Grounding, out: Path) -> None:
    """What was found, what is not configured, and where the files are."""
    regions, detection = found.regions, found.detection
    if found.failure:
        console.print(f"[bold red]no regions on the {found.label}[/]: {found.failure}")
    elif regions is not None and regions.cells is not None:
        human, robot = (", ".join(map(str, cells)) for cells in (regions.cells.human, regions.cells.robot))
        console.print(
            f"[bold green]the {found.label}[/]: cells {human} for the person, {robot} for the robot "
            f"({regions.source})"
        )
    elif found.grid is not None:
        n = found.grid.picture.grid_n
        console.print(f"[bold green]grid of {n} x {n} cells drawn[/] on the {found.label}")
    if detection is not None:
        sides = " ".join(f"{side:.0f}" for side in detection.box)
        console.print(f"box         {sides} ({detection.source}, score {detection.score:.2f})")
    for note in found.notes:
        console.print(f"note        {note}")
    console.print("back ends   " + ", ".join(f"{step}: {name}" for step, name in found.back_ends.items()))
    console.print(f"files       {out}/: {', '.join(sorted(path.name for path in out.iterdir()))}")
