"""From what the network says to grasps of this gripper: frames, depth, widths, gates and choice.

A predicted hand is a Panda's: its origin lies 0.1034 m behind the middle of its pads, whose tips reach 8.6 mm
past the contact. Ours is the 2F-85's: the TCP is midway between the fingertips, which go as far past the
contact as a Panda's do, less where the table is in the way; the flange follows from the width, as the tips of
the 2F-85 advance while closing. The middle of the contacts is T of the paper.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hardware.gen3 import gripper
from hardware.types import BoolArray, FloatArray, IntArray
from planning.contact_graspnet.farthest import farthest_order
from planning.contact_graspnet.hand import GRIPPER_DEPTH_M
from planning.contact_graspnet.options import ContactGraspNetOptions
from planning.gripper_room import HeightMap, gripper_fits
from planning.types import Grasp, GraspView, Proposals

_SPREAD_SHARE = 0.75
"""Of the grasps wanted, so many are spread over the object first: 150 of 200, as published."""
_MOST_PULLED_BACK_M = 0.01
"""A contact this much nearer to the table than the fingertips may go is still held, by what is over it."""
_LEVEL = 0.05
"""An approach that falls less than this (as a sine) is not drawn back from the table but rejected."""


def choose_grasps(
    proposals: Proposals, view: GraspView, options: ContactGraspNetOptions, count: int
) -> tuple[Grasp, ...]:
    """At most `count` grasps that have room and lean toward the person, spread over the object.

    Grasps that lean otherwise are offered only where no other is left.
    """
    if len(proposals.scores) == 0 or count < 1:
        return ()
    proposals = proposals.take(proposals.scores > min(options.fill_score, options.spread_score))
    goal = (view.human_points if len(view.human_points) else view.object_points).mean(axis=0)
    grasps = _Placed.of(proposals, view.table_z_m, goal, options)
    grasps = grasps.take(grasps.clear & (grasps.widths_m <= gripper.MAX_WIDTH_M))
    grasps = grasps.take(_has_room(grasps, view))
    leans = np.degrees(grasps.lean_rad)
    leaning = (leans >= -options.max_lean_away_deg) & (leans <= options.max_lean_deg)
    grasps = grasps.take(leaning) if leaning.any() else grasps
    return grasps.take(_spread(grasps, options, count)).as_grasps()


@dataclass(frozen=True)
class _Placed:
    """Grasps of the 2F-85 as arrays over P of them, base frame; `clear` of the table."""

    base_from_tcp: FloatArray
    middles: FloatArray
    widths_m: FloatArray
    scores: FloatArray
    lean_rad: FloatArray
    clear: BoolArray

    @classmethod
    def of(
        cls, proposals: Proposals, table_z_m: float, goal: FloatArray, options: ContactGraspNetOptions
    ) -> _Placed:
        poses = proposals.base_from_hand.astype(np.float64)
        middles = poses[:, :3, 3] + GRIPPER_DEPTH_M * poses[:, :3, 2]
        poses = _camera_away(poses, middles, goal)
        advance, clear = _advance(poses, middles, proposals.widths_m, table_z_m, options)
        poses[:, :3, 3] = middles + advance[:, None] * poses[:, :3, 2]
        # Where the tips cannot reach the contact, the pads hold what is over it.
        middles = middles + np.minimum(advance, 0.0)[:, None] * poses[:, :3, 2]
        lean = _lean(poses, middles, goal)
        return cls(poses, middles, proposals.widths_m, proposals.scores, lean, clear)

    def take(self, chosen: BoolArray | IntArray) -> _Placed:
        return replace(self, **{name: getattr(self, name)[chosen] for name in self.__dataclass_fields__})

    def as_grasps(self) -> tuple[Grasp, ...]:
        return tuple(
            Grasp(pose, float(width), middle, float(score), float(lean))
            for pose, width, middle, score, lean in zip(
                *(self.base_from_tcp, self.widths_m, self.middles, self.scores, self.lean_rad), strict=True
            )
        )


def _camera_away(poses: FloatArray, middles: FloatArray, goal: FloatArray) -> FloatArray:
    """The same grasps (P, 4, 4), half of them turned by 180 degrees about the approach: the camera, on the
    gripper's +y, comes to the side away from `goal` (3,). Two parallel fingers do not mind.
    """
    toward = np.einsum("pi,pi->p", goal - middles, poses[:, :3, 1]) > 0.0
    turned = poses.copy()
    turned[toward, :3, :2] *= -1.0
    return turned


def _advance(
    poses: FloatArray,
    middles: FloatArray,
    widths_m: FloatArray,
    table_z_m: float,
    options: ContactGraspNetOptions,
) -> tuple[FloatArray, BoolArray]:
    """How far (P,) past the middles (P, 3) of the contacts the fingertips go, and whether the table allows
    it.
    """
    half_m = widths_m / 2.0 + gripper.FINGER_THICKNESS_M
    drop = gripper.PAD_WIDTH_M / 2.0 * np.abs(poses[:, 2, 1]) + half_m * np.abs(poses[:, 2, 0])
    room = middles[:, 2] - drop - table_z_m - options.tip_clearance_m
    fall = -poses[:, 2, 2]
    limit = np.where(fall > _LEVEL, room / np.maximum(fall, _LEVEL), np.inf)
    clear = np.where(fall > _LEVEL, limit >= -_MOST_PULLED_BACK_M, room >= 0.0)
    return np.minimum(options.tip_beyond_contact_m, limit), clear


def _lean(poses: FloatArray, middles: FloatArray, goal: FloatArray) -> FloatArray:
    """Tilt (P,) of the approach from straight down, as far as it is about the closing axis; positive toward
    `goal` (3,).
    """
    closing, approach = poses[:, :3, 0], poses[:, :3, 2]
    down = np.array([0.0, 0.0, -1.0]) - closing * -closing[:, 2:]
    length = np.linalg.norm(down, axis=1, keepdims=True)
    down = np.where(length > 1e-6, down / np.maximum(length, 1e-6), approach)
    tilt = np.arccos(np.clip(np.einsum("pi,pi->p", down, approach), -1.0, 1.0))
    way = (goal - middles)[:, :2]
    toward = np.einsum("pi,pi->p", way, approach[:, :2])
    return np.where(toward < 0.0, -tilt, tilt)


def _has_room(grasps: _Placed, view: GraspView) -> BoolArray:
    """Which grasps keep the open gripper out of what was seen, and out of the table."""
    if len(grasps.scores) == 0:
        return np.zeros(0, dtype=np.bool_)
    seen = HeightMap.of(view.object_points, view.scene_points, view.table_z_m)
    solid = HeightMap(np.maximum(seen.heights, view.table_z_m), seen.corner)
    poses = grasps.base_from_tcp
    return gripper_fits(poses[:, :3, :3], poses[:, :3, 3], grasps.widths_m, solid)


def _spread(grasps: _Placed, options: ContactGraspNetOptions, count: int) -> IntArray:
    """Indices of at most `count` grasps: of the better ones, spread out from the best; then the best of the
    rest.
    """
    best_first = np.argsort(-grasps.scores, kind="stable")
    better = best_first[grasps.scores[best_first] > options.spread_score]
    wanted = min(int(np.ceil(_SPREAD_SHARE * count)), len(better))
    chosen = better[farthest_order(grasps.middles[better], wanted, 0)] if wanted > 0 else better[:0]
    chosen = np.array(list(dict.fromkeys(chosen.tolist())), dtype=np.int64)
    filling = best_first[grasps.scores[best_first] > options.fill_score]
    rest = filling[~np.isin(filling, chosen)]
    return np.concatenate([chosen, rest[: max(count - len(chosen), 0)]])
