"""Where to hold an object by its shape alone: the fallback that needs no model and knows no names.

1. A round body with something sticking out sideways (a mug, a pan): the person gets what sticks out, the
robot the far side of the body.
2. Something that stands up (a bottle, a can): the person gets the lower part, the robot, which comes from
above, the upper one.
3. Anything longer than wide: its two ends are compared by how much each resembles a handle, long and as
wide as a hand holds, never pointed. The better end is the person's.
4. Without a better end, the end away from the robot is the person's.
Between the regions stays a gap, so that fingers do not meet.
"""

from __future__ import annotations

import numpy as np

from hardware.types import BoolArray, FloatArray, RGBDFrame
from perception.errors import RegionsNotFound
from perception.silhouette import Profile, Silhouette, main_axis, profile, silhouette
from perception.types import Detection, Regions

SOURCE = "shape rule"
MIN_REGION_PX = 25

BODY_SHARE = 0.7
"""Radius of the disc, as a share of the largest one that fits, which the body keeps and handles do not."""
MIN_BODY_RADIUS_M = 0.020
MAX_BODY_ELONGATION = 1.7
COMPACT = 1.6
"""An outline less elongated than this has no ends to compare."""
MIN_BODY_SHARE = 0.5
MIN_HANDLE_SHARE = 0.025
MIN_HANDLE_REACH = 0.25
"""A handle has this share of the outline, and stands off by this share of the body's radius."""
MIN_SIDE_REACH, SLICES = 0.2, 24
"""In slices across a standing body: how much farther one side reaches, as a share of its half width."""
MAX_UPWARD = 0.75
"""Cosine to the vertical above which something that sticks out is a neck, not a handle."""
STANDING, COMPACT_STANDING = 1.15, 0.65
"""Height over width from which an object stands; one without a longer side stands sooner."""

GRIP_M = (0.008, 0.014, 0.038, 0.060)
"""Width of a handle: none, good from, good to, none."""
POINTED = (0.35, 0.75)
"""Width of an end's last eighth over its largest: a tip up to the first, blunt from the second on."""
TIP_M = (0.015, 0.035)
"""Width of a tip: sharp up to the first, no tip from the second on."""
LOOP_FILL = 0.75
LOOP_HOLLOW = 0.08
"""Below this share of filled width, or from this share of holes on, an end has room for fingers."""
THIN_HEIGHT = 0.65
"""A part lower than this share of the other is a blade beside its handle."""
STEP = 1.2
"""Width of one part over the other from which they are parts at all."""
LIKE_ENDS = 0.12
"""Scores this close do not tell the ends apart."""

HUMAN_SHARE = 0.45
HAND_WIDTH_M = 0.09
ROBOT_SHARE = 0.38
GAP_SHARE = 0.06
MIN_GAP_M = 0.005


class ShapeGrounder:
    """A RegionGrounder by geometry alone."""

    name = SOURCE

    def ground(self, frame: RGBDFrame, detection: Detection) -> Regions:
        """Two disjoint regions on the object's mask, apart from each other. Raises RegionsNotFound when
        mask or depth are too small, ValueError without a mask.
        """
        if detection.mask is None:
            raise ValueError("the shape rule needs a segmented object")
        shape = silhouette(frame, detection.mask)
        if shape is None:
            raise RegionsNotFound(f"{detection.label!r} has too little depth for the shape rule; look again")
        human, robot = (
            _by_handle(shape)
            or _by_side(shape)
            or _by_height(shape)
            or _by_ends(shape, frame.base_from_camera)
        )
        for role, mask in (("human", human), ("robot", robot)):
            if (pixels := np.count_nonzero(mask)) < MIN_REGION_PX:
                raise RegionsNotFound(
                    f"the {role} region of {detection.label!r} has {pixels} pixels, "
                    f"{MIN_REGION_PX} are needed; look from nearer"
                )
        return Regions(robot, human, None, SOURCE)


def _by_handle(shape: Silhouette) -> tuple[BoolArray, BoolArray] | None:
    """(human, robot) of a compact body with a handle at its side, or None."""
    from scipy import ndimage

    padded = np.pad(shape.mask, 2)
    inner = ndimage.distance_transform_edt(padded)
    radius = float(inner.max())
    core = inner > BODY_SHARE * radius
    body = (ndimage.distance_transform_edt(~core) <= BODY_SHARE * radius)[2:-2, 2:-2] & shape.mask
    _, elongation = main_axis(np.argwhere(body).astype(np.float64))
    compact = elongation < MAX_BODY_ELONGATION and body.sum() > MIN_BODY_SHARE * shape.mask.sum()
    if not compact or radius * shape.pixel_m < MIN_BODY_RADIUS_M:
        return None
    away = ndimage.distance_transform_edt(~body)
    pieces, count = ndimage.label(shape.mask & (away > 1.5), structure=np.ones((3, 3)))
    if count == 0:
        return None
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    handle = pieces == int(np.argmax(sizes))
    if sizes.max() < MIN_HANDLE_SHARE * np.count_nonzero(shape.mask):
        return None
    if away[handle].max() < MIN_HANDLE_REACH * radius:
        return None
    outward = (np.argwhere(handle).mean(axis=0) - np.argwhere(body).mean(axis=0))[::-1]
    outward /= np.linalg.norm(outward)
    if shape.tall_m > 0.5 * shape.extent_m and outward @ shape.up > MAX_UPWARD * np.linalg.norm(shape.up):
        return None
    places = np.argwhere(body)[:, ::-1] @ outward
    far_side = np.zeros_like(shape.mask)
    far_side[tuple(np.argwhere(body)[places < places.min() + HUMAN_SHARE * np.ptp(places)].T)] = True
    return handle, far_side


def _by_side(shape: Silhouette) -> tuple[BoolArray, BoolArray] | None:
    """(human, robot) of a round body that stands and has a handle too small or too near to stick out of
    every disc in it, or None: what one side has more than the other.
    """
    seen_upright = float(np.linalg.norm(shape.up))
    compact = main_axis(shape.plane)[1] < COMPACT
    if seen_upright < 0.3 or not compact or shape.tall_m < COMPACT_STANDING * shape.extent_m:
        return None
    up = shape.up / seen_upright
    upward, aside = shape.plane @ up, shape.plane @ np.array([-up[1], up[0]])
    number = np.minimum((SLICES * (upward - upward.min()) / np.ptp(upward)).astype(np.int64), SLICES - 1)
    low, high = np.full(SLICES, np.inf), np.full(SLICES, -np.inf)
    np.minimum.at(low, number, aside)
    np.maximum.at(high, number, aside)
    if not np.all(low < high):
        return None
    # Most slices miss the handle: their middles lie on the axis, which leans near the picture's edge.
    i, j = np.triu_indices(SLICES, SLICES // 4)
    middle = (low + high) / 2.0
    slope = np.median((middle[j] - middle[i]) / (j - i))
    axis = slope * np.arange(SLICES) + np.median(middle - slope * np.arange(SLICES))
    left, right = axis - low, high - axis
    half = float(np.median(np.minimum(left, right)))
    more = np.where(right > left, right - left, left - right)
    side = np.where(right > left, 1.0, -1.0)[number]
    beyond = side * (aside - axis[number]) > np.minimum(left, right)[number]
    handle = beyond & (more > MIN_SIDE_REACH * half)[number]
    major = 1.0 if np.sum(side[handle]) > 0.0 else -1.0
    handle &= side == major
    ends = (number == 0) | (number == SLICES - 1)
    if handle.sum() < MIN_HANDLE_SHARE * len(handle) or np.any(handle & ends):
        return None
    body = ~handle
    places = major * aside[body]
    far = np.zeros_like(body)
    far[body] = places < places.min() + HUMAN_SHARE * np.ptp(places)
    return shape.picture(handle), shape.picture(far)


def _by_height(shape: Silhouette) -> tuple[BoolArray, BoolArray] | None:
    """(human, robot) of an object that stands and is seen from the side, or None."""
    seen_upright = float(np.linalg.norm(shape.up))
    compact = main_axis(shape.plane)[1] < COMPACT
    standing = COMPACT_STANDING if compact else STANDING
    if shape.tall_m < standing * shape.extent_m or seen_upright < 0.3:
        return None
    upward = shape.plane @ (shape.up / seen_upright)
    share = (upward - upward.min()) / np.ptp(upward)
    return shape.picture(share < 0.5 - GAP_SHARE), shape.picture(share > 1.0 - ROBOT_SHARE)


def _by_ends(shape: Silhouette, base_from_camera: FloatArray) -> tuple[BoolArray, BoolArray]:
    """(human, robot) of an object that lies, by its two ends."""
    axis, elongation = main_axis(shape.plane)
    slices = profile(shape, axis)
    split = _split(slices)
    better = _handle_likeness(slices, split, 1) - _handle_likeness(slices, split, 0)
    if elongation > COMPACT and abs(better) > LIKE_ENDS:
        return _cut(shape, slices, int(better > 0.0), split)
    away = base_from_camera[:2, :2] @ axis
    from_base = base_from_camera[:2, :] @ np.append(shape.middle_m, 1.0)
    return _cut(shape, slices, int(away @ from_base >= 0.0), 0.5)


def _split(slices: Profile) -> float:
    """Where along the object (0..1) its width changes most, the cut that leaves the least spread on both
    sides; the middle for an even width.
    """
    width = np.log(slices.width_m)
    cuts = range(len(width) // 5, len(width) - len(width) // 5 + 1)
    spread = [np.var(width[:cut]) * cut + np.var(width[cut:]) * (len(width) - cut) for cut in cuts]
    cut = cuts[int(np.argmin(spread))]
    change = np.median(width[:cut]) - np.median(width[cut:])
    return cut / len(width) if abs(change) > np.log(STEP) else 0.5


def _handle_likeness(slices: Profile, split: float, end: int) -> float:
    """How much the part before (`end` 0) or after (1) the split resembles a handle, roughly -1 to 2."""
    cut = round(split * len(slices.width_m))
    part, other = (slice(None, cut), slice(cut, None)) if end == 0 else (slice(cut, None), slice(None, cut))
    from_tip = slices.width_m[part] if end == 0 else slices.width_m[part][::-1]
    middle, share = float(np.median(from_tip)), len(from_tip) / len(slices.width_m)
    score = float(np.interp(middle, GRIP_M, (0.0, 1.0, 1.0, 0.0)))
    score += 0.6 * min(share * slices.length_m / middle / 4.0, 1.0) + 0.3 * share
    tip = float(np.mean(from_tip[: len(slices.width_m) // 8]))
    pointed = float(np.interp(tip / np.max(from_tip), POINTED, (1.0, 0.0)))
    score -= 1.2 * pointed * float(np.interp(tip, TIP_M, (1.0, 0.0)))
    if np.median(slices.filled[part]) < LOOP_FILL or np.mean(slices.hollow[part]) > LOOP_HOLLOW:
        score += 0.8
    heights = [slices.height_m[side][np.isfinite(slices.height_m[side])] for side in (part, other)]
    if all(map(len, heights)) and np.median(heights[0]) < THIN_HEIGHT * np.median(heights[1]):
        score -= 0.6
    return score


def _cut(shape: Silhouette, slices: Profile, end: int, split: float) -> tuple[BoolArray, BoolArray]:
    """(human, robot) with the person at `end`: a hand's width or a bit less than half for the person, at
    least a third for the robot, a gap between.
    """
    share = slices.along / slices.length_m
    if end == 1:
        share, split = 1.0 - share, 1.0 - split
    gap = max(GAP_SHARE, MIN_GAP_M / slices.length_m)
    robot_from = min(split, 1.0 - ROBOT_SHARE)
    human_to = min(split, robot_from - gap, max(HUMAN_SHARE, HAND_WIDTH_M / slices.length_m))
    robot_from = max(robot_from, human_to + gap)
    return shape.picture(share < human_to), shape.picture(share > robot_from)
