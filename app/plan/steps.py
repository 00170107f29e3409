"""From one recorded picture to a planned grasp: the steps the robot takes, without a robot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from app.methods import METHODS
from app.options import Config
from app.plan.object_view import over_table, prepare, why_none
from behaviours.ground import points_beside
from hardware.errors import HandoverError
from hardware.types import RGBDFrame
from perception.grounding import GridGrounder, GridView, numbered_grid
from perception.pointcloud import Plane
from perception.protocols import ObjectDetector, RegionGrounder, Segmenter, VisionLanguageModel
from perception.shape_regions import ShapeGrounder
from perception.types import Detection, Regions
from planning.errors import NoGrasp, PlanningError
from planning.held import held_object, stays_upright
from planning.nominal import nominal_person
from planning.pick import plan_grasp
from planning.presentation import handover_poses
from planning.protocols import GraspGenerator, MotionPlanner
from planning.ranking_rules import ranked_queue
from planning.scene import clutter_cuboids
from planning.selection import Region, grasp_view, human_poses, mark_regions
from planning.types import Cuboid, Grasp, GraspPlan, GraspSet, HeldObject


@dataclass(frozen=True)
class BackEnds:
    """What answers in each step."""

    detector: ObjectDetector
    segmenter: Segmenter
    vlm: VisionLanguageModel | None
    grasps: GraspGenerator
    planner: MotionPlanner
    grounder: RegionGrounder | None = None
    """Of a method that finds regions in a way of its own."""


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
    whole: Detection | None = None
    """The object with the markers stuck on it: what is lifted."""
    grid: GridView | None = None
    regions: Regions | None = None
    grasps: GraspSet | None = None
    candidates: list[Candidate] = field(default_factory=list)
    plan: GraspPlan | None = None
    notes: list[str] = field(default_factory=list)
    failure: str = ""


def search_plan(
    findings: Findings, config: Config, parts: BackEnds, label: str, rng: np.random.Generator
) -> None:
    """Regions, grasps, ranking and motions into `findings`; a step that cannot be done ends it with why."""
    try:
        assert findings.detection is not None  # the caller looked for it
        view = prepare(findings.frame, findings.detection, config.scene.table_top_z_m)
        findings.frame, findings.detection, findings.whole = view.frame, view.detection, view.whole
        findings.notes += view.notes
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
    if parts.grounder is not None:
        return parts.grounder.ground(findings.frame, findings.detection)
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
    assert findings.whole is not None
    assert regions is not None
    view = grasp_view(frame, detection, regions, config.scene.table_top_z_m)
    proposed = parts.grasps.generate(view, rng, samples)
    name = region.name.lower().replace("_", " ")
    if not proposed:
        widest_m = config.planning.antipodal.max_width_m
        findings.failure = f"{parts.grasps.name} proposes no grasp from {samples} samples: "
        findings.failure += why_none(view.object_points, widest_m)
        findings.notes.append(findings.failure)
        return False
    findings.grasps = mark_regions(proposed, view, parts.grasps.name, epsilon_m)
    try:
        rule, selection = METHODS[config.method].ranking, config.planning.selection
        upright = stays_upright(label, view)
        queue = ranked_queue(rule, findings.grasps, view, region, selection, rng, upright=upright)
    except NoGrasp as error:
        findings.failure = str(error)
        findings.notes.append(f"{name}: {error}")
        return False
    if rule in ("deliverable", "paper") and not np.any(findings.grasps.in_human):
        findings.notes.append(
            f"no grasp in the person's region: ranked against a pseudo-grasp at its middle "
            f"{np.round(human_poses(findings.grasps)[0, :3, 3], 3).tolist()}"
        )
    raised = over_table(frame, findings.whole, config.scene)
    others = points_beside(raised, findings.whole, config.perception.detector.cluster_gap_m)
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
