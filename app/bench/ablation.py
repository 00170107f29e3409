"""One trial of the ablation: one object at a random place, one noisy picture, five choices, one metric.

Everything random follows from the trial's seed, so a trial alone gives what it gave among all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from app.assembly import Assembly
from app.bench.ablation_execute import execute
from app.bench.ablation_methods import METHODS, Choice, choose
from app.bench.engine import lost
from app.bench.metrics import SUCCESS_PROPORTION, success_proportion
from app.bench.replies import RECORDED, Noted, NotingVlm, RecordedVlm, read_replies
from app.bench.results_file import trial_name
from app.bench.simulated_labels import human_part
from app.bench.trials import Trial, quiet
from app.options import Config
from hardware.errors import HandoverError
from hardware.sim.objects import INSTANCES, categories
from hardware.types import FloatArray, RGBDFrame
from perception.grounding import GridGrounder
from perception.pointcloud import masked_points, without_outliers
from perception.protocols import VisionLanguageModel
from perception.types import Detection, Regions
from planning.selection import grasp_view
from planning.types import Grasp, GraspView

RegionSource = Literal["labels", "shape", "vlm", "recorded"]
_EVERY_REPLY = 1000


@dataclass(frozen=True)
class Setup:
    """What all trials share; label_errors: share of trials in which the labels name the parts the wrong way
    round in every reply, so that asking again does not help; replies: the file with those recorded.
    """

    regions: RegionSource = "labels"
    label_errors: float = 0.0
    executes: bool = False
    replies: str = ""


@dataclass(frozen=True)
class Seen:
    """One trial's picture with all that was made of it."""

    view: GraspView
    regions: Regions | None
    choices: dict[str, Choice]
    human_points: FloatArray
    """(N, 3): what the picture shows of the part that is really the person's."""
    swapped: bool
    note: str = ""
    model: str = ""
    replies: Noted = ()
    """Who was asked for regions, and what it said."""


def ablation_trials(labels: Sequence[str], count: int, first_seed: int) -> list[Trial]:
    """`count` trials of both instances of each category, each at its own place: no two share a seed.

    A category's seeds do not depend on which others are asked for. Round by round, so that a list cut short
    is still a fair sample.
    """
    things = [(label, instance) for label in categories() for instance in INSTANCES]
    return [
        Trial(label, instance, first_seed + turn * len(things) + number)
        for turn in range(count)
        for number, (label, instance) in enumerate(things)
        if label in labels
    ]


def trial_config(trial: Trial, setup: Setup, config: Config) -> tuple[Config, bool]:
    """The configuration of a trial (nobody there, the arm at the first table view, the region source), and
    whether its labels are swapped.
    """
    person = replace(config.sim.person, present=False)
    sim = replace(
        config.sim, instance=trial.instance, start_deg=config.tree.views.table_deg[0], person=person
    )
    config = replace(config, sim=sim)
    if setup.regions == "vlm":
        return config, False
    vlm: Literal["simulated", "none"] = "simulated" if setup.regions == "labels" else "none"
    config = replace(config, back_ends=replace(config.back_ends, vlm=vlm))
    swapped = bool(np.random.default_rng((trial.seed, 1)).random() < setup.label_errors)
    fault = replace(
        config.perception.simulated,
        vlm_fault="swapped" if swapped else "none",
        vlm_faulty_replies=_EVERY_REPLY if swapped else 0,
    )
    return replace(config, perception=replace(config.perception, simulated=fault)), swapped


def look(trial: Trial, setup: Setup, config: Config, replies: tuple[str, Noted] | None = None) -> Seen:
    """Picture, object, regions, grasps and choices; replies: those of an earlier look, with who gave them,
    instead of asking. Raises HandoverError where the object is not found.
    """
    from app.factory import build
    from perception.types import HandoverRequest

    config, swapped = trial_config(trial, setup, config)
    assembly = build(config, HandoverRequest(trial.label), trial.seed)
    services, table_z_m = assembly.services, config.scene.table_top_z_m
    with services.robot:
        frame = services.robot.camera.latest(0.0)
        found = services.segmenter.segment(frame, services.detector.detect(frame, trial.label))
    assert found.mask is not None  # what a segmenter promises
    if setup.regions == "recorded" and replies is None:
        source, noted = read_replies(Path(setup.replies)).get(trial_name(asdict(trial)), ("nobody", ()))
        replies = (source + RECORDED, noted)
    model = services.vlm if replies is None else RecordedVlm(*replies)
    vlm = None if model is None else NotingVlm(model)
    regions, note = _regions(assembly, config, found, frame, vlm)
    nothing = np.zeros_like(found.mask)
    view = grasp_view(frame, found, regions or Regions(nothing, nothing, None, "none"), table_z_m)
    choices = choose(
        view,
        trial.label,
        services.grasps,
        config,
        np.random.default_rng((trial.seed, 2)),
        grounded=regions is not None,
    )
    points = masked_points(frame, human_part(frame))
    points = points[without_outliers(points)]
    asked = ("", ()) if vlm is None else (vlm.name, vlm.noted)
    return Seen(view, regions, choices, points, swapped, note, *asked)


def _regions(
    assembly: Assembly,
    config: Config,
    found: Detection,
    frame: RGBDFrame,
    vlm: VisionLanguageModel | None,
) -> tuple[Regions | None, str]:
    """The regions as the tree finds them, by shape where the model fails, and what went wrong on the way."""
    services, note = assembly.services, ""
    if vlm is not None:
        try:
            return GridGrounder(vlm, config.perception.grid).ground(frame, found), ""
        except HandoverError as error:
            note = str(error)
    try:
        return services.shape_grounder.ground(frame, found), note
    except HandoverError as error:
        return None, f"{note} {error}".strip()


def run_trial(
    trial: Trial, setup: Setup, config: Config, replies: tuple[str, Noted] | None = None
) -> dict[str, Any]:
    """One trial as a row for a JSON file; whatever is raised becomes its `failure`, for all methods.

    replies: see `look`.
    """
    from app.record.writer import versions

    row: dict[str, Any] = {"label": trial.label, "instance": trial.instance, "seed": trial.seed}
    row |= {"versions": versions(), "failure": ""}
    try:
        with quiet("perception"):
            seen = look(trial, setup, config, replies)
        row |= {
            "source": seen.regions.source if seen.regions else "none",
            "swapped": seen.swapped,
            "note": seen.note,
            "model": seen.model,
            "replies": seen.replies,
            "human_points": len(seen.human_points),
        }
        row["methods"] = {name: _scored(choice, seen, trial) for name, choice in seen.choices.items()}
        if setup.executes:
            _execute_all(row["methods"], seen, trial, setup, config)
    except Exception as error:  # a trial that breaks is a result too, and shown as one
        row |= _failed(f"{type(error).__name__}: {error}")
    return row


def lost_trial(trial: Trial) -> dict[str, Any]:
    """The row of a trial that killed its worker."""
    row = lost(trial)
    return row | _failed(row["failure"])


def _failed(why: str) -> dict[str, Any]:
    return {"failure": why, "methods": {name: {"success": False, "failure": why} for name in METHODS}}


def _scored(choice: Choice, seen: Seen, trial: Trial) -> dict[str, Any]:
    if choice.grasp is None:
        return {"success": False, "share": None, "failure": choice.failure}
    if len(seen.human_points) == 0:
        return {"success": False, "share": None, "failure": "the person's part is not seen"}
    share = success_proportion(choice.grasp, seen.human_points, np.random.default_rng((trial.seed, 3)))
    return {
        "success": share > SUCCESS_PROPORTION,
        "share": round(share, 4),
        "region": choice.region,
        "lean_deg": round(float(np.degrees(choice.grasp.lean_rad)), 1),
        "contact": np.round(choice.grasp.contact, 4).tolist(),
        "failure": "",
    }


def _execute_all(
    methods: dict[str, dict[str, Any]], seen: Seen, trial: Trial, setup: Setup, config: Config
) -> None:
    """Adds each method's physical outcome; the same grasp is tried once."""
    config, _ = trial_config(trial, setup, config)
    tried: list[tuple[Grasp, str]] = []
    for name, choice in seen.choices.items():
        if choice.grasp is None:
            methods[name]["outcome"] = "no grasp"
            continue
        known = [outcome for grasp, outcome in tried if grasp is choice.grasp]
        outcome = known[0] if known else execute(trial, config, choice.grasp, seen.view)
        tried.append((choice.grasp, outcome))
        methods[name]["outcome"] = outcome
