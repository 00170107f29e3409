"""Which grasp is tried first, by the rule of each method: from marked grasps to the queue.

- deliverable: this program's own (`planning.selection.select`): surest first, room for the hand, the person's
  part beyond the fingertips, Eqs. 2 to 4, then others that differ in place and lean;
- paper: Eqs. 2 to 4 of arXiv 2409.17621 and nothing else;
- random: any order;
- quality: the generator's own score;
- contacts: that score less the share of the person's contacts that the gripper would block, over all grasps:
  what lies in the person's region is only punished;
- opposite_hand: whose approach is most opposite to that of the hand the person is predicted to reach out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hardware.geometry import inverse, transform, unit
from hardware.types import FloatArray, IntArray
from planning.errors import NoGrasp
from planning.options import SelectionOptions
from planning.ranking import rank_grasps
from planning.rule_names import RankingRule
from planning.selection import Region, contact_poses, human_poses, members, select
from planning.types import Grasp, GraspSet, GraspView

_NO_WAY_M = 1e-6


def ranked_queue(
    rule: RankingRule,
    grasp_set: GraspSet,
    view: GraspView,
    region: Region,
    options: SelectionOptions,
    rng: np.random.Generator,
    *,
    upright: bool = False,
) -> tuple[Grasp, ...]:
    """The grasps to try, best first, at most `options.queue_length`.

    rng is drawn from by the rule "random" only; upright counts for "deliverable" only. Raises NoGrasp.
    """
    if rule == "deliverable":
        return select(grasp_set, region, options, upright=upright)
    candidates = list(grasp_set.grasps) if rule == "contacts" else members(grasp_set, region)
    if not candidates:
        raise NoGrasp("there is no grasp to rank")
    order = _ORDERS[rule](candidates, _Matter(grasp_set, view, options, rng))
    return tuple(candidates[i] for i in order[: options.queue_length])


def blocked_share(grasps: Sequence[Grasp], view: GraspView, room_m: float) -> FloatArray:
    """The share (N,) of the person's contacts that each grasp blocks: those nearer than `room_m` to its own.

    Every point of the object counts with its value in the view's contact map; without one, every point of the
    person's region counts as one. None blocks anything where there are no contacts.
    """
    points, weights = _contacts(view)
    total = weights.sum()
    if total <= 0.0:
        return np.zeros(len(grasps))
    contacts = np.array([grasp.contact for grasp in grasps]).reshape(-1, 3)
    near = np.linalg.norm(points[None] - contacts[:, None], axis=2) < room_m
    return np.asarray(near @ weights / total)


def predicted_hand(grasp_set: GraspSet) -> FloatArray | None:
    """The unit vector (3,) along which the person's hand is predicted to come: over the middle of their part
    toward the robot's. None where both middles are one.
    """
    way = grasp_set.robot_centroid - grasp_set.human_centroid
    return unit(way) if np.linalg.norm(way) > _NO_WAY_M else None


def _contacts(view: GraspView) -> tuple[FloatArray, FloatArray]:
    """Points (K, 3) and how surely the hand goes to each (K,)."""
    if view.contact_map is None:
        return view.human_points, np.ones(len(view.human_points))
    k = view.frame.intrinsics
    x, y, z = transform(inverse(view.frame.base_from_camera), view.object_points).T
    u = np.clip(np.round(k.fx * x / z + k.cx).astype(np.int64), 0, k.width - 1)
    v = np.clip(np.round(k.fy * y / z + k.cy).astype(np.int64), 0, k.height - 1)
    return view.object_points, view.contact_map[v, u]


@dataclass(frozen=True)
class _Matter:
    """What an order may depend on beside the grasps themselves."""

    grasp_set: GraspSet
    view: GraspView
    options: SelectionOptions
    rng: np.random.Generator


def _by_equations(grasps: Sequence[Grasp], matter: _Matter) -> IntArray:
    return rank_grasps(contact_poses(grasps), human_poses(matter.grasp_set), matter.options.alpha).order


def _by_chance(grasps: Sequence[Grasp], matter: _Matter) -> IntArray:
    return np.asarray(matter.rng.permutation(len(grasps)))


def _by_quality(grasps: Sequence[Grasp], matter: _Matter) -> IntArray:
    return _descending(_scores(grasps))


def _by_contacts(grasps: Sequence[Grasp], matter: _Matter) -> IntArray:
    return _descending(_scores(grasps) - blocked_share(grasps, matter.view, matter.options.hand_room_m))


def _against_the_hand(grasps: Sequence[Grasp], matter: _Matter) -> IntArray:
    hand = predicted_hand(matter.grasp_set)
    if hand is None:
        return np.arange(len(grasps))
    return _descending(np.array([-hand @ grasp.base_from_tcp[:3, 2] for grasp in grasps]))


def _scores(grasps: Sequence[Grasp]) -> FloatArray:
    return np.array([grasp.score for grasp in grasps])


def _descending(score: FloatArray) -> IntArray:
    """Ties keep the given order."""
    return np.asarray(np.argsort(-score, kind="stable"))


_ORDERS: Mapping[RankingRule, Callable[[Sequence[Grasp], _Matter], IntArray]] = {
    "paper": _by_equations,
    "random": _by_chance,
    "quality": _by_quality,
    "contacts": _by_contacts,
    "opposite_hand": _against_the_hand,
}
