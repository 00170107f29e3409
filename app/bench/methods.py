"""One trial of the comparison of methods: the ablation's scene, one picture, every method's grasp.

Everything random follows from the trial's seed. Methods that find the same regions choose among the same
candidates, and all go through the tree's fallbacks (a grown region, then all but the person's part).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from app.bench.ablation import Setup, trial_config
from app.bench.ablation_execute import UNREACHABLE, execute
from app.bench.ablation_methods import Choice, region_tries
from app.bench.engine import lost
from app.bench.metrics import SUCCESS_PROPORTION, success_proportion
from app.bench.simulated_labels import human_part
from app.bench.trials import Trial, quiet
from app.method_factory import Parts, own_grounder
from app.methods import METHODS, Grounding, Method
from app.options import Config, MethodName
from app.order import Order
from behaviours.services import Services
from hardware.errors import HandoverError
from hardware.types import FloatArray, RGBDFrame
from perception.grounding import GridGrounder
from perception.pointcloud import masked_points, without_outliers
from perception.types import Detection, HandoverRequest, Regions
from planning.errors import NoGrasp
from planning.held import stays_upright
from planning.protocols import GraspGenerator
from planning.ranking_rules import ranked_queue
from planning.selection import grasp_view, mark_regions
from planning.types import Grasp, GraspView

NO_GRASP = "no grasp"
_CANDIDATES, _METRIC, _GROUNDING, _RANKING = 2, 3, 4, 5
"""Which of a trial's streams of random numbers serves what; the first is that of swapped labels."""


@dataclass(frozen=True)
class Grounded:
    """What one way to find regions found: regions and the clouds with them, or why not; note: what went wrong
    before it fell back.
    """

    regions: Regions | None = None
    view: GraspView | None = None
    note: str = ""
    failure: str = ""


@dataclass(frozen=True)
class Compared:
    """One trial's picture with every method's regions and choice."""

    grounded: dict[Grounding, Grounded]
    choices: dict[MethodName, Choice]
    queues: dict[MethodName, tuple[Grasp, ...]]
    """What the robot would try, one after the other where a grasp cannot be reached; the choice first."""
    human_points: FloatArray
    """(N, 3): what the picture shows of the part that is really the person's."""
    swapped: bool


def compare(trial: Trial, names: Sequence[MethodName], setup: Setup, config: Config) -> Compared:
    """Picture, object, then regions, grasps and choice of each method. Raises HandoverError where the object
    is not found.
    """
    from app.factory import build

    config, swapped = trial_config(trial, setup, replace(config, method="ours"))
    services = build(config, HandoverRequest(trial.label), trial.seed).services
    with services.robot:
        frame = services.robot.camera.latest(0.0)
        found = services.segmenter.segment(frame, services.detector.detect(frame, trial.label))
    grounded: dict[Grounding, Grounded] = {}
    choices: dict[MethodName, Choice] = {}
    queues: dict[MethodName, tuple[Grasp, ...]] = {}
    for name in names:
        method = METHODS[name]
        if method.grounding not in grounded:
            grounded[method.grounding] = _grounded(
                trial, replace(config, method=name), services, frame, found
            )
        choices[name], queues[name] = _choice(
            trial, method, grounded[method.grounding], services.grasps, config
        )
    points = masked_points(frame, human_part(frame))
    return Compared(grounded, choices, queues, points[without_outliers(points)], swapped)


def _grounded(
    trial: Trial, config: Config, services: Services, frame: RGBDFrame, found: Detection
) -> Grounded:
    note = ""
    try:
        order = Order(config, HandoverRequest(trial.label), np.random.default_rng((trial.seed, _GROUNDING)))
        order.memory.remember(frame)
        regions, note = _regions(order, services, frame, found)
        view = grasp_view(frame, found, regions, config.scene.table_top_z_m)
        return Grounded(regions, view, note)
    except HandoverError as error:
        return Grounded(note=note, failure=str(error))


def _regions(order: Order, services: Services, frame: RGBDFrame, found: Detection) -> tuple[Regions, str]:
    """The regions as the tree finds them: the grid falls back to the shape rule, other methods to nothing."""
    from app.factory import VLMS

    names, note = order.config.back_ends, ""
    if (own := own_grounder(Parts(order, services.detector, VLMS[names.vlm]))) is not None:
        return own.ground(frame, found), note
    model = VLMS[names.vlm](order) if METHODS[order.config.method].grounding == "grid" else None
    if model is not None:
        try:
            return GridGrounder(model, order.config.perception.grid).ground(frame, found), note
        except HandoverError as error:
            note = str(error)
    return services.shape_grounder.ground(frame, found), note


def _choice(
    trial: Trial, method: Method, grounded: Grounded, generator: GraspGenerator, config: Config
) -> tuple[Choice, tuple[Grasp, ...]]:
    """The first grasp of the method's queue, through the tree's fallbacks, and the queue."""
    if grounded.view is None:
        return Choice(None, failure=grounded.failure), ()
    view, upright = grounded.view, stays_upright(trial.label, grounded.view)
    candidates, picks = (np.random.default_rng((trial.seed, stream)) for stream in (_CANDIDATES, _RANKING))
    failure = ""
    for region, epsilon_m, samples in region_tries(config):
        grasps = generator.generate(view, candidates, samples)
        marked = mark_regions(grasps, view, generator.name, epsilon_m)
        try:
            queue = ranked_queue(
                method.ranking, marked, view, region, config.planning.selection, picks, upright=upright
            )
            return Choice(queue[0], region.value), queue
        except NoGrasp as error:
            failure = str(error)
    return Choice(None, failure=failure), ()


def run_trial(trial: Trial, names: Sequence[MethodName], setup: Setup, config: Config) -> dict[str, Any]:
    """One trial as a row for a JSON file; whatever is raised becomes its `failure`, for all methods."""
    from app.record.writer import versions

    row: dict[str, Any] = {"label": trial.label, "instance": trial.instance, "seed": trial.seed}
    row |= {"versions": versions(), "failure": ""}
    try:
        with quiet("perception"):
            compared = compare(trial, names, setup, config)
        row |= {"swapped": compared.swapped, "human_points": len(compared.human_points)}
        row["methods"] = {name: _scored(name, compared, trial) for name in names}
        if setup.executes:
            _execute_all(row["methods"], compared, trial, setup, config)
    except Exception as error:  # a trial that breaks is a result too, and shown as one
        row |= _failed(names, f"{type(error).__name__}: {error}")
    return row


def lost_trial(trial: Trial, names: Sequence[MethodName]) -> dict[str, Any]:
    """The row of a trial that killed its worker."""
    row = lost(trial)
    return row | _failed(names, row["failure"])


def _failed(names: Sequence[MethodName], why: str) -> dict[str, Any]:
    nothing = {"success": False, "share": None, "outcome": NO_GRASP, "failure": why}
    return {"failure": why, "methods": {name: dict(nothing) for name in names}}


def _scored(name: MethodName, compared: Compared, trial: Trial) -> dict[str, Any]:
    choice, grounded = compared.choices[name], compared.grounded[METHODS[name].grounding]
    record: dict[str, Any] = {
        "success": False,
        "share": None,
        "source": grounded.regions.source if grounded.regions else "none",
        "note": grounded.note,
        "failure": choice.failure,
    }
    if choice.grasp is None:
        return record
    if len(compared.human_points) == 0:
        return record | {"failure": "the person's part is not seen"}
    share = _share(choice.grasp, compared, trial)
    return record | {
        "success": share > SUCCESS_PROPORTION,
        "share": round(share, 4),
        "region": choice.region,
        "lean_deg": round(float(np.degrees(choice.grasp.lean_rad)), 1),
        "contact": np.round(choice.grasp.contact, 4).tolist(),
    }


def _share(grasp: Grasp, compared: Compared, trial: Trial) -> float:
    """The paper's metric of one grasp."""
    return success_proportion(grasp, compared.human_points, np.random.default_rng((trial.seed, _METRIC)))


def _execute_all(
    records: dict[MethodName, dict[str, Any]], compared: Compared, trial: Trial, setup: Setup, config: Config
) -> None:
    """Adds each method's physical outcome, how many grasps were tried until one could be reached, and whether
    that one succeeds by the metric. As the robot does, up to its budget; the same grasp is tried once.
    """
    config, _ = trial_config(trial, setup, replace(config, method="ours"))
    budget, known = config.tree.budgets.grasps_per_region, dict[bytes, str]()
    for name, queue in compared.queues.items():
        view = compared.grounded[METHODS[name].grounding].view
        outcome, tries, success = NO_GRASP, 0, False
        for grasp in queue[:budget]:
            assert view is not None  # there is no queue without it
            key = grasp.base_from_tcp.tobytes()
            known[key] = known.get(key) or execute(trial, config, grasp, view)
            outcome, tries = known[key], tries + 1
            if outcome != UNREACHABLE:
                success = bool(len(compared.human_points)) and (
                    _share(grasp, compared, trial) > SUCCESS_PROPORTION
                )
                break
        records[name] |= {"outcome": outcome, "tries": tries, "reached_success": success}
