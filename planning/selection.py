"""From masks to a queue of grasps: the clouds, which grasp lies in which region, which to try first."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

import numpy as np

from hardware.geometry import unit
from hardware.types import BoolArray, FloatArray, RGBDFrame
from perception.pointcloud import masked_points, voxel_downsample, without_outliers
from perception.types import Detection, Regions
from planning.errors import NoGrasp
from planning.options import SelectionOptions
from planning.ranking import grasps_in_region, rank_grasps
from planning.types import Grasp, GraspSet, GraspView

_SCENE_REACH_M = 0.25
"""The scene matters this far around the object: a gripper's size and some."""
_SCENE_VOXEL_M = 0.004
_ON_TABLE_M = 0.002
"""Object points lower than this over the table are the table's, leaked into the mask."""
_LEAN_STEP_RAD = np.radians(10.0)


class Region(Enum):
    """Where the robot may take the object: its own region, that region grown, or all but the person's."""

    ROBOT = "robot"
    GROWN = "grown"
    OUTSIDE_HUMAN = "outside_human"


def grasp_view(
    frame: RGBDFrame, detection: Detection, regions: Regions | None, table_z_m: float
) -> GraspView:
    """The clouds of object, regions and surroundings in the base frame, flying pixels and table taken out;
    the regions are empty where they are not yet known (None).

    Raises NoGrasp when the detection has no mask or hardly any of it has depth.
    """
    if detection.mask is None:
        raise NoGrasp(f"{detection.label!r} was detected but not segmented, so there is no cloud to grasp on")
    points = _object_points(frame, detection.mask, table_z_m)
    if len(points) < 20:
        raise NoGrasp(f"only {len(points)} points of {detection.label!r} have depth; look from another side")
    low, high = points[:, :2].min(axis=0) - _SCENE_REACH_M, points[:, :2].max(axis=0) + _SCENE_REACH_M
    scene = masked_points(frame, ~detection.mask)
    scene = scene[np.all((scene[:, :2] > low) & (scene[:, :2] < high), axis=1)]
    nowhere = np.empty((0, 3))
    return GraspView(
        frame=frame,
        object_mask=detection.mask,
        object_points=points,
        scene_points=voxel_downsample(scene, _SCENE_VOXEL_M),
        robot_points=_object_points(frame, regions.robot_mask, table_z_m) if regions else nowhere,
        human_points=_object_points(frame, regions.human_mask, table_z_m) if regions else nowhere,
        table_z_m=table_z_m,
        contact_map=regions.contact_map if regions else None,
    )


def _object_points(frame: RGBDFrame, mask: BoolArray, table_z_m: float) -> FloatArray:
    points = masked_points(frame, mask)
    points = points[points[:, 2] > table_z_m + _ON_TABLE_M]
    return np.asarray(points[without_outliers(points)])


def mark_regions(grasps: Sequence[Grasp], view: GraspView, source: str, epsilon_m: float = 0.02) -> GraspSet:
    """Eq. 1 on the contact points of the grasps, for both regions.

    A larger `epsilon_m` grows the robot's region only: the person's stays what it is.
    """
    poses = contact_poses(grasps)
    return GraspSet(
        grasps=tuple(grasps),
        in_robot=grasps_in_region(poses, view.robot_points, epsilon_m),
        in_human=grasps_in_region(poses, view.human_points),
        robot_centroid=_centroid(view.robot_points, view.object_points),
        human_centroid=_centroid(view.human_points, view.object_points),
        source=source,
    )


def select(
    grasp_set: GraspSet, region: Region, options: SelectionOptions, *, upright: bool = False
) -> tuple[Grasp, ...]:
    """The grasps of one region, the surest first; of these, those that leave a hand room at the person's
    part and hold that part out beyond the fingertips; of these, the best by Eqs. 2-4, then others that differ
    in place and lean.

    Of things that must stay `upright` those that lean most come first: taken from above they are out of reach
    for most people (measured: 45 % deliverable, 97 % with a lean of 30 degrees or more).
    Grasps that lie in both regions are used only where no other is left. Raises NoGrasp with the counts.
    """
    candidates = members(grasp_set, region)
    ranking = rank_grasps(contact_poses(candidates), human_poses(grasp_set), options.alpha)
    ranked = [candidates[i] for i in ranking.order]
    if upright:
        ranked.sort(key=_lean_step, reverse=True)
    groups: dict[tuple[int, int], list[Grasp]] = {}
    for grasp in ranked:
        way = grasp_set.human_centroid - grasp.contact
        crowded = np.linalg.norm(way) < options.hand_room_m
        beside = way @ grasp.base_from_tcp[:3, 2] < options.hand_ahead_m
        # Each thing in the way of a hand counts as much as being less sure by one tier.
        hindrances = int(crowded) + int(beside)
        groups.setdefault((grasp.tier + hindrances, hindrances), []).append(grasp)
    queues = [diversify(groups[key], options) for key in sorted(groups)]
    first = [grasp for queue in queues for grasp in queue[: options.per_group]]
    rest = [grasp for queue in queues for grasp in queue[options.per_group :]]
    return tuple([*first, *rest][: options.queue_length])


def describe(grasp_set: GraspSet, region: Region) -> str:
    """What `select` ranks against what, in one sentence."""
    count, human = int(allowed(grasp_set, region).sum()), int(grasp_set.in_human.sum())
    against = (
        f"{human} in the person's region"
        if human
        else "a stand-in at the middle of the person's region, where no grasp was found"
    )
    return f"{count} grasps {_PLACES[region]}, ranked against {against}"


def _lean_step(grasp: Grasp) -> int:
    return round(grasp.lean_rad / _LEAN_STEP_RAD)


_PLACES = {
    Region.ROBOT: "in the robot's region",
    Region.GROWN: "near the robot's region",
    Region.OUTSIDE_HUMAN: "outside the person's region",
}


def human_poses(grasp_set: GraspSet) -> FloatArray:
    """The grasps in the person's region (M, 4, 4), origins at the contacts.

    Without any, one stand-in at the middle of that region, approaching from there toward the robot's part.
    """
    if grasp_set.in_human.any():
        return contact_poses([grasp_set.grasps[i] for i in np.flatnonzero(grasp_set.in_human)])
    stand_in = np.eye(4)
    stand_in[:3, 3] = grasp_set.human_centroid
    way = grasp_set.robot_centroid - grasp_set.human_centroid
    if np.linalg.norm(way) > 1e-6:
        stand_in[:3, 2] = unit(way)
    return stand_in[None]


def diversify(ranked: Sequence[Grasp], options: SelectionOptions) -> tuple[Grasp, ...]:
    """The queue: the best grasp, then the best of every other lean, then the next places, and so on.

    Where one grasp cannot be reached its neighbours mostly cannot either, but another lean often can.
    """
    groups: dict[int, list[Grasp]] = {}
    for grasp in ranked:
        group = groups.setdefault(_lean_step(grasp), [])
        gaps = [np.linalg.norm(grasp.contact - other.contact) for other in group]
        if min(gaps, default=np.inf) >= options.separation_m:
            group.append(grasp)
    longest = max((len(group) for group in groups.values()), default=0)
    rounds = [group[i] for i in range(longest) for group in groups.values() if i < len(group)]
    return tuple(rounds[: options.queue_length])


def allowed(grasp_set: GraspSet, region: Region) -> BoolArray:
    """Which grasps (N,) may be taken for a region: those in the person's too only where no other is left."""
    if region is Region.OUTSIDE_HUMAN:
        return ~grasp_set.in_human
    apart = grasp_set.in_robot & ~grasp_set.in_human
    return apart if apart.any() else grasp_set.in_robot


def members(grasp_set: GraspSet, region: Region) -> list[Grasp]:
    """The grasps that may be taken for a region, as they were proposed. Raises NoGrasp with the counts."""
    chosen = np.flatnonzero(allowed(grasp_set, region))
    if len(chosen) == 0:
        raise NoGrasp(
            f"none of {len(grasp_set.grasps)} grasps lies {_PLACES[region]}: "
            f"{int(grasp_set.in_robot.sum())} lie in the robot's region, "
            f"{int(grasp_set.in_human.sum())} in the person's"
        )
    return [grasp_set.grasps[i] for i in chosen]


def contact_poses(grasps: Sequence[Grasp]) -> FloatArray:
    """The poses (N, 4, 4) with their origins at the contacts, what Eqs. 1-4 call T."""
    poses = np.array([grasp.base_from_tcp for grasp in grasps]).reshape(-1, 4, 4)
    poses[:, :3, 3] = np.array([grasp.contact for grasp in grasps]).reshape(-1, 3)
    return poses


def _centroid(points: FloatArray, otherwise: FloatArray) -> FloatArray:
    return np.asarray((points if len(points) else otherwise).mean(axis=0))
