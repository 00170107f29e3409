"""The five ways to choose a grasp that the paper compares, on one picture's clouds.

A1 no regions: of the two grasps farthest apart one at random. A2 the person's region only: what lies outside
it, in the program's order. A3 both regions: the first of the program's own queue. B1 both regions, any grasp
in the robot's at random. B2 the same, the best by Eqs. 2-4 alone, without the program's other concerns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.distance import pdist, squareform

from app.options import Config
from planning.errors import NoGrasp
from planning.held import stays_upright
from planning.protocols import GraspGenerator
from planning.ranking import rank_grasps
from planning.selection import Region, allowed, contact_poses, human_poses, mark_regions, select
from planning.types import Grasp, GraspSet, GraspView

METHODS: Mapping[str, str] = {
    "A1": "no regions",
    "A2": "the person's region only",
    "A3": "both regions",
    "B1": "robot's region, random",
    "B2": "robot's region, by Eqs. 2-4",
}
PAPER_SHARES: Mapping[str, float] = {"A1": 0.327, "A2": 0.810, "A3": 0.843, "B1": 0.623, "B2": 0.843}
"""Shares of success in arXiv 2409.17621, tables I and II."""
_NOTHING = np.empty((0, 3))


@dataclass(frozen=True)
class Choice:
    """The grasp of one method, None where there is none and `failure` says why; region: drawn from where."""

    grasp: Grasp | None
    region: str = ""
    failure: str = ""


def choose(
    view: GraspView,
    label: str,
    generator: GraspGenerator,
    config: Config,
    rng: np.random.Generator,
    *,
    grounded: bool = True,
) -> dict[str, Choice]:
    """One choice per method; B1, B2 and A3 choose among the same candidates. Without regions (`grounded`
    False) only A1 can choose.
    """
    # Each has its own numbers: what one draws does not change another's choice.
    first, second, third, picks = rng.spawn(4)
    chosen = {"A1": _attempt(lambda: _without_regions(view, generator, config, first, picks))}
    if not grounded:
        return chosen | {name: Choice(None, failure="no regions") for name in METHODS if name != "A1"}
    chosen["A2"] = _attempt(lambda: _outside_human(view, label, generator, config, second))
    try:
        found, region, queue = _in_robot_region(view, label, generator, config, third)
    except NoGrasp as error:
        return chosen | {name: Choice(None, failure=str(error)) for name in ("A3", "B1", "B2")}
    candidates = [found.grasps[i] for i in np.flatnonzero(allowed(found, region))]
    best = rank_grasps(contact_poses(candidates), human_poses(found), config.planning.selection.alpha).order[
        0
    ]
    return chosen | {
        "A3": Choice(queue[0], region.value),
        "B1": Choice(candidates[int(picks.integers(len(candidates)))], region.value),
        "B2": Choice(candidates[int(best)], region.value),
    }


def farthest_pair(grasps: Sequence[Grasp]) -> tuple[Grasp, Grasp]:
    """The two grasps whose contacts lie farthest apart; the same one twice where there is only one."""
    apart = squareform(pdist(np.array([grasp.contact for grasp in grasps])))
    i, j = np.unravel_index(int(np.argmax(apart)), apart.shape)
    return grasps[int(i)], grasps[int(j)]


def region_tries(config: Config) -> Sequence[tuple[Region, float, int]]:
    """The regions in the order of the tree's fallbacks, each with its epsilon and its number of samples."""
    selection, tree = config.planning.selection, config.tree
    return (
        (Region.ROBOT, selection.epsilon_m, tree.grasp_samples),
        (Region.GROWN, selection.grown_epsilon_m, tree.grown_samples),
        (Region.OUTSIDE_HUMAN, selection.grown_epsilon_m, tree.grown_samples),
    )


def _attempt(choice: Callable[[], Choice]) -> Choice:
    try:
        return choice()
    except NoGrasp as error:
        return Choice(None, failure=str(error))


def _without_regions(
    view: GraspView,
    generator: GraspGenerator,
    config: Config,
    rng: np.random.Generator,
    picks: np.random.Generator,
) -> Choice:
    # The gates ask for enough grasps where the robot may hold: without regions that is anywhere.
    blind = replace(view, robot_points=view.object_points, human_points=_NOTHING)
    grasps = generator.generate(blind, rng, config.tree.grasp_samples)
    if not grasps:
        raise NoGrasp(f"{generator.name} proposes no grasp")
    return Choice(farthest_pair(grasps)[int(picks.integers(2))], "anywhere")


def _outside_human(
    view: GraspView, label: str, generator: GraspGenerator, config: Config, rng: np.random.Generator
) -> Choice:
    half_blind = replace(view, robot_points=view.object_points)
    grasps = generator.generate(half_blind, rng, config.tree.grasp_samples)
    marked = mark_regions(grasps, half_blind, generator.name)
    upright, options = stays_upright(label, view), config.planning.selection
    return Choice(
        select(marked, Region.OUTSIDE_HUMAN, options, upright=upright)[0], Region.OUTSIDE_HUMAN.value
    )


def _in_robot_region(
    view: GraspView, label: str, generator: GraspGenerator, config: Config, rng: np.random.Generator
) -> tuple[GraspSet, Region, tuple[Grasp, ...]]:
    """The candidates, the region that held some and the program's queue, through the tree's fallbacks."""
    upright, failure = stays_upright(label, view), NoGrasp(f"{generator.name} proposes no grasp")
    for region, epsilon_m, samples in region_tries(config):
        grasps = generator.generate(view, rng, samples)
        marked = mark_regions(grasps, view, generator.name, epsilon_m)
        try:
            return marked, region, select(marked, region, config.planning.selection, upright=upright)
        except NoGrasp as error:
            failure = error
    raise failure
