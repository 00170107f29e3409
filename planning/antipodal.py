"""Grasps from one view's cloud: closing axis from the local shape, width from the silhouette across it.

One view shows no opposite sides, so pairs of opposite normals hardly exist; but seen from above, both edges
of a part show across any level closing axis. Recipe and figures were measured with friction-only trials:

1. seed = random point; closing axis = level minor axis of its neighbourhood, varied a little;
2. approach = down, tilted about the closing axis toward the person's end only (vertical is always offered):
   the ranking of Eqs. 2-4 has no sign and would as readily lean away, which no person can take; over a
   person's end that lies right underneath, as of a standing bottle, either side will do;
3. the connected run of points across the axis gives both edges: centre on it; depth from the part's top,
   limited by the table at the contact width;
4. gates: width, overlap, points between the pads, straight edges, torque about the pads, room for the open
   gripper over the height map (all below the highest point seen counts as solid).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hardware.geometry import lies_under
from hardware.types import BoolArray, FloatArray, IntArray
from perception.pointcloud import voxel_downsample
from planning.grasp_extent import measure
from planning.gripper_room import HeightMap, gripper_fits
from planning.options import AntipodalOptions, GateOptions
from planning.ranking import grasps_in_region
from planning.types import Grasp, GraspView

_AT_GOAL_M = 0.02
_CHUNK = 128
_MIN_POINTS_OF_CLOUD = 20


@dataclass(frozen=True)
class _Candidates:
    """Grasps as arrays over C candidates, in the base frame."""

    axes: FloatArray
    """(C, 3, 3): columns closing, finger width, approach."""
    origin: FloatArray
    """(C, 3): the fingertips' middle at the contact width."""
    width: FloatArray
    overlap: FloatArray
    edge: FloatArray
    """(C,) the larger variation of the two edges."""
    points: IntArray
    moment: FloatArray
    lean: FloatArray

    def take(self, chosen: BoolArray | IntArray) -> _Candidates:
        return _Candidates(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))

    @property
    def contact(self) -> FloatArray:
        """(C, 3): the middle of the pads' overlap with the part."""
        return self.origin - self.axes[:, :, 2] * (self.overlap / 2.0)[:, None]


class AntipodalGenerator:
    """The GraspGenerator that needs nothing but a point cloud."""

    name = "antipodal"

    def __init__(self, options: AntipodalOptions | None = None) -> None:
        self._options = options or AntipodalOptions()

    def generate(self, view: GraspView, rng: np.random.Generator, count: int) -> tuple[Grasp, ...]:
        """Grasps from `count` seeds, each with every lean, past the strictest gates that leave enough of them
        in the robot's region, or the next. Empty when the cloud has hardly any points or nothing passes.
        """
        cloud = _thinned(view.object_points, self._options)
        if len(cloud) < _MIN_POINTS_OF_CLOUD or count < 1:
            return ()
        seeds = self._seeds(view, cloud, rng, count)
        closing = _closing_axes(cloud, seeds, self._options, rng)
        candidates = self._candidates(cloud, seeds, closing, view)
        candidates = candidates.take(_basic_gates(candidates, self._options))
        height_map = HeightMap.of(view.object_points, view.scene_points, view.table_z_m)
        candidates = candidates.take(
            gripper_fits(candidates.axes, candidates.origin, candidates.width, height_map)
        )
        return self._grasps(candidates, view)

    def _seeds(self, view: GraspView, cloud: FloatArray, rng: np.random.Generator, count: int) -> FloatArray:
        """Points (S, 3): half anywhere on the object, half on the two regions, so that each has some."""
        regions = [points for points in (view.robot_points, view.human_points) if len(points)]
        elsewhere = count // 2 if regions else count
        shares = np.array_split(np.arange(count - elsewhere), max(len(regions), 1))
        picks = [cloud[rng.integers(0, len(cloud), elsewhere)]]
        picks += [
            points[rng.integers(0, len(points), len(share))]
            for points, share in zip(regions, shares, strict=False)
        ]
        return np.concatenate(picks)

    def _candidates(
        self, cloud: FloatArray, seeds: FloatArray, closing: FloatArray, view: GraspView
    ) -> _Candidates:
        goal = view.human_points.mean(axis=0) if len(view.human_points) else cloud.mean(axis=0)
        hangs = len(view.robot_points) > 0 and lies_under(goal, view.robot_points.mean(axis=0))
        # Every lean toward the goal; and away from it where that makes no difference to the person.
        leans = np.radians(self._options.leans_deg)
        ways = np.concatenate([leans, -leans[leans > 0.0]])
        seed_of, way = np.repeat(np.arange(len(seeds)), len(ways)), np.tile(ways, len(seeds))
        led = (way == 0.0) | hangs | ((way > 0.0) & _leads_to(goal, seeds, closing)[seed_of])
        seed_of, way = seed_of[led], way[led]
        lean = np.abs(way)
        axes = _grasp_axes(closing[seed_of], seeds[seed_of], lean, goal, way < 0.0)
        chunks = [
            measure(
                cloud, seeds[seed_of[i : i + _CHUNK]], axes[i : i + _CHUNK], view.table_z_m, self._options
            )
            for i in range(0, len(axes), _CHUNK)
        ]
        origin, width, overlap, edge, points = (np.concatenate(parts) for parts in zip(*chunks, strict=True))
        # The object turns about the closing axis, and gravity may come to point any way across it.
        arm = np.einsum("ci,cij->cj", cloud.mean(axis=0) - origin, axes[:, :, 1:])
        moment = self._options.assumed_mass_kg * np.linalg.norm(arm, axis=1)
        return _Candidates(axes, origin, width, overlap, edge, points, moment, lean)

    def _grasps(self, candidates: _Candidates, view: GraspView) -> tuple[Grasp, ...]:
        poses = np.tile(np.eye(4), (len(candidates.origin), 1, 1))
        poses[:, :3, 3] = candidates.contact
        near_robot = grasps_in_region(poses, view.robot_points)
        tier = _tiers(candidates, self._options.gates)
        last = _last_tier(tier[near_robot], len(self._options.gates), self._options.enough_grasps)
        passed = tier <= last
        kept, poses, tier = candidates.take(passed), poses[passed], tier[passed]
        poses[:, :3, :3] = kept.axes
        poses[:, :3, 3] = kept.origin
        score = _score(kept, self._options.gates[last], self._options)
        return tuple(
            Grasp(
                poses[i],
                float(kept.width[i]),
                kept.contact[i],
                float(score[i]),
                float(kept.lean[i]),
                int(tier[i]),
            )
            for i in range(len(poses))
        )


def _thinned(points: FloatArray, options: AntipodalOptions) -> FloatArray:
    """One point per voxel, the voxels as fine as `max_points` allows."""
    size = options.voxel_m
    cloud = voxel_downsample(points, size)
    while len(cloud) > options.max_points:
        size *= max(1.1, np.sqrt(len(cloud) / options.max_points))
        cloud = voxel_downsample(points, size)
    return cloud


def _closing_axes(
    cloud: FloatArray, seeds: FloatArray, options: AntipodalOptions, rng: np.random.Generator
) -> FloatArray:
    """Level unit vectors (S, 3): the minor axis of each seed's neighbourhood seen from above, varied."""
    near = (_square_distances(seeds, cloud) < options.neighbourhood_m**2).astype(np.float64)
    x, y = cloud[:, 0] - cloud[:, 0].mean(), cloud[:, 1] - cloud[:, 1].mean()
    moments = near @ np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)
    mean_x, mean_y, xx, xy, yy = (moments[:, 1:] / np.maximum(moments[:, :1], 1.0)).T
    xx, xy, yy = xx - mean_x**2, xy - mean_x * mean_y, yy - mean_y**2
    major = 0.5 * np.arctan2(2.0 * xy, xx - yy)
    jitter = np.radians(options.axis_jitter_deg)
    angle = major + np.pi / 2.0 + rng.uniform(-jitter, jitter, len(seeds))
    return np.stack([np.cos(angle), np.sin(angle), np.zeros_like(angle)], axis=1)


def _leads_to(goal: FloatArray, seeds: FloatArray, closing: FloatArray) -> BoolArray:
    """Whether tilting about the closing axis tilts toward `goal` (3,), within 75 degrees; true near it."""
    way = (goal - seeds)[:, :2]
    aside = np.abs(np.einsum("si,si->s", way, closing[:, :2]))
    length = np.linalg.norm(way, axis=1)
    return (aside <= np.sin(np.radians(75.0)) * length) | (length < _AT_GOAL_M)


def _grasp_axes(
    closing: FloatArray, seeds: FloatArray, lean: FloatArray, goal: FloatArray, away: BoolArray
) -> FloatArray:
    """Rotations (C, 3, 3) with columns closing, finger width, approach.

    The approach points down and, by `lean`, along the part toward `goal` (3,), or `away` (C,) from it. The
    camera, on the gripper's +y, comes to the side leaned from: there it does not hide the person's part.
    """
    up = np.array([0.0, 0.0, 1.0])
    along = np.cross(closing, up)
    backward = np.einsum("ci,ci->c", goal - seeds, along) < 0.0
    along *= np.where(backward ^ away, -1.0, 1.0)[:, None]
    sine, cosine = np.sin(lean)[:, None], np.cos(lean)[:, None]
    approach = sine * along - cosine * up
    camera_side = -cosine * along - sine * up
    return np.stack([np.cross(camera_side, approach), camera_side, approach], axis=2)


def _basic_gates(candidates: _Candidates, options: AntipodalOptions) -> BoolArray:
    """What no grasp may miss, whatever the gates."""
    return (
        (candidates.width <= options.max_width_m)
        & (candidates.points >= options.min_points)
        & _passes(candidates, options.gates[-1])
    )


def _passes(candidates: _Candidates, gate: GateOptions) -> BoolArray:
    return (
        (candidates.edge < gate.edge_variation_m)
        & (candidates.overlap >= gate.overlap_m)
        & (candidates.moment <= gate.moment_kg_m)
        & (candidates.width <= gate.width_m)
    )


def _tiers(candidates: _Candidates, gates: tuple[GateOptions, ...]) -> IntArray:
    """The strictest gate (C,) that each candidate passes, `len(gates)` for none."""
    passes = np.array([_passes(candidates, gate) for gate in gates] + [np.ones(len(candidates.width), bool)])
    return np.asarray(np.argmax(passes, axis=0))


def _last_tier(tiers: IntArray, gates: int, enough: int) -> int:
    """The tier after the first one that makes the candidates with `tiers` (C,) so far `enough`."""
    counts = np.cumsum(np.bincount(tiers, minlength=gates)[:gates])
    return min(int(np.searchsorted(counts, enough)) + 1, gates - 1)


def _score(candidates: _Candidates, gate: GateOptions, options: AntipodalOptions) -> FloatArray:
    """0..1: the mean margin over straight edges, deep overlap and a short lever."""
    straight = 1.0 - candidates.edge / gate.edge_variation_m
    deep = candidates.overlap / options.max_overlap_m
    balanced = 1.0 - candidates.moment / gate.moment_kg_m
    return np.clip((straight + deep + balanced) / 3.0, 0.0, 1.0)


def _square_distances(a: FloatArray, b: FloatArray) -> FloatArray:
    squares = np.zeros((len(a), len(b)))
    for i in range(3):
        squares += np.square(a[:, i, None] - b[None, :, i])
    return squares
