"""The same question on recorded pictures with annotated parts: annotated regions beside the shape rule.

A folder holds recordings, each with annotation.json: `objects` with `name`, `box`, and `human` and `robot`,
lists of polygons in pixels. Objects without both, or of which either end will do, are left out. The annotated
regions are the upper bound: what the grasps are worth when nothing is wrong with the regions.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw

from app.bench.ablation_methods import Choice, choose
from app.bench.metrics import SUCCESS_PROPORTION, share_text, success_proportion
from app.options import Config
from app.plan.object_view import check_fills, prepare
from app.plan.placing import box_of, placed, table_plane
from hardware.errors import BadFile, HandoverError
from hardware.geometry import inverse, transform
from hardware.recorded import read_frame
from hardware.types import BoolArray, FloatArray, RGBDFrame
from perception.errors import RegionsNotFound
from perception.pointcloud import masked_points
from perception.shape_regions import ShapeGrounder
from perception.types import Detection, HandoverRequest, Regions
from planning.selection import grasp_view

if TYPE_CHECKING:
    from rich.console import Console

ANNOTATION = "annotation.json"
PLACE = np.array([0.40, 0.0])
"""Where on the robot's table the object is taken to lie."""
ANNOTATED, SHAPE = "annotated", "shape rule"


@dataclass(frozen=True)
class Judgement:
    """One object with one region source: where the grasp of A3 touches it, and the paper's share ahead.

    right_part: nearest to the robot's annotated part; human_free: not on the person's, whose pixels it
    leaves alone.
    """

    recording: str
    name: str
    source: str
    right_part: bool = False
    human_free: bool = False
    share: float | None = None
    failure: str = ""


def judge_folder(folder: Path, config: Config, seed: int) -> list[Judgement]:
    """All annotated objects of a folder of recordings. Raises BadFile where there are none."""
    found = [
        judgement
        for path in sorted(folder.glob(f"*/{ANNOTATION}"))
        for thing in _objects(path)
        for judgement in _judge(path.parent, thing, config, seed)
    ]
    if not found:
        fault = f"no recording in it has a {ANNOTATION} with parts for person and robot"
        raise BadFile(folder, fault, "name a folder of such recordings")
    return found


def _objects(path: Path) -> list[Mapping[str, Any]]:
    try:
        things = json.loads(path.read_text(encoding="utf-8"))["objects"]
        return [t for t in things if t["human"] and t["robot"] and not t.get("either_end_ok")]
    except (ValueError, KeyError, TypeError) as error:
        raise BadFile(path, f"it cannot be read ({error!r})", "it needs objects with their parts") from error


def _judge(folder: Path, thing: Mapping[str, Any], config: Config, seed: int) -> Iterator[Judgement]:
    name, frame = str(thing["name"]), read_frame(folder)
    human, robot = (part_mask(thing[role], frame.depth_m.shape) for role in ("human", "robot"))
    try:
        frame, found = _placed_object(frame, thing, config, seed)
    except HandoverError as error:
        for source in (ANNOTATED, SHAPE):
            yield Judgement(folder.name, name, source, failure=str(error))
        return
    assert found.mask is not None  # what a segmenter promises
    for source in (ANNOTATED, SHAPE):
        try:
            regions = _regions(source, frame, found, human, robot)
            view = grasp_view(frame, found, regions, config.scene.table_top_z_m)
            generator = _back_ends(name, config, seed)[1]
            choice = choose(view, name, generator, config, np.random.default_rng((seed, 2)))["A3"]
            yield _judged(folder.name, name, source, choice, frame, (human, robot), seed)
        except HandoverError as error:
            yield Judgement(folder.name, name, source, failure=str(error))


def _placed_object(
    frame: RGBDFrame, thing: Mapping[str, Any], config: Config, seed: int
) -> tuple[RGBDFrame, Detection]:
    """The picture with its camera over the robot's table, and the object cut out of its annotated box."""
    rng, table_z_m, name = np.random.default_rng(seed), config.scene.table_top_z_m, str(thing["name"])
    box = box_of(thing["box"], frame)
    assert box is not None  # a box was given
    plane = table_plane(frame, config, rng, box)
    framed = placed(frame, plane, table_z_m, -plane.offset_m * plane.normal, PLACE)
    found = _back_ends(name, config, seed)[0].segment(
        framed, Detection(name, 1.0, box, None, "annotated box")
    )
    assert found.mask is not None  # what a segmenter promises
    check_fills(found)
    middle = transform(inverse(framed.base_from_camera), np.median(masked_points(framed, found.mask), axis=0))
    view = prepare(placed(frame, plane, table_z_m, middle, PLACE), found, table_z_m)
    return view.frame, view.detection


def _back_ends(name: str, config: Config, seed: int) -> tuple[Any, Any]:
    """The segmenter and the grasp generator, as configured where they do without a simulation."""
    from app.factory import GRASPS, SEGMENTERS, Order

    order = Order(config, HandoverRequest(name), np.random.default_rng(seed))
    segmenter = config.back_ends.segmenter
    return (
        SEGMENTERS["cluster" if segmenter == "simulated" else segmenter](order),
        GRASPS[config.back_ends.grasps](order),
    )


def _regions(source: str, frame: RGBDFrame, found: Detection, human: BoolArray, robot: BoolArray) -> Regions:
    if source == SHAPE:
        return ShapeGrounder().ground(frame, found)
    assert found.mask is not None  # what a segmenter promises
    regions = Regions(robot & found.mask & ~human, human & found.mask, None, ANNOTATED)
    if not (regions.robot_mask.any() and regions.human_mask.any()):
        raise RegionsNotFound(f"the annotated parts of {found.label!r} lie outside what was cut out")
    return regions


def _judged(
    recording: str,
    name: str,
    source: str,
    choice: Choice,
    frame: RGBDFrame,
    parts: tuple[BoolArray, BoolArray],
    seed: int,
) -> Judgement:
    if choice.grasp is None:
        return Judgement(recording, name, source, failure=choice.failure)
    human, robot = parts
    spot = pixel(frame, choice.grasp.contact)
    nearest = [float(np.min(np.linalg.norm(np.argwhere(part) - spot, axis=1))) for part in (human, robot)]
    points = masked_points(frame, human)
    share = (
        success_proportion(choice.grasp, points, np.random.default_rng((seed, 3))) if len(points) else None
    )
    return Judgement(recording, name, source, nearest[1] < nearest[0], nearest[0] > 1.0, share)


def part_mask(polygons: Sequence[Sequence[Sequence[float]]], shape: tuple[int, ...]) -> BoolArray:
    """Polygons of x, y as a mask (H, W)."""
    image = Image.new("1", (shape[1], shape[0]))
    for polygon in polygons:
        ImageDraw.Draw(image).polygon([(float(x), float(y)) for x, y in polygon], fill=1)
    return np.asarray(image, dtype=np.bool_)


def pixel(frame: RGBDFrame, point: FloatArray) -> FloatArray:
    """Row and column (2,) where a point (3,) of the base frame appears."""
    x, y, z = transform(inverse(frame.base_from_camera), point)
    k = frame.intrinsics
    return np.array([k.fy * y / z + k.cy, k.fx * x / z + k.cx])


def print_judgements(console: Console, judgements: Sequence[Judgement]) -> None:
    """Every object, then each source's shares over all objects, those without a grasp counted as failures."""
    from rich.table import Table

    table = Table(
        "recording", "object", "regions", "right part", "human part free", "share ahead", "why none"
    )
    for one in judgements:
        share = "" if one.share is None else f"{one.share:.2f}"
        marks = ["yes" if mark else "no" for mark in (one.right_part, one.human_free)]
        marks = ["", ""] if one.failure else marks
        table.add_row(one.recording, one.name, one.source, *marks, share, one.failure[:60])
    console.print(table)
    for source in (ANNOTATED, SHAPE):
        own = [one for one in judgements if one.source == source]
        figures = {
            "right part": sum(one.right_part for one in own),
            "human part free": sum(one.human_free for one in own),
            "over 80 % ahead": sum((one.share or 0.0) > SUCCESS_PROPORTION for one in own),
        }
        words = ", ".join(f"{what} {share_text(n, len(own))}" for what, n in figures.items())
        console.print(f"{source:11} {len(own)} objects: {words} per cent", highlight=False, soft_wrap=True)
