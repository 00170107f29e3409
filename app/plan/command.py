"""`handover plan FOLDER --object NAME`: perceives and plans on a recorded picture; nothing moves.

Exit code 0: a plan was found; 1: none, and plan.json says why; 2: the recording or the command is unusable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import tyro

from app.arguments import UNSET, parse
from app.errors import UsageError
from app.methods import METHODS, asks_grid, method_faults
from app.options import Config

NAME = tyro.conf.arg(metavar="NAME", help_behavior_hint="(required)")
EDGES = tyro.conf.arg(metavar="X0 Y0 X1 Y1", help_behavior_hint="")


@dataclass(frozen=True)
class PlanCommand:
    """Perceive and plan on one recorded RGB-D picture; nothing moves."""

    folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER")]
    """The recording: color.png, depth.png (mm) or depth.npy (m), camera.json."""
    object: Annotated[tyro.conf.DisallowNone[str | None], NAME] = None
    """What it is, in plain words; also decides what stays upright and what is sharp."""
    box: Annotated[tyro.conf.DisallowNone[tuple[float, float, float, float] | None], EDGES] = None
    """Where the object is in the picture: left top right bottom, in pixels; needed among several."""
    out: Path = Path("plan")
    """Where pictures, table and plan.json go."""
    place: tuple[float, float] = (0.40, 0.0)
    """Where on the robot's table the object is taken to lie: x and y of the base frame, in metres."""
    seed: int = 0
    """For the samplers; the same seed gives the same plan."""
    config: Annotated[tyro.conf.DisallowNone[Path | None], UNSET] = None
    """The configuration to use; by default config.yaml in the working directory, if there is one."""
    settings: Annotated[Config, tyro.conf.arg(name="")] = Config()  # noqa: RUF009  # frozen


def main(arguments: Sequence[str]) -> int:
    """Plan on one recording; returns the exit code."""
    command, config = parse(PlanCommand(tyro.MISSING), arguments, "handover plan")

    import numpy as np
    from rich.console import Console

    from app.factory import DETECTORS, GRASPS, SEGMENTERS, VLMS, Order
    from app.method_factory import Parts, own_grounder
    from app.plan.object_view import check_fills
    from app.plan.placing import box_of, placed, table_plane
    from app.plan.report import print_findings, write_findings
    from app.plan.steps import BackEnds, Findings, search_plan
    from app.run_command import parse_request
    from hardware.geometry import inverse, transform
    from hardware.recorded import read_frame
    from hardware.sim.model import camera_mount
    from perception.errors import PerceptionError
    from perception.pointcloud import masked_points
    from perception.types import Detection
    from planning.errors import NoGrasp
    from planning.motion.planner import RoboplanPlanner

    if command.object is None:
        raise UsageError("--object NAME is missing: say what it is, for example --object hammer")
    if command.out.exists() and not command.out.is_dir():
        raise UsageError(f"{command.out} is no folder; choose another place with --out")
    request = parse_request(command.object)
    label = request.label
    rng = np.random.default_rng(command.seed)
    frame = read_frame(command.folder)
    box = box_of(command.box, frame)
    plane = table_plane(frame, config, rng, box)
    under_camera = -plane.offset_m * plane.normal
    table_z_m, place = config.scene.table_top_z_m, np.array(command.place)
    findings = Findings(placed(frame, plane, table_z_m, under_camera, place), plane)
    real = for_real_pictures(config)
    order, names_of = Order(real, request, rng), real.back_ends
    detector = DETECTORS[names_of.detector](order)
    parts = BackEnds(
        detector=detector,
        segmenter=SEGMENTERS[names_of.segmenter](order),
        vlm=VLMS[names_of.vlm](order) if asks_grid(real) else None,
        grasps=GRASPS[names_of.grasps](order),
        planner=RoboplanPlanner(config.motion, camera_mount(config.sim.camera)),
        grounder=own_grounder(Parts(order, detector, VLMS[names_of.vlm])),
    )
    if config.back_ends.vlm == "simulated" and METHODS[config.method].grounding == "grid":
        findings.notes.append("the simulated VLM knows simulated objects only; the shape rule decided")
    try:
        if box is None:
            boxed = parts.detector.detect(findings.frame, label)
        else:
            boxed = Detection(label, 1.0, box, None, "the box as given")
        found = parts.segmenter.segment(findings.frame, boxed)
        check_fills(found)
    except (PerceptionError, NoGrasp) as error:
        findings.failure = str(error)
    else:
        seen = masked_points(findings.frame, found.mask)
        middle = transform(inverse(findings.frame.base_from_camera), np.median(seen, axis=0))
        findings.frame = placed(frame, plane, table_z_m, middle, place)
        findings.detection = found
        search_plan(findings, config, parts, label, rng)
    names = {
        "detector": parts.detector.name,
        "segmenter": parts.segmenter.name,
        "regions": findings.regions.source if findings.regions else "none",
        "grasps": parts.grasps.name,
        "planner": parts.planner.name,
    }
    try:
        write_findings(command.out, findings, label, names)
    except OSError as error:
        raise UsageError(f"{command.out} cannot be written ({error}); choose another place") from error
    print_findings(Console(), findings, command.out, label, names)
    return 0 if findings.plan else 1


def for_real_pictures(config: Config) -> Config:
    """The configuration with other back ends for those that know simulated objects only. Raises UsageError
    where the method cannot do without.
    """

    def instead(name: str, other: Any) -> Any:
        return other if name == "simulated" else name

    names = config.back_ends
    names = replace(
        names,
        robot="kinova",
        detector=instead(names.detector, "tabletop"),
        segmenter=instead(names.segmenter, "cluster"),
        vlm=instead(names.vlm, "none"),
    )
    real = replace(config, back_ends=names)
    for location, fault in method_faults(real, config.method):
        raise UsageError(f"on a recorded picture nothing is simulated; {'.'.join(location)}: {fault}")
    return real
