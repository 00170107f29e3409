"""From one recorded picture to a planned grasp: the steps the robot takes, without a robot.

The recording does not say where its camera stood. The table is found first, as the largest plane near the
object whatever its tilt; then the camera is placed so that this plane is the configured table and the object
lies at a chosen place on it, seen from the robot's side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from app.errors import UsageError
from app.options import Config
from behaviours.ground import points_beside
from hardware.errors import HandoverError
from hardware.geometry import pose, unit
from hardware.types import BoolArray, FloatArray, RGBDFrame
from perception.grounding import GridGrounder, GridView, numbered_grid
from perception.pointcloud import Plane, fit_table, masked_points, voxel_downsample
from perception.protocols import ObjectDetector, Segmenter, VisionLanguageModel
from perception.shape_regions import ShapeGrounder
from perception.types import Box, Detection, Regions
from planning.errors import NoGrasp, PlanningError
from planning.held import held_object
from planning.nominal import nominal_person
from planning.pick import plan_grasp
from planning.presentation import handover_poses
from planning.protocols import GraspGenerator, MotionPlanner
from planning.scene import clutter_cuboids
from planning.selection import Region, grasp_view, human_poses, mark_regions, select
from planning.types import Cuboid, Grasp, GraspPlan, GraspSet, HeldObject

TABLE_VOXEL_M = 0.012
FARTHEST_TABLE_M = 2.0


@dataclass(frozen=True)
class BackEnds:
    """What answers in each step."""

    detector: ObjectDetector
    segmenter: Segmenter
    vlm: VisionLanguageModel | None
    grasps: GraspGenerator
    planner: MotionPlanner


@dataclass(frozen=True)
class Candidate:
    """One grasp of the queue in its order: which region it was drawn from, and what became of it."""

    grasp: Grasp
    region: str
    status: str
    """chosen, dropped or not tried."""
    reason: str


@dataclass
class Findings:
    """Everything found so far; a step that fails leaves the later ones None and says why in `failure`."""

    frame: RGBDFrame
    table: Plane
    """In the camera frame, its normal toward the camera."""
    detection: Detection | None = None
    grid: GridView | None = None
    regions: Regions | None = None
    grasps: GraspSet | None = None
    candidates: list[Candidate] = field(default_factory=list)
    plan: GraspPlan | None = None
    notes: list[str] = field(default_factory=list)
    failure: str = ""


def table_plane(frame: RGBDFrame, config: Config, rng: np.random.Generator, box: Box | None = None) -> Plane:
    """The largest plane around `box`, or in the picture's middle, in the camera frame, normal toward it.

    A floor beside the table may be larger than the table: so not the whole picture counts.
    Raises UsageError when the depth holds no plane.
    """
    in_camera = replace(frame, base_from_camera=np.eye(4))
    seen = masked_points(in_camera, _surroundings(frame, box), max_range_m=FARTHEST_TABLE_M)
    points = voxel_downsample(seen, TABLE_VOXEL_M)
    tolerance_m = config.perception.detector.plane_tolerance_m
    plane = fit_table(points, rng, tolerance_m=tolerance_m, up=(0.0, 0.0, -1.0), max_tilt_deg=89.0)
    if plane is None or np.sum(np.abs(plane.height(points)) < tolerance_m) < 100:
        raise UsageError(
            f"{frame.source}: no table is to be seen; a plane nearer than {FARTHEST_TABLE_M:g} m is needed"
        )
    if plane.offset_m < 0.0:
        plane = Plane(-plane.normal, -plane.offset_m)
    return plane


def _surroundings(frame: RGBDFrame, box: Box | None) -> BoolArray:
    """The pixels (H, W) up to a box' size (at least a tenth of the picture) around it; else the middle."""
    height, width = frame.depth_m.shape
    x0, y0, x1, y1 = box or (0.375 * width, 0.375 * height, 0.625 * width, 0.625 * height)
    across, down = max(x1 - x0, 0.1 * width), max(y1 - y0, 0.1 * height)
    mask = np.zeros((height, width), dtype=np.bool_)
    mask[max(round(y0 - down), 0) : round(y1 + down), max(round(x0 - across), 0) : round(x1 + across)] = True
    return mask


def placed(
    frame: RGBDFrame, plane: Plane, table_z_m: float, spot: FloatArray, place_xy: FloatArray
) -> RGBDFrame:
    """The frame with its camera where `plane` is level at `table_z_m` and `spot` (3,), a point in the camera
    frame, lies over `place_xy` (2,); up in the picture is away from the robot.
    """
    up = plane.normal
    away = -np.array([0.0, 1.0, 0.0])
    away = away - (away @ up) * up
    if np.linalg.norm(away) < 0.2:  # the camera looks along the table
        away = np.array([0.0, 0.0, 1.0]) - up[2] * up
    x = unit(away)
    rotation = np.stack([x, np.cross(up, x), up])
    at = rotation @ spot
    shift = np.array([place_xy[0] - at[0], place_xy[1] - at[1], table_z_m - float(-plane.offset_m)])
    return replace(frame, base_from_camera=pose(rotation, shift))


def search_plan(
    findings: Findings, config: Config, parts: BackEnds, label: str, rng: np.random.Generator
) -> None:
    """Regions, grasps, ranking and motions into `findings`; a step that cannot be done ends it with why."""
    try:
        assert findings.detection is not None  # the caller looked for it
        findings.grid = numbered_grid(
            findings.frame, findings.detection, config.perception.grid.n, options=config.perception.grid
        )
        findings.regions = _regions(findings, config, parts)
        for region, epsilon_m, samples in _tries(config):
            if _from_region(findings, config, parts, label, rng, region, epsilon_m, samples):
                return
        findings.failure = findings.candidates[-1].reason if findings.candidates else findings.failure
    except HandoverError as error:
        findings.failure = str(error)


def _regions(findings: Findings, config: Config, parts: BackEnds) -> Regions:
    assert findings.detection is not None
    if parts.vlm is not None:
        try:
            return GridGrounder(parts.vlm, config.perception.grid).ground(findings.frame, findings.detection)
        except HandoverError as error:
            findings.notes.append(f"{parts.vlm.name} gave no regions ({error}); the shape rule decided")
    return ShapeGrounder().ground(findings.frame, findings.detection)


def _tries(config: Config) -> Sequence[tuple[Region, float, int]]:
    """The regions in the order of the tree's fallbacks, each with its epsilon and its number of samples."""
    selection, tree = config.planning.selection, config.tree
    return (
        (Region.ROBOT, selection.epsilon_m, tree.grasp_samples),
        (Region.GROWN, selection.grown_epsilon_m, tree.grown_samples),
        (Region.OUTSIDE_HUMAN, selection.grown_epsilon_m, tree.grown_samples),
    )


def _from_region(
    findings: Findings,
    config: Config,
    parts: BackEnds,
    label: str,
    rng: np.random.Generator,
    region: Region,
    epsilon_m: float,
    samples: int,
) -> bool:
    """Whether a grasp of this region can be planned; candidates and reasons are kept either way."""
    frame, detection, regions = findings.frame, findings.detection, findings.regions
    assert detection is not None
    assert regions is not None
    view = grasp_view(frame, detection, regions, config.scene.table_top_z_m)
    proposed = parts.grasps.generate(view, rng, samples)
    name = region.name.lower().replace("_", " ")
    if not proposed:
        findings.failure = f"{parts.grasps.name} proposes no grasp from {samples} samples"
        findings.notes.append(findings.failure)
        return False
    findings.grasps = mark_regions(proposed, view, parts.grasps.name, epsilon_m)
    try:
        queue = select(findings.grasps, region, config.planning.selection)
    except NoGrasp as error:
        findings.failure = str(error)
        findings.notes.append(f"{name}: {error}")
        return False
    if not np.any(findings.grasps.in_human):
        findings.notes.append(
            f"no grasp in the person's region: ranked against a pseudo-grasp at its middle "
            f"{np.round(human_poses(findings.grasps)[0, :3, 3], 3).tolist()}"
        )
    others = points_beside(frame, detection, config.perception.detector.cluster_gap_m)
    obstacles = clutter_cuboids(others, config.scene.table_top_z_m, config.scene)
    for number, grasp in enumerate(queue):
        try:
            findings.plan = _motion(grasp, config, parts, label, obstacles, held_object(label, grasp, view))
        except PlanningError as error:
            findings.candidates.append(Candidate(grasp, name, "dropped", str(error)))
            continue
        findings.candidates.append(Candidate(grasp, name, "chosen", "approach, lift and delivery are free"))
        findings.candidates += [
            Candidate(other, name, "not tried", "a better one was planned") for other in queue[number + 1 :]
        ]
        return True
    return False


def _motion(
    grasp: Grasp, config: Config, parts: BackEnds, label: str, obstacles: Sequence[Cuboid], held: HeldObject
) -> GraspPlan:
    person = nominal_person(config.planning.presentation)
    return plan_grasp(
        parts.planner,
        grasp,
        held,
        np.radians(config.tree.views.table_deg[0]),
        config.scene,
        obstacles,
        person,
        handover_poses(held, person, config.planning.presentation),
        config.motion,
    )


def box_of(values: Sequence[float] | None, frame: RGBDFrame) -> Box | None:
    """The box typed by the user. Raises UsageError when it is not inside the picture."""
    if values is None:
        return None
    x0, y0, x1, y1 = (float(value) for value in values)
    width, height = frame.intrinsics.width, frame.intrinsics.height
    if not (0.0 <= x0 < x1 <= width and 0.0 <= y0 < y1 <= height):
        raise UsageError(
            f"--box {x0:g} {y0:g} {x1:g} {y1:g} is no box in a picture of {width} x {height} pixels: "
            "left, top, right, bottom are needed, in pixels"
        )
    return x0, y0, x1, y1
